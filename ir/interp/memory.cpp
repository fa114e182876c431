#include "ir/interp/memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstring>

#include "ir/interp/integers.h"

namespace menura::ir {

namespace {

static_assert(std::endian::native == std::endian::little);

using Bytes = std::array<uint8_t, 64>;

bool aligned(uint64_t address, unsigned align, Access access, Fault* fault) {
  if (address % align == 0) return true;
  *fault = {FaultKind::Misaligned, access, address};
  return false;
}

// Between guest and host order: reverses the whole access, or each element of a vector.
void swap_order(Bytes& bytes, MemDesc desc, bool vector) {
  if (desc.big_endian == 0) return;
  const unsigned element = vector ? 1U << desc.element_log2 : desc.size();
  for (unsigned at = 0; at < desc.size(); at += element) {
    std::reverse(bytes.begin() + at, bytes.begin() + at + element);
  }
}

void to_words(const Bytes& bytes, MemDesc desc, Type type, uint64_t* result) {
  const unsigned words = (bits(type) + 63) / 64;
  std::memset(result, 0, words * 8);
  std::memcpy(result, bytes.data(), std::min(desc.size(), words * 8));
  if (bits(type) > 64 && bits(type) < 128) result[1] &= (uint64_t{1} << (bits(type) - 64)) - 1;  // f80
  if (desc.sign_extend == 0 || !is_int(type)) return;
  const U128 value = words == 1 ? U128{result[0]} : result[0] | U128{result[1]} << 64;
  const U128 wide = low_bits(static_cast<U128>(sign_extended(value, std::min(desc.size() * 8, 128U))), bits(type));
  result[0] = static_cast<uint64_t>(wide);
  if (words == 2) result[1] = static_cast<uint64_t>(wide >> 64);
}

U128 number_of(const uint64_t* words, unsigned size) {
  return size <= 8 ? low_bits(words[0], size * 8) : words[0] | U128{words[1]} << 64;
}

// What lies in memory as a number, and back.
U128 in_order(U128 value, MemDesc desc) {
  if (desc.big_endian == 0) return value;
  U128 result = 0;
  for (unsigned i = 0; i < desc.size(); ++i) result |= (value >> 8 * i & 0xff) << 8 * (desc.size() - 1 - i);
  return result;
}

U128 updated(AtomicOp op, unsigned width, U128 old, U128 operand) {
  const bool less_unsigned = old < operand;
  const bool less_signed = sign_extended(old, width) < sign_extended(operand, width);
  switch (op) {
    case AtomicOp::Swap:
      return operand;
    case AtomicOp::Add:
      return low_bits(old + operand, width);
    case AtomicOp::And:
      return old & operand;
    case AtomicOp::Or:
      return old | operand;
    case AtomicOp::Xor:
      return old ^ operand;
    case AtomicOp::Smin:
      return less_signed ? old : operand;
    case AtomicOp::Smax:
      return less_signed ? operand : old;
    case AtomicOp::Umin:
      return less_unsigned ? old : operand;
    case AtomicOp::Umax:
      return less_unsigned ? operand : old;
  }
  return operand;
}

template <typename T>
T exchange_if(void* memory, T expected, T desired) {
  return __sync_val_compare_and_swap(static_cast<T*>(memory), expected, desired);
}

// One compare-exchange with the host's own atomics; returns what was there.
U128 host_compare_exchange(void* memory, unsigned size, U128 expected, U128 desired) {
  switch (size) {
    case 1:
      return exchange_if(memory, static_cast<uint8_t>(expected), static_cast<uint8_t>(desired));
    case 2:
      return exchange_if(memory, static_cast<uint16_t>(expected), static_cast<uint16_t>(desired));
    case 4:
      return exchange_if(memory, static_cast<uint32_t>(expected), static_cast<uint32_t>(desired));
    case 8:
      return exchange_if(memory, static_cast<uint64_t>(expected), static_cast<uint64_t>(desired));
    case 16:
      return exchange_if(memory, expected, desired);
    default:
      break;
  }
  assert(false && "atomics have 1 to 16 bytes");
  return expected;
}

void give_old(U128 old, MemDesc desc, Type type, uint64_t* result) {
  Bytes bytes = {};
  std::memcpy(bytes.data(), &old, sizeof old);
  to_words(bytes, desc, type, result);
}

// x86-64 keeps all orders but store before load.
void fence_around(MemDesc desc) {
  if (static_cast<Order>(desc.order) == Order::SeqCst) std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace

bool MemoryOps::load(uint64_t address, MemDesc desc, Type type, uint64_t* result, Fault* fault) {
  Bytes bytes;
  fence_around(desc);
  if (!aligned(address, 1U << desc.align_log2, Access::Read, fault) ||
      !port(desc).read(address, bytes.data(), desc.size(), fault)) {
    return false;
  }
  swap_order(bytes, desc, is_vector(type));
  to_words(bytes, desc, type, result);
  return true;
}

bool MemoryOps::store(uint64_t address, MemDesc desc, Type type, const uint64_t* value, Fault* fault) {
  Bytes bytes;
  std::memcpy(bytes.data(), value, (desc.size() + 7) / 8 * 8);
  swap_order(bytes, desc, is_vector(type));
  if (!aligned(address, 1U << desc.align_log2, Access::Write, fault) ||
      !port(desc).write(address, bytes.data(), desc.size(), fault)) {
    return false;
  }
  fence_around(desc);
  return true;
}

bool MemoryOps::atomic(uint64_t address, MemDesc desc, Type type, const uint64_t* operand, uint64_t* result,
                       Fault* fault) {
  if (!aligned(address, desc.size(), Access::Write, fault)) return false;
  void* const memory = port(desc).atomic_pointer(address, desc.size(), fault);
  if (memory == nullptr) return false;
  const auto op = static_cast<AtomicOp>(desc.atomic_op);
  const unsigned width = desc.size() * 8;
  U128 seen = host_compare_exchange(memory, desc.size(), 0, 0);  // reads without a race
  for (;;) {
    const U128 old = in_order(seen, desc);
    const U128 desired = in_order(updated(op, width, old, number_of(operand, desc.size())), desc);
    const U128 before = host_compare_exchange(memory, desc.size(), seen, desired);
    if (before == seen) {
      give_old(old, desc, type, result);
      return true;
    }
    seen = before;
  }
}

bool MemoryOps::compare_exchange(uint64_t address, MemDesc desc, Type type, const uint64_t* expected,
                                 const uint64_t* desired, uint64_t* result, Fault* fault) {
  if (!aligned(address, desc.size(), Access::Write, fault)) return false;
  void* const memory = port(desc).atomic_pointer(address, desc.size(), fault);
  if (memory == nullptr) return false;
  const U128 before = host_compare_exchange(memory, desc.size(), in_order(number_of(expected, desc.size()), desc),
                                            in_order(number_of(desired, desc.size()), desc));
  give_old(in_order(before, desc), desc, type, result);
  return true;
}

// The reservation is the address and the bytes that were seen there (ir/api/exclusives.h says why that is enough).
bool MemoryOps::load_linked(CpuHeader& cpu, uint64_t address, MemDesc desc, Type type, uint64_t* result, Fault* fault) {
  uint64_t seen[2] = {};
  if (!aligned(address, desc.size(), Access::Read, fault) || !port(desc).read(address, seen, desc.size(), fault)) {
    return false;
  }
  fence_around(desc);
  cpu.reservation_address = address;
  std::copy_n(seen, 2, cpu.reservation_value);
  cpu.reservation_size = desc.size();
  give_old(in_order(number_of(seen, desc.size()), desc), desc, type, result);
  return true;
}

bool MemoryOps::store_conditional(CpuHeader& cpu, uint64_t address, MemDesc desc, const uint64_t* value, bool* stored,
                                  Fault* fault) {
  if (!aligned(address, desc.size(), Access::Write, fault)) return false;
  *stored = false;
  const bool reserved = cpu.reservation_address == address && cpu.reservation_size == desc.size();
  cpu.reservation_address = CpuHeader::kNoReservation;
  if (reserved) {
    void* const memory = port(desc).atomic_pointer(address, desc.size(), fault);
    if (memory == nullptr) return false;
    const U128 seen = number_of(cpu.reservation_value, desc.size());
    *stored = host_compare_exchange(memory, desc.size(), seen, in_order(number_of(value, desc.size()), desc)) == seen;
  }
  return true;
}

}  // namespace menura::ir
