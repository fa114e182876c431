// The first two gears: from an identity to a translation that everybody can find.
#include <sched.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "backends/runtime/store/entry.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"
#include "ir/verify/verify.h"

namespace menura::runtime {

namespace {

// First-gear code is reached from everywhere and soon replaced or forgotten; what is hot may have a line of its own.
constexpr std::size_t kHotAlignment = 64;

// Never runs out: the entry counts on, nobody asks again.
constexpr int32_t kHeatForever = INT32_MAX;

uint64_t hash(const std::vector<Home>& homes) {
  uint64_t sum = 0;
  for (const Home& home : homes) {
    sum =
        (sum ^ home.slot ^ uint64_t{home.reg.number} << 16 ^ uint64_t{home.reg.is_vector} << 24) * 0x9e3779b97f4a7c15U;
  }
  return sum;
}

// Places arrays one after the other in memory that was measured for them.
class Layouter {
 public:
  explicit Layouter(std::byte* memory) : at_(memory) {}

  template <typename Element>
  std::span<Element> array(std::size_t count) {
    at_ += measure_padding<Element>(reinterpret_cast<uintptr_t>(at_));
    auto* const first = reinterpret_cast<Element*>(at_);
    std::uninitialized_value_construct_n(first, count);
    at_ += count * sizeof(Element);
    return {first, count};
  }
  template <typename Element>
  std::span<const Element> copy(const std::vector<Element>& from) {
    const std::span<Element> to = array<Element>(from.size());
    std::copy(from.begin(), from.end(), to.begin());
    return to;
  }

 private:
  template <typename Element>
  static std::size_t measure_padding(uintptr_t at) {
    return (alignof(Element) - at % alignof(Element)) % alignof(Element);
  }
  std::byte* at_;
};

template <typename Element>
std::size_t room_for(std::size_t count) {
  return count * sizeof(Element) + alignof(Element) - 1;
}

std::size_t page_count(const ir::Region& region) {
  std::size_t count = 0;
  for_each_page(region.guest, [&](uint64_t) { ++count; });
  return count;
}

}  // namespace

Workshop& TranslatorEngine::take_workshop(Vcpu& vcpu) {
  std::unique_lock lock(mutex_);
  while (forking_) {
    lock.unlock();
    sched_yield();
    lock.lock();
  }
  ++busy_workshops_;
  Workshop* workshop = nullptr;
  if (!idle_workshops_.empty()) {
    workshop = idle_workshops_.back();
    idle_workshops_.pop_back();
  } else if (workshops_.empty()) {
    workshop = workshops_.emplace_back(std::make_unique<Workshop>(frontend_, memory_, sites_, compiler_)).get();
  } else {
    workshop = workshops_.emplace_back(std::make_unique<Workshop>(frontend_, memory_, sites_, compiler_.clone())).get();
  }
  workshop->memory = &vcpu.memory;
  workshop->former.set_memory(vcpu.memory);
  workshop->former.set_breakpoints(&breakpoints_);
  workshop->former.set_counting(options_.count);
  workshop->sequence = change_count_;
  workshop->recalled = false;
  workshop->provenance.origin = {};
  return *workshop;
}

void TranslatorEngine::return_workshop(Workshop& workshop) {
  const std::lock_guard lock(mutex_);
  idle_workshops_.push_back(&workshop);
  --busy_workshops_;
}

void TranslatorEngine::verify([[maybe_unused]] const ir::Region& region) const {
#ifndef NDEBUG
  const std::string wrong = ir::verify(region, frontend_.layout(), frontend_.helpers());
  if (!wrong.empty()) {
    std::fprintf(stderr, "menura: region at 0x%llx: %s\n", static_cast<unsigned long long>(region.identity.pc),
                 wrong.c_str());
    std::abort();
  }
#endif
}

bool TranslatorEngine::compile(Workshop& workshop, Gear gear) {
  const bool hot = gear != Gear::Trace;
  if (options_.observer != nullptr) options_.observer->formed(workshop.region, gear);
  verify(workshop.region);
  const bool imprecise = gear == Gear::Optimized && !precise_faults_.load(std::memory_order_relaxed);
  if (imprecise) workshop.needed.compute(workshop.region, frontend_.layout(), frontend_.helpers());
  // A budget may run out between any two blocks, where the level for hot regions may have dropped writes of slots.
  workshop.optimizer.run(workshop.region, hot && !options_.count ? options_.hot_level : options_.trace_level);
  verify(workshop.region);
  if (options_.observer != nullptr) options_.observer->optimized(workshop.region, gear);
  CompileOptions options;
  options.hot = hot;
  options.machine = options_.machine;
  options.count = options_.count;
  options.profile = options_.profile;
  options.needed = imprecise ? &workshop.needed : nullptr;
  options.heat_index = hot || options_.hot_threshold <= 0 ? -1 : 0;
  workshop.code.clear();
  Compiler& compiler =
      gear == Gear::Optimized && workshop.optimizing != nullptr ? *workshop.optimizing : *workshop.compiler;
  return compiler.compile(workshop.region, options, workshop.code) && workshop.code.bytes.size() <= cache_.largest();
}

Translation* TranslatorEngine::translate(Vcpu& vcpu, const ir::Identity& identity, unsigned instructions, bool keep) {
  for (;;) {
    Workshop& workshop = take_workshop(vcpu);
    Translation* result = nullptr;
    ir::Fault fault;
    ir::TraceLimits limits{.instructions = instructions, .exact = !keep, .one_page = options_.machine};
    if (Gear gear; keep && recall(workshop, identity, &gear)) {
      if (gear == Gear::Hot) start_sampling();
      result = publish(&vcpu, workshop, gear, true);
      if (result != nullptr) result = recall_what_follows(vcpu, workshop, result);
      return_workshop(workshop);
      if (result != nullptr) return result;
      continue;
    }
    workshop.began = monotonic_nanoseconds();
    for (;; limits.instructions /= 2) {
      fault = workshop.former.form_trace(identity, workshop.region, limits);
      if (fault.kind != ir::FaultKind::None) break;
      if (compile(workshop, Gear::Trace)) {
        note_guest_code(workshop);
        result = publish(&vcpu, workshop, Gear::Trace, keep);
        if (keep && result != nullptr) keep_for_next_run(workshop, Gear::Trace);
        break;
      }
      assert(limits.instructions > 1);
    }
    return_workshop(workshop);
    if (result != nullptr) return result;
    if (fault.kind != ir::FaultKind::None) {
      prepare_fault(vcpu, identity.pc, fault);
      return nullptr;
    }
  }
}

Translation* TranslatorEngine::promote(Vcpu& vcpu, Translation* cold) {
  // Whoever comes first makes it; the others go on with what is there.
  heat_of(*cold).store(kHeatForever, std::memory_order_relaxed);
  if (cold->promoting.exchange(true, std::memory_order_relaxed)) return cold;
  const ir::Identity identity = cold->identity();
  if (identity.next_frame != 0) return cold;  // one instruction
  // What the optimizing compiler has made stays outside: its loop must not run here.
  const auto known = [&](uint64_t pc) {
    const std::optional<Gear> gear = best_known({pc, identity.mode, identity.extra, identity.frame});
    if (!gear) return ir::Ran::No;
    return *gear == Gear::Optimized ? ir::Ran::Elsewhere : ir::Ran::Yes;
  };
  start_sampling();
  Workshop& workshop = take_workshop(vcpu);
  workshop.began = monotonic_nanoseconds();
  Translation* result = nullptr;
  const bool done = promote_in_foreground(vcpu, workshop, identity, &result);
  ir::HotLimits limits = options_.hot;
  limits.one_page = options_.machine;
  for (; !done && limits.instructions >= 8; limits.instructions /= 2) {
    if (workshop.former.form_hot(identity, workshop.region, known, limits).kind != ir::FaultKind::None) break;
    if (!compile(workshop, Gear::Hot)) continue;
    note_origin(workshop);
    note_guest_code(workshop);
    result = publish(&vcpu, workshop, Gear::Hot, true);
    if (result != nullptr) keep_for_next_run(workshop, Gear::Hot);
    break;
  }
  return_workshop(workshop);
  return result != nullptr ? result : cold;
}

Translation* TranslatorEngine::publish(Vcpu* vcpu, Workshop& workshop, Gear gear, bool keep) {
  const ir::Region& region = workshop.region;
  std::unique_lock lock(mutex_);
  Translation* translation = nullptr;
  Translation* former = nullptr;
  workshop.nanoseconds = 0;
  while (translation == nullptr) {
    if (outdated(workshop) || (workshop.code.imprecise && precise_faults_.load(std::memory_order_relaxed)))
      return nullptr;
    former = keep ? map_.find(region.identity) : nullptr;
    // Somebody else was faster, or made something better.
    if (former != nullptr && former->gear >= gear) return former;
    translation = place(workshop, gear);
    if (translation == nullptr && !make_room()) {
      // Everything waits for virtual CPUs that have been asked to hurry; this one comes first.
      lock.unlock();
      if (vcpu != nullptr) acknowledge(*vcpu);
      sched_yield();
      lock.lock();
    }
  }
  index_pages(translation);
  if (keep) map_.set(translation, epoch_.load(std::memory_order_relaxed) + 1);
  if (former != nullptr) redirect(former, translation);
  if (workshop.recalled) link_all(translation);
  GearStatistics& counts = workshop.recalled ? statistics_.recalled : statistics_.of(gear);
  if (!workshop.recalled) workshop.nanoseconds = monotonic_nanoseconds() - workshop.began;
  ++counts.regions;
  counts.guest_instructions += region.guest_instructions;
  counts.host_bytes += translation->size;
  counts.nanoseconds += workshop.nanoseconds;
  if (options_.observer != nullptr) {
    // Outside of the lock: it may look at guest memory.
    const uint64_t address = translation->host_address();
    const std::span<const uint8_t> code(static_cast<const uint8_t*>(translation->entry), translation->size);
    lock.unlock();
    options_.observer->compiled(region, gear, address, code);
    if (!workshop.recalled) {
      options_.observer->ended(region, gear, Observer::Fate::Placed, workshop.began, code.size());
    }
  }
  return translation;
}

Translation* TranslatorEngine::place(Workshop& workshop, Gear gear) {
  const ir::Region& region = workshop.region;
  const CompiledCode& code = workshop.code;
  const std::size_t pages = page_count(region);
  const std::span<const Home> homes = intern(code.homes);
  const std::size_t metadata = room_for<Translation>(1) + room_for<LinkSite>(code.links.size()) +
                               room_for<PageEntry>(pages) + room_for<ir::GuestRange>(region.guest.size()) +
                               room_for<PcStub>(code.pc_stubs.size()) + room_for<PcEntry>(code.pcs.size()) +
                               room_for<Recovery>(code.recoveries.size()) + room_for<SlotPlace>(code.places.size());
  CodeCache::Place place;
  const std::size_t alignment = gear != Gear::Trace ? kHotAlignment : code.alignment;
  if (!cache_.allocate(code.bytes.size(), alignment, metadata, &place)) return nullptr;

  Layouter layouter(place.metadata);
  Translation* const translation = &layouter.array<Translation>(1)[0];
  translation->pc = region.identity.pc;
  translation->entry = cache_.memory().executable(place.offset);
  translation->mode = region.identity.mode;
  translation->extra = region.identity.extra;
  translation->frame = region.identity.frame;
  translation->next_frame = region.identity.next_frame;
  translation->size = static_cast<uint32_t>(code.bytes.size());
  translation->gear = gear;
  translation->imprecise = code.imprecise;
  translation->ordinal = place.ordinal;
  translation->guest_instructions = region.guest_instructions;
  translation->links = layouter.array<LinkSite>(code.links.size());
  translation->pages = layouter.array<PageEntry>(pages);
  translation->guest = layouter.copy(region.guest);
  translation->pc_stubs = layouter.copy(code.pc_stubs);
  translation->pcs = layouter.copy(code.pcs);
  translation->homes = homes;
  translation->recoveries = layouter.copy(code.recoveries);
  translation->places = layouter.copy(code.places);
  for (std::size_t i = 0; i < code.links.size(); ++i) {
    const Link& link = code.links[i];
    assert(link.displacement % 8 <= 4);
    LinkSite& site = translation->links[i];
    site.from = translation;
    site.target = link.target;
    site.displacement = link.displacement;
    site.stub = link.stub;
    site.stub_end = link.stub_end;
  }

  uint8_t* const bytes = cache_.memory().writable(place.offset);
  std::memcpy(bytes, code.bytes.data(), code.bytes.size());
  relocate(code, *translation, bytes);
  heat_of(*translation).store(options_.hot_threshold, std::memory_order_relaxed);
  cache_.add(place, translation);
  return translation;
}

// Most regions have the homes of the contract, and the others are alike as loops are: kept for good, few times.
std::span<const Home> TranslatorEngine::intern(const std::vector<Home>& homes) {
  const auto [it, added] = homes_.try_emplace(hash(homes));
  auto& same_hash = it->second;
  for (const std::vector<Home>& known : same_hash) {
    if (known == homes) return known;
  }
  return same_hash.emplace_front(homes);
}

void TranslatorEngine::relocate(const CompiledCode& code, const Translation& translation, uint8_t* bytes) {
  const std::size_t first_count = counted_.size();
  for (const CountedBlock& block : code.counts) {
    if (counted_.size() < count_capacity_) counted_.push_back(block);
  }
  const auto put32 = [&](uint32_t offset, int64_t value) {
    const auto narrow = static_cast<int32_t>(value);
    std::memcpy(bytes + offset, &narrow, sizeof narrow);
  };
  for (const Relocation& relocation : code.relocations) {
    const uint64_t guest_pc = translation.pc + static_cast<uint64_t>(relocation.addend);
    switch (relocation.kind) {
      case Relocation::Kind::GuestPc32:
        put32(relocation.offset, static_cast<int64_t>(guest_pc));
        break;
      case Relocation::Kind::GuestPc64:
        std::memcpy(bytes + relocation.offset, &guest_pc, sizeof guest_pc);
        break;
      case Relocation::Kind::Helper:
        put32(relocation.offset, relocation.addend);
        break;
      case Relocation::Kind::HeatIndex:
        put32(relocation.offset, int64_t{translation.ordinal} * 4);
        break;
      case Relocation::Kind::Count: {
        // A program that outgrows the counters counts the rest on the last one.
        const std::size_t index =
            std::min(first_count + static_cast<std::size_t>(relocation.addend), count_capacity_ - 1);
        put32(relocation.offset, static_cast<int64_t>(counts_offset_ + index * sizeof(uint64_t)));
        break;
      }
    }
  }
}

bool TranslatorEngine::make_room() {
  const uint64_t acknowledged_epoch = acknowledged();
  cache_.release(acknowledged_epoch);
  map_.release(acknowledged_epoch);
  if (cache_.open_chunk(false)) return true;
  if (const uint32_t chunk = cache_.oldest_chunk(); chunk != CodeCache::kNone) {
    for (Translation* const translation : cache_.translations(chunk)) {
      if (translation->live) kill(translation);
    }
    cache_.retire(chunk, request_quiescence());
    ++statistics_.evicted_chunks;
  }
  // Until it may be used anew, another takes its place.
  return cache_.open_chunk(true);
}

}  // namespace menura::runtime
