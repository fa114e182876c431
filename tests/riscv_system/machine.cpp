#include "tests/riscv_system/machine.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "boards/devices/devices.h"
#include "boards/host_faults.h"
#include "frontends/riscv/helpers/helpers.h"

namespace menura::tests {

Machine::Machine(const std::string& cpu, const MakeEngine& make_engine)
    : door_(riscv::kTimeHz), timers_(door_), frontend_(*riscv::parse_cpu(cpu), riscv::Level::Machine), memory_(bus_) {
  if (!bus_.add_ram("ram", kRamBase, kRamSize)) throw std::runtime_error("no memory for the test machine");
  hart_ = std::make_unique<riscv::Hart>(frontend_, 0, bus_, door_, timers_, *this);
  softmmu::CpuMemory& memory = memory_.add(hart_->header());
  memory.set_walker(*hart_);
  hart_->set_mmu(memory);
  hart_->set_waker([this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  const boards::Wire inputs[] = {{this, riscv::Interrupts::kMsi}, {this, riscv::Interrupts::kMti}};
  add(boards::kAclint, 0x2000000, inputs);
  add(boards::kSifiveTest, 0x100000, {});
  add(boards::kNs16550a, 0x10000000, {});
  engine_ = make_engine(frontend_, memory_);
  memory_.set_engine(*engine_);
}

Machine::~Machine() { devices_.clear(); }

void Machine::add(const boards::DeviceKind& kind, uint64_t base, std::span<const boards::Wire> wires) {
  devices_.push_back(kind.make({.interrupts = wires,
                                .door = door_,
                                .timers = timers_,
                                .memory = bus_,
                                .control = *this,
                                .log = *this,
                                .stream = this}));
  bus_.add_mmio(kind.name, base, kind.size, *devices_.back(), kind.access);
  devices_.back()->reset();
}

void Machine::stop() {
  {
    const std::lock_guard lock(mutex_);
    off_ = true;
    changed_.notify_all();
  }
  hart_->header().stop_request.fetch_or(vcpu::kStopThread);
}

void Machine::power_off(int) { stop(); }

bool Machine::run(unsigned seconds) {
  hart_->reset(kRamBase, 0, 0);
  const boards::HostFaults faults(*engine_, hart_->header());
  engine_->attach(hart_->header());
  bool in_time = true;
  std::mutex end_mutex;
  std::condition_variable ended;
  bool over = false;
  std::thread watch([&] {
    std::unique_lock lock(end_mutex);
    in_time = ended.wait_for(lock, std::chrono::seconds(seconds), [&] { return over; });
    if (!in_time) stop();
  });
  const auto is_off = [&] {
    const std::lock_guard lock(mutex_);
    return off_;
  };
  while (!is_off()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return off_ || hart_->runnable(); });
    }
    hart_->take_interrupt();
    hart_->handle(engine_->run(hart_->header()));
  }
  {
    const std::lock_guard lock(end_mutex);
    over = true;
    ended.notify_all();
  }
  watch.join();
  engine_->detach(hart_->header());
  return in_time;
}

}  // namespace menura::tests
