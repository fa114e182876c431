#include "tests/ir/region_engine.h"

namespace menura::ir::test {

namespace {

class Oracle : public RegionEngine {
 public:
  std::string_view name() const override { return "interp"; }
  bool run(const Region& region, const TestGuest& guest, MemoryPort& memory, bool count, CpuHeader& cpu,
           RegionOutcome* outcome) override {
    Evaluator evaluator(guest.layout(), guest.helpers(), memory);
    Evaluator::Options options;
    options.count = count;
    outcome->left = !evaluator.run(PreparedRegion(region), cpu, options, &outcome->exit);
    return true;
  }
};

}  // namespace

std::unique_ptr<RegionEngine> x64_engine(bool hot);  // x64_engine.cpp

std::vector<std::unique_ptr<RegionEngine>> region_engines() {
  std::vector<std::unique_ptr<RegionEngine>> engines;
  engines.push_back(std::make_unique<Oracle>());
  engines.push_back(x64_engine(false));
  engines.push_back(x64_engine(true));
  return engines;
}

}  // namespace menura::ir::test
