// Direct jumps between translations. All of this needs the engine's lock; the code that is patched may be running.
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

// One store of the rel32, which lies within eight aligned bytes: a thread that runs there jumps to the old or to the
// new target, and both are right as long as no virtual CPU has acknowledged the epoch of the change.
void TranslatorEngine::patch(const LinkSite& site, const void* target) {
  const auto* const next = static_cast<const uint8_t*>(site.from->entry) + site.displacement + 4;
  uint8_t* const place = cache_.memory().writable(cache_.memory().offset_of(next - 4));
  const auto distance = static_cast<int32_t>(static_cast<const uint8_t*>(target) - next);
  asm volatile("movl %1, (%0)" : : "r"(place), "r"(distance) : "memory");
}

// In a machine, whoever runs in a page knows of no other what is there.
bool TranslatorEngine::may_link(const Translation& from, const Translation& to) const {
  return !options_.machine || (to.pc >> kGuestPageBits == from.pc >> kGuestPageBits && to.next_frame == 0);
}

void TranslatorEngine::link(LinkSite& site, Translation* to) {
  site.to = to;
  site.next = to->incoming;
  site.previous = &to->incoming;
  if (site.next != nullptr) site.next->previous = &site.next;
  to->incoming = &site;
  patch(site, to->entry);
}

void TranslatorEngine::unlink(LinkSite& site) {
  *site.previous = site.next;
  if (site.next != nullptr) site.next->previous = site.previous;
  site.to = nullptr;
  patch(site, static_cast<const uint8_t*>(site.from->entry) + site.stub);
}

ir::Identity TranslatorEngine::target_of(const LinkSite& site) {
  return {site.from->pc + static_cast<uint64_t>(site.target), site.from->mode, site.from->extra, site.from->frame};
}

void TranslatorEngine::link_all(Translation* from) {
  for (LinkSite& site : from->links) {
    Translation* const to = map_.find(target_of(site));
    if (to != nullptr && may_link(*from, *to)) link(site, to);
  }
}

void TranslatorEngine::redirect(Translation* from, Translation* to) {
  while (from->incoming != nullptr) {
    LinkSite& site = *from->incoming;
    *site.previous = site.next;
    if (site.next != nullptr) site.next->previous = site.previous;
    link(site, to);
  }
  for (const auto& vcpu : vcpus_) {
    for (const auto& table : vcpu->tables) table->replace(*from, *to);
  }
}

void TranslatorEngine::kill(Translation* translation) {
  translation->live = false;
  map_.remove(translation);
  for (const auto& vcpu : vcpus_) {
    for (const auto& table : vcpu->tables) table->clear(*translation);
  }
  while (translation->incoming != nullptr) unlink(*translation->incoming);
  // Whoever is still in it comes back to the engine at its end.
  for (LinkSite& site : translation->links) {
    if (site.to != nullptr) unlink(site);
  }
  for (PageEntry& entry : translation->pages) {
    *entry.previous = entry.next;
    if (entry.next != nullptr) entry.next->previous = entry.previous;
  }
}

}  // namespace menura::runtime
