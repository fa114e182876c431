// The virtual CPU of .ir tests: registers of most types, a few helpers. Its names are what the files use.
#pragma once

#include <array>
#include <bit>
#include <deque>
#include <string>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/state_layout.h"

namespace menura::ir::test {

class TestGuest {
 public:
  TestGuest() {
    // Ten of the integer registers and eight of the others are pinned, as in a real guest; the rest lives in memory.
    add("r", 16, Type::I64, 0, 10);
    add("f", 8, Type::F64, 0, 4);
    add("s", 8, Type::F32, 4, 2);
    add("x", 8, Type::V128, 6, 2);
    add("q", 4, Type::I128);
    add("w", 4, Type::I32);
    add("h", 4, Type::I16);
    add("c", 4, Type::I8);
    add("p", 4, Type::I1);
    add("hf", 4, Type::F16);
    add("bf", 2, Type::BF16);
    add("d", 2, Type::V64);
    add("y", 2, Type::V256);
    add("z", 2, Type::V512);
    add("m", 2, Type::Mask);
    add("e", 2, Type::F80);
    add("t", 4, Type::I1);
    for (Slot& slot : slots_) slot.transient = slot.name[0] == 't';
    layout_ = make_layout(slots_, (end_ + 63) / 64 * 64);
  }
  TestGuest(const TestGuest&) = delete;
  TestGuest& operator=(const TestGuest&) = delete;

  const StateLayout& layout() const { return layout_; }
  const HelperTable& helpers() const { return helpers_; }

 private:
  void add(const std::string& name, unsigned count, Type type, uint8_t first_pin = 0, unsigned pins = 0) {
    for (unsigned i = 0; i < count; ++i) {
      names_.push_back(name + std::to_string(i));
      const uint32_t size = storage_bytes(type);
      end_ = (end_ + size - 1) / size * size;
      slots_.push_back({names_.back(), type, end_, i < pins ? static_cast<uint8_t>(first_pin + i) : kNotPinned, -1});
      end_ += size;
    }
  }

  static uint64_t sum4(CpuHeader*, uint64_t a, uint64_t b, uint64_t c, uint64_t d) { return a + 2 * b + 3 * c + 4 * d; }
  static uint64_t not1(CpuHeader*, uint64_t a, uint64_t, uint64_t, uint64_t) { return a ^ 1; }
  static uint64_t add_f64(CpuHeader*, uint64_t a, uint64_t b, uint64_t, uint64_t) {
    const double sum = std::bit_cast<double>(a) + std::bit_cast<double>(b);
    return std::bit_cast<uint64_t>(sum);
  }
  // r15 = r0 + r10 + a: a pinned and an unpinned register read, an unpinned one written.
  static uint64_t add_state(CpuHeader* cpu, uint64_t a, uint64_t, uint64_t, uint64_t) {
    auto* const regs = reinterpret_cast<uint64_t*>(cpu + 1);
    regs[15] = regs[0] + regs[10] + a;
    regs[1] += 1;
    return 0;
  }
  static uint64_t raise_invalid(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) {
    cpu->mxcsr |= 1;
    return 0;
  }

  std::deque<std::string> names_;
  std::vector<Slot> slots_;
  uint32_t end_ = sizeof(CpuHeader);
  StateLayout layout_;
  std::array<Helper, 5> rows_ = {{
      {"sum4", sum4, Type::I64, 4, {Type::I64, Type::I64, Type::I64, Type::I64}, {}},
      {"not1", not1, Type::I1, 1, {Type::I1}, {}},
      {"add_f64", add_f64, Type::F64, 2, {Type::F64, Type::F64}, {}},
      {"add_state", add_state, Type::Void, 1, {Type::I64}, {true, true, false, false}},
      {"raise_invalid", raise_invalid, Type::Void, 0, {}, {false, false, true, false}},
  }};
  HelperTable helpers_{rows_};
};

}  // namespace menura::ir::test
