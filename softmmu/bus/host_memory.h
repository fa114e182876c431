// The host's memory behind RAM and ROM of a machine.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ir/core/result.h"

namespace menura::softmmu {

class HostMemory {
 public:
  // `size`: a multiple of kFrameSize. Zeroed; the host gives each page when it is first touched.
  static Result<std::unique_ptr<HostMemory>> make(uint64_t size);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }
  // Of the frame of each 4 KiB (region.h).
  std::atomic<uint8_t>* frames() const { return frames_; }

 private:
  HostMemory(std::byte* data, std::atomic<uint8_t>* frames, uint64_t size)
      : data_(data), frames_(frames), size_(size) {}

  std::byte* data_;
  std::atomic<uint8_t>* frames_;
  uint64_t size_;
};

}  // namespace menura::softmmu
