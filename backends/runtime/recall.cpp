// Code that an earlier run has compiled, and code for the next one.
#include <cstring>

#include "backends/runtime/store/code_store.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

constexpr uint64_t kPage = uint64_t{1} << kGuestPageBits;

CodeKey key_of(const ir::CodeOrigin& origin, const ir::Identity& identity) {
  return {origin.offset, identity.mode, identity.extra, is_low(identity.pc)};
}

}  // namespace

// Whether the code at `begin` is `expected`, byte for byte; what is read is watched, as code that is translated is.
bool TranslatorEngine::is_code(uint64_t begin, std::span<const uint8_t> expected) {
  while (!expected.empty()) {
    const std::size_t want = std::min<uint64_t>(expected.size(), kPage - begin % kPage);
    memory_.watch_code(begin, begin + want);
    ir::Fault fault;
    const std::span<const uint8_t> is = memory_.fetch(begin, static_cast<unsigned>(want), &fault);
    if (is.size() != want || std::memcmp(is.data(), expected.data(), want) != 0) return false;
    expected = expected.subspan(want);
    begin += want;
  }
  return true;
}

bool TranslatorEngine::recall(Workshop& workshop, const ir::Identity& identity, Gear* gear) {
  if (store_ == nullptr) return false;
  ir::Region& region = workshop.region;
  region.clear();
  region.identity = identity;
  note_origin(workshop);
  const ir::CodeOrigin& origin = workshop.provenance.origin;
  if (origin.object == 0) return false;
  const std::optional<EntryView> entry = store_->find(origin.object, key_of(origin, identity));
  if (!entry) return false;
  workshop.provenance.found_wrong = true;
  region.guest_instructions = entry->guest_instructions();
  std::span<const uint8_t> guest = entry->guest();
  for (const StoredRange& range : entry->ranges()) {
    const uint64_t begin = identity.pc + static_cast<uint64_t>(int64_t{range.begin});
    const auto size = static_cast<std::size_t>(range.end - range.begin);
    if (begin + size < begin || !is_code(begin, guest.first(size))) return false;
    guest = guest.subspan(size);
    region.guest.push_back({begin, begin + size});
  }
  workshop.code.clear();
  if (!entry->decode(identity.pc, frontend_.layout(), frontend_.helpers(), &workshop.code)) return false;
  if (workshop.code.bytes.size() > cache_.largest()) return false;
  workshop.provenance.found_wrong = false;
  workshop.recalled = true;
  *gear = entry->gear();
  // What would be promoted has been, and may get better still.
  if (*gear == Gear::Hot) start_sampling();
  return true;
}

std::optional<Gear> TranslatorEngine::best_known(const ir::Identity& identity) {
  if (const Translation* const found = map_.find(identity); found != nullptr) return found->gear;
  if (store_ == nullptr) return {};
  const ir::CodeOrigin origin = memory_.code_origin(identity.pc);
  return origin.object != 0 ? store_->gear_of(origin.object, key_of(origin, identity)) : std::nullopt;
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
  if (provenance.origin.object == 0 || workshop.nanoseconds == 0) return;
  store_->keep(provenance.origin.object, key_of(provenance.origin, workshop.region.identity), gear, workshop.region,
               provenance.bytes, workshop.code, workshop.nanoseconds, provenance.found_wrong);
}

}  // namespace menura::runtime
