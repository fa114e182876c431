// Copies between memory that guests' threads may access meanwhile and memory of our own: naturally aligned 1, 2, 4 and
// 8 bytes at once, and 16, too, where the host has AVX.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace menura::softmmu {

namespace shared_copy {

template <typename T>
void load(void* to, const void* guest) {
  const T value = __atomic_load_n(static_cast<const T*>(guest), __ATOMIC_RELAXED);
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
void store(void* guest, const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  __atomic_store_n(static_cast<T*>(guest), value, __ATOMIC_RELAXED);
}

inline bool is_one(const void* guest, std::size_t size) {
  return size <= 16 && (size & (size - 1)) == 0 && (reinterpret_cast<uintptr_t>(guest) & (size - 1)) == 0;
}

}  // namespace shared_copy

inline void copy_from_guest(void* to, const void* guest, std::size_t size) {
  if (!shared_copy::is_one(guest, size)) {
    std::memcpy(to, guest, size);
    return;
  }
  switch (size) {
    case 1:
      return shared_copy::load<uint8_t>(to, guest);
    case 2:
      return shared_copy::load<uint16_t>(to, guest);
    case 4:
      return shared_copy::load<uint32_t>(to, guest);
    case 8:
      return shared_copy::load<uint64_t>(to, guest);
    case 16:
      return _mm_storeu_si128(static_cast<__m128i*>(to), _mm_load_si128(static_cast<const __m128i*>(guest)));
    default:
      return;  // 0
  }
}

inline void copy_to_guest(void* guest, const void* from, std::size_t size) {
  if (!shared_copy::is_one(guest, size)) {
    std::memcpy(guest, from, size);
    return;
  }
  switch (size) {
    case 1:
      return shared_copy::store<uint8_t>(guest, from);
    case 2:
      return shared_copy::store<uint16_t>(guest, from);
    case 4:
      return shared_copy::store<uint32_t>(guest, from);
    case 8:
      return shared_copy::store<uint64_t>(guest, from);
    case 16:
      return _mm_store_si128(static_cast<__m128i*>(guest), _mm_loadu_si128(static_cast<const __m128i*>(from)));
    default:
      return;  // 0
  }
}

}  // namespace menura::softmmu
