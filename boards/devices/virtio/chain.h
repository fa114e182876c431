// Chain: the buffers of one request, as the driver has put them into a virtqueue (virtio 1.2, 2.6).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "softmmu/api/physical_memory.h"

namespace menura::boards::virtio {

// A piece of the guest's memory: what a descriptor says.
struct Buffer {
  uint64_t address = 0;
  uint32_t size = 0;
};

// Consumed from the front, each of its two parts by itself; how the driver has cut them into buffers does not matter
// (2.7.4.1). Nothing of the guest is trusted: what lies outside its RAM makes an operation fail.
class Chain {
 public:
  // --- for the queue that fills it
  void clear(softmmu::PhysicalMemory& memory, uint16_t id);
  void add(const Buffer& buffer, bool device_writes);
  uint16_t id() const { return id_; }
  void set_id(uint16_t id) { id_ = id; }
  // How many descriptors it took from the ring (packed virtqueues).
  uint16_t slots = 1;
  uint64_t taken_at = 0;  // by the machine's timeline
  // Tells the machine that what views_ says was written.
  void views_are_written();

  // --- for devices
  // What it asks for, as the timeline shows it: a literal.
  const char* what = "request";
  // Bytes that are left of the part that the device reads, and of the one that it writes.
  uint64_t readable() const { return read_.left; }
  uint64_t writable() const { return write_.left; }
  // Bytes written so far: what the driver is told.
  uint32_t written() const { return static_cast<uint32_t>(written_); }

  // What a device has put elsewhere: split_last_writable().
  void add_written(uint32_t bytes) { written_ += bytes; }

  // False: too few are left, or not all of them are RAM; the request is bad.
  bool read(void* to, std::size_t size);
  bool write(const void* from, std::size_t size);
  // The next `size` bytes as the host sees them, appended to *views. Another thread of the guest may change them.
  bool view_readable(uint64_t size, std::vector<iovec>* views);
  bool view_writable(uint64_t size, std::vector<iovec>* views);
  // Splits off the last byte that the device writes: *last is where it is. False: it writes nothing.
  bool split_last_writable(Buffer* last);

 private:
  struct Part {
    std::vector<Buffer> buffers;
    std::size_t next = 0;  // of buffers
    uint32_t offset = 0;   // in it
    uint64_t left = 0;     // bytes
  };

  // Calls take(address, size) for the pieces of the next `size` bytes until it says false.
  template <typename Take>
  bool advance(Part* part, uint64_t size, Take take);

  softmmu::PhysicalMemory* memory_ = nullptr;
  uint16_t id_ = 0;
  Part read_, write_;
  uint64_t written_ = 0;
  std::vector<Buffer> views_;  // that the device writes through
};

}  // namespace menura::boards::virtio
