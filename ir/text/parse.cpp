#include "ir/text/parse.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "ir/core/exit_kind.h"
#include "ir/text/fields.h"
#include "ir/text/lexer.h"

namespace menura::ir {

namespace {

constexpr uint32_t kMostBlocks = 1U << 16;
constexpr std::size_t kMostOperands = UINT8_MAX;

class Parser {
 public:
  Parser(std::string_view text, const StateLayout& layout, const HelperTable& helpers)
      : rest_(text), layout_(layout), helpers_(helpers) {}

  Result<Region> run() {
    while (message_.empty() && !rest_.empty()) {
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      lexer_ = LineLexer(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      if (!lexer_.at_end() && parse_line() && !lexer_.at_end()) expected("the end of the line");
    }
    if (message_.empty() && !header_seen_) message_ = "found no region, expected a line such as 'region pc=0x1000'";
    if (message_.empty()) resolve();
    if (!message_.empty()) return Error{"IR text: " + message_};
    if (!counted_) {
      region_.guest_instructions = static_cast<uint32_t>(std::count_if(
          region_.insts.begin(), region_.insts.end(), [](const Inst& inst) { return inst.op == Op::Insn; }));
    }
    return std::move(region_);
  }

 private:
  struct EdgeText {
    uint32_t block = 0;
    std::vector<uint32_t> args;
  };

  bool fail(const std::string& message) {
    if (message_.empty()) message_ = "line " + std::to_string(line_) + ": " + message;
    return false;
  }
  bool expected(const std::string& what) {
    return fail("found '" + std::string(lexer_.found()) + "', expected " + what);
  }

  bool parse_line() {
    if (!header_seen_) return parse_header();
    if (region_.order.empty() && lexer_.take("guest ")) return parse_guest();
    if (const auto block = lexer_.take_id('b')) return parse_block(*block);
    if (region_.order.empty()) return expected("a block such as 'b0:'");
    return parse_inst();
  }

  bool parse_header() {
    if (!lexer_.take("region")) return expected("'region' and its pc");
    header_seen_ = true;
    while (!lexer_.at_end()) {
      const std::string_view key = lexer_.take_word();
      if (!lexer_.take('=')) return expected("pc=, mode=, extra=, order= or instructions=");
      if (key == "order") {
        const std::string_view model = lexer_.take_word();
        if (model != "weak" && model != "tso") return expected("order=weak or order=tso");
        region_.order_model = model == "tso" ? MemoryModel::Tso : MemoryModel::Weak;
        continue;
      }
      const auto value = lexer_.take_number();
      if (!value) return expected("a number");
      if (key == "pc") {
        region_.identity.pc = *value;
      } else if (key == "mode") {
        region_.identity.mode = *value;
      } else if (key == "extra") {
        region_.identity.extra = *value;
      } else if (key == "instructions" && *value <= UINT32_MAX) {
        region_.guest_instructions = static_cast<uint32_t>(*value);
        counted_ = true;
      } else {
        return fail("found '" + std::string(key) + "=', expected pc=, mode=, extra=, order= or instructions=");
      }
    }
    return true;
  }

  bool parse_guest() {
    const auto begin = lexer_.take_number();
    if (!begin || !lexer_.take("..")) return expected("a range such as 0x1000..0x1008");
    const auto end = lexer_.take_number();
    if (!end) return expected("the end of the range");
    region_.guest.push_back({*begin, *end});
    return true;
  }

  bool parse_block(uint32_t id) {
    if (id >= kMostBlocks)
      return fail("b" + std::to_string(id) + " is beyond the " + std::to_string(kMostBlocks) + " blocks allowed");
    if (id >= region_.blocks.size()) region_.blocks.resize(id + 1);
    if (std::find(region_.order.begin(), region_.order.end(), id) != region_.order.end()) {
      return fail("a second b" + std::to_string(id) + "; each block appears once");
    }
    region_.order.push_back(id);
    Block& block = region_.blocks[id];
    block.first = static_cast<uint32_t>(region_.insts.size());
    if (lexer_.take('(')) {
      do {
        const auto value = lexer_.take_id('v');
        if (!value) return expected("a parameter such as v1:i64");
        Inst param;
        param.op = Op::Param;
        if (!define(*value) || !parse_type_of(param)) return false;
        region_.insts.push_back(param);
        ++block.param_count;
      } while (lexer_.take(','));
      if (!lexer_.take(')')) return expected("',' or ')'");
    }
    block.count = block.param_count;
    if (lexer_.peek() != ':') {
      const auto pc = lexer_.take_number();
      if (!pc) return expected("':' or a pc such as +8");
      block.pc_offset = static_cast<int64_t>(*pc);
    }
    return lexer_.take(':') || expected("':'");
  }

  bool define(uint32_t value) {
    const auto index = static_cast<Value>(region_.insts.size());
    if (values_.emplace(value, index).second) return true;
    return fail("a second v" + std::to_string(value) + "; each value is made once");
  }

  bool parse_type_of(Inst& inst) {
    if (!lexer_.take(':')) return expected("':' and a type");
    const std::string_view word = lexer_.take_word();
    const auto type = parse_type(word);
    if (!type) return fail("found '" + std::string(word) + "', expected a type such as i64, f32 or v128");
    inst.type = *type;
    return true;
  }

  bool parse_inst() {
    Inst inst;
    if (const auto value = lexer_.take_id('v')) {
      if (!define(*value) || !parse_type_of(inst)) return false;
      if (!lexer_.take('=')) return expected("'='");
    }
    const std::string_view word = lexer_.take_word();
    const auto* const row = std::find_if(kOps.begin(), kOps.end(), [&](const OpInfo& op) { return op.name == word; });
    if (row == kOps.end()) return fail("found '" + std::string(word) + "', expected the name of an op");
    inst.op = static_cast<Op>(row - kOps.begin());
    inst.aux = usual_aux(row->attr);
    operands_.clear();
    edges_.clear();
    while (!lexer_.at_end()) {
      if (!parse_item(inst, row->attr)) return false;
      lexer_.take(',');
    }
    return append(inst);
  }

  bool parse_item(Inst& inst, Attr attr) {
    if (const auto value = lexer_.take_id('v')) {
      if (operands_.size() == kMostOperands) return fail("more than 255 operands");
      operands_.push_back(*value);
      if (attr != Attr::Mem || (lexer_.peek() != '+' && lexer_.peek() != '-')) return true;
      const auto displacement = lexer_.take_number();
      inst.imm = static_cast<int64_t>(displacement.value_or(0));
      return displacement || expected("a displacement such as +8");
    }
    if (const auto block = lexer_.take_id('b')) return parse_edge(*block);
    switch (attr) {
      case Attr::Slot:
        return parse_named(inst, '$', layout_.slots, "a slot");
      case Attr::Helper:
        return parse_named(inst, '@', helpers_.helpers, "a helper");
      case Attr::Imm:
        return parse_imm(inst, "a number");
      case Attr::PcOffset:
        if (lexer_.take("length=")) return parse_aux(inst);
        return parse_imm(inst, "a pc such as +8");
      case Attr::CallTargets:
        if (lexer_.take("return=")) return parse_aux(inst);
        return parse_imm(inst, "a pc such as +8, or return=");
      case Attr::Exit:
        return parse_exit_item(inst);
      case Attr::Mem:
        if (inst.op == Op::Probe && lexer_.take("length=")) return parse_imm(inst, "a length");
        return parse_field(inst, attr);
      case Attr::LaneImm:
        if (lexer_.take("imm=")) return parse_imm(inst, "a number");
        return parse_field(inst, attr);
      case Attr::Cond:
      case Attr::Fp:
      case Attr::FpLane:
      case Attr::Lane:
      case Attr::Fence:
        return parse_field(inst, attr);
      case Attr::Nothing:
      case Attr::Targets:
        return expected("a value such as v1 or the end of the line");
    }
    return false;
  }

  bool parse_edge(uint32_t block) {
    if (edges_.size() == kMostOperands) return fail("more than 255 edges");
    EdgeText& edge = edges_.emplace_back();
    edge.block = block;
    if (!lexer_.take('(')) return true;
    do {
      const auto value = lexer_.take_id('v');
      if (!value) return expected("a value such as v1");
      edge.args.push_back(*value);
    } while (lexer_.take(','));
    return lexer_.take(')') || expected("',' or ')'");
  }

  template <typename Rows>
  bool parse_named(Inst& inst, char sigil, const Rows& rows, const std::string& what) {
    if (!lexer_.take(sigil)) return expected(what + " such as " + sigil + "name");
    const std::string_view name = lexer_.take_name();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& each) { return each.name == name; });
    if (row == rows.end()) return fail("found '" + std::string(name.substr(0, 40)) + "', expected the name of " + what);
    inst.imm = row - rows.begin();
    return true;
  }

  bool parse_imm(Inst& inst, const std::string& what) {
    const auto value = lexer_.take_number();
    if (!value) return expected(what);
    inst.imm = static_cast<int64_t>(*value);
    return true;
  }

  bool parse_aux(Inst& inst) {
    const auto value = lexer_.take_number();
    const auto number = static_cast<int64_t>(value.value_or(0));
    if (!value || number < INT32_MIN || number > UINT32_MAX) return expected("a number of 32 bits");
    inst.aux = static_cast<uint32_t>(number);
    return true;
  }

  bool parse_exit_item(Inst& inst) {
    const char next = lexer_.peek();
    if (next == '+' || next == '-') return parse_imm(inst, "a pc such as +8");
    const std::string_view word = lexer_.take_word();
    const auto kind = parse_exit_kind(word);
    if (!kind) return fail("found '" + std::string(word) + "', expected why it leaves, e.g. syscall");
    inst.aux = static_cast<uint32_t>(*kind);
    return true;
  }

  bool parse_field(Inst& inst, Attr attr) {
    const std::string_view word = lexer_.take_word();
    const bool has_value = lexer_.take('=');
    for (const TextField& field : text_fields(attr)) {
      if (field.form == TextField::Form::Word && !has_value) {
        const auto at = std::find(field.names.begin(), field.names.end(), word);
        if (at == field.names.end()) continue;
        inst.aux = field.with(inst.aux, static_cast<uint32_t>(at - field.names.begin()));
        return true;
      }
      if (word != field.key || has_value != (field.form != TextField::Form::Flag)) continue;
      return parse_value(inst, field);
    }
    std::string known;
    for (const TextField& field : text_fields(attr)) known += (known.empty() ? "" : ", ") + std::string(field.key);
    return fail("found '" + std::string(word.empty() ? lexer_.found() : word) + "', expected one of: " + known);
  }

  bool parse_value(Inst& inst, const TextField& field) {
    uint64_t held = 1;
    switch (field.form) {
      case TextField::Form::Flag:
        break;
      case TextField::Form::Number:
      case TextField::Form::Power: {
        const auto value = lexer_.take_number();
        const bool power = field.form == TextField::Form::Power;
        if (!value || (power && !std::has_single_bit(*value))) {
          return expected(power ? "a power of two" : "a number");
        }
        held = power ? static_cast<uint64_t>(std::countr_zero(*value)) : *value;
        break;
      }
      case TextField::Form::Name:
      case TextField::Form::Word: {
        const std::string_view word = lexer_.take_word();
        const auto at = std::find(field.names.begin(), field.names.end(), word);
        held = static_cast<uint64_t>(at - field.names.begin());
        if (at == field.names.end()) {
          std::string names;
          for (const std::string_view name : field.names) names += (names.empty() ? "" : ", ") + std::string(name);
          return fail("found '" + std::string(word) + "', expected one of: " + names);
        }
        break;
      }
    }
    if (held > field.limit()) return fail(std::string(field.key) + " is too large");
    inst.aux = field.with(inst.aux, static_cast<uint32_t>(held));
    return true;
  }

  // Operands and edges hold the names of values until resolve().
  bool append(Inst& inst) {
    inst.arg_count = static_cast<uint8_t>(operands_.size());
    inst.edge_count = static_cast<uint8_t>(edges_.size());
    const bool listed = operands_.size() > inst.args.size();
    if (listed && !edges_.empty()) return fail("an op with edges takes at most 3 operands");
    if (listed || !edges_.empty()) inst.extra = static_cast<uint32_t>(region_.extra.size());
    if (listed) {
      region_.extra.insert(region_.extra.end(), operands_.begin(), operands_.end());
    } else {
      std::copy(operands_.begin(), operands_.end(), inst.args.begin());
    }
    for (const EdgeText& edge : edges_) {
      region_.extra.push_back(edge.block);
      region_.extra.push_back(static_cast<uint32_t>(edge.args.size()));
      region_.extra.insert(region_.extra.end(), edge.args.begin(), edge.args.end());
    }
    region_.insts.push_back(inst);
    lines_.resize(region_.insts.size(), line_);
    ++region_.blocks[region_.order.back()].count;
    return true;
  }

  void resolve() {
    lines_.resize(region_.insts.size(), line_);
    for (std::size_t i = 0; i < region_.insts.size(); ++i) {
      Inst& inst = region_.insts[i];
      line_ = lines_[i];
      for (Value& arg : region_.args(inst)) resolve(arg);
      uint32_t place = inst.extra;
      for (unsigned e = 0; e < inst.edge_count; ++e) {
        const uint32_t count = region_.extra[place + 1];
        for (uint32_t a = 0; a < count; ++a) resolve(region_.extra[place + 2 + a]);
        place += 2 + count;
      }
    }
  }
  void resolve(Value& value) {
    const auto found = values_.find(value);
    if (found == values_.end()) {
      fail("found v" + std::to_string(value) + ", expected a value that is made somewhere in this region");
    } else {
      value = found->second;
    }
  }

  std::string_view rest_;
  const StateLayout& layout_;
  const HelperTable& helpers_;
  LineLexer lexer_{std::string_view{}};
  unsigned line_ = 0;
  bool header_seen_ = false;
  bool counted_ = false;
  Region region_;
  std::unordered_map<uint32_t, Value> values_;  // by the number in the text
  std::vector<unsigned> lines_;                 // by instruction
  std::vector<uint32_t> operands_;              // of the instruction being read
  std::vector<EdgeText> edges_;
  std::string message_;
};

}  // namespace

Result<Region> parse(std::string_view text, const StateLayout& layout, const HelperTable& helpers) {
  return Parser(text, layout, helpers).run();
}

}  // namespace menura::ir
