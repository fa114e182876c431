// Programs at EL1 (guest/): each one's output on every engine is what was recorded from QEMU 7.2, but for what
// record.py corrects, with the manual's reason.
#include "tests/system_programs/programs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "boards/machine.h"

namespace menura::tests {
namespace {

constexpr unsigned kSeconds = 100;
const std::string kFolder = MENURA_SOURCE_DIR "/tests/arm_system";

// What the console prints.
class Console final : public host::CharStream {
 public:
  void write(std::span<const uint8_t> bytes) override { text_.append(bytes.begin(), bytes.end()); }
  void set_receiver(Receiver) override {}
  void ready() override {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Silence final : public vcpu::GuestLog {
  void write(vcpu::LogItem, std::string_view) override {}
};

class ArmSystem : public testing::TestWithParam<std::string> {};

void run_program(const std::string& name, const MakeEngine& make_engine) {
  Console console;
  Silence log;
  boards::MachineOptions options;
  options.board = boards::find_board("virt", "arm64");
  options.cpu = "cortex-a76";
  options.cpus = 2;
  options.memory = 128 << 20;
  options.make_engine = [&](const ir::Frontend& frontend,
                            ir::MemoryPort& memory) -> Result<std::unique_ptr<vcpu::Engine>> {
    return make_engine(frontend, memory);
  };
  options.log = &log;
  options.streams = {&console};
  auto machine = boards::Machine::make(options);
  ASSERT_TRUE(static_cast<bool>(machine)) << machine.error().message;
  boards::BootFiles files;
  files.kernel = MENURA_PROGRAMS "/" + name + ".elf";
  auto plan = (*machine)->plan(files);
  ASSERT_TRUE(static_cast<bool>(plan)) << plan.error().message;
  ASSERT_TRUE(static_cast<bool>((*machine)->load(std::move(*plan))));

  std::mutex mutex;
  std::condition_variable ended;
  bool over = false;
  std::thread watch([&] {
    std::unique_lock lock(mutex);
    if (!ended.wait_for(lock, std::chrono::seconds(kSeconds), [&] { return over; })) (*machine)->power_off(1);
  });
  const int code = (*machine)->run();
  {
    const std::lock_guard lock(mutex);
    over = true;
    ended.notify_all();
  }
  watch.join();
  EXPECT_EQ(code, 0) << name << " does not end";
  expect_output(kFolder, name, console.text());
}

TEST_P(ArmSystem, Interpreter) { run_program(GetParam(), interpreter()); }
TEST_P(ArmSystem, X64FirstGear) { run_program(GetParam(), x64_engine(0)); }
TEST_P(ArmSystem, X64SecondGear) { run_program(GetParam(), x64_engine(3)); }
#ifndef __SANITIZE_ADDRESS__
TEST_P(ArmSystem, Llvm) { run_program(GetParam(), llvm_engine()); }
#endif

INSTANTIATE_TEST_SUITE_P(Programs, ArmSystem, testing::ValuesIn(program_names(kFolder)),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace menura::tests
