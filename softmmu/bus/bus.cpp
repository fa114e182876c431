#include "softmmu/bus/bus.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "softmmu/bus/shared_copy.h"

namespace menura::softmmu {

struct Bus::Mapping {
  Mapping(std::string name_, uint64_t base_, uint64_t size_, int priority_)
      : name(std::move(name_)), base(base_), size(size_), priority(priority_) {}

  std::string name;
  uint64_t base;
  uint64_t size;
  int priority;
  bool enabled = true;
  RegionKind kind = RegionKind::Mmio;
  MmioAccess access;
  HostMemory* memory = nullptr;  // Ram, Rom
  Mmio* mmio = nullptr;
  uint64_t offset = 0;  // in the memory or the device: aliases
};

struct Bus::View {
  std::vector<uint64_t> made_of;  // the base of each mapping, or kNowhere
  std::vector<Region> regions;    // sorted, disjoint
};

namespace {

constexpr uint64_t kNowhere = ~uint64_t{0};

template <typename T>
bool exchange(std::byte* at, uint64_t expected, uint64_t desired, uint64_t* seen) {
  T value = static_cast<T>(expected);
  const bool done = static_cast<uint64_t>(value) == expected &&
                    __atomic_compare_exchange_n(reinterpret_cast<T*>(at), &value, static_cast<T>(desired), false,
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  *seen = value;
  return done;
}

}  // namespace

Bus::Bus() {
  const std::lock_guard lock(mutex_);
  rebuild();
}

Bus::~Bus() = default;

Bus::MappingId Bus::add(Mapping mapping) {
  assert(mapping.size != 0 && mapping.base < kNowhere / 2 && mapping.size <= kNowhere / 2 - mapping.base);
  const std::lock_guard lock(mutex_);
  mappings_.push_back(std::move(mapping));
  rebuild();
  return static_cast<MappingId>(mappings_.size() - 1);
}

Result<Bus::MappingId> Bus::add_memory(RegionKind kind, std::string name, uint64_t base, uint64_t size, int priority) {
  assert(base % kFrameSize == 0 && size % kFrameSize == 0);
  auto memory = HostMemory::make(size);
  if (!memory) return memory.error();
  memories_.push_back(std::move(*memory));
  Mapping mapping(std::move(name), base, size, priority);
  mapping.kind = kind;
  mapping.memory = memories_.back().get();
  return add(std::move(mapping));
}

Result<Bus::MappingId> Bus::add_ram(std::string name, uint64_t base, uint64_t size, int priority) {
  return add_memory(RegionKind::Ram, std::move(name), base, size, priority);
}

Result<Bus::MappingId> Bus::add_rom(std::string name, uint64_t base, uint64_t size, int priority) {
  return add_memory(RegionKind::Rom, std::move(name), base, size, priority);
}

Bus::MappingId Bus::add_mmio(std::string name, uint64_t base, uint64_t size, Mmio& device, MmioAccess access,
                             int priority) {
  assert(std::has_single_bit(access.least) && std::has_single_bit(access.most) && access.least <= access.most &&
         access.most <= 8);
  Mapping mapping(std::move(name), base, size, priority);
  mapping.access = access;
  mapping.mmio = &device;
  return add(std::move(mapping));
}

Bus::MappingId Bus::add_contents(std::string name, uint64_t base, HostMemory& contents, Mmio& device, MmioAccess access,
                                 int priority) {
  assert(base % kFrameSize == 0);
  Mapping mapping(std::move(name), base, contents.size(), priority);
  mapping.kind = RegionKind::Rom;
  mapping.memory = &contents;
  mapping.mmio = &device;
  mapping.access = access;
  return add(std::move(mapping));
}

Bus::MappingId Bus::add_alias(std::string name, uint64_t base, uint64_t size, MappingId target, uint64_t offset,
                              int priority) {
  Mapping mapping = mappings_[target];
  assert(offset <= mapping.size && size <= mapping.size - offset);
  assert(mapping.kind == RegionKind::Mmio || (base % kFrameSize == 0 && offset % kFrameSize == 0));
  mapping.name = std::move(name);
  mapping.base = base;
  mapping.size = size;
  mapping.priority = priority;
  mapping.offset += offset;
  mapping.enabled = true;
  return add(std::move(mapping));
}

void Bus::set_enabled(MappingId id, bool enabled) {
  {
    const std::lock_guard lock(mutex_);
    if (mappings_[id].enabled == enabled) return;
    mappings_[id].enabled = enabled;
    rebuild();
  }
  if (listener_ != nullptr) listener_->map_changed();
}

void Bus::move(MappingId id, uint64_t base) {
  {
    const std::lock_guard lock(mutex_);
    if (mappings_[id].base == base) return;
    assert(base < kNowhere / 2 && mappings_[id].size <= kNowhere / 2 - base);
    mappings_[id].base = base;
    rebuild();
  }
  if (listener_ != nullptr) listener_->map_changed();
}

const std::string& Bus::name(MappingId id) const {
  const std::lock_guard lock(mutex_);
  return mappings_[id].name;
}

void Bus::rebuild() {
  std::vector<uint64_t> made_of;
  std::vector<uint64_t> edges;
  for (const Mapping& mapping : mappings_) {
    made_of.push_back(mapping.enabled ? mapping.base : kNowhere);
    if (!mapping.enabled) continue;
    edges.push_back(mapping.base);
    edges.push_back(mapping.base + mapping.size);
  }
  for (const auto& view : views_) {
    if (view->made_of == made_of) {
      view_.store(view.get(), std::memory_order_release);
      return;
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  auto view = std::make_unique<View>();
  view->made_of = std::move(made_of);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const uint64_t begin = edges[i];
    const uint64_t end = edges[i + 1];
    const Mapping* best = nullptr;
    for (const Mapping& mapping : mappings_) {
      if (!mapping.enabled || begin < mapping.base || begin - mapping.base >= mapping.size) continue;
      if (best == nullptr || mapping.priority >= best->priority) best = &mapping;
    }
    if (best == nullptr) continue;
    const auto id = static_cast<MappingId>(best - mappings_.data());
    if (!view->regions.empty() && view->regions.back().mapping == id && view->regions.back().end == begin) {
      view->regions.back().end = end;
      continue;
    }
    const uint64_t offset = best->offset + (begin - best->base);
    Region region;
    region.begin = begin;
    region.end = end;
    region.kind = best->kind;
    region.mapping = id;
    if (region.is_memory()) {
      region.host = best->memory->data() + offset;
      region.frames = best->memory->frames() + (offset >> kFrameBits);
    }
    if (best->mmio != nullptr) {
      region.access = best->access;
      region.mmio = best->mmio;
      region.offset = offset;
    }
    view->regions.push_back(region);
  }
  views_.push_back(std::move(view));
  view_.store(views_.back().get(), std::memory_order_release);
}

const Region* Bus::find(uint64_t physical) const {
  const std::vector<Region>& regions = current()->regions;
  auto at = std::upper_bound(regions.begin(), regions.end(), physical,
                             [](uint64_t address, const Region& region) { return address < region.begin; });
  if (at == regions.begin()) return nullptr;
  --at;
  return physical < at->end ? &*at : nullptr;
}

std::vector<const Region*> Bus::regions() const {
  std::vector<const Region*> list;
  for (const Region& region : current()->regions) list.push_back(&region);
  return list;
}

// --- memory

template <typename Part>
bool Bus::for_memory(uint64_t physical, std::size_t size, bool rom, Part part) const {
  if (size == 0) return true;
  if (physical + size < physical) return false;
  // Twice: nothing is done unless all of it is memory.
  for (const bool act : {false, true}) {
    std::size_t done = 0;
    while (done < size) {
      const Region* const region = find(physical + done);
      if (region == nullptr || !(region->kind == RegionKind::Ram || (rom && region->kind == RegionKind::Rom))) {
        return false;
      }
      const std::size_t now = std::min<uint64_t>(size - done, region->end - (physical + done));
      if (act) part(*region, physical + done, done, now);
      done += now;
    }
  }
  return true;
}

bool Bus::read(uint64_t physical, void* data, std::size_t size) {
  return for_memory(physical, size, true, [&](const Region& region, uint64_t at, std::size_t done, std::size_t now) {
    copy_from_guest(static_cast<std::byte*>(data) + done, region.host_of(at), now);
  });
}

bool Bus::write(uint64_t physical, const void* data, std::size_t size) {
  return for_memory(physical, size, false, [&](const Region& region, uint64_t at, std::size_t done, std::size_t now) {
    before_write(region, at, now);
    copy_to_guest(region.host_of(at), static_cast<const std::byte*>(data) + done, now);
    after_write(region, at, now);
  });
}

bool Bus::load(uint64_t physical, const void* data, std::size_t size) {
  return for_memory(physical, size, true, [&](const Region& region, uint64_t at, std::size_t done, std::size_t now) {
    before_write(region, at, now);
    copy_to_guest(region.host_of(at), static_cast<const std::byte*>(data) + done, now);
    after_write(region, at, now);
  });
}

bool Bus::compare_exchange(uint64_t physical, unsigned size, uint64_t expected, uint64_t desired, uint64_t* seen) {
  *seen = 0;
  const Region* const region = find(physical);
  if (region == nullptr || region->kind != RegionKind::Ram || (size != 4 && size != 8) || physical % size != 0 ||
      !region->contains(physical, size)) {
    return false;
  }
  before_write(*region, physical, size);
  std::byte* const at = region->host_of(physical);
  const bool done =
      size == 4 ? exchange<uint32_t>(at, expected, desired, seen) : exchange<uint64_t>(at, expected, desired, seen);
  after_write(*region, physical, size);
  return done;
}

std::span<std::byte> Bus::view(uint64_t physical, std::size_t size, ir::Access access) {
  const Region* const region = find(physical);
  if (region == nullptr || !region->contains(physical, size)) return {};
  if (access == ir::Access::Write) {
    if (region->kind != RegionKind::Ram) return {};
    before_write(*region, physical, size);
  } else if (!region->is_memory()) {
    return {};
  }
  return {region->host_of(physical), size};
}

// --- code and dirty frames

namespace {

template <typename Visit>
void for_frames(const Region& region, uint64_t physical, uint64_t size, Visit visit) {
  if (size == 0) return;
  std::atomic<uint8_t>* const first = &region.frame_of(physical);
  const std::atomic<uint8_t>* const last = &region.frame_of(physical + size - 1);
  for (std::atomic<uint8_t>* frame = first; frame <= last; ++frame) visit(*frame);
}

}  // namespace

void Bus::contents_changed(MappingId id, uint64_t offset, uint64_t size) {
  if (size == 0) return;
  Region all;
  {
    const std::lock_guard lock(mutex_);
    const Mapping& mapping = mappings_[id];
    all.begin = mapping.base;
    all.frames = mapping.memory->frames() + (mapping.offset >> kFrameBits);
  }
  const uint64_t begin = all.begin + offset;
  if (!any_code(all, begin, size)) return;
  for_frames(all, begin, size, [](std::atomic<uint8_t>& frame) { frame.fetch_and(static_cast<uint8_t>(~kCode)); });
  if (listener_ != nullptr) listener_->code_changes(begin, begin + size);
}

bool Bus::watch_code(uint64_t begin, uint64_t end) {
  bool news = false;
  while (begin < end) {
    const Region* const region = find(begin);
    if (region == nullptr) break;
    const uint64_t stop = std::min(end, region->end);
    if (region->is_memory() && region->takes_stores()) {
      for_frames(*region, begin, stop - begin,
                 [&](std::atomic<uint8_t>& frame) { news |= (frame.fetch_or(kCode) & kCode) == 0; });
    }
    begin = stop;
  }
  return news;
}

void Bus::unwatch_code(uint64_t begin, uint64_t end) {
  while (begin < end) {
    const Region* const region = find(begin);
    if (region == nullptr) break;
    const uint64_t stop = std::min(end, region->end);
    if (region->is_memory() && region->takes_stores()) {
      for_frames(*region, begin, stop - begin,
                 [](std::atomic<uint8_t>& frame) { frame.fetch_and(static_cast<uint8_t>(~kCode)); });
    }
    begin = stop;
  }
}

void Bus::mark_written(const Region& region, uint64_t physical, uint64_t size) {
  uint8_t seen = 0;
  for_frames(region, physical, size, [&](std::atomic<uint8_t>& frame) {
    const uint8_t old = frame.load(std::memory_order_relaxed);
    seen |= old;
    if ((old & kDirty) == 0) frame.fetch_or(kDirty, std::memory_order_relaxed);
  });
  if ((seen & kCode) != 0) tell_code_changes(region, physical, size);
}

bool Bus::any_code(const Region& region, uint64_t physical, uint64_t size) {
  uint8_t seen = 0;
  for_frames(region, physical, size,
             [&](const std::atomic<uint8_t>& frame) { seen |= frame.load(std::memory_order_relaxed); });
  return (seen & kCode) != 0;
}

void Bus::tell_code_changes(const Region& region, uint64_t physical, uint64_t size) {
  if (listener_ == nullptr) return;
  const std::byte* const begin = region.host_of(physical);
  const std::byte* const end = begin + size;
  for (const Region& other : current()->regions) {
    if (!other.is_memory()) continue;
    const std::byte* const from = std::max<const std::byte*>(begin, other.host);
    const std::byte* const to = std::min<const std::byte*>(end, other.host + (other.end - other.begin));
    if (from < to) {
      listener_->code_changes(other.begin + static_cast<uint64_t>(from - other.host),
                              other.begin + static_cast<uint64_t>(to - other.host));
    }
  }
}

// --- devices

namespace {

// Calls part(offset in the device, offset in the data, size) for what one access is split into; false: refused.
template <typename Part>
bool split(const Region& region, uint64_t physical, unsigned size, Part part) {
  if (region.mmio == nullptr || size < region.access.least || size > 8 || (size & (size - 1)) != 0 ||
      physical % size != 0 || !region.contains(physical, size)) {
    return false;
  }
  const uint64_t offset = region.offset + (physical - region.begin);
  const unsigned piece = std::min<unsigned>(size, region.access.most);
  if (offset % piece != 0) return false;
  for (unsigned at = 0; at < size; at += piece) part(offset + at, at, piece);
  return true;
}

// Between the value of a register and its bytes in memory.
uint64_t swapped(const Region& region, uint64_t value, unsigned size) {
  return region.access.order == std::endian::little ? value : __builtin_bswap64(value) >> (64 - 8 * size);
}

}  // namespace

bool Bus::mmio_read(const Region& region, uint64_t physical, void* data, unsigned size) {
  return split(region, physical, size, [&](uint64_t offset, unsigned at, unsigned piece) {
    const uint64_t value = swapped(region, region.mmio->mmio_read(offset, piece), piece);
    std::memcpy(static_cast<std::byte*>(data) + at, &value, piece);
  });
}

bool Bus::mmio_write(const Region& region, uint64_t physical, const void* data, unsigned size) {
  return split(region, physical, size, [&](uint64_t offset, unsigned at, unsigned piece) {
    uint64_t value = 0;
    std::memcpy(&value, static_cast<const std::byte*>(data) + at, piece);
    region.mmio->mmio_write(offset, piece, swapped(region, value, piece));
  });
}

}  // namespace menura::softmmu
