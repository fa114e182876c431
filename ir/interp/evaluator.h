// Evaluator: executes one region, instruction by instruction, exactly as ops.def says. The oracle that every other
// engine must agree with bit for bit.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "ir/core/cpu_header.h"
#include "ir/core/exit_kind.h"
#include "ir/core/helper_table.h"
#include "ir/core/memory_port.h"
#include "ir/core/state_layout.h"
#include "ir/interp/memory.h"
#include "ir/interp/prepared.h"

namespace menura::ir {

struct InterpreterExit {
  ExitKind kind = ExitKind::Stop;
  Fault fault;          // Fault, Misaligned
  uint64_t detail = 0;  // operand of the IR exit instruction; Misaligned: the address
};

class Evaluator {
 public:
  struct Options {
    bool count = false;  // CpuHeader::budget and ::retired are kept, stopping before the instruction beyond the budget
    // Where given: the region is left before the next guest instruction once the number differs from `generation`.
    const std::atomic<uint64_t>* generation_now = nullptr;
    uint64_t generation = 0;
    bool alone = false;  // no other virtual CPU runs: MemDesc::alone is fulfilled
  };

  // All outlive it.
  Evaluator(const StateLayout& layout, const HelperTable& helpers, MemoryPort& memory)
      : layout_(layout), helpers_(helpers), memory_(memory), port_(memory) {}

  // Runs a verified region from its entry. Returns true if it went on to another address of guest code (CpuHeader::pc),
  // false if the virtual CPU has left: then *exit says why and CpuHeader::pc is as exit_kind.h says. A faulting guest
  // instruction has changed nothing. CpuHeader::stop_request is looked at on back edges.
  bool run(const PreparedRegion& prepared, CpuHeader& cpu, const Options& options, InterpreterExit* exit);

 private:
  enum class Step : uint8_t { Next, Block, Continue, Leave };  // instruction, block (block_), region, caller

  Step step(Value at, const Inst& inst);
  Step insn_marker(const Inst& inst);
  Step memory_op(Value at, const Inst& inst);
  Step probe(const Inst& inst);
  Step fault(const Fault& fault);
  Step take_edge(const Inst& inst, unsigned index);
  Step leave_for(int64_t pc_offset) { return leave_for_pc(base_ + static_cast<uint64_t>(pc_offset)); }
  Step leave_for_pc(uint64_t pc);
  Step exit(const Inst& inst);
  void constant(Value at, const Inst& inst);
  void get(Value at, const Inst& inst);
  void set(const Inst& inst);
  void integer(Value at, const Inst& inst);
  void fp(Value at, const Inst& inst);
  void vector(Value at, const Inst& inst);
  void call(Value at, const Inst& inst);
  void copy(Value to, Value from);
  void uncount();

  Type type(Value value) const { return prepared_->region.insts[value].type; }
  uint64_t* words(Value value) { return words_.data() + prepared_->word_of[value]; }
  uint64_t word(Value value) { return *words(value); }
  uint8_t* slot(int64_t id) { return reinterpret_cast<uint8_t*>(cpu_) + layout_.slot(static_cast<SlotId>(id)).offset; }

  const StateLayout& layout_;
  const HelperTable& helpers_;
  MemoryOps memory_;
  MemoryPort& port_;

  // of the run
  const PreparedRegion* prepared_ = nullptr;
  CpuHeader* cpu_ = nullptr;
  Options options_;
  InterpreterExit* exit_ = nullptr;
  uint64_t base_ = 0;
  uint64_t pc_ = 0;       // of the guest instruction
  bool counted_ = false;  // it has been counted
  bool entered_ = false;  // a marker has been passed
  BlockId block_ = 0;
  std::vector<uint64_t> words_;  // all values
  std::vector<uint64_t> edge_;   // values on their way to parameters
};

}  // namespace menura::ir
