// Queue: a virtqueue as the device sees it (virtio 1.2, 2.6), in one of its two forms: split (2.7) or packed (2.8).
// Every descriptor is copied once before anything is done about it, so that it cannot change under the device.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "boards/devices/state.h"
#include "boards/devices/virtio/chain.h"
#include "softmmu/api/physical_memory.h"
#include "vcpu/timeline.h"

namespace menura::boards::virtio {

// What the driver has said about a queue.
struct QueueLayout {
  uint16_t size = 0;         // entries
  uint64_t descriptors = 0;  // Descriptor Area
  uint64_t driver = 0;       // Driver Area: available ring, or event suppression
  uint64_t device = 0;       // Device Area: used ring, or event suppression

  void state(StateVisitor& visitor);
};

// What was negotiated about queues (6).
struct QueueFeatures {
  bool indirect = false;
  bool event_index = false;
  bool packed = false;
};

enum class Pop : uint8_t {
  None,   // nothing is available
  Chain,  // the caller owes a push()
  Bad,    // the driver has broken a rule: the device needs a reset
};

class Queue {
 public:
  // `timeline`: nullptr where nobody wants to know when chains are taken.
  explicit Queue(softmmu::PhysicalMemory& memory, vcpu::Timeline* timeline = nullptr)
      : memory_(memory), timeline_(timeline) {}

  // Any thread. A queue that is not started has nothing.
  void start(const QueueLayout& layout, QueueFeatures features);
  void stop();
  Pop pop(Chain* chain);
  // Puts back what pop() has given last, or before what was put back last.
  void unpop(const Chain& chain);
  // Done with them; chain.written() bytes were written to each. The driver sees all or none of them. True: it wants to
  // be interrupted.
  bool push(std::span<Chain> chains);
  // Asks for notifications; true if something has become available before the driver could see that.
  bool want_notifications();

  // How far it has come: what it must keep besides what start() is told. set_progress() comes after start().
  struct Progress {
    uint16_t next_available = 0;  // split: free-running; packed: offset in the ring
    uint16_t next_used = 0;
    bool available_wrap = true;  // packed: the wrap counters
    bool used_wrap = true;

    void state(StateVisitor& visitor);
  };
  Progress progress();
  void set_progress(const Progress& progress);

 private:
  static constexpr uint32_t kMostBytes = 0xffffffff;  // of a chain: 2.7.5.2, 2.8.6.1

  struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next_or_id;
  };

  bool read_descriptor(uint64_t table, uint16_t index, Descriptor* descriptor);
  bool add(Chain* chain, const Descriptor& descriptor, bool* writes, uint64_t* bytes) const;
  // Split
  Pop pop_split(Chain* chain);
  Pop walk_split(Chain* chain, uint16_t head);
  bool push_split(std::span<const Chain> chains);
  // Packed
  Pop pop_packed(Chain* chain);
  bool walk_table(Chain* chain, const Descriptor& indirect, bool packed, bool* writes, uint64_t* bytes);
  bool push_packed(std::span<const Chain> chains);
  bool available_packed(uint16_t flags) const;
  bool wants_interrupt_packed(uint16_t before, bool wrap_before);

  template <typename T>
  bool load(uint64_t address, T* value);
  template <typename T>
  void store(uint64_t address, T value);

  softmmu::PhysicalMemory& memory_;
  vcpu::Timeline* const timeline_;
  std::mutex mutex_;  // of all below
  bool started_ = false;
  QueueLayout layout_;
  QueueFeatures features_;
  Progress at_;
};

}  // namespace menura::boards::virtio
