#include "cli/profile/stacks.h"

#include <algorithm>

namespace menura::cli {
namespace {

void add_time(TimeByGear& to, const TimeByGear& time) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += time[i];
}

void fold(const StackNode& node, const std::string& path, std::string& out) {
  if (const uint64_t self = sum(node.self); self != 0) out += path + " " + std::to_string(self) + "\n";
  for (const auto& [name, callee] : node.callees) {
    std::string part = name;
    std::replace(part.begin(), part.end(), ';', ':');
    fold(callee, path.empty() ? part : path + ";" + part, out);
  }
}

void collect(const StackNode& node, std::vector<std::string>& path, std::map<std::string, Stacks::Function>& out) {
  for (const auto& [name, callee] : node.callees) {
    Stacks::Function& function = out[name];
    add_time(function.self, callee.self);
    if (std::find(path.begin(), path.end(), name) == path.end()) add_time(function.total, callee.total);
    path.push_back(name);
    collect(callee, path, out);
    path.pop_back();
  }
}

}  // namespace

void Stacks::add(const std::vector<std::string>& functions, const TimeByGear& time) {
  StackNode* node = &root_;
  add_time(node->total, time);
  for (const std::string& function : functions) {
    node = &node->callees[function];
    add_time(node->total, time);
  }
  add_time(node->self, time);
}

std::string Stacks::folded() const {
  std::string out;
  fold(root_, "", out);
  return out;
}

std::map<std::string, Stacks::Function> Stacks::functions() const {
  std::map<std::string, Function> out;
  std::vector<std::string> path;
  collect(root_, path, out);
  return out;
}

}  // namespace menura::cli
