// What the translator does, on the timeline: on the virtual CPU that waits for it, or on the thread that compiles in
// the background.
#pragma once

#include "backends/runtime/observer.h"
#include "vcpu/timeline.h"

namespace menura::cli {

class Translations final : public runtime::Observer {
 public:
  explicit Translations(vcpu::Timeline& timeline) : timeline_(timeline) {}

  bool sees_each_step() const override { return false; }
  void formed(const ir::Region&, runtime::Gear) override {}
  void optimized(const ir::Region&, runtime::Gear) override {}
  void compiled(const ir::Region&, runtime::Gear, uint64_t, std::span<const uint8_t>) override {}
  void ended(const ir::Region& region, runtime::Gear gear, Fate fate, uint64_t began, std::size_t host_bytes) override {
    using Value = vcpu::TimelineValue;
    static constexpr const char* kGears[runtime::kGearCount] = {"trace", "hot", "tier 2"};
    static constexpr const char* kFates[] = {"placed", "refused", "outdated"};
    const vcpu::TimelineEvent event{
        "translate",
        {"translate", kGears[static_cast<unsigned>(gear)]},
        {Value::address("pc", region.identity.pc), Value::number("guest instructions", region.guest_instructions),
         Value::number("host bytes", host_bytes), Value::text("outcome", kFates[static_cast<unsigned>(fate)])}};
    timeline_.span(event, began, vcpu::Timeline::kThread);
  }

 private:
  vcpu::Timeline& timeline_;
};

}  // namespace menura::cli
