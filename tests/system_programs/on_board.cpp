#include "tests/system_programs/on_board.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "boards/machine.h"

namespace menura::tests {
namespace {

constexpr unsigned kSeconds = 300;  // under sanitizers, on a busy host

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

}  // namespace

void run_on_board(const std::string& folder, const std::string& name, const std::string& programs,
                  const BoardProgram& program, const MakeEngine& make_engine) {
  Console console;
  Silence log;
  boards::MachineOptions options;
  options.board = boards::find_board("virt", program.guest);
  for (const char* const property : program.properties) {
    options.board = boards::find_variant(*options.board, property, "on");
  }
  options.cpu = program.cpu;
  options.cpus = program.cpus;
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
  files.firmware = "none";
  (program.firmware ? files.firmware : files.kernel) = programs + "/" + name + (program.firmware ? ".bin" : ".elf");
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
  expect_output(folder, name, console.text());
}

}  // namespace menura::tests
