// Frontend: one guest instruction set as engines see it. It decodes, and writes IR; it never runs anything.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ir/build/builder.h"
#include "ir/core/helper_table.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

// Where control goes after one guest instruction: enough to plan a region without lifting.
struct Flow {
  enum class Kind : uint8_t {
    Next,          // to the next instruction
    Branch,        // to `target` or to the next
    Jump,          // to `target`
    Call,          // to `target`, and later to the next
    Indirect,      // somewhere, for good
    IndirectCall,  // somewhere, and later to the next
    Return,
    Exit,  // leaves compiled code (system call, illegal instruction, ...); may come back to the next
  };
  enum class Exclusive : uint8_t { None, Load, Store };
  Kind kind = Kind::Next;
  uint8_t length = 0;  // bytes; 0: `bytes` ends within the instruction
  uint64_t target = 0;
  Exclusive exclusive = Exclusive::None;  // it is a load-linked or a store-conditional
};

class Frontend {
 public:
  virtual ~Frontend() = default;

  virtual const StateLayout& layout() const = 0;
  virtual const HelperTable& helpers() const = 0;
  virtual MemoryModel memory_model() const = 0;
  // Longest instruction, in bytes.
  virtual unsigned max_length() const = 0;

  // Control flow of the instruction at `pc`, whose bytes `bytes` begins with (it may be shorter than max_length()).
  virtual Flow scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const = 0;

  // Lifts the instruction at `pc` into the builder's current block, from its insn marker on. An instruction that
  // changes control flow ends the block; others leave it open. Undefined encodings lift to an exit. `bytes` holds at
  // least the whole instruction. Returns its length.
  virtual unsigned lift(Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const = 0;
};

}  // namespace menura::ir
