// Code that an earlier run has compiled, and code for the next one.
#include <algorithm>
#include <cstring>

#include "backends/runtime/store/checksum.h"
#include "backends/runtime/store/code_store.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

constexpr unsigned kFollow = 16;
constexpr uint64_t kPage = uint64_t{1} << kGuestPageBits;

// Code of machines has no files: all of it is one object's, and the offset is made of where it lies in its page and of
// what its first bytes are.
constexpr uint64_t kMachineCode = 1;
constexpr std::size_t kFirstBytes = 32;

CodeKey key_of(const ir::CodeOrigin& origin, const ir::Identity& identity) {
  return {origin.offset, identity.mode, identity.extra, is_low(identity.pc)};
}

}  // namespace

// Makes the page of identity.pc the one to look at; false: there is no code.
bool TranslatorEngine::open_window(Workshop& workshop, const ir::Identity& identity) {
  RecallWindow& window = workshop.window;
  const uint64_t begin = identity.pc / kPage * kPage;
  if (window.begin == begin && window.frame == identity.frame && window.sequence == workshop.sequence) return true;
  window.begin = ~uint64_t{0};
  ir::MemoryPort& memory = *workshop.memory;
  ir::Fault fault;
  if (options_.machine) {
    uint64_t frame = 0;
    if (!memory.code_frame(begin, &frame, &fault) || frame != identity.frame) return false;
  }
  memory.watch_code(begin, begin + kPage);
  window.code = memory.fetch(begin, kPage, &fault);
  if (window.code.empty()) return false;
  window.origin = options_.machine ? ir::CodeOrigin{kMachineCode, 0} : memory.code_origin(begin);
  window.stored = window.origin.object != 0 ? store_->segments_of(window.origin.object) : nullptr;
  window.sequence = workshop.sequence;
  window.frame = identity.frame;
  window.begin = begin;
  return true;
}

// In a machine, reading as data may be denied, or be another page.
bool TranslatorEngine::read_window(const RecallWindow& window, uint64_t begin, std::size_t size, uint8_t* to) {
  const std::size_t at = begin % kPage;
  if (window.begin != begin / kPage * kPage || at + size > window.code.size()) return false;
  std::memcpy(to, window.code.data() + at, size);
  return true;
}

// Of identity.pc, in the page that has been opened.
ir::CodeOrigin TranslatorEngine::origin_in_window(const Workshop& workshop, const ir::Identity& identity) const {
  const RecallWindow& window = workshop.window;
  const uint64_t at = identity.pc % kPage;
  if (!options_.machine) return {window.origin.object, window.origin.offset + at};
  if (at >= window.code.size()) return {};
  const uint64_t what = checksum(window.code.subspan(at).first(std::min(kFirstBytes, window.code.size() - at)));
  return {kMachineCode, what << kGuestPageBits | at};
}

// Whether the code at identity.pc is `expected`, byte for byte.
bool TranslatorEngine::is_code(Workshop& workshop, ir::Identity identity, std::span<const uint8_t> expected) {
  while (!expected.empty()) {
    if (!open_window(workshop, identity)) return false;
    uint64_t& begin = identity.pc;
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
  if (store_ == nullptr || !breakpoints_.empty() || identity.next_frame != 0) return false;
  if (!open_window(workshop, identity)) return false;
  const RecallWindow& window = workshop.window;
  if (window.origin.object == 0) return false;
  Provenance& provenance = workshop.provenance;
  provenance.origin = origin_in_window(workshop, identity);
  provenance.found_wrong = false;
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
    if (begin + size < begin) return false;
    uint64_t place = begin;
    if (options_.machine) {
      if (begin / kPage != identity.pc / kPage || begin % kPage + size > kPage) return false;
      place = identity.frame + begin % kPage;
    }
    ir::Identity piece = identity;
    piece.pc = begin;
    if (!is_code(workshop, piece, guest.first(size))) return false;
    guest = guest.subspan(size);
    region.guest.push_back({place, place + size});
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
      const ir::Identity target = target_of(site);
      if (options_.machine && target.pc / kPage != from->pc / kPage) continue;
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
  if (store_ == nullptr || options_.machine) return {};
  const ir::CodeOrigin origin = memory_.code_origin(identity.pc);
  if (origin.object == 0) return {};
  const std::optional<EntryView> entry = store_->segments_of(origin.object)->find(key_of(origin, identity));
  if (!entry) return {};
  return entry->gear();
}

void TranslatorEngine::note_origin(Workshop& workshop) {
  Provenance& provenance = workshop.provenance;
  const ir::Identity& identity = workshop.region.identity;
  provenance.origin = {};
  provenance.found_wrong = false;
  if (store_ == nullptr || identity.next_frame != 0 || !open_window(workshop, identity)) return;
  if (workshop.window.origin.object != 0) provenance.origin = origin_in_window(workshop, identity);
}

// Where region.guest has the region's first instruction.
uint64_t TranslatorEngine::place_of(const ir::Identity& identity) const {
  return options_.machine ? identity.frame + identity.pc % kPage : identity.pc;
}

void TranslatorEngine::note_guest_code(Workshop& workshop) {
  Provenance& provenance = workshop.provenance;
  provenance.bytes.clear();
  if (provenance.origin.object == 0) return;
  const ir::Identity& identity = workshop.region.identity;
  for (const ir::GuestRange& range : workshop.region.guest) {
    const std::size_t at = provenance.bytes.size();
    const std::size_t size = range.end - range.begin;
    provenance.bytes.resize(at + size);
    const uint64_t begin = identity.pc + (range.begin - place_of(identity));
    uint8_t* const to = provenance.bytes.data() + at;
    ir::Fault fault;
    if (!options_.machine ? !memory_.read(begin, to, static_cast<unsigned>(size), &fault)
                          : !read_window(workshop.window, begin, size, to)) {
      provenance.origin = {};
      return;
    }
  }
}

void TranslatorEngine::keep_for_next_run(const Workshop& workshop, Gear gear) {
  const Provenance& provenance = workshop.provenance;
  if (provenance.origin.object == 0 || workshop.nanoseconds == 0 || !breakpoints_.empty()) return;
  const ir::Identity& identity = workshop.region.identity;
  store_->keep(provenance.origin.object, key_of(provenance.origin, identity), gear, workshop.region, place_of(identity),
               provenance.bytes, workshop.code, workshop.nanoseconds, provenance.found_wrong);
}

}  // namespace menura::runtime
