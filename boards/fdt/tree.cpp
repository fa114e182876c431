#include "boards/fdt/tree.h"

#include <libfdt.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace menura::fdt {
namespace {

constexpr std::size_t kFirstSize = 16384;
constexpr std::size_t kMostSize = 1 << 20;  // of a user's file: far beyond any board's

void append_big_endian(std::vector<uint8_t>* to, uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace

Tree::Tree() : data_(kFirstSize) {
  [[maybe_unused]] const int status = fdt_create_empty_tree(data_.data(), static_cast<int>(data_.size()));
  assert(status == 0);
}

Result<Tree> Tree::read(std::span<const uint8_t> blob) {
  if (blob.size() > kMostSize) return Error{"the device tree is larger than 1 MiB", 126};
  // Older versions than 17 (2006) are not read: libfdt 1.6 follows null pointers in damaged ones.
  constexpr std::size_t kHeader = 40;
  if (blob.size() < kHeader || fdt_magic(blob.data()) != FDT_MAGIC || fdt_version(blob.data()) < 17 ||
      fdt_check_full(blob.data(), blob.size()) != 0) {
    return Error{"not a flattened device tree, or a damaged one; `dtc -I dtb FILE` says what is wrong with it", 126};
  }
  Tree tree;
  tree.data_.resize(blob.size() + kFirstSize);
  const int status = fdt_open_into(blob.data(), tree.data_.data(), static_cast<int>(tree.data_.size()));
  uint32_t most = 0;
  if (status != 0 || fdt_find_max_phandle(tree.data_.data(), &most) != 0) {
    return Error{std::string("the device tree cannot be used: ") + fdt_strerror(status), 126};
  }
  tree.next_phandle_ = most + 1;
  return tree;
}

int Tree::node(const std::string& path) const { return fdt_path_offset(data_.data(), path.c_str()); }

void Tree::grow() {
  std::vector<uint8_t> larger(data_.size() * 2);
  [[maybe_unused]] const int status = fdt_open_into(data_.data(), larger.data(), static_cast<int>(larger.size()));
  assert(status == 0);
  data_ = std::move(larger);
}

bool Tree::has(const std::string& path) const { return node(path) >= 0; }

void Tree::add(const std::string& path) {
  if (has(path)) return;
  const std::size_t slash = path.rfind('/');
  assert(slash != std::string::npos);
  const std::string above = slash == 0 ? "/" : path.substr(0, slash);
  add(above);
  while (fdt_add_subnode(data_.data(), node(above), path.c_str() + slash + 1) == -FDT_ERR_NOSPACE) grow();
}

std::vector<std::string> Tree::children(const std::string& path) const {
  std::vector<std::string> list;
  int at = 0;
  fdt_for_each_subnode(at, data_.data(), node(path)) {
    const char* const name = fdt_get_name(data_.data(), at, nullptr);
    if (name != nullptr) list.push_back((path == "/" ? "" : path) + "/" + name);
  }
  return list;
}

void Tree::set(const std::string& path, const char* name, const void* data, std::size_t size) {
  add(path);
  while (fdt_setprop(data_.data(), node(path), name, data, static_cast<int>(size)) == -FDT_ERR_NOSPACE) grow();
}

void Tree::flag(const std::string& path, const char* name) { set(path, name, nullptr, 0); }

void Tree::cells(const std::string& path, const char* name, std::span<const uint32_t> values) {
  std::vector<uint8_t> data;
  for (const uint32_t value : values) append_big_endian(&data, value, 4);
  set(path, name, data.data(), data.size());
}

void Tree::u64(const std::string& path, const char* name, std::initializer_list<uint64_t> values) {
  std::vector<uint8_t> data;
  for (const uint64_t value : values) append_big_endian(&data, value, 8);
  set(path, name, data.data(), data.size());
}

void Tree::text(const std::string& path, const char* name, std::string_view value) { texts(path, name, {value}); }

void Tree::texts(const std::string& path, const char* name, std::initializer_list<std::string_view> values) {
  std::vector<uint8_t> data;
  for (const std::string_view value : values) {
    data.insert(data.end(), value.begin(), value.end());
    data.push_back(0);
  }
  set(path, name, data.data(), data.size());
}

void Tree::bytes(const std::string& path, const char* name, std::span<const uint8_t> value) {
  set(path, name, value.data(), value.size());
}

std::span<const uint8_t> Tree::get(const std::string& path, const char* name) const {
  int size = 0;
  const void* const data = fdt_getprop(data_.data(), node(path), name, &size);
  if (data == nullptr) return {};
  return {static_cast<const uint8_t*>(data), static_cast<std::size_t>(size)};
}

uint32_t Tree::phandle(const std::string& path) {
  add(path);
  if (const uint32_t old = fdt_get_phandle(data_.data(), node(path)); old != 0) return old;
  const uint32_t given = next_phandle_++;
  cells(path, "phandle", {given});
  return given;
}

std::vector<uint8_t> Tree::blob() const {
  std::vector<uint8_t> packed = data_;
  [[maybe_unused]] const int status = fdt_pack(packed.data());
  assert(status == 0);
  packed.resize(fdt_totalsize(packed.data()));
  return packed;
}

}  // namespace menura::fdt
