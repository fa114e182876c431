// The bus of a machine: which RAM, ROM or device answers at a physical address. Boards put it together; from then on
// any thread looks things up without a lock, also while a device moves what it maps.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ir/core/result.h"
#include "softmmu/api/physical_memory.h"
#include "softmmu/bus/host_memory.h"
#include "softmmu/bus/region.h"

namespace menura::softmmu {

// Who must know about changes; called on the thread that makes them.
class BusListener {
 public:
  virtual ~BusListener() = default;

  // Bytes in [begin, end) change, and code was translated from their frames (kCode). Called before the store and, if
  // the frame is still or again kCode then, after it: a translator that sets kCode and reads the bytes afterwards never
  // keeps old ones. Whoever knows that no code of a frame is left calls Bus::unwatch_code. Aliases are told, too.
  virtual void code_changes(uint64_t begin, uint64_t end) = 0;

  // Something else may answer at any address: what find() has said before is out of date.
  virtual void map_changed() = 0;
};

class Bus final : public PhysicalMemory {
 public:
  using MappingId = uint32_t;

  Bus();
  ~Bus() override;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // --- the map. Where mappings overlap, the higher priority answers, and of equals the one added last. Memory begins
  // and ends at multiples of kFrameSize; nothing ends above 2^63.

  // Zeroed memory, taken from the host when it is touched. Error: the host has no such address space.
  Result<MappingId> add_ram(std::string name, uint64_t base, uint64_t size, int priority = 0);
  Result<MappingId> add_rom(std::string name, uint64_t base, uint64_t size, int priority = 0);
  // `device` outlives the bus.
  MappingId add_mmio(std::string name, uint64_t base, uint64_t size, Mmio& device, MmioAccess access = {},
                     int priority = 0);
  // What `device` holds is read and executed there as it lies in `contents`; stores go to the device. While this is not
  // enabled, reads may go to the device, too, by add_mmio() with a lower priority. Both outlive the bus.
  MappingId add_contents(std::string name, uint64_t base, HostMemory& contents, Mmio& device, MmioAccess access,
                         int priority);
  // The device has changed [offset, offset + size) of them: code may have been translated from there.
  void contents_changed(MappingId id, uint64_t offset, uint64_t size);
  // [offset, offset + size) of `target` (no alias) answers at `base`, too.
  MappingId add_alias(std::string name, uint64_t base, uint64_t size, MappingId target, uint64_t offset,
                      int priority = 0);
  // Mappings are there as soon as they are added; a device may take them away, bring them back or move them.
  void set_enabled(MappingId id, bool enabled);
  void move(MappingId id, uint64_t base);
  const std::string& name(MappingId id) const;

  void set_listener(BusListener* listener) { listener_ = listener; }  // before anything runs; nullptr: none

  // --- look-up, by any thread
  // What answers at `physical`; nullptr: nothing.
  const Region* find(uint64_t physical) const;
  // Everything that answers, by address.
  std::vector<const Region*> regions() const;

  // --- memory (PhysicalMemory)
  bool read(uint64_t physical, void* data, std::size_t size) override;
  bool write(uint64_t physical, const void* data, std::size_t size) override;
  bool compare_exchange(uint64_t physical, unsigned size, uint64_t expected, uint64_t desired, uint64_t* seen) override;
  // As PhysicalMemory says; who writes through the span calls it once more afterwards if guests may run code there.
  std::span<std::byte> view(uint64_t physical, std::size_t size, ir::Access access) override;
  // As write(), but into ROM, too: loaders.
  bool load(uint64_t physical, const void* data, std::size_t size);

  // --- devices. One access by a virtual CPU to `region`, which find(physical) has returned: `size` bytes as they
  // would lie in memory. False: the device does not take such accesses (MmioAccess).
  static bool mmio_read(const Region& region, uint64_t physical, void* data, unsigned size);
  static bool mmio_write(const Region& region, uint64_t physical, const void* data, unsigned size);

  // --- code and dirty frames, for the soft MMU, whose stores do not come through write()
  // Sets kCode in the frames of [begin, end); true if one did not have it yet: from now on all stores there must be
  // told. ROM that nobody changes needs nothing.
  bool watch_code(uint64_t begin, uint64_t end);
  void unwatch_code(uint64_t begin, uint64_t end);
  // Around a store to `region`, which is RAM: the listener hears of it if it must, and the frames become kDirty.
  void before_write(const Region& region, uint64_t physical, uint64_t size) { mark_written(region, physical, size); }
  void after_write(const Region& region, uint64_t physical, uint64_t size) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (any_code(region, physical, size)) tell_code_changes(region, physical, size);
  }

 private:
  struct Mapping;
  struct View;

  Result<MappingId> add_memory(RegionKind kind, std::string name, uint64_t base, uint64_t size, int priority);
  MappingId add(Mapping mapping);
  void rebuild();
  const View* current() const { return view_.load(std::memory_order_acquire); }
  void mark_written(const Region& region, uint64_t physical, uint64_t size);
  static bool any_code(const Region& region, uint64_t physical, uint64_t size);
  void tell_code_changes(const Region& region, uint64_t physical, uint64_t size);
  template <typename Part>
  bool for_memory(uint64_t physical, std::size_t size, bool rom, Part part) const;

  std::vector<std::unique_ptr<HostMemory>> memories_;
  std::vector<Mapping> mappings_;
  // Every view that there was, by what it was made of: readers may be in an old one, and a guest that switches to and
  // fro makes no new ones.
  std::vector<std::unique_ptr<View>> views_;
  std::atomic<const View*> view_{nullptr};
  mutable std::mutex mutex_;  // of changes
  BusListener* listener_ = nullptr;
};

}  // namespace menura::softmmu
