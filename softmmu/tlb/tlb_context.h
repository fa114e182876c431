// The translations of one context (PageWalker::context): a direct-mapped TLB of data that compiled code probes, a few
// victims behind it, and the pages that code was fetched from. The owner's lock guards all of it; compiled code of the
// owner's thread reads the entries without.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "softmmu/api/tlb.h"

namespace menura::softmmu {

// What compiled code need not know of an entry.
struct TlbInfo {
  static constexpr uint8_t kRead = 1;
  static constexpr uint8_t kWrite = 2;
  static constexpr uint8_t kExecute = 4;
  static constexpr uint8_t kGlobal = 8;
  uint64_t physical = 0;  // of the page
  uint8_t rights = 0;
  uint8_t size_log2 = kPageBits;  // of the guest's page that it is a piece of
};

// A page that code was fetched from.
struct CodePage {
  uint64_t page = TlbEntry::kNone;
  uint64_t frame = 0;             // physical address
  const uint8_t* host = nullptr;  // of the frame
  uint64_t end = 0;               // where it can be executed up to somewhere within only; such a page is not kept
};

// Pages larger than 4 KiB are kept in pieces, and one invalidation is for all of them. Where they are, or more: a few
// aligned ranges. One range around all of a kernel's would hold the single pages that it maps and flushes thousands of
// times while it starts.
class LargePages {
 public:
  void add(uint64_t page, uint8_t size_log2);
  bool contain(uint64_t page) const;
  void clear() { count_ = 0; }

 private:
  struct Range {
    uint64_t base = 0;
    uint64_t mask = 0;
    bool contains(uint64_t page) const { return (page & mask) == base; }
    Range around(const Range& other) const;
  };
  std::array<Range, 8> ranges_;
  unsigned count_ = 0;
};

class TlbContext {
 public:
  TlbContext();

  uint64_t number() const { return number_; }
  bool is_for(uint64_t number) const { return used_ && number_ == number; }
  // Empty, and for another context. Generations never come twice.
  void assign(uint64_t number, uint64_t generation);
  uint64_t generation() const { return generation_; }

  TlbEntry* entries() { return entries_.data(); }
  uint64_t mask() const { return (entries_.size() - 1) << kTlbEntryBits; }

  // The entry of a page, and what belongs to it; nullptr: it is not known. Brings it back from the victims.
  TlbEntry* find(uint64_t page);
  TlbInfo& info(const TlbEntry& entry) { return infos_[static_cast<std::size_t>(&entry - entries_.data())]; }
  // An entry for a page that is not known, `page` and nothing else set; what it was before becomes a victim. Its
  // owner's thread only: where many had to make room, the TLB grows, and entries() and mask() are others.
  TlbEntry& insert(uint64_t page);
  // What is known of `page` is a piece of a page of this size.
  void covers(uint64_t page, uint8_t size_log2) {
    if (size_log2 > kPageBits) large_pages_.add(page, size_log2);
  }

  // Nothing may be done there until it is found out anew.
  static void close(TlbEntry& entry);

  CodePage& code_page(uint64_t page) { return code_[page / kPageSize % code_.size()]; }
  void add_code_page(const CodePage& page);
  bool any_code() const { return any_code_; }

  // Forgets. With `may_resize`, which its owner's thread alone may say, the TLB gets the size that its use suggests.
  void flush(uint64_t generation, bool may_resize);
  // `generation`: for code, where the page may have had some.
  void flush_page(uint64_t page, uint64_t generation);
  // To be flushed when it is next wanted.
  void set_stale() { stale_ = true; }
  bool is_stale() const { return stale_; }
  // Stores to the frame at `host` no longer get through. Any thread's.
  void forget_writes(uint64_t host);

 private:
  struct Victim {
    TlbEntry entry;
    TlbInfo info;
  };
  std::size_t place_of(uint64_t page) const { return page / kPageSize & (entries_.size() - 1); }
  void retire(TlbEntry& entry);
  void resize();
  void grow();

  uint64_t number_ = 0;
  uint64_t generation_ = 0;
  bool used_ = false;
  bool stale_ = false;
  std::vector<TlbEntry> entries_;
  std::vector<TlbInfo> infos_;
  std::size_t inserted_ = 0;   // since it was empty
  std::size_t displaced_ = 0;  // entries that had to make room, since it was empty or grew
  // What compiled code may still probe that has read where the entries were: nothing is found there.
  std::vector<std::vector<TlbEntry>> outgrown_;
  std::array<Victim, 8> victims_;
  unsigned next_victim_ = 0;
  LargePages large_pages_;
  std::array<CodePage, 256> code_;
  // All pages that code was fetched from, with a bit for each by its number modulo this, which most others have not
  // got. Exact, because where one of them is flushed, engines forget what they know by address, and kernels flush pages
  // one by one: a program's have the same low bits as the kernel's code.
  std::unordered_set<uint64_t> code_pages_;
  std::bitset<16384> code_bits_;
  bool any_code_ = false;
};

}  // namespace menura::softmmu
