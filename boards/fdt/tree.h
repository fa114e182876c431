// A device tree in the making: the flattened format of the Devicetree Specification, by libfdt.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/core/result.h"

namespace menura::fdt {

class Tree {
 public:
  Tree();  // an empty root
  // A copy of a user's file. Error: it is no device tree, or damaged.
  static Result<Tree> read(std::span<const uint8_t> blob);

  // Path of a node, "/soc/serial@10000000"; made with what is missing above it.
  void add(const std::string& path);
  bool has(const std::string& path) const;
  // The paths of the nodes below `path`.
  std::vector<std::string> children(const std::string& path) const;

  // Properties; each replaces one of the same name. Cells are 32-bit, a `u64` is two of them.
  void flag(const std::string& path, const char* name);
  void cells(const std::string& path, const char* name, std::span<const uint32_t> values);
  void cells(const std::string& path, const char* name, std::initializer_list<uint32_t> values) {
    cells(path, name, std::span(values.begin(), values.size()));
  }
  void u64(const std::string& path, const char* name, std::initializer_list<uint64_t> values);
  void text(const std::string& path, const char* name, std::string_view value);
  // Several strings, for `compatible`.
  void texts(const std::string& path, const char* name, std::initializer_list<std::string_view> values);
  void bytes(const std::string& path, const char* name, std::span<const uint8_t> value);
  // What is there; empty: nothing.
  std::span<const uint8_t> get(const std::string& path, const char* name) const;

  // The node's phandle, given to it when first asked for.
  uint32_t phandle(const std::string& path);

  // The blob, as a guest gets it.
  std::vector<uint8_t> blob() const;

 private:
  int node(const std::string& path) const;
  void set(const std::string& path, const char* name, const void* data, std::size_t size);
  void grow();

  std::vector<uint8_t> data_;
  uint32_t next_phandle_ = 1;
};

}  // namespace menura::fdt
