#include "linux-user/memory/vma_map.h"

#include <iterator>

namespace menura::linux_user {

VmaMap::const_iterator VmaMap::find(uint64_t address) const {
  const const_iterator at = first_behind(address);
  return at != map_.end() && at->first <= address ? at : map_.end();
}

VmaMap::const_iterator VmaMap::first_behind(uint64_t address) const {
  const_iterator at = map_.upper_bound(address);
  if (at != map_.begin()) {
    const const_iterator before = std::prev(at);
    if (before->second.end > address) return before;
  }
  return at;
}

bool VmaMap::covered(uint64_t begin, uint64_t end) const {
  for (const_iterator at = first_behind(begin); begin < end; ++at) {
    if (at == map_.end() || at->first > begin) return false;
    begin = at->second.end;
  }
  return true;
}

bool VmaMap::is_free(uint64_t begin, uint64_t end) const {
  const const_iterator at = first_behind(begin);
  return at == map_.end() || at->first >= end;
}

void VmaMap::split(uint64_t at) {
  const auto found = map_.upper_bound(at);
  if (found == map_.begin()) return;
  const auto before = std::prev(found);
  if (before->first == at || before->second.end <= at) return;
  Vma upper = before->second;
  if (upper.has_object()) upper.offset += at - before->first;
  before->second.end = at;
  map_.emplace_hint(found, at, upper);
}

void VmaMap::merge_around(uint64_t begin, uint64_t end) {
  auto at = map_.lower_bound(begin);
  if (at != map_.begin()) at = std::prev(at);
  while (at != map_.end()) {
    const auto next = std::next(at);
    if (next == map_.end() || at->first > end) return;
    const Vma& low = at->second;
    const Vma& high = next->second;
    if (low.end == next->first && low.same_kind(high) &&
        (!low.has_object() || low.offset + (low.end - at->first) == high.offset)) {
      at->second.end = high.end;
      map_.erase(next);
    } else {
      at = next;
    }
  }
}

void VmaMap::erase(uint64_t begin, uint64_t end) {
  split(begin);
  split(end);
  map_.erase(map_.lower_bound(begin), map_.lower_bound(end));
}

void VmaMap::insert(uint64_t begin, const Vma& vma) {
  erase(begin, vma.end);
  map_.emplace(begin, vma);
  merge_around(begin, vma.end);
}

void VmaMap::protect(uint64_t begin, uint64_t end, int prot) {
  split(begin);
  split(end);
  for (auto at = map_.lower_bound(begin); at != map_.end() && at->first < end; ++at) at->second.prot = prot;
  merge_around(begin, end);
}

uint64_t VmaMap::find_gap(uint64_t length, uint64_t low, uint64_t high) const {
  auto at = map_.lower_bound(high);
  uint64_t top = high;
  while (true) {
    // The gap below `top`: down to the end of the mapping before `at`.
    const uint64_t bottom = at == map_.begin() ? low : std::prev(at)->second.end;
    const uint64_t from = bottom > low ? bottom : low;
    if (top > from && top - from >= length) return top - length;
    if (at == map_.begin() || bottom <= low) return 0;
    at = std::prev(at);
    if (at->first < top) top = at->first;
  }
}

}  // namespace menura::linux_user
