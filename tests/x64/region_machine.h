// Runs one compiled region, with the runtime's thunks and nothing else of the runtime: whatever leaves the region ends
// the run.
#pragma once

#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/thunks_emit.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/interp/fp.h"
#include "ir/interp/vector_slow.h"

namespace menura::x64::test {

class RegionMachine {
 public:
  RegionMachine(const ir::StateLayout& layout, const ir::HelperTable& helpers) : helpers_(helpers) {
    const runtime::ThunkHandlers handlers = {resolve,           indirect, stub<Way::Stop>, stop_before, stub<Way::Hot>,
                                             stub<Way::Budget>, helper,   fp_slow,         vector_slow};
    thunks_ = runtime::emit_thunks(layout, handlers);
    memory_ = static_cast<uint8_t*>(
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memcpy(memory_, thunks_.code.data(), thunks_.code.size());
    nowhere_.entry = memory_ + thunks_.entries[static_cast<unsigned>(runtime::Thunk::Indirect)];
    region_ = memory_ + kRegionOffset;
    stack_.resize(4096);
    table_.fill(nowhere_);
  }
  ~RegionMachine() { munmap(memory_, kSize); }
  RegionMachine(const RegionMachine&) = delete;
  RegionMachine& operator=(const RegionMachine&) = delete;

  // Runs `code` from its entry until it leaves: pc, exit_kind and exit_detail are in the header.
  void run(const ir::Region& region, const runtime::CompiledCode& code, ir::CpuHeader& cpu) {
    code_ = &code;
    base_ = region.identity.pc;
    std::memcpy(region_, code.bytes.data(), code.bytes.size());
    for (const runtime::Relocation& r : code.relocations) {
      const uint64_t pc = base_ + static_cast<uint64_t>(r.addend);
      switch (r.kind) {
        case runtime::Relocation::Kind::GuestPc32:
          put<uint32_t>(r.offset, static_cast<uint32_t>(pc));
          break;
        case runtime::Relocation::Kind::GuestPc64:
          put<uint64_t>(r.offset, pc);
          break;
        case runtime::Relocation::Kind::Helper:
          put<uint32_t>(r.offset, static_cast<uint32_t>(r.addend));
          break;
        case runtime::Relocation::Kind::HeatIndex:
          put<uint32_t>(r.offset, 0);
          break;
        case runtime::Relocation::Kind::Count:
          put<uint32_t>(r.offset, 64 + 8 * static_cast<uint32_t>(r.addend));
          break;
      }
    }
    constexpr std::size_t bottom = 2 * runtime::kBottomPairs;
    uint64_t* const top = stack_.data() + stack_.size() - bottom;
    for (std::size_t i = 0; i < bottom; i += 2) {
      top[i] = reinterpret_cast<uint64_t>(memory_ + thunks_.bottom);
      top[i + 1] = runtime::kNoPc;
    }
    cpu.engine = this;
    cpu.code_rsp = cpu.code_rsp_base = reinterpret_cast<uint64_t>(top);
    cpu.lookup_table = table_.data();
    cpu.heat = counters;
    for (unsigned i = 0; i < ir::kThunkCount; ++i) {
      cpu.thunks[i] = thunks_.entries[i] != 0 ? memory_ + thunks_.entries[i] : nullptr;
    }
    reinterpret_cast<void (*)(ir::CpuHeader*, const void*)>(memory_ + thunks_.enter)(&cpu, region_);
  }

  // What the last run left through: a Link, a PcStub, an indirect jump, or (None) an exit.
  enum class Way : uint8_t { None, Link, Stop, Hot, Budget, Indirect };
  Way way = Way::None;

  uint64_t code_address() const { return reinterpret_cast<uint64_t>(region_); }
  uint64_t leave_address() const { return reinterpret_cast<uint64_t>(memory_ + thunks_.leave); }

  uint64_t counters[512] = {};  // heat first, then (from 64 bytes on) execution counts

 private:
  static constexpr std::size_t kSize = std::size_t{1} << 20;
  static constexpr std::size_t kRegionOffset = 16384;

  template <typename T>
  void put(uint32_t offset, T value) {
    std::memcpy(region_ + offset, &value, sizeof value);
  }
  static RegionMachine& self(ir::CpuHeader* cpu) { return *static_cast<RegionMachine*>(cpu->engine); }
  static const void* resolve(ir::CpuHeader* cpu, uint64_t stub_end) {
    RegionMachine& m = self(cpu);
    for (const runtime::Link& l : m.code_->links) {
      if (m.region_ + l.stub_end == reinterpret_cast<uint8_t*>(stub_end)) {
        cpu->pc = m.base_ + static_cast<uint64_t>(l.target);
        m.way = Way::Link;
      }
    }
    return nullptr;
  }
  static const void* stop_before(ir::CpuHeader* cpu, uint64_t) {
    self(cpu).way = Way::Stop;
    return nullptr;
  }
  static const void* indirect(ir::CpuHeader* cpu, uint64_t pc) {
    cpu->pc = pc;
    self(cpu).way = Way::Indirect;
    return nullptr;
  }
  template <Way kWay>
  static const void* stub(ir::CpuHeader* cpu, uint64_t stub_end) {
    RegionMachine& m = self(cpu);
    for (const runtime::PcStub& s : m.code_->pc_stubs) {
      if (m.region_ + s.stub_end == reinterpret_cast<uint8_t*>(stub_end)) {
        cpu->pc = m.base_ + static_cast<uint64_t>(s.pc);
        m.way = kWay;
      }
    }
    return nullptr;
  }
  static uint64_t argument(ir::CpuHeader* cpu, unsigned number) {
    uint64_t value = 0;
    std::memcpy(&value, cpu->spill + 8 * number, 8);
    return value;
  }
  static uint64_t helper(ir::CpuHeader* cpu, uint64_t id) {
    return self(cpu).helpers_[static_cast<ir::HelperId>(id)].function(cpu, argument(cpu, 0), argument(cpu, 1),
                                                                      argument(cpu, 2), argument(cpu, 3));
  }
  static uint64_t vector_slow(ir::CpuHeader* cpu, uint64_t op) {
    ir::vector_slow(cpu, static_cast<ir::VectorSlowOp>(op));
    return 0;
  }
  static uint64_t fp_slow(ir::CpuHeader* cpu, uint64_t op) {
    return ir::fp_slow(cpu, static_cast<ir::FpSlowOp>(op), argument(cpu, 0), argument(cpu, 1), argument(cpu, 2));
  }

  const ir::HelperTable& helpers_;
  runtime::Thunks thunks_;
  uint8_t* memory_ = nullptr;
  uint8_t* region_ = nullptr;
  std::vector<uint64_t> stack_;
  runtime::CodeRecord nowhere_ = {runtime::kNoPc, nullptr};
  std::array<runtime::CodeRecord, runtime::kLookupEntries> table_ = {};
  const runtime::CompiledCode* code_ = nullptr;
  uint64_t base_ = 0;
};

}  // namespace menura::x64::test
