#include "ir/text/print.h"

#include <bit>

#include "ir/core/exit_kind.h"
#include "ir/text/fields.h"

namespace menura::ir {

namespace {

std::string hex(uint64_t value) {
  char digits[18];
  char* at = digits + sizeof digits;
  do {
    *--at = "0123456789abcdef"[value % 16];
    value /= 16;
  } while (value != 0);
  return "0x" + std::string(at, digits + sizeof digits);
}

constexpr int64_t kDecimalLimit = 4096;  // what is larger is read more easily in hexadecimal

std::string number(int64_t value) {
  if (value > -kDecimalLimit && value < kDecimalLimit) return std::to_string(value);
  return value < 0 ? "-" + hex(-static_cast<uint64_t>(value)) : hex(static_cast<uint64_t>(value));
}

std::string offset(int64_t value) { return value < 0 ? number(value) : "+" + number(value); }

// Ops whose number is said only where it is not 0.
bool may_go_unsaid(Op op) { return op == Op::NanUnbox || op == Op::FpFlagsGet || op == Op::FpFlagsSet; }

class Printer {
 public:
  Printer(const Region& region, const StateLayout& layout, const HelperTable& helpers)
      : region_(region), layout_(layout), helpers_(helpers) {}

  std::string region() {
    const Identity& id = region_.identity;
    out_ = "region pc=" + hex(id.pc) + " mode=" + hex(id.mode) + " extra=" + hex(id.extra) +
           (region_.order_model == MemoryModel::Tso ? " order=tso" : " order=weak") +
           " instructions=" + std::to_string(region_.guest_instructions) + "\n";
    for (const GuestRange& range : region_.guest) out_ += "guest " + hex(range.begin) + ".." + hex(range.end) + "\n";
    for (const BlockId id_of_block : region_.order) block(id_of_block);
    return std::move(out_);
  }

  std::string inst(Value at) {
    const Inst& inst = region_.insts[at];
    if (static_cast<unsigned>(inst.op) >= kOpCount) return "op#" + std::to_string(static_cast<unsigned>(inst.op));
    const OpInfo& op = info(inst.op);
    if (inst.type != Type::Void) out_ += value(at) + ":" + type(inst.type) + " = ";
    out_ += op.name;
    first_ = true;
    lead_attribute(inst, op.attr);
    operands(inst, op.attr);
    attribute(inst, op.attr);
    edges(inst);
    return std::move(out_);
  }

 private:
  static std::string value(Value at) { return at == kNoValue ? "v?" : "v" + std::to_string(at); }
  static std::string type(Type type) {
    return static_cast<unsigned>(type) < kTypeCount ? std::string(name(type)) : "type?";
  }

  void item(const std::string& text) {
    out_ += first_ ? " " : ", ";
    out_ += text;
    first_ = false;
  }

  void block(BlockId id) {
    if (id >= region_.blocks.size()) {
      out_ += "; b" + std::to_string(id) + " does not exist\n";
      return;
    }
    const Block& block = region_.blocks[id];
    out_ += "b" + std::to_string(id);
    uint32_t i = 0;
    for (; i < block.param_count && exists(block, i); ++i) {
      const Value at = block.first + i;
      out_ += (i == 0 ? "(" : ", ") + value(at) + ":" + type(region_.insts[at].type);
    }
    if (i != 0) out_ += ")";
    if (block.pc_offset != 0) out_ += " " + offset(block.pc_offset);
    out_ += ":\n";
    for (; i < block.count && exists(block, i); ++i) {
      std::string line = std::move(out_) + "  ";
      out_.clear();
      out_ = line + inst(block.first + i) + "\n";
    }
  }
  bool exists(const Block& block, uint32_t i) const { return uint64_t{block.first} + i < region_.insts.size(); }

  // What reads better before the operands.
  void lead_attribute(const Inst& inst, Attr attr) {
    switch (attr) {
      case Attr::Slot:
        return item(named('$', inst.imm, layout_.slots));
      case Attr::Helper:
        return item(named('@', inst.imm, helpers_.helpers));
      case Attr::PcOffset:
        item(offset(inst.imm));
        if (inst.aux != 0) item("length=" + std::to_string(inst.aux));
        return;
      case Attr::Exit:
        item(inst.aux < kExitKindNames.size() ? std::string(kExitKindNames[inst.aux]) : "#" + std::to_string(inst.aux));
        return item(offset(inst.imm));
      default:
        return;
    }
  }

  template <typename Rows>
  static std::string named(char sigil, int64_t index, const Rows& rows) {
    if (index < 0 || static_cast<uint64_t>(index) >= rows.size()) return sigil + ("#" + std::to_string(index));
    return sigil + std::string(rows[static_cast<std::size_t>(index)].name);
  }

  void operands(const Inst& inst, Attr attr) {
    if (inst.arg_count > inst.args.size() &&
        (inst.extra > region_.extra.size() || inst.arg_count > region_.extra.size() - inst.extra)) {
      return item("operands?");
    }
    bool address = attr == Attr::Mem && inst.op != Op::Probe;
    for (const Value arg : region_.args(inst)) {
      item(value(arg) + (address && inst.imm != 0 ? offset(inst.imm) : ""));
      address = false;
    }
  }

  void attribute(const Inst& inst, Attr attr) {
    if (attr == Attr::Imm && inst.imm == 0 && may_go_unsaid(inst.op)) return;
    if (attr == Attr::Imm) return item(number(inst.imm));
    if (attr == Attr::CallTargets) {
      if (inst.arg_count == 0 || inst.imm != 0) item(offset(inst.imm));
      return item("return=" + offset(static_cast<int32_t>(inst.aux)));
    }
    if (inst.op == Op::Probe) item("length=" + number(inst.imm));
    if (attr == Attr::LaneImm) item("imm=" + number(inst.imm));
    std::string words;
    uint32_t known = 0;
    for (const TextField& field : text_fields(attr)) {
      known |= field.mask;
      const uint32_t held = field.get(inst.aux);
      if (held != field.usual || (field.always != nullptr && field.always(inst.op))) {
        words += (words.empty() ? "" : " ") + word(field, held);
      }
    }
    if (!text_fields(attr).empty() && (inst.aux & ~known) != 0) words += " bits=" + hex(inst.aux & ~known);
    if (!words.empty()) item(words);
  }

  static std::string word(const TextField& field, uint32_t held) {
    std::string key(field.key);
    switch (field.form) {
      case TextField::Form::Flag:
        return key;
      case TextField::Form::Number:
        return key + "=" + std::to_string(held);
      case TextField::Form::Power:
        return key + "=" + std::to_string(uint64_t{1} << held);
      case TextField::Form::Name:
      case TextField::Form::Word: {
        std::string text = held < field.names.size() ? std::string(field.names[held]) : "#" + std::to_string(held);
        return field.form == TextField::Form::Word ? text : key + "=" + text;
      }
    }
    return key;
  }

  void edges(const Inst& inst) {
    uint64_t place = inst.extra;
    for (unsigned i = 0; i < inst.edge_count; ++i) {
      if (place + 2 > region_.extra.size() || region_.extra[place + 1] > region_.extra.size() - place - 2) {
        return item("edge?");
      }
      std::string text = "b" + std::to_string(region_.extra[place]);
      const uint32_t count = region_.extra[place + 1];
      for (uint32_t a = 0; a < count; ++a) text += (a == 0 ? "(" : ", ") + value(region_.extra[place + 2 + a]);
      item(count == 0 ? text : text + ")");
      place += 2 + uint64_t{count};
    }
  }

  const Region& region_;
  const StateLayout& layout_;
  const HelperTable& helpers_;
  std::string out_;
  bool first_ = true;
};

}  // namespace

std::string print(const Region& region, const StateLayout& layout, const HelperTable& helpers) {
  return Printer(region, layout, helpers).region();
}

std::string print(const Region& region, Value at, const StateLayout& layout, const HelperTable& helpers) {
  return Printer(region, layout, helpers).inst(at);
}

}  // namespace menura::ir
