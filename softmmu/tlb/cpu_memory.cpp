#include "softmmu/tlb/cpu_memory.h"

#include <sched.h>

#include <algorithm>
#include <cassert>

#include "softmmu/bus/shared_copy.h"
#include "softmmu/tlb/machine_memory.h"

namespace menura::softmmu {

using ir::Access;
using ir::Fault;
using ir::FaultKind;

namespace {

constexpr uint64_t page_of(uint64_t address) { return address & ~(kPageSize - 1); }
constexpr uint64_t to_page_end(uint64_t address) { return kPageSize - address % kPageSize; }

constexpr uint8_t right(Access access) {
  switch (access) {
    case Access::Read:
      return TlbInfo::kRead;
    case Access::Write:
      return TlbInfo::kWrite;
    case Access::Execute:
      return TlbInfo::kExecute;
  }
  return 0;
}

constexpr uint8_t rights_of(const PageMapping& mapping) {
  return static_cast<uint8_t>((mapping.read ? TlbInfo::kRead : 0) | (mapping.write ? TlbInfo::kWrite : 0) |
                              (mapping.execute ? TlbInfo::kExecute : 0));
}

}  // namespace

struct CpuMemory::Lock {
  explicit Lock(CpuMemory& memory) : busy(memory.busy_) {
    while (busy.test_and_set(std::memory_order_acquire)) sched_yield();
  }
  ~Lock() { busy.clear(std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  std::atomic_flag& busy;
};

// One regime's view of it, for engines.
class CpuMemory::Port final : public ir::MemoryPort {
 public:
  Port(CpuMemory& memory, unsigned regime) : memory_(memory), regime_(regime) {}

  bool read(uint64_t address, void* data, unsigned size, Fault* fault) override {
    return memory_.read(address, data, size, regime_, fault);
  }
  bool write(uint64_t address, const void* data, unsigned size, Fault* fault) override {
    return memory_.write(address, data, size, regime_, fault);
  }
  void* atomic_pointer(uint64_t address, unsigned size, Fault* fault) override {
    return memory_.atomic_pointer(address, size, regime_, fault);
  }
  bool probe(uint64_t address, uint64_t size, Access access, Fault* fault) override {
    return memory_.probe(address, size, access, regime_, fault);
  }
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, Fault* fault) override {
    return memory_.fetch(address, want, fault);
  }
  void watch_code(uint64_t begin, uint64_t end) override { memory_.watch_code(begin, end); }
  MemoryPort& in_regime(unsigned regime) override { return memory_.port(regime); }
  bool code_frame(uint64_t address, uint64_t* frame, Fault* fault) override {
    CodePage page;
    if (!memory_.find_code(address, &page, fault)) return false;
    *frame = page.frame;
    return true;
  }
  CodeView code_view() override { return memory_.code_view(); }

 private:
  CpuMemory& memory_;
  const unsigned regime_;
};

CpuMemory::CpuMemory(MachineMemory& machine, Bus& bus, ir::CpuHeader& cpu) : machine_(machine), bus_(bus), cpu_(cpu) {
  for (unsigned regime = 0; regime < kRegimes; ++regime) {
    ports_[regime] = std::make_unique<Port>(*this, regime);
    cpu_.tlb[regime] = {0, &never_};
  }
}

CpuMemory::~CpuMemory() = default;

ir::MemoryPort& CpuMemory::port(unsigned regime) {
  assert(regime < kRegimes);
  return *ports_[regime];
}

// --- contexts

void CpuMemory::context_changed() {
  const Lock lock(*this);
  for (unsigned regime = 0; regime < kRegimes; ++regime) {
    current_[regime] = nullptr;
    cpu_.tlb[regime] = {0, &never_};
  }
}

TlbContext& CpuMemory::select(unsigned regime) {
  TlbContext* context = current_[regime];
  if (context == nullptr) {
    context = &assign_context(walker_->context(regime));
    current_[regime] = context;
    last_used_[static_cast<std::size_t>(context - contexts_.data())] = ++clock_;
  }
  if (context->is_stale()) context->flush(++generations_, true);
  cpu_.tlb[regime] = {context->mask(), context->entries()};
  return *context;
}

// Where the kernel's code is, if it is the same for all contexts.
TlbContext* CpuMemory::global_code() {
  const uint64_t number = walker_->global_context();
  if (number == 0) return nullptr;
  if (!global_code_.is_for(number)) global_code_.assign(number, ++generations_);
  return &global_code_;
}

TlbContext& CpuMemory::assign_context(uint64_t number) {
  std::size_t oldest = kContexts;
  for (std::size_t i = 0; i < kContexts; ++i) {
    if (contexts_[i].is_for(number)) return contexts_[i];
    if (!is_current(contexts_[i]) && (oldest == kContexts || last_used_[i] < last_used_[oldest])) oldest = i;
  }
  assert(oldest < kContexts);
  contexts_[oldest].assign(number, ++generations_);
  return contexts_[oldest];
}

template <typename Which>
void CpuMemory::forget(Whose thread, Which which) {
  const Lock lock(*this);
  ++flushes_;
  for (TlbContext& context : contexts_) {
    if (!which(context)) continue;
    if (thread == Whose::Another && is_current(context)) {
      // It is being probed: nothing may be moved.
      context.flush(++generations_, false);
    } else {
      context.set_stale();
    }
  }
  if (thread == Whose::Own) cpu_.tlb[0] = cpu_.tlb[1] = {0, &never_};  // until they are selected anew
}

void CpuMemory::flush(Whose thread) {
  {
    const Lock lock(*this);
    global_code_.flush(++generations_, false);
  }
  forget(thread, [](const TlbContext&) { return true; });
}

void CpuMemory::flush_contexts(Whose thread, ContextMatch matches, uint64_t argument) {
  forget(thread, [&](const TlbContext& context) { return matches(context.number(), argument); });
}

void CpuMemory::flush_page(uint64_t address) {
  const Lock lock(*this);
  ++flushes_;
  global_code_.flush_page(page_of(address), ++generations_);
  for (TlbContext& context : contexts_) context.flush_page(page_of(address), ++generations_);
}

Mmu& CpuMemory::everywhere() { return machine_.everywhere(); }

void CpuMemory::forget_writes(const std::byte* host) {
  const Lock lock(*this);
  for (TlbContext& context : contexts_) {
    if (!context.is_stale()) context.forget_writes(reinterpret_cast<uint64_t>(host));
  }
}

// --- look-up

// Lets compiled code make the accesses that need nothing else.
void CpuMemory::open(TlbEntry& entry, const TlbInfo& info) {
  const Region* const region = bus_.find(info.physical);
  if (region == nullptr || !region->is_memory() || !region->contains(info.physical, kPageSize)) return;
  entry.addend = reinterpret_cast<uint64_t>(region->host_of(info.physical)) - entry.page;
  // Accesses of pages with watchpoints all come here.
  const auto is_free = [&](Access access) {
    return watch_.points == nullptr || watch_.points->find(entry.page, kPageSize, access) == nullptr;
  };
  if ((info.rights & TlbInfo::kRead) != 0 && is_free(Access::Read)) entry.read = entry.page;
  if ((info.rights & TlbInfo::kWrite) != 0 && region->kind == RegionKind::Ram && is_free(Access::Write)) {
    std::atomic<uint8_t>& frame = region->frame_of(info.physical);
    if ((frame.load() & kCode) != 0) return;
    frame.fetch_or(kDirty, std::memory_order_relaxed);
    entry.write = entry.page;
  }
}

void CpuMemory::fill(TlbContext& context, uint64_t page, const PageMapping& mapping) {
  TlbEntry* entry = context.find(page);
  if (entry == nullptr) entry = &context.insert(page);
  context.covers(page, mapping.size_log2);
  TlbInfo& info = context.info(*entry);
  const uint64_t size = mapping.size_log2 < 64 ? uint64_t{1} << mapping.size_log2 : 0;
  const uint64_t physical = mapping.physical + (page & (size - 1));
  if (info.physical != physical) {  // the tables have changed, or code lies elsewhere than data
    context.close(*entry);
    info = {physical, 0};
  }
  info.size_log2 = mapping.size_log2;
  info.rights |= rights_of(mapping);
  if (mapping.global) info.rights |= TlbInfo::kGlobal;
  open(*entry, info);
}

bool CpuMemory::find(uint64_t address, Access access, unsigned regime, Place* place, Fault* fault) {
  const uint64_t page = page_of(address);
  for (uint64_t flushes = 0;;) {
    {
      const Lock lock(*this);
      flushes = flushes_;
      TlbContext& context = select(regime);
      const TlbEntry* const entry = context.find(page);
      if (entry != nullptr && (context.info(*entry).rights & right(access)) != 0) {
        place->physical = context.info(*entry).physical + address % kPageSize;
        place->global = (context.info(*entry).rights & TlbInfo::kGlobal) != 0;
        place->size_log2 = context.info(*entry).size_log2;
        place->region = bus_.find(place->physical);
        return true;
      }
    }
    PageMapping mapping;
    if (!walker_->walk(address, access, regime, &mapping, fault)) return false;
    if (mapping.size_log2 < kPageBits) {
      // Rights change within the page: nothing is kept.
      const uint64_t inside = address & ((uint64_t{1} << mapping.size_log2) - 1);
      place->physical = mapping.physical + inside;
      place->room = (uint64_t{1} << mapping.size_log2) - inside;
      place->region = bus_.find(place->physical);
      return true;
    }
    const Lock lock(*this);
    if (flushes == flushes_) fill(select(regime), page, mapping);
  }
}

// All bytes of an access within a page. Where rights change within it, they must lie between two such places.
bool CpuMemory::find_access(uint64_t address, unsigned size, Access access, unsigned regime, Place* place,
                            Fault* fault) {
  if (!find(address, access, regime, place, fault)) return false;
  return size <= place->room || refuse(address, *place, access, fault);
}

// The guest's tables allow it, but nothing answers, or what is there does not take such accesses.
bool CpuMemory::refuse(uint64_t address, const Place& place, Access access, Fault* fault) const {
  if (place.region == nullptr) machine_.log_nothing_there(place.physical, access);
  *fault = walker_->bus_fault(address, access);
  return false;
}

// --- data

// The access waits: whoever runs the virtual CPU finds the hit behind the fault.
bool CpuMemory::is_watched(uint64_t address, uint64_t size, Access access, Fault* fault) {
  if (!watch_.stops(address, size, access)) return false;
  *fault = {FaultKind::Bus, access, address};
  return true;
}

// Code may have been made of what an atomic operation was about to change, after we have said that it changes.
void CpuMemory::settle() {
  if (unsettled_.region == nullptr) return;
  bus_.after_write(*unsettled_.region, unsettled_.physical, 1);
  unsettled_ = {};
}

bool CpuMemory::read_piece(uint64_t address, const Place& place, void* data, unsigned size, Fault* fault) {
  if (place.region != nullptr && place.region->contains(place.physical, size)) {
    if (place.region->is_memory()) {
      copy_from_guest(data, place.region->host_of(place.physical), size);
      return true;
    }
    if (Bus::mmio_read(*place.region, place.physical, data, size)) return true;
  }
  return refuse(address, place, Access::Read, fault);
}

bool CpuMemory::write_piece(uint64_t address, const Place& place, const void* data, unsigned size, unsigned regime,
                            Fault* fault) {
  if (place.region != nullptr && place.region->contains(place.physical, size)) {
    const Region& region = *place.region;
    if (region.kind == RegionKind::Ram) {
      bus_.before_write(region, place.physical, size);
      copy_to_guest(region.host_of(place.physical), data, size);
      bus_.after_write(region, place.physical, size);
      // What was code is none any more.
      const Lock lock(*this);
      TlbContext& context = select(regime);
      if (TlbEntry* const entry = context.find(page_of(address)); entry != nullptr) open(*entry, context.info(*entry));
      return true;
    }
    if (region.mmio != nullptr && Bus::mmio_write(region, place.physical, data, size)) return true;
  }
  return refuse(address, place, Access::Write, fault);
}

bool CpuMemory::read(uint64_t address, void* data, unsigned size, unsigned regime, Fault* fault) {
  settle();
  if (is_watched(address, size, Access::Read, fault)) return false;
  const auto room = static_cast<unsigned>(std::min<uint64_t>(size, to_page_end(address)));
  Place first;
  Place second;
  if (!find_access(address, room, Access::Read, regime, &first, fault)) return false;
  if (room < size && !find_access(address + room, size - room, Access::Read, regime, &second, fault)) return false;
  // What is read may have effects: where the second part fails, the first has happened. No guest can tell a bus error
  // on the second page from one on the first.
  if (!read_piece(address, first, data, room, fault)) return false;
  return room == size || read_piece(address + room, second, static_cast<uint8_t*>(data) + room, size - room, fault);
}

bool CpuMemory::write(uint64_t address, const void* data, unsigned size, unsigned regime, Fault* fault) {
  settle();
  if (is_watched(address, size, Access::Write, fault)) return false;
  const auto room = static_cast<unsigned>(std::min<uint64_t>(size, to_page_end(address)));
  Place first;
  Place second;
  if (!find_access(address, room, Access::Write, regime, &first, fault)) return false;
  if (room < size && !find_access(address + room, size - room, Access::Write, regime, &second, fault)) return false;
  if (!write_piece(address, first, data, room, regime, fault)) return false;
  return room == size ||
         write_piece(address + room, second, static_cast<const uint8_t*>(data) + room, size - room, regime, fault);
}

void* CpuMemory::atomic_pointer(uint64_t address, unsigned size, unsigned regime, Fault* fault) {
  settle();
  if (is_watched(address, size, Access::Write, fault) || is_watched(address, size, Access::Read, fault)) return nullptr;
  if (to_page_end(address) < size) {
    *fault = {FaultKind::Misaligned, Access::Write, address};
    return nullptr;
  }
  Place place;
  if (!find_access(address, size, Access::Write, regime, &place, fault)) return nullptr;
  if (place.region == nullptr || place.region->kind != RegionKind::Ram ||
      !place.region->contains(place.physical, size)) {
    refuse(address, place, Access::Write, fault);
    return nullptr;
  }
  bus_.before_write(*place.region, place.physical, size);
  unsettled_ = place;
  return place.region->host_of(place.physical);
}

bool CpuMemory::probe(uint64_t address, uint64_t size, Access access, unsigned regime, Fault* fault) {
  settle();
  for (uint64_t at = address; at - address < size; at = page_of(at) + kPageSize) {
    Place place;
    if (!find(at, access, regime, &place, fault)) return false;
    const bool answers = place.region != nullptr && (access != Access::Write || place.region->takes_stores());
    if (!answers) return refuse(at, place, access, fault);
  }
  return true;
}

// --- code

bool CpuMemory::find_code(uint64_t address, CodePage* page, Fault* fault) {
  const uint64_t begin = page_of(address);
  for (;;) {
    uint64_t flushes = 0;
    {
      const Lock lock(*this);
      TlbContext* const global = global_code();
      const CodePage* known = &select(0).code_page(begin);
      if (known->page != begin && global != nullptr) known = &global->code_page(begin);
      if (known->page == begin) {
        *page = *known;
        return true;
      }
      flushes = flushes_;
    }
    Place place;
    if (!find(address, Access::Execute, 0, &place, fault)) return false;
    const uint64_t frame = page_of(place.physical);
    if (place.region == nullptr || !place.region->is_memory() || !place.region->contains(frame, kPageSize)) {
      return refuse(address, place, Access::Execute, fault);
    }
    *page = {begin, frame, reinterpret_cast<const uint8_t*>(place.region->host_of(frame))};
    const Lock lock(*this);
    if (flushes != flushes_) continue;
    TlbContext* const global = global_code();
    TlbContext& context = place.global && global != nullptr ? *global : select(0);
    context.covers(begin, place.size_log2);
    context.add_code_page(*page);
    return true;
  }
}

std::span<const uint8_t> CpuMemory::fetch(uint64_t address, unsigned want, Fault* fault) {
  settle();
  CodePage page;
  if (!find_code(address, &page, fault)) return {};
  const uint64_t room = page.end == 0 ? to_page_end(address) : page.end - address;
  return {page.host + address % kPageSize, std::min<std::size_t>(want, room)};
}

void CpuMemory::watch_code(uint64_t begin, uint64_t end) {
  settle();
  for (uint64_t at = begin; at < end; at = page_of(at) + kPageSize) {
    CodePage page;
    Fault fault;
    if (!find_code(at, &page, &fault)) continue;
    if (bus_.watch_code(page.frame, page.frame + kPageSize)) {
      machine_.forget_writes(reinterpret_cast<const std::byte*>(page.host));
    }
  }
}

// As long as a context has run global code only, what is known of that is good for it.
ir::MemoryPort::CodeView CpuMemory::code_view() {
  settle();
  const Lock lock(*this);
  TlbContext* const global = global_code();
  const TlbContext& own = select(0);
  if (global != nullptr && !own.any_code()) return {~global->number(), global->generation()};
  return {own.number(), own.generation()};
}

}  // namespace menura::softmmu
