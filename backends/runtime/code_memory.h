// Memory for host code: one address range mapped twice, writable here and executable there, never both at one address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ir/core/result.h"

namespace menura::runtime {

// A range of bytes by offset, [begin, end).
struct CodeRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Gets the pages of memory that is about to be used, all at once; a hint. Multiples of the page size.
void prepare_pages(void* begin, std::size_t size, bool writable);

// Nothing is committed before it is written. Offsets are the same in both views.
class CodeMemory {
 public:
  CodeMemory() = default;
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;
  ~CodeMemory();

  // `size` is a multiple of the page size. May be called again after an error: no address
  // space is to be had.
  Result<void> reserve(std::size_t size);

  std::size_t size() const { return size_; }
  uint8_t* writable(std::size_t offset) const { return writable_ + offset; }
  const uint8_t* executable(std::size_t offset) const { return executable_ + offset; }
  bool contains(const void* executable_address) const {
    return static_cast<std::size_t>(static_cast<const uint8_t*>(executable_address) - executable_) < size_;
  }
  std::size_t offset_of(const void* executable_address) const {
    return static_cast<std::size_t>(static_cast<const uint8_t*>(executable_address) - executable_);
  }

  // Gets the pages of a range in both views at once, which costs a third of a fault for each; a hint.
  void prepare(const CodeRange& range) const;

  // Around a fork. Writes into a shared mapping would change the other process's code, so the child gets a copy of its
  // own at the same addresses, with the contents of `used`. It is made before the fork: after it, the parent links old
  // code to code that the child would not have.
  Result<void> make_copy(std::span<const CodeRange> used);
  void drop_copy();           // in the parent
  Result<void> adopt_copy();  // in the child

 private:
  void release();

  std::size_t size_ = 0;
  uint8_t* writable_ = nullptr;
  uint8_t* executable_ = nullptr;
  uint8_t* copy_ = nullptr;
};

}  // namespace menura::runtime
