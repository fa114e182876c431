#include "ir/verify/verify.h"

#include <optional>

#include "ir/core/exit_kind.h"
#include "ir/core/signature.h"
#include "ir/verify/attributes.h"
#include "ir/verify/dominators.h"

namespace menura::ir {

namespace {

constexpr BlockId kNowhere = UINT32_MAX;

std::string number(uint64_t value) { return std::to_string(value); }

class Verifier {
 public:
  Verifier(const Region& region, const StateLayout& layout, const HelperTable& helpers)
      : region_(region), layout_(layout), helpers_(helpers) {}

  std::string run() {
    if (check_guest_ranges() && check_placement() && check_blocks()) check_uses();
    return message_;
  }

 private:
  bool fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
    return false;
  }
  bool fail(Value at, const std::string& message) {
    const std::string place = "b" + number(block_) + ", v" + number(at) + " (";
    return fail(place + std::string(info(region_.insts[at].op).name) + "): " + message);
  }

  bool check_guest_ranges() {
    uint64_t last = 0;
    for (const GuestRange& range : region_.guest) {
      if (range.begin >= range.end) return fail("an empty range of guest code");
      if (range.begin < last) return fail("ranges of guest code overlap or are not sorted");
      last = range.end;
    }
    return true;
  }

  // Where blocks lie. After this, every instruction of a placed block may be looked at.
  bool check_placement() {
    if (region_.order.empty()) return fail("no blocks; a region has at least one");
    if (region_.order.front() != 0) return fail("the first block placed is not b0, the entry");
    block_of_.assign(region_.insts.size(), kNowhere);
    std::vector<bool> placed(region_.blocks.size());
    uint64_t end = 0;
    for (const BlockId id : region_.order) {
      if (id >= region_.blocks.size()) return fail("b" + number(id) + " is placed, but does not exist");
      if (placed[id]) return fail("b" + number(id) + " is placed twice");
      placed[id] = true;
      const Block& block = region_.blocks[id];
      if (block.count == 0) return fail("b" + number(id) + " is empty; a block ends with a terminator");
      if (block.first < end) return fail("b" + number(id) + " lies before the end of the block placed before it");
      end = uint64_t{block.first} + block.count;
      if (end > region_.insts.size()) return fail("b" + number(id) + " reaches beyond the instructions");
      for (uint32_t i = 0; i < block.count; ++i) {
        const Value at = block.first + i;
        block_of_[at] = id;
        if (static_cast<unsigned>(region_.insts[at].op) >= kOpCount) {
          return fail("b" + number(id) + ", v" + number(at) + ": its op does not exist");
        }
        block_ = id;
        if (static_cast<unsigned>(region_.insts[at].type) >= kTypeCount) return fail(at, "its type does not exist");
      }
    }
    if (region_.blocks[0].param_count != 0) return fail("b0, the entry, has parameters");
    return true;
  }

  bool check_blocks() {
    for (const BlockId id : region_.order) {
      block_ = id;
      const Block& block = region_.blocks[id];
      if (block.param_count >= block.count) return fail("b" + number(id) + " has nothing but parameters");
      for (uint32_t i = 0; i < block.count; ++i) {
        const Value at = block.first + i;
        const Inst& inst = region_.insts[at];
        if ((inst.op == Op::Param) != (i < block.param_count)) {
          return fail(at, "parameters come first, as many as the block says (" + number(block.param_count) + ")");
        }
        if (is_terminator(inst.op) != (i + 1 == block.count)) {
          return fail(at,
                      i + 1 == block.count ? "the last instruction of a block ends it" : "ends the block too early");
        }
        if (!check_inst(at, inst)) return false;
      }
    }
    return true;
  }

  bool check_inst(Value at, const Inst& inst) {
    if (inst.arg_count > inst.args.size() &&
        (inst.extra > region_.extra.size() || inst.arg_count > region_.extra.size() - inst.extra)) {
      return fail(at, "its operand list lies outside the region's");
    }
    if (!check_edges(at, inst)) return false;
    for (const Value arg : region_.args(inst)) {
      if (arg >= region_.insts.size() || block_of_[arg] == kNowhere || region_.insts[arg].type == Type::Void) {
        return fail(at, "operand v" + number(arg) + " is no value");
      }
    }
    if (!check_types(at, inst)) return false;
    const std::string wrong = check_attributes(region_, inst, layout_, helpers_);
    return wrong.empty() || fail(at, wrong);
  }

  bool check_edges(Value at, const Inst& inst) {
    const Attr attr = info(inst.op).attr;
    const unsigned least = inst.op == Op::Br ? 1 : inst.op == Op::CondBr ? 2 : 0;
    const unsigned most = attr == Attr::CallTargets ? 1 : least;
    if (inst.edge_count < least || inst.edge_count > most) {
      return fail(at, number(inst.edge_count) + " edges, expected " + number(most));
    }
    uint64_t place = inst.extra;
    for (unsigned i = 0; i < inst.edge_count; ++i) {
      if (place + 2 > region_.extra.size()) return fail(at, "its edges lie outside the region's");
      const BlockId target = region_.extra[place];
      const uint32_t count = region_.extra[place + 1];
      if (count > region_.extra.size() - place - 2) return fail(at, "its edges lie outside the region's");
      if (target >= region_.blocks.size() || !is_placed(target)) {
        return fail(at, "its edge leads to b" + number(target) + ", which is not placed");
      }
      if (target == 0 && attr == Attr::CallTargets) return fail(at, "returns to the entry block");
      const Block& block = region_.blocks[target];
      if (count != block.param_count) {
        return fail(at, "passes " + number(count) + " values to b" + number(target) + ", which has " +
                            number(block.param_count) + " parameters");
      }
      if (count != 0 && attr == Attr::CallTargets) return fail(at, "values do not survive a guest call");
      for (uint32_t p = 0; p < count; ++p) {
        const Value arg = region_.extra[place + 2 + p];
        const Type wanted = region_.insts[block.first + p].type;
        if (arg >= region_.insts.size() || block_of_[arg] == kNowhere || region_.insts[arg].type != wanted) {
          return fail(at, "passes v" + number(arg) + " as parameter " + number(p + 1) + " of b" + number(target) +
                              ", which is " + std::string(name(wanted)));
        }
      }
      place += 2 + uint64_t{count};
    }
    return true;
  }

  bool check_types(Value at, const Inst& inst) {
    const Signature& expected = signature(inst.op);
    const std::span<const Value> args = region_.args(inst);
    if (!expected.any_args && args.size() != expected.arg_count) {
      return fail(at, number(args.size()) + " operands, expected " + number(expected.arg_count));
    }
    std::optional<Type> own;
    std::optional<Type> second;
    const auto match = [&](const TypePattern& pattern, Type type) {
      if (pattern.kind == TypeClass::Fixed) return pattern.fixed == type;
      if (!fits(pattern.kind, type)) return false;
      if (pattern.kind == TypeClass::Void) return true;
      std::optional<Type>& bound = pattern.second ? second : own;
      if (!bound) bound = type;
      return *bound == type;
    };
    // The result of a call is its helper's (check_attributes).
    if (inst.op != Op::Call && !match(expected.result, inst.type)) {
      return fail(at, "its result cannot be " + std::string(name(inst.type)));
    }
    if (expected.any_args) return true;
    for (unsigned i = 0; i < args.size(); ++i) {
      const Type type = region_.insts[args[i]].type;
      if (match(expected.args[i], type)) continue;
      const std::optional<Type>& bound = expected.args[i].second ? second : own;
      std::string message = "operand " + number(i + 1) + " is " + std::string(name(type));
      if (expected.args[i].kind == TypeClass::Fixed)
        message += ", expected " + std::string(name(expected.args[i].fixed));
      else if (bound && fits(expected.args[i].kind, *bound))
        message += ", expected " + std::string(name(*bound));
      return fail(at, message);
    }
    return true;
  }

  bool is_placed(BlockId id) const {
    const Block& block = region_.blocks[id];
    return block.count != 0 && block.first < block_of_.size() && block_of_[block.first] == id;
  }

  // Every value is computed on every way to its uses.
  void check_uses() {
    const Dominators dominators(region_);
    for (const BlockId id : region_.order) {
      block_ = id;
      if (!dominators.reachable(id)) continue;
      const Block& block = region_.blocks[id];
      for (Value at = block.first; at < block.first + block.count; ++at) {
        const Inst& inst = region_.insts[at];
        const auto use = [&](Value arg) {
          const BlockId from = block_of_[arg];
          if (from == id ? arg < at : dominators.dominates(from, id)) return true;
          return fail(
              at, "v" + number(arg) + " is not computed on every way here" +
                      (from == id ? "" : " (b" + number(from) + " does not dominate; nothing outlives a guest call)"));
        };
        for (const Value arg : region_.args(inst)) {
          if (!use(arg)) return;
        }
        bool good = true;
        for_each_edge(region_, inst, [&](const Edge& edge) {
          for (const Value arg : edge.args) good = good && use(arg);
        });
        if (!good) return;
      }
    }
  }

  const Region& region_;
  const StateLayout& layout_;
  const HelperTable& helpers_;
  std::vector<BlockId> block_of_;  // by instruction
  BlockId block_ = 0;              // being checked
  std::string message_;
};

}  // namespace

std::string verify(const Region& region, const StateLayout& layout, const HelperTable& helpers) {
  return Verifier(region, layout, helpers).run();
}

}  // namespace menura::ir
