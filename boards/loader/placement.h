// Where things go in a guest's main memory: each is placed once, and no two of them overlap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boards/loader/kernel.h"
#include "boards/machine.h"

namespace menura::boards {

class Placement {
 public:
  // Main memory is [base, base + size).
  Placement(uint64_t base, uint64_t size) : base_(base), end_(base + size) {}

  uint64_t base() const { return base_; }
  uint64_t end() const { return end_; }

  // `size` bytes (at least those of `bytes`) at exactly `physical`. `what` is for messages: "the kernel Image".
  // Errors: beyond the memory, or where something else lies already.
  Result<void> put(const std::string& what, uint64_t physical, std::vector<uint8_t> bytes, uint64_t size = 0);
  // All segments: of an Elf at their own addresses, else the only one at `physical`. The lowest and highest address
  // that it uses are [*begin, *end).
  Result<void> put(const std::string& what, Kernel&& kernel, uint64_t physical, uint64_t* begin, uint64_t* end);
  // The lowest free place at or above `from`, a multiple of `alignment`. Returns where.
  Result<uint64_t> put_above(const std::string& what, uint64_t from, uint64_t alignment, std::vector<uint8_t> bytes);
  // The highest free place that ends at or below `limit`.
  Result<uint64_t> put_below(const std::string& what, uint64_t limit, uint64_t alignment, std::vector<uint8_t> bytes);

  std::vector<Image> take() { return std::move(images_); }

 private:
  struct Used {
    uint64_t begin, end;
    std::string what;
  };

  const Used* overlapping(uint64_t begin, uint64_t end) const;
  Error no_room(const std::string& what, uint64_t size) const;

  const uint64_t base_;
  const uint64_t end_;
  std::vector<Used> used_;
  std::vector<Image> images_;
};

// What every boot protocol with a device tree has in /chosen: the command line, where the initrd is, random bytes.
void describe_boot(fdt::Tree& tree, const std::string& command_line, uint64_t initrd_begin, uint64_t initrd_end,
                   vcpu::Door& door);
// The user's device tree, or the machine's.
Result<fdt::Tree> boot_tree(Machine& machine, const std::string& path);

}  // namespace menura::boards
