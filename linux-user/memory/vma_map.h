// VmaMap: which parts of the guest's address space are mapped, how, and to what. It only keeps the book; GuestMemory
// does what it says.
#pragma once

#include <cstdint>
#include <map>

namespace menura::linux_user {

// One mapping, as Linux's vm_area_struct: pages that neighbours of the same kind are merged with.
struct Vma {
  uint64_t end = 0;
  int prot = 0;             // PROT_*: the guest's
  bool shared = false;      // MAP_SHARED
  bool anonymous = true;    // no file
  bool grows_down = false;  // MAP_GROWSDOWN
  uint64_t device = 0;      // what is mapped: a file's st_dev and st_ino, or 0 and a name of our own for shared memory
  uint64_t inode = 0;
  uint64_t offset = 0;   // bytes from the start of the object to the first page
  uint64_t version = 0;  // of a file: its size and the time of its last change when it was mapped

  bool same_kind(const Vma& other) const {
    return prot == other.prot && shared == other.shared && anonymous == other.anonymous &&
           grows_down == other.grows_down && device == other.device && inode == other.inode;
  }
  bool has_object() const { return !anonymous || shared; }
};

class VmaMap {
 public:
  using Map = std::map<uint64_t, Vma>;  // by first address
  using const_iterator = Map::const_iterator;

  const_iterator begin() const { return map_.begin(); }
  const_iterator end() const { return map_.end(); }

  // The mapping that holds `address`, or end().
  const_iterator find(uint64_t address) const;
  // The first mapping that ends behind `address`, or end().
  const_iterator first_behind(uint64_t address) const;
  // Whether [begin, end) is mapped without a hole; or not at all.
  bool covered(uint64_t begin, uint64_t end) const;
  bool is_free(uint64_t begin, uint64_t end) const;

  // Replaces whatever is in [begin, vma.end).
  void insert(uint64_t begin, const Vma& vma);
  void erase(uint64_t begin, uint64_t end);
  void protect(uint64_t begin, uint64_t end, int prot);

  // The highest place for `length` bytes in [low, high), or 0.
  uint64_t find_gap(uint64_t length, uint64_t low, uint64_t high) const;

 private:
  void split(uint64_t at);
  void merge_around(uint64_t begin, uint64_t end);

  Map map_;
};

}  // namespace menura::linux_user
