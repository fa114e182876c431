#include "boards/devices/virtio/queue.h"

#include <atomic>
#include <cstring>

namespace menura::boards::virtio {
namespace {

// Descriptor flags (2.7.5, 2.8.1).
constexpr uint16_t kNext = 1, kWrite = 2, kIndirect = 4, kAvailable = 1U << 7, kUsed = 1U << 15;
constexpr uint64_t kDescriptorSize = 16;
// Where flags and the other half of the last word are: not the same in both (2.7.5, 2.8.13).
constexpr uint64_t kSplitFlags = 12, kSplitNext = 14, kPackedId = 12, kPackedFlags = 14;

// The available ring: flags, idx, ring[size], used_event; the used ring: flags, idx, ring[size], avail_event.
constexpr uint16_t kNoInterrupt = 1;  // VIRTQ_AVAIL_F_NO_INTERRUPT (2.7.6)
constexpr uint64_t kIndex = 2, kRing = 4;
constexpr uint64_t kUsedSize = 8;

// Event suppression of packed virtqueues (2.8.10): desc, flags.
constexpr uint16_t kEventsOff = 1, kEventsOne = 2;

}  // namespace

void QueueLayout::state(StateVisitor& visitor) {
  visitor("QueueSize", size);
  visitor("QueueDesc", descriptors);
  visitor("QueueDriver", driver);
  visitor("QueueDevice", device);
}

template <typename T>
bool Queue::load(uint64_t address, T* value) {
  return memory_.read(address, value, sizeof *value);
}

// Where the driver has put it outside RAM, nobody sees it.
template <typename T>
void Queue::store(uint64_t address, T value) {
  memory_.write(address, &value, sizeof value);
}

void Queue::start(const QueueLayout& layout, QueueFeatures features) {
  const std::lock_guard lock(mutex_);
  layout_ = layout;
  features_ = features;
  started_ = layout.size != 0;
  at_ = {};
}

void Queue::stop() {
  const std::lock_guard lock(mutex_);
  started_ = false;
  at_ = {};
}

void Queue::Progress::state(StateVisitor& visitor) {
  visitor("next available", next_available);
  visitor("next used", next_used);
  visitor("available wrap counter", available_wrap);
  visitor("used wrap counter", used_wrap);
}

Queue::Progress Queue::progress() {
  const std::lock_guard lock(mutex_);
  return at_;
}

void Queue::set_progress(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  at_ = progress;
  if (features_.packed && started_) {
    at_.next_available %= layout_.size;
    at_.next_used %= layout_.size;
  }
}

Pop Queue::pop(Chain* chain) {
  const std::lock_guard lock(mutex_);
  if (!started_) return Pop::None;
  if (timeline_ != nullptr) chain->taken_at = timeline_->now();
  return features_.packed ? pop_packed(chain) : pop_split(chain);
}

bool Queue::push(std::span<Chain> chains) {
  for (Chain& chain : chains) chain.views_are_written();
  const std::lock_guard lock(mutex_);
  if (!started_ || chains.empty()) return false;
  return features_.packed ? push_packed(chains) : push_split(chains);
}

void Queue::unpop(const Chain& chain) {
  const std::lock_guard lock(mutex_);
  if (!features_.packed) {
    --at_.next_available;
    return;
  }
  if (at_.next_available < chain.slots) {
    at_.next_available = static_cast<uint16_t>(at_.next_available + layout_.size);
    at_.available_wrap = !at_.available_wrap;
  }
  at_.next_available = static_cast<uint16_t>(at_.next_available - chain.slots);
}

bool Queue::want_notifications() {
  const std::lock_guard lock(mutex_);
  if (!started_) return false;
  if (features_.packed) {
    // Notifications are never turned off; the flags of the Device Area stay 0 (2.8.10: enabled).
    Descriptor descriptor;
    return read_descriptor(layout_.descriptors, at_.next_available, &descriptor) && available_packed(descriptor.flags);
  }
  if (features_.event_index) store(layout_.device + kRing + kUsedSize * layout_.size, at_.next_available);
  // The driver writes idx and then reads avail_event (2.7.10): so one of both sees the other.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  uint16_t index = 0;
  return load(layout_.driver + kIndex, &index) && index != at_.next_available;
}

// --- descriptors

bool Queue::read_descriptor(uint64_t table, uint16_t index, Descriptor* descriptor) {
  uint8_t bytes[kDescriptorSize];
  if (!memory_.read(table + kDescriptorSize * index, bytes, sizeof bytes)) return false;
  std::memcpy(&descriptor->address, bytes, 8);
  std::memcpy(&descriptor->length, bytes + 8, 4);
  std::memcpy(&descriptor->flags, bytes + (features_.packed ? kPackedFlags : kSplitFlags), 2);
  std::memcpy(&descriptor->next_or_id, bytes + (features_.packed ? kPackedId : kSplitNext), 2);
  return true;
}

// What the device reads comes before what it writes (2.7.4.2), and all of it is at most 2^32 bytes (2.7.5.2).
bool Queue::add(Chain* chain, const Descriptor& descriptor, bool* writes, uint64_t* bytes) const {
  const bool write = (descriptor.flags & kWrite) != 0;
  *bytes += descriptor.length;
  if ((*writes && !write) || *bytes > kMostBytes || descriptor.address + descriptor.length < descriptor.address) {
    return false;
  }
  *writes = write;
  chain->add({descriptor.address, descriptor.length}, write);
  return true;
}

// --- split virtqueues (2.7)

Pop Queue::pop_split(Chain* chain) {
  uint16_t index = 0;
  if (!load(layout_.driver + kIndex, &index)) return Pop::Bad;
  if (index == at_.next_available) return Pop::None;
  // More than all entries cannot be available.
  if (static_cast<uint16_t>(index - at_.next_available) > layout_.size) return Pop::Bad;
  std::atomic_thread_fence(std::memory_order_acquire);
  uint16_t head = 0;
  if (!load(layout_.driver + kRing + 2 * uint64_t{static_cast<uint16_t>(at_.next_available % layout_.size)}, &head)) {
    return Pop::Bad;
  }
  ++at_.next_available;
  chain->clear(memory_, head);
  return walk_split(chain, head);
}

Pop Queue::walk_split(Chain* chain, uint16_t head) {
  uint16_t index = head;
  bool writes = false;
  uint64_t bytes = 0;
  // A chain that is longer than the queue is a loop.
  for (unsigned count = 0; count < layout_.size; ++count) {
    Descriptor descriptor;
    if (index >= layout_.size || !read_descriptor(layout_.descriptors, index, &descriptor)) return Pop::Bad;
    if ((descriptor.flags & kIndirect) != 0) {
      // The last of a chain, and no table within a table (2.7.5.3.1).
      if ((descriptor.flags & kNext) != 0) return Pop::Bad;
      return walk_table(chain, descriptor, false, &writes, &bytes) ? Pop::Chain : Pop::Bad;
    }
    if (!add(chain, descriptor, &writes, &bytes)) return Pop::Bad;
    if ((descriptor.flags & kNext) == 0) return Pop::Chain;
    index = descriptor.next_or_id;
  }
  return Pop::Bad;
}

// A table of descriptors: a chain of its own in split virtqueues (2.7.5.3), one after the other in packed ones (2.8.7).
bool Queue::walk_table(Chain* chain, const Descriptor& indirect, bool packed, bool* writes, uint64_t* bytes) {
  const uint64_t entries = indirect.length / kDescriptorSize;
  if (!features_.indirect || entries == 0 || indirect.length % kDescriptorSize != 0) return false;
  uint16_t index = 0;
  // Not longer than the queue (2.7.5.3.1), be it that the table is larger.
  for (unsigned count = 0; count < layout_.size; ++count) {
    Descriptor descriptor;
    if (!read_descriptor(indirect.address, index, &descriptor)) return false;
    if ((descriptor.flags & kIndirect) != 0 || !add(chain, descriptor, writes, bytes)) return false;
    if (packed) {
      if (++index == entries) return true;
    } else {
      if ((descriptor.flags & kNext) == 0) return true;
      if (descriptor.next_or_id >= entries) return false;
      index = descriptor.next_or_id;
    }
  }
  return false;
}

bool Queue::push_split(std::span<const Chain> chains) {
  const uint16_t before = at_.next_used;
  for (const Chain& chain : chains) {
    const uint64_t entry = layout_.device + kRing + kUsedSize * (at_.next_used++ % layout_.size);
    store(entry, uint64_t{chain.id()} | uint64_t{chain.written()} << 32);
  }
  std::atomic_thread_fence(std::memory_order_release);
  store(layout_.device + kIndex, at_.next_used);
  // The driver writes used_event and then reads idx (2.7.7).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (features_.event_index) {
    uint16_t event = 0;
    load(layout_.driver + kRing + 2 * uint64_t{layout_.size}, &event);
    return static_cast<uint16_t>(event - before) < chains.size();
  }
  uint16_t flags = 0;
  load(layout_.driver, &flags);
  return (flags & kNoInterrupt) == 0;
}

// --- packed virtqueues (2.8)

// The driver makes a descriptor available by flags that tell its wrap counter from what they were (2.8.1).
bool Queue::available_packed(uint16_t flags) const {
  const bool available = (flags & kAvailable) != 0, used = (flags & kUsed) != 0;
  return available == at_.available_wrap && used != at_.available_wrap;
}

Pop Queue::pop_packed(Chain* chain) {
  Descriptor descriptor;
  if (!read_descriptor(layout_.descriptors, at_.next_available, &descriptor)) return Pop::Bad;
  if (!available_packed(descriptor.flags)) return Pop::None;
  // Flags first, then the rest, which the driver has written before (2.8.15).
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!read_descriptor(layout_.descriptors, at_.next_available, &descriptor)) return Pop::Bad;
  chain->clear(memory_, 0);
  bool writes = false;
  uint64_t bytes = 0;
  uint16_t count = 0;
  uint16_t at = at_.next_available;
  for (;;) {
    if (++count > layout_.size) return Pop::Bad;
    if ((descriptor.flags & kIndirect) != 0) {
      if ((descriptor.flags & kNext) != 0 || !walk_table(chain, descriptor, true, &writes, &bytes)) return Pop::Bad;
    } else if (!add(chain, descriptor, &writes, &bytes)) {
      return Pop::Bad;
    }
    if (++at == layout_.size) at = 0;
    if ((descriptor.flags & kNext) == 0) break;
    if (!read_descriptor(layout_.descriptors, at, &descriptor)) return Pop::Bad;
  }
  // The buffer's id is in the last descriptor of the list (2.8.6).
  chain->set_id(descriptor.next_or_id);
  chain->slots = count;
  if (at <= at_.next_available) at_.available_wrap = !at_.available_wrap;
  at_.next_available = at;
  return Pop::Chain;
}

bool Queue::push_packed(std::span<const Chain> chains) {
  const uint16_t before = at_.next_used;
  const bool wrap_before = at_.used_wrap;
  uint16_t first_flags = 0;
  for (const Chain& chain : chains) {
    const uint64_t entry = layout_.descriptors + kDescriptorSize * at_.next_used;
    store(entry + 8, chain.written());
    store(entry + kPackedId, chain.id());
    const auto flags =
        static_cast<uint16_t>((at_.used_wrap ? kAvailable | kUsed : 0) | (chain.written() != 0 ? kWrite : 0));
    // The driver looks at one after the other: nothing is there for it before the first is.
    if (&chain == chains.data()) {
      first_flags = flags;
    } else {
      std::atomic_thread_fence(std::memory_order_release);
      store(entry + kPackedFlags, flags);
    }
    // It skips as many as the list had (2.8.6).
    unsigned next = unsigned{at_.next_used} + chain.slots;
    if (next >= layout_.size) {
      next -= layout_.size;
      at_.used_wrap = !at_.used_wrap;
    }
    at_.next_used = static_cast<uint16_t>(next);
  }
  std::atomic_thread_fence(std::memory_order_release);
  store(layout_.descriptors + kDescriptorSize * before + kPackedFlags, first_flags);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return wants_interrupt_packed(before, wrap_before);
}

bool Queue::wants_interrupt_packed(uint16_t before, bool wrap_before) {
  uint16_t flags = 0, place = 0;
  load(layout_.driver + 2, &flags);
  if ((flags & 3) == kEventsOff) return false;
  if (!features_.event_index || (flags & 3) != kEventsOne) return true;
  // The driver waits for the descriptor at this offset, in the pass that this wrap counter says (2.8.10).
  load(layout_.driver, &place);
  const uint16_t offset = place & 0x7fff;
  const bool wrap = (place >> 15) != 0;
  if (wrap == wrap_before) return offset >= before && (at_.used_wrap != wrap_before || offset < at_.next_used);
  return at_.used_wrap == wrap && at_.used_wrap != wrap_before && offset < at_.next_used;
}

}  // namespace menura::boards::virtio
