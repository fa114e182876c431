#include "boards/machine.h"

#include <algorithm>
#include <utility>

#include "boards/devices/system/fw_cfg.h"
#include "boards/loader/file.h"

namespace menura::boards {
namespace {

// The interrupt inputs of a virtual CPU as wires see them.
class CpuInputs final : public InterruptSink {
 public:
  CpuInputs(vcpu::SystemCpu& cpu, CpuThread& thread) : cpu_(cpu), thread_(thread) {}
  void set_input(unsigned input, bool level) override {
    cpu_.set_interrupt(input, level);
    if (level) thread_.nudge();
  }

 private:
  vcpu::SystemCpu& cpu_;
  CpuThread& thread_;
};

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

Result<void> check(const MachineOptions& options) {
  const Board& board = *options.board;
  const std::string name = std::string("board ") + board.name + " (" + board.guest + ")";
  if (options.cpus == 0 || options.cpus > board.most_cpus) {
    return Error{name + " has 1 to " + std::to_string(board.most_cpus) + " CPUs, not " + std::to_string(options.cpus) +
                 "; expected --smp in this range"};
  }
  std::size_t places = 0;
  std::vector<uint64_t> flashes;
  for (const BoardRow& row : board.devices) {
    if (row.device->takes_attachment) places += row.count;
    if (row.device->takes_file) flashes.insert(flashes.end(), row.count, row.size);
  }
  if (options.flashes.size() > flashes.size()) {
    return Error{name + " has " + std::to_string(flashes.size()) +
                 " banks of flash; there is none for unit=" + std::to_string(options.flashes.size() - 1)};
  }
  for (std::size_t i = 0; i < options.flashes.size(); ++i) {
    if (options.flashes[i] == nullptr || options.flashes[i]->size() <= flashes[i]) continue;
    return Error{name + ": the file for flash " + std::to_string(i) + " is larger than its " + mebibytes(flashes[i])};
  }
  if (options.attachments.size() > places) {
    return Error{name + " has places for " + std::to_string(places) + " disks, network cards and the like, not " +
                 std::to_string(options.attachments.size())};
  }
  if (options.memory < (uint64_t{1} << 20) || options.memory > board.most_memory ||
      options.memory % softmmu::kFrameSize != 0) {
    return Error{name + " takes 1 MiB to " + mebibytes(board.most_memory) + " of memory in steps of 4 KiB, not " +
                 std::to_string(options.memory) + " bytes; expected --memory in this range, as in --memory 512M"};
  }
  return {};
}

}  // namespace

Machine::Machine(const MachineOptions& options) : options_(options), door_(options.board->counter_hz), timers_(door_) {
  if (options_.timeline != nullptr) timeline_timers_.emplace(*options_.timeline, timers_);
}

vcpu::TimerService& Machine::timers() {
  if (timeline_timers_) return *timeline_timers_;
  return timers_;
}

Result<std::unique_ptr<Machine>> Machine::make(const MachineOptions& options) {
  std::unique_ptr<Machine> machine(new Machine(options));
  MachineOptions& own = machine->options_;
  if (own.memory == 0) own.memory = own.board->default_memory;
  if (own.cpu.empty()) own.cpu = own.board->default_cpu;
  if (auto possible = check(own); !possible) return possible.error();
  if (auto added = machine->add_memory(); !added) return added.error();
  if (auto added = machine->add_cpus(); !added) return added.error();
  machine->add_devices();
  return machine;
}

// What calls others goes before what is called: threads, devices (which set inputs of virtual CPUs), then virtual CPUs
// (whose timers wake what is left of their threads).
Machine::~Machine() {
  for (CpuThread& thread : threads_) thread.end();
  if (cpus_ != nullptr) cpus_->disconnect();
  while (!devices_.empty()) devices_.pop_back();
  cpus_.reset();
}

Result<void> Machine::add_memory() {
  for (const MemoryRow& row : options_.board->memory) {
    const uint64_t size = row.size == 0 ? options_.memory : row.size;
    auto added =
        row.kind == MemoryKind::Ram ? bus_.add_ram(row.name, row.base, size) : bus_.add_rom(row.name, row.base, size);
    if (!added) return added.error();
  }
  return {};
}

Result<void> Machine::add_cpus() {
  auto cpus = options_.board->code->make_cpus({.name = options_.cpu,
                                               .count = options_.cpus,
                                               .bus = bus_,
                                               .door = door_,
                                               .timers = timers(),
                                               .control = *this,
                                               .log = *options_.log,
                                               .make_engine = options_.make_engine});
  if (!cpus) return cpus.error();
  cpus_ = std::move(*cpus);
  for (unsigned i = 0; i < cpus_->count(); ++i) {
    CpuThread& thread = threads_.emplace_back(cpus_->cpu(i), cpus_->engine(), i, options_.timeline);
    cpu_inputs_.push_back(std::make_unique<CpuInputs>(cpus_->cpu(i), thread));
  }
  return {};
}

// Those that drive CPUs first: one of them is the controller of all others.
void Machine::add_devices() {
  for (const bool controllers : {true, false}) {
    for (const BoardRow& row : options_.board->devices) {
      if (row.cpu_inputs.empty() == controllers) continue;
      for (uint32_t i = 0; i < row.count; ++i) add_device(row, i);
    }
  }
  if (options_.board->code->connect != nullptr) options_.board->code->connect(*this);
}

void Machine::add_device(const BoardRow& row, uint32_t index) {
  PlacedDevice& placed = devices_.emplace_back();
  placed.row = &row;
  placed.base = row.base + row.size * index;
  placed.index = index;
  placed.interrupt = row.interrupt == kNoInterrupt ? kNoInterrupt : row.interrupt + index;
  const bool attached = row.device->takes_attachment && next_attachment_ < options_.attachments.size();
  const Attachment* const attachment = attached ? &options_.attachments[next_attachment_++] : nullptr;
  std::string name = attached ? attachment->kind->name : row.device->name;
  if (row.count > 1) name += " " + std::to_string(index);
  for (std::size_t cpu = 0; cpu < cpu_inputs_.size(); ++cpu) {
    for (const uint32_t input : row.cpu_inputs) {
      add_wire(placed, cpu_inputs_[cpu].get(), input,
               name + " to cpu " + std::to_string(cpu) + ", input " + std::to_string(input));
    }
  }
  if (placed.interrupt != kNoInterrupt) {
    add_wire(placed, controller_, placed.interrupt, name + ", interrupt " + std::to_string(placed.interrupt));
  }
  DeviceSetup setup = {.interrupts = placed.wires,
                       .door = door_,
                       .timers = timers(),
                       .memory = bus_,
                       .control = *this,
                       .log = *options_.log,
                       .timeline = options_.timeline,
                       .cpus = options_.cpus,
                       .attachment = attachment,
                       .items = &plan_.items};
  if (row.device->takes_stream && next_stream_ < options_.streams.size()) {
    setup.stream = options_.streams[next_stream_++];
  }
  if (row.device->takes_file && next_flash_ < options_.flashes.size()) setup.file = options_.flashes[next_flash_++];
  placed.device = row.device->make(setup);
  if (InterruptSink* const inputs = placed.device->inputs(); inputs != nullptr && controller_ == nullptr) {
    controller_ = inputs;
  }
  softmmu::Mmio* mmio = &placed;
  if (options_.timeline != nullptr) mmio = &timeline_mmio_.emplace_back(*options_.timeline, placed, *row.device, name);
  bus_.add_mmio(row.device->name, placed.base, row.size, *mmio, row.device->access);
  if (softmmu::HostMemory* const contents = placed.device->contents(); contents != nullptr) {
    placed.bus = &bus_;
    placed.contents = bus_.add_contents(row.device->name, placed.base, *contents, *mmio, row.device->access, 1);
    placed.device->set_contents_port(placed);
  }
}

void Machine::add_wire(PlacedDevice& placed, InterruptSink* sink, unsigned input, const std::string& name) {
  if (options_.timeline != nullptr && sink != nullptr) {
    sink = &timeline_wires_.emplace_back(*options_.timeline, *sink, name);
  }
  placed.wires.push_back({sink, input});
}

bool Machine::has_flash(std::size_t unit) const {
  return unit < options_.flashes.size() && options_.flashes[unit] != nullptr;
}

Result<BootPlan> Machine::plan(const BootFiles& files) {
  auto plan = options_.board->code->plan(*this, files);
  if (!plan) return plan;
  if (!files.uuid.empty()) plan->items[kMachineUuid] = files.uuid;
  if (files.firmware_files.empty()) return plan;
  std::vector<NamedItem> items;
  for (const FirmwareFile& file : files.firmware_files) {
    NamedItem& item = items.emplace_back(NamedItem{file.name, {file.text.begin(), file.text.end()}});
    if (file.path.empty()) continue;
    auto bytes = read_file(file.path, options_.memory);
    if (!bytes) return bytes.error();
    item.bytes = std::move(*bytes);
  }
  add_named(std::move(items), &plan->items);
  return plan;
}

Result<void> Machine::load(BootPlan plan) {
  plan_ = std::move(plan);
  return reset();
}

Result<void> Machine::reset() {
  for (PlacedDevice& placed : devices_) placed.device->reset();
  for (const Image& image : plan_.images) {
    if (!bus_.load(image.physical, image.bytes.data(), image.bytes.size())) {
      return Error{"what is to be loaded does not fit into the guest's memory (" + mebibytes(options_.memory) +
                   "); ask for more, as in --memory 1G"};
    }
  }
  cpus_->reset(plan_.entry);
  return {};
}

int Machine::run(bool frozen) {
  if (!frozen) resume_cpus();
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return exit_code_ || reset_asked_; });
    lock.unlock();
    stop_cpus();
    lock.lock();
    if (exit_code_) return *exit_code_;
    reset_asked_ = false;
    lock.unlock();
    (void)reset();  // what fitted once still does
    resume_cpus();
    lock.lock();
  }
}

void Machine::stop_cpus() {
  const std::lock_guard lock(stop_mutex_);
  if (stops_++ != 0) return;
  for (CpuThread& thread : threads_) thread.stop();
  for (CpuThread& thread : threads_) thread.wait_stopped();
}

void Machine::resume_cpus() {
  const std::lock_guard lock(stop_mutex_);
  if (--stops_ != 0) return;
  for (CpuThread& thread : threads_) thread.resume();
}

void Machine::power_off(int exit_code) {
  {
    const std::lock_guard lock(mutex_);
    if (!exit_code_) exit_code_ = exit_code;
  }
  asked_.notify_one();
}

void Machine::request_reset() {
  if (options_.no_reset) return power_off(0);
  {
    const std::lock_guard lock(mutex_);
    reset_asked_ = true;
  }
  asked_.notify_one();
}

}  // namespace menura::boards
