// Code that an earlier run has compiled, and code for the next one.
#include <cstring>

#include "backends/runtime/store/code_store.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

constexpr unsigned kFollow = 16;
constexpr uint64_t kPage = uint64_t{1} << kGuestPageBits;

CodeKey key_of(const ir::CodeOrigin& origin, const ir::Identity& identity) {
  return {origin.offset, identity.mode, identity.extra, is_low(identity.pc)};
}

}  // namespace

// Makes the page of `pc` the one to look at; false: there is no code.
bool TranslatorEngine::open_window(Workshop& workshop, uint64_t pc) {
  RecallWindow& window = workshop.window;
  const uint64_t begin = pc / kPage * kPage;
  if (window.begin == begin && window.sequence == workshop.sequence) return true;
  window.begin = ~uint64_t{0};
  memory_.watch_code(begin, begin + kPage);
  ir::Fault fault;
  window.code = memory_.fetch(begin, kPage, &fault);
  if (window.code.empty()) return false;
  window.origin = memory_.code_origin(begin);
  window.stored = window.origin.object != 0 ? store_->segments_of(window.origin.object) : nullptr;
  window.sequence = workshop.sequence;
  window.begin = begin;
  return true;
}

// Whether the code at `begin` is `expected`, byte for byte.
bool TranslatorEngine::is_code(Workshop& workshop, uint64_t begin, std::span<const uint8_t> expected) {
  while (!expected.empty()) {
    if (!open_window(workshop, begin)) return false;
    const std::size_t at = begin % kPage;
    const std::size_t size = std::min<std::size_t>(expected.size(), kPage - at);
    const std::span<const uint8_t> code = workshop.window.code;
    if (code.size() < at + size || std::memcmp(code.data() + at, expected.data(), size) != 0) return false;
    expected = expected.subspan(size);
    begin += size;
  }
  return true;
}

bool TranslatorEngine::recall(Workshop& workshop, const ir::Identity& identity, Gear* gear) {
  // What is kept knows no breakpoints, and what is made with them is not kept.
  if (store_ == nullptr || !breakpoints_.empty() || !open_window(workshop, identity.pc)) return false;
  const RecallWindow& window = workshop.window;
  if (window.origin.object == 0) return false;
  Provenance& provenance = workshop.provenance;
  provenance.origin = {window.origin.object, window.origin.offset + identity.pc % kPage};
  provenance.found_wrong = false;
  if (window.stored == nullptr) return false;
  const std::optional<EntryView> entry = window.stored->find(key_of(provenance.origin, identity));
  if (!entry) return false;
  provenance.found_wrong = true;
  ir::Region& region = workshop.region;
  region.clear();
  region.identity = identity;
  region.guest_instructions = entry->guest_instructions();
  std::span<const uint8_t> guest = entry->guest();
  for (const StoredRange& range : entry->ranges()) {
    const uint64_t begin = identity.pc + static_cast<uint64_t>(int64_t{range.begin});
    const auto size = static_cast<std::size_t>(range.end - range.begin);
    // Made when nobody knew.
    if (sites_.any_in(begin, begin + size)) return false;
    if (begin + size < begin || !is_code(workshop, begin, guest.first(size))) return false;
    guest = guest.subspan(size);
    region.guest.push_back({begin, begin + size});
  }
  workshop.code.clear();
  if (!entry->checksum_is_right() ||
      !entry->decode(identity.pc, frontend_.layout(), frontend_.helpers(), &workshop.code) ||
      workshop.code.bytes.size() > cache_.largest()) {
    return false;
  }
  if (workshop.code.imprecise && precise_faults_.load(std::memory_order_relaxed)) {
    provenance.found_wrong = false;
    return false;
  }
  provenance.found_wrong = false;
  workshop.recalled = true;
  *gear = entry->gear();
  // What would be promoted has been, and may get better still.
  if (*gear == Gear::Hot) start_sampling();
  return true;
}

// What ran behind it in an earlier run will run behind it now: found together, it needs no stubs to find each other.
Translation* TranslatorEngine::recall_what_follows(Vcpu& vcpu, Workshop& workshop, Translation* first) {
  const uint64_t epoch = vcpu.acknowledged.load(std::memory_order_relaxed);
  Translation* follow[kFollow] = {first};
  unsigned count = 1;
  for (unsigned next = 0; next != count && count != kFollow; ++next) {
    Translation* const from = follow[next];
    for (LinkSite& site : from->links) {
      if (site.to != nullptr) continue;
      const ir::Identity target{from->pc + static_cast<uint64_t>(site.target), from->mode, from->extra};
      Gear gear;
      if (map_.find(target) != nullptr || !recall(workshop, target, &gear)) continue;
      Translation* const to = publish(&vcpu, workshop, gear, true);
      if (vcpu.acknowledged.load(std::memory_order_relaxed) != epoch) return nullptr;
      if (to == nullptr) return first;
      {
        const std::lock_guard lock(mutex_);
        if (from->live && to->live && site.to == nullptr) link(site, to);
      }
      follow[count++] = to;
      if (count == kFollow) break;
    }
  }
  return first;
}

std::optional<Gear> TranslatorEngine::best_known(const ir::Identity& identity) {
  if (const Translation* const found = map_.find(identity); found != nullptr) return found->gear;
  if (store_ == nullptr) return {};
  const ir::CodeOrigin origin = memory_.code_origin(identity.pc);
  const SegmentSet* const stored = origin.object != 0 ? store_->segments_of(origin.object) : nullptr;
  const std::optional<EntryView> entry = stored != nullptr ? stored->find(key_of(origin, identity)) : std::nullopt;
  if (!entry) return {};
  return entry->gear();
}

void TranslatorEngine::note_origin(Workshop& workshop) {
  Provenance& provenance = workshop.provenance;
  provenance.origin = store_ != nullptr ? memory_.code_origin(workshop.region.identity.pc) : ir::CodeOrigin{};
  provenance.found_wrong = false;
}

void TranslatorEngine::note_guest_code(Workshop& workshop) {
  Provenance& provenance = workshop.provenance;
  provenance.bytes.clear();
  if (provenance.origin.object == 0) return;
  for (const ir::GuestRange& range : workshop.region.guest) {
    const std::size_t at = provenance.bytes.size();
    const std::size_t size = range.end - range.begin;
    provenance.bytes.resize(at + size);
    ir::Fault fault;
    if (!memory_.read(range.begin, provenance.bytes.data() + at, static_cast<unsigned>(size), &fault)) {
      provenance.origin = {};
      return;
    }
  }
}

void TranslatorEngine::keep_for_next_run(const Workshop& workshop, Gear gear) {
  const Provenance& provenance = workshop.provenance;
  if (provenance.origin.object == 0 || workshop.nanoseconds == 0 || !breakpoints_.empty()) return;
  store_->keep(provenance.origin.object, key_of(provenance.origin, workshop.region.identity), gear, workshop.region,
               provenance.bytes, workshop.code, workshop.nanoseconds, provenance.found_wrong);
}

}  // namespace menura::runtime
