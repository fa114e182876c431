#include "backends/runtime/store/segment_set.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace menura::runtime {

namespace {

// A file with these entries and no name yet that others would read; empty: it could not be written.
std::string write_unfinished(const Folder& folder, const Fingerprint::Value& fingerprint, uint64_t object,
                             const SegmentBuilder& builder) {
  // A file that is larger than the guest may write would be its death (SIGXFSZ).
  rlimit limit = {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < builder.size()) return {};
  const std::string name = unfinished_name(segment_name(fingerprint, object, 0));
  const int file = ::openat(folder.fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return {};
  ::fchmod(file, 0600);  // whatever the guest's umask
  const bool whole = builder.write(file, fingerprint, object);
  ::close(file);
  if (whole) return name;
  folder.remove(name);
  return {};
}

// Gives it a name that is free. No fsync: after a loss of power, what is not on the disk is found to be damaged, and
// made anew.
bool take_name(const Folder& folder, const std::string& unfinished, const std::string& name) {
  if (::renameat2(folder.fd(), unfinished.c_str(), folder.fd(), name.c_str(), RENAME_NOREPLACE) == 0) return true;
  // A file system that cannot do this.
  return errno == EINVAL && ::faccessat(folder.fd(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
         ::renameat(folder.fd(), unfinished.c_str(), folder.fd(), name.c_str()) == 0;
}

}  // namespace

SegmentSet SegmentSet::open(const Folder& folder, const Fingerprint::Value& fingerprint, uint64_t object) {
  SegmentSet set;
  const auto open_one = [&](unsigned place) {
    const std::string name = segment_name(fingerprint, object, place);
    set.segments_[place] = Segment::open(folder.fd(), name.c_str(), fingerprint, object);
    return set.segments_[place] != nullptr;
  };
  open_one(0);
  while (set.count_ < kSmall && open_one(set.count_ + 1)) ++set.count_;
  return set;
}

unsigned SegmentSet::count() const { return count_ + (segments_[0] != nullptr ? 1 : 0); }

std::optional<EntryView> SegmentSet::find(const CodeKey& key) const {
  for (unsigned place = count_ + 1; place-- != 0;) {
    if (segments_[place] == nullptr) continue;
    if (const std::optional<EntryView> entry = segments_[place]->find(key)) return entry;
  }
  return {};
}

uint64_t SegmentSet::small_bytes() const {
  uint64_t sum = 0;
  for (unsigned place = 1; place <= count_; ++place) sum += segments_[place]->size();
  return sum;
}

void SegmentSet::add_to(SegmentBuilder* builder, bool with_large) const {
  for (unsigned place = with_large ? 0 : 1; place <= count_; ++place) {
    if (segments_[place] == nullptr) continue;
    for (const std::optional<EntryView>& entry : segments_[place]->entries()) {
      if (entry) builder->add(*entry, true);
    }
  }
}

uint64_t SegmentSet::add(const Folder& folder, const Fingerprint::Value& fingerprint, uint64_t object,
                         const SegmentBuilder& entries) {
  const SegmentSet there = open(folder, fingerprint, object);
  if (there.segments_[0] == nullptr || there.count_ < kSmall) {
    const std::string unfinished = write_unfinished(folder, fingerprint, object, entries);
    if (unfinished.empty()) return 0;
    for (unsigned place = 0; place <= kSmall; ++place) {
      if (take_name(folder, unfinished, segment_name(fingerprint, object, place))) return entries.size();
    }
    folder.remove(unfinished);
  }
  // No name is free: the small ones become one, or a part of the large one if they are not that small any more.
  const uint64_t large = there.segments_[0] != nullptr ? there.segments_[0]->size() : 0;
  const bool with_large = 2 * (there.small_bytes() + entries.size()) > large;
  std::size_t most = entries.entries().size();
  for (const auto& segment : there.segments_) most += segment != nullptr ? segment->header().entries : 0;
  SegmentBuilder all(most);
  there.add_to(&all, with_large);
  for (const EntryView& entry : entries.entries()) all.add(entry, true);
  const std::string unfinished = write_unfinished(folder, fingerprint, object, all);
  if (unfinished.empty()) return 0;
  const unsigned place = with_large ? 0 : 1;
  const std::string name = segment_name(fingerprint, object, place);
  if (::renameat(folder.fd(), unfinished.c_str(), folder.fd(), name.c_str()) != 0) {
    folder.remove(unfinished);
    return 0;
  }
  // The last one first: readers look no further than to the first gap.
  for (unsigned old = kSmall; old > place; --old) folder.remove(segment_name(fingerprint, object, old));
  return all.size();
}

}  // namespace menura::runtime
