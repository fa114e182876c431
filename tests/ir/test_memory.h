// Guest memory for tests: a few segments, permissions per segment, all calls of watch_code recorded.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "ir/core/memory_port.h"

namespace menura::ir::test {

class TestMemory : public MemoryPort {
 public:
  struct Segment {
    uint64_t base = 0;
    bool writable = true;
    bool executable = true;
    std::vector<uint8_t> bytes;
  };

  Segment& map(uint64_t base, std::vector<uint8_t> bytes, bool writable = true, bool executable = true) {
    return segments_.emplace_back(Segment{base, writable, executable, std::move(bytes)});
  }

  bool read(uint64_t address, void* data, unsigned size, Fault* fault) override {
    return copy(address, size, Access::Read, fault, [&](uint8_t* host, unsigned at, unsigned count) {
      std::memcpy(static_cast<uint8_t*>(data) + at, host, count);
    });
  }
  bool write(uint64_t address, const void* data, unsigned size, Fault* fault) override {
    return copy(address, size, Access::Write, fault, [&](uint8_t* host, unsigned at, unsigned count) {
      std::memcpy(host, static_cast<const uint8_t*>(data) + at, count);
    });
  }
  void* atomic_pointer(uint64_t address, unsigned size, Fault* fault) override {
    uint8_t* pointer = nullptr;
    if (!copy(address, size, Access::Write, fault, [&](uint8_t* host, unsigned at, unsigned) {
          if (at == 0) pointer = host;
        })) {
      return nullptr;
    }
    return pointer;
  }
  bool probe(uint64_t address, uint64_t size, Access access, Fault* fault) override {
    return copy(address, size, access, fault, [](uint8_t*, unsigned, unsigned) {});
  }
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, Fault* fault) override {
    uint8_t* host = at(address, Access::Execute, fault);
    if (host == nullptr) return {};
    const Segment* segment = find(address);
    return {host, std::min<std::size_t>(want, segment->base + segment->bytes.size() - address)};
  }
  void watch_code(uint64_t begin, uint64_t end) override { watched.emplace_back(begin, end); }

  std::vector<std::pair<uint64_t, uint64_t>> watched;

 private:
  Segment* find(uint64_t address) {
    for (Segment& segment : segments_) {
      if (address - segment.base < segment.bytes.size()) return &segment;
    }
    return nullptr;
  }
  uint8_t* at(uint64_t address, Access access, Fault* fault) {
    Segment* segment = find(address);
    *fault = {FaultKind::None, access, address};
    if (segment == nullptr) {
      fault->kind = FaultKind::Unmapped;
    } else if ((access == Access::Write && !segment->writable) || (access == Access::Execute && !segment->executable)) {
      fault->kind = FaultKind::Protection;
    }
    return fault->kind == FaultKind::None ? segment->bytes.data() + (address - segment->base) : nullptr;
  }
  template <typename Visit>
  bool copy(uint64_t address, uint64_t size, Access access, Fault* fault, Visit visit) {
    for (uint64_t i = 0; i < size; ++i) {
      if (at(address + i, access, fault) == nullptr) return false;
    }
    // In one piece where it lies in one segment, so that the host's accesses are as wide as the guest's.
    const Segment* first = size == 0 ? nullptr : find(address);
    if (first != nullptr && address - first->base + size <= first->bytes.size()) {
      visit(at(address, access, fault), 0, static_cast<unsigned>(size));
      return true;
    }
    for (uint64_t i = 0; i < size; ++i) visit(at(address + i, access, fault), static_cast<unsigned>(i), 1);
    return true;
  }

  std::deque<Segment> segments_;
};

}  // namespace menura::ir::test
