// Several observers of one engine.
#pragma once

#include <algorithm>
#include <vector>

#include "backends/runtime/observer.h"

namespace menura::cli {

class Observers final : public runtime::Observer {
 public:
  void add(runtime::Observer* observer) { all_.push_back(observer); }
  bool any() const { return !all_.empty(); }

  void formed(const ir::Region& region, runtime::Gear gear) override {
    for (runtime::Observer* const one : all_) one->formed(region, gear);
  }
  void optimized(const ir::Region& region, runtime::Gear gear) override {
    for (runtime::Observer* const one : all_) one->optimized(region, gear);
  }
  void compiled(const ir::Region& region, runtime::Gear gear, uint64_t address,
                std::span<const uint8_t> code) override {
    for (runtime::Observer* const one : all_) one->compiled(region, gear, address, code);
  }
  void ended(const ir::Region& region, runtime::Gear gear, Fate fate, uint64_t began, std::size_t host_bytes) override {
    for (runtime::Observer* const one : all_) one->ended(region, gear, fate, began, host_bytes);
  }
  bool sees_each_step() const override {
    return std::any_of(all_.begin(), all_.end(), [](const auto* one) { return one->sees_each_step(); });
  }
  void sampled(const runtime::Sample& sample) override {
    for (runtime::Observer* const one : all_) one->sampled(sample);
  }

 private:
  std::vector<runtime::Observer*> all_;
};

}  // namespace menura::cli
