// Machine: a board put together and running: memory, devices, virtual CPUs with a host thread each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "boards/board.h"
#include "boards/cpu_thread.h"
#include "boards/cpus.h"
#include "boards/timeline.h"
#include "host/machine_door.h"
#include "host/timer_thread.h"
#include "softmmu/bus/bus.h"

namespace menura::boards {

struct MachineOptions {
  const Board* board = nullptr;
  std::string cpu;        // empty: the board's
  unsigned cpus = 1;      // --smp
  uint64_t memory = 0;    // bytes; 0: the board's
  bool no_reset = false;  // a reset powers it off instead
  EngineMaker make_engine;
  vcpu::GuestLog* log = nullptr;
  vcpu::Timeline* timeline = nullptr;      // nullptr: nobody wants to know
  std::vector<Attachment> attachments;     // in the board's places for them
  std::vector<host::DiskFile*> flashes;    // of its banks of flash, in this order; nullptr: what it holds is not kept
  std::vector<host::CharStream*> streams;  // of the serial ports, in the order of the board's rows; they outlive it
};

// What lies in memory when a machine starts, also after a reset.
struct Image {
  uint64_t physical = 0;
  std::vector<uint8_t> bytes;
};

// A named item of fw_cfg; one of `path` and `text` says what is in it.
struct FirmwareFile {
  std::string name, path, text;
};

// What the user wants to run; empty: nothing of it.
struct BootFiles {
  std::string kernel, initrd, firmware, device_tree;  // paths
  std::string command_line;                           // --append
  std::vector<FirmwareFile> firmware_files;           // -fw_cfg
  std::vector<uint8_t> uuid;                          // -uuid: 16 bytes
};

struct BootPlan {
  std::vector<Image> images;
  FirmwareItems items;
  Entry entry;
};

// One device of a running machine, and how often virtual CPUs have accessed it.
struct PlacedDevice final : softmmu::Mmio, ContentsPort {
  const BoardRow* row = nullptr;
  uint64_t base = 0;
  uint32_t interrupt = kNoInterrupt;
  uint32_t index = 0;  // of the row's
  std::vector<Wire> wires;
  std::unique_ptr<Device> device;
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> writes{0};

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    reads.fetch_add(1, std::memory_order_relaxed);
    return device->mmio_read(offset, size);
  }
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    writes.fetch_add(1, std::memory_order_relaxed);
    device->mmio_write(offset, size, value);
  }

  softmmu::Bus* bus = nullptr;  // where `contents` are
  softmmu::Bus::MappingId contents = 0;
  void set_direct(bool direct) override { bus->set_enabled(contents, direct); }
  void changed(uint64_t offset, uint64_t size) override { bus->contents_changed(contents, offset, size); }
};

class Machine final : public MachineControl {
 public:
  // Error: what is asked for cannot be (too many CPUs, too much memory), or the host has no room for it.
  static Result<std::unique_ptr<Machine>> make(const MachineOptions& options);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const Board& board() const { return *options_.board; }
  uint64_t memory() const { return options_.memory; }
  // Whether the user has given a file for a bank of flash.
  bool has_flash(std::size_t unit) const;
  softmmu::Bus& bus() { return bus_; }
  Cpus& cpus() { return *cpus_; }
  CpuThread& thread(unsigned cpu) { return threads_[cpu]; }
  vcpu::Door& door() { return door_; }
  std::deque<PlacedDevice>& devices() { return devices_; }
  // What the guest is told of it, except for what it is to boot.
  fdt::Tree device_tree();
  std::string device_path(const PlacedDevice& placed) const;  // in the device tree

  // Reads what is to run and puts it into the plan. Error: it cannot run here.
  Result<BootPlan> plan(const BootFiles& files);

  // --- running; from the thread that owns the machine
  // Error: an image lies where there is no memory.
  Result<void> load(BootPlan plan);
  // Runs until it is powered off; what power_off() was given.
  int run(bool frozen = false);

  // --- from any thread that runs no virtual CPU: all virtual CPUs are between instructions when stop_cpus() returns.
  // Nests: they go on when it has been undone as often.
  void stop_cpus();
  void resume_cpus();

  // --- MachineControl
  void power_off(int exit_code) override;
  void request_reset() override;

 private:
  explicit Machine(const MachineOptions& options);

  Result<void> add_memory();
  Result<void> add_cpus();
  void add_devices();
  void add_device(const BoardRow& row, uint32_t index);
  void add_wire(PlacedDevice& placed, InterruptSink* sink, unsigned input, const std::string& name);
  vcpu::TimerService& timers();
  Result<void> reset();

  MachineOptions options_;
  host::MachineDoor door_;
  host::TimerThread timers_;
  std::optional<TimelineTimers> timeline_timers_;
  softmmu::Bus bus_;
  BootPlan plan_;

  std::mutex mutex_;
  std::condition_variable asked_;  // for the next two
  std::optional<int> exit_code_;
  bool reset_asked_ = false;
  std::mutex stop_mutex_;
  unsigned stops_ = 1;  // a new machine stands still

  std::unique_ptr<Cpus> cpus_;
  std::vector<std::unique_ptr<InterruptSink>> cpu_inputs_;
  InterruptSink* controller_ = nullptr;
  std::deque<TimelineWire> timeline_wires_;
  std::deque<PlacedDevice> devices_;
  std::deque<TimelineMmio> timeline_mmio_;
  std::deque<CpuThread> threads_;
  std::size_t next_stream_ = 0;
  std::size_t next_attachment_ = 0;
  std::size_t next_flash_ = 0;
};

// What no table says about a board.
struct BoardCode {
  // Error: there is no such CPU.
  Result<std::unique_ptr<Cpus>> (*make_cpus)(const CpuSetup& setup);
  // What joins CPUs and devices beside BoardRow::cpu_inputs; nullptr: nothing.
  void (*connect)(Machine& machine);
  // Nodes of the CPUs and of what goes with them, and properties of the root. Devices are there already.
  void (*describe)(Machine& machine, fdt::Tree& tree);
  // The property `interrupts` of a device.
  void (*describe_interrupt)(fdt::Tree& tree, const std::string& path, uint32_t interrupt);
  // Reads the files and says where in memory they go. Error: they are not for this machine, or do not fit.
  Result<BootPlan> (*plan)(Machine& machine, const BootFiles& files);
  // The path under which device nodes lie: "" or "/soc".
  const char* device_root;
};

}  // namespace menura::boards
