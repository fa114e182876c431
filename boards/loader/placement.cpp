#include "boards/loader/placement.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "boards/loader/file.h"

namespace menura::boards {
namespace {

std::string hex(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

constexpr uint64_t kMostTree = uint64_t{1} << 20;

}  // namespace

const Placement::Used* Placement::overlapping(uint64_t begin, uint64_t end) const {
  for (const Used& used : used_) {
    if (begin < used.end && used.begin < end) return &used;
  }
  return nullptr;
}

Error Placement::no_room(const std::string& what, uint64_t size) const {
  return Error{what + " (" + std::to_string((size + 1023) >> 10) + " KiB) does not fit into the guest's memory (" +
                   std::to_string((end_ - base_) >> 20) + " MiB) beside the rest; ask for more, as in --memory 1G",
               126};
}

Result<void> Placement::put(const std::string& what, uint64_t physical, std::vector<uint8_t> bytes, uint64_t size) {
  size = std::max<uint64_t>(size, bytes.size());
  if (physical < base_ || physical > end_ || size > end_ - physical) {
    return Error{what + " wants " + hex(physical) + " to " + hex(physical + size) + ", but the guest's memory is " +
                     hex(base_) + " to " + hex(end_) + "; ask for more (--memory), if it is for this board",
                 126};
  }
  if (const Used* const other = overlapping(physical, physical + size)) {
    return Error{what + " and " + other->what + " both want " + hex(std::max(physical, other->begin)), 126};
  }
  used_.push_back({physical, physical + size, what});
  images_.push_back({physical, std::move(bytes)});
  return {};
}

Result<void> Placement::put(const std::string& what, Kernel&& kernel, uint64_t physical, uint64_t* begin,
                            uint64_t* end) {
  *begin = kernel.format == KernelFormat::Elf ? kernel.begin() : physical;
  *end = kernel.format == KernelFormat::Elf ? kernel.end() : physical + kernel.segments[0].size;
  for (Segment& segment : kernel.segments) {
    const uint64_t at = kernel.format == KernelFormat::Elf ? segment.physical : physical;
    // What is zero in a program is so after a reset, too.
    if (kernel.format == KernelFormat::Elf && segment.size <= end_ - base_) segment.bytes.resize(segment.size);
    if (auto put_there = put(what, at, std::move(segment.bytes), segment.size); !put_there) return put_there;
  }
  return {};
}

Result<uint64_t> Placement::put_above(const std::string& what, uint64_t from, uint64_t alignment,
                                      std::vector<uint8_t> bytes) {
  const uint64_t size = bytes.size();
  for (uint64_t at = std::max(from, base_);;) {
    at = (at + alignment - 1) & ~(alignment - 1);
    if (at > end_ || size > end_ - at) return no_room(what, size);
    const Used* const other = overlapping(at, at + size);
    if (other == nullptr) {
      if (auto done = put(what, at, std::move(bytes)); !done) return done.error();
      return at;
    }
    at = other->end;
  }
}

Result<uint64_t> Placement::put_below(const std::string& what, uint64_t limit, uint64_t alignment,
                                      std::vector<uint8_t> bytes) {
  const uint64_t size = bytes.size();
  for (uint64_t top = std::min(limit, end_);;) {
    if (top < base_ || size > top - base_) return no_room(what, size);
    const uint64_t at = (top - size) & ~(alignment - 1);
    if (at < base_) return no_room(what, size);
    const Used* const other = overlapping(at, at + size);
    if (other == nullptr) {
      if (auto done = put(what, at, std::move(bytes)); !done) return done.error();
      return at;
    }
    top = other->begin;
  }
}

void describe_boot(fdt::Tree& tree, const std::string& command_line, uint64_t initrd_begin, uint64_t initrd_end,
                   vcpu::Door& door) {
  tree.add("/chosen");
  if (!command_line.empty()) tree.text("/chosen", "bootargs", command_line);
  if (initrd_begin != initrd_end) {
    tree.u64("/chosen", "linux,initrd-start", {initrd_begin});
    tree.u64("/chosen", "linux,initrd-end", {initrd_end});
  }
  std::array<uint8_t, 32> seed;
  door.entropy(std::as_writable_bytes(std::span(seed)));
  tree.bytes("/chosen", "rng-seed", seed);
}

Result<fdt::Tree> boot_tree(Machine& machine, const std::string& path) {
  if (path.empty()) return machine.device_tree();
  auto bytes = read_file(path, kMostTree);
  if (!bytes) return bytes.error();
  auto tree = fdt::Tree::read(*bytes);
  if (!tree) return Error{path + ": " + tree.error().message, tree.error().exit_code};
  return tree;
}

}  // namespace menura::boards
