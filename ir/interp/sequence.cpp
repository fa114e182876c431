#include "ir/interp/sequence.h"

#include <algorithm>

namespace menura::ir {

namespace {

// All other virtual CPUs wait meanwhile.
constexpr unsigned kMostInstructions = 1024;

}  // namespace

ExclusiveSequence::Result ExclusiveSequence::run(CpuHeader& cpu, bool count) {
  Result result;
  // Where a store comes first, the load before it did not run here: what it left says whether it should have.
  const uint64_t culprit = cpu.reservation_address != CpuHeader::kNoReservation ? cpu.reservation_pc : 0;
  cpu.reservation_address = CpuHeader::kNoReservation;
  Evaluator::Options options;
  options.count = count;
  options.alone = true;
  unsigned left = kMostInstructions;
  while (left > 0 && step(cpu, options, left == kMostInstructions, &result) &&
         cpu.reservation_address != CpuHeader::kNoReservation) {
    --left;
  }
  if (left == kMostInstructions && result.goes_on) result.culprit = culprit;
  cpu.reservation_address = CpuHeader::kNoReservation;
  return result;
}

// One guest instruction, formed anew: whatever it has changed, the next one is as memory says.
bool ExclusiveSequence::step(CpuHeader& cpu, const Evaluator::Options& options, bool first, Result* result) {
  const Fault fault = former_.form_trace({cpu.pc, cpu.mode, cpu.extra}, region_, {.instructions = 1, .exact = true});
  if (fault.kind != FaultKind::None) {
    result->goes_on = false;
    result->exit.kind = ExitKind::Fault;
    result->exit.fault = fault;
    result->exit.detail = fault.address;
    return false;
  }
  const auto is_load = [](const Inst& inst) { return inst.op == Op::LoadLinked; };
  if (!first && std::any_of(region_.insts.begin(), region_.insts.end(), is_load)) return false;
  const PreparedRegion prepared(region_);
  result->goes_on = evaluator_.run(prepared, cpu, options, &result->exit);
  return result->goes_on;
}

}  // namespace menura::ir
