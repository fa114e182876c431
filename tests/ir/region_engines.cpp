#include "ir/opt/optimizer.h"
#include "tests/ir/region_engine.h"
#include "tests/ir/translated_region.h"

namespace menura::ir::test {

namespace {

// The interpreter, on regions as they are or after the optimizer.
class Interpreted : public RegionEngine {
 public:
  Interpreted(std::string_view name, OptLevel level) : name_(name), level_(level) {}
  std::string_view name() const override { return name_; }
  bool counts() const override { return level_ == OptLevel::None; }
  bool prepare(const Region& region, const TestGuest& guest, HostMemory& memory) override {
    Region optimized = region;
    optimize(optimized, guest.layout(), guest.helpers(), level_);
    prepared_ = std::make_unique<PreparedRegion>(std::move(optimized));
    evaluator_ = std::make_unique<Evaluator>(guest.layout(), guest.helpers(), memory);
    return true;
  }
  RegionOutcome run(CpuHeader& cpu, bool count) override {
    Evaluator::Options options;
    options.count = count;
    RegionOutcome outcome;
    outcome.left = !evaluator_->run(*prepared_, cpu, options, &outcome.exit);
    return outcome;
  }

 private:
  std::string_view name_;
  OptLevel level_;
  std::unique_ptr<PreparedRegion> prepared_;
  std::unique_ptr<Evaluator> evaluator_;
};

}  // namespace

std::unique_ptr<RegionEngine> x64_engine(bool hot);  // x64_engine.cpp

std::vector<std::unique_ptr<RegionEngine>> region_engines() {
  std::vector<std::unique_ptr<RegionEngine>> engines;
  engines.push_back(std::make_unique<Interpreted>("interp", OptLevel::None));
  engines.push_back(std::make_unique<Interpreted>("interp, fast optimizer", OptLevel::Fast));
  engines.push_back(std::make_unique<Interpreted>("interp, full optimizer", OptLevel::Full));
  engines.push_back(x64_engine(false));
  engines.push_back(x64_engine(true));
  for (std::unique_ptr<RegionEngine>& engine : translated_regions()) engines.push_back(std::move(engine));
  return engines;
}

}  // namespace menura::ir::test
