// Several observers of one engine.
#pragma once

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
  void sampled(const runtime::Sample& sample) override {
    for (runtime::Observer* const one : all_) one->sampled(sample);
  }

 private:
  std::vector<runtime::Observer*> all_;
};

}  // namespace menura::cli
