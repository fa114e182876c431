// Samples by function: the tree of who called whom.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backends/runtime/statistics.h"

namespace menura::cli {

using TimeByGear = std::array<uint64_t, runtime::kGearCount>;  // milliseconds

inline uint64_t sum(const TimeByGear& time) {
  uint64_t all = 0;
  for (const uint64_t part : time) all += part;
  return all;
}

struct StackNode {
  TimeByGear self = {};
  TimeByGear total = {};
  std::map<std::string, StackNode> callees;
};

class Stacks {
 public:
  // Functions, the outermost first.
  void add(const std::vector<std::string>& functions, const TimeByGear& time);

  const StackNode& root() const { return root_; }
  // A line for each stack: functions between semicolons, a space, milliseconds.
  std::string folded() const;

  struct Function {
    TimeByGear self = {};
    TimeByGear total = {};  // with what it called; a function that calls itself counts once
  };
  // All functions by name.
  std::map<std::string, Function> functions() const;

 private:
  StackNode root_;
};

}  // namespace menura::cli
