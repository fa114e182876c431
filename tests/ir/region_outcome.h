// One run of a region that may fault, and what two engines' runs differ in.
#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/ir/region_engine.h"
#include "tests/x64/region_comparison.h"

namespace menura::ir::test {

struct Ran {
  alignas(64) std::array<uint8_t, x64::test::kStateBytes> state = {};
  std::vector<uint8_t> memory;
  RegionOutcome outcome;

  CpuHeader& cpu() { return *reinterpret_cast<CpuHeader*>(state.data()); }
};

inline bool in_region(uint64_t pc, const Region& region) {
  return std::any_of(region.blocks.begin(), region.blocks.end(),
                     [&](const Block& block) { return pc == region.identity.pc + block.pc_offset; });
}

// Runs it with random memory and a state of `seed`'s, which `change` may change.
inline void run(RegionEngine& engine, const Region& region, const TestGuest& guest, uint32_t seed, Ran& ran,
                const std::function<void(uint8_t* data, uint8_t* state)>& change = {}) {
  uint8_t* const data = HostMemory::host(HostMemory::kData);
  // At a back edge the engine may have something else to do, and goes on at what it knows as another place.
  for (int tries = 0; tries < 4; ++tries) {
    std::mt19937 random(seed);
    for (uint64_t i = 0; i < HostMemory::kDataSize; ++i) data[i] = static_cast<uint8_t>(random());
    x64::test::fill_state(guest.layout(), ran.state.data(), seed);
    if (change) change(data, ran.state.data());
    ran.cpu().pc = region.identity.pc;
    ran.outcome = engine.run(ran.cpu(), false);
    if (ran.outcome.left || !in_region(ran.cpu().pc, region)) break;
  }
  ran.memory.assign(data, data + HostMemory::kDataSize);
}

// Empty, or what differs.
inline std::string difference(const Region& region, Ran& want, Ran& got, const TestGuest& guest) {
  std::string text;
  const auto differ = [&](std::string_view what, uint64_t w, uint64_t g) {
    char line[160];
    std::snprintf(line, sizeof line, "  %.*s: %#lx, here %#lx\n", static_cast<int>(what.size()), what.data(), w, g);
    if (w != g) text += line;
  };
  differ("left", want.outcome.left, got.outcome.left);
  // A return to kNoPc, which no guest has code at, finds the prediction at the bottom before it is made even.
  if (got.cpu().pc != runtime::kNoPc) differ("pc", want.cpu().pc, got.cpu().pc);
  const bool faulted = want.outcome.left && want.outcome.exit.kind == ExitKind::Fault;
  if (want.outcome.left)
    differ("exit", static_cast<uint64_t>(want.outcome.exit.kind), static_cast<uint64_t>(got.outcome.exit.kind));
  if (faulted) {
    const auto has = [&](Op op) {
      return std::any_of(region.insts.begin(), region.insts.end(), [&](const Inst& inst) { return inst.op == op; });
    };
    const Fault& wanted = want.outcome.exit.fault;
    const Fault& found = got.outcome.exit.fault;
    // Probes touch both ends, loops that exchange read first.
    const uint64_t exact = has(Op::Probe) ? ~uint64_t{0xfff} : ~uint64_t{0};
    differ("address", wanted.address & exact, found.address & exact);
    if (!has(Op::Atomic) || found.access != Access::Read) {
      differ("access", static_cast<uint64_t>(wanted.access), static_cast<uint64_t>(found.access));
    }
  }
  differ("flags and mode", want.cpu().mxcsr & ~2U, got.cpu().mxcsr & ~2U);
  for (const Slot& slot : guest.layout().slots) {
    if (slot.transient && want.outcome.left) continue;
    const unsigned size = slot.type == Type::F80 ? 10 : storage_bytes(slot.type);
    if (std::memcmp(&want.state[slot.offset], &got.state[slot.offset], size) == 0) continue;
    uint64_t w = 0;
    uint64_t g = 0;
    std::memcpy(&w, &want.state[slot.offset], std::min(size, 8U));
    std::memcpy(&g, &got.state[slot.offset], std::min(size, 8U));
    differ(slot.name, w, g);
    if (w == g) text += "  " + std::string(slot.name) + ": upper words\n";
  }
  for (std::size_t i = 0; i < want.memory.size(); ++i) {
    if (want.memory[i] == got.memory[i]) continue;
    differ("memory at " + std::to_string(i), want.memory[i], got.memory[i]);
    break;
  }
  return text;
}

}  // namespace menura::ir::test
