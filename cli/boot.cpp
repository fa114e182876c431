#include "cli/boot.h"

#include <pthread.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "boards/commands.h"
#include "boards/debugger.h"
#include "boards/loader/kernel.h"
#include "boards/machine.h"
#include "cli/attachments.h"
#include "cli/background.h"
#include "cli/boot_options.h"
#include "cli/cache.h"
#include "cli/engines.h"
#include "cli/gdb/server.h"
#include "cli/guest_log.h"
#include "cli/timeline/recorder.h"
#include "host/descriptor.h"
#include "host/output_file.h"
#include "linux-user/abi/guests.h"

namespace menura::cli {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "menura: %s\n", error.message.c_str());
  return error.exit_code;
}

// The guest that the kernel or the firmware is made for; empty: they do not say.
Result<std::string> guest_of(const boards::BootFiles& files) {
  for (const std::string* const path : {&files.kernel, &files.firmware}) {
    if (path->empty() || *path == "none" || *path == "default") continue;
    auto guest = boards::kernel_guest(*path);
    if (!guest) return guest.error();
    if (!guest->empty()) return *guest;
  }
  return std::string();
}

// "virt", or "riscv64/virt" where nothing else says which guest is meant.
Result<const boards::Board*> choose_board(const BootOptions& options) {
  std::string name = options.board.empty() ? "virt" : options.board;
  std::string guest;
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    guest = name.substr(0, slash);
    name = name.substr(slash + 1);
  } else {
    auto found = guest_of(options.files);
    if (!found) return found.error();
    guest = *found;
  }
  // Firmware does not say what it is for; a property that one guest's boards have alone does.
  for (const boards::Board* const board : boards::boards()) {
    for (const boards::BoardChoice& choice : board->choices) {
      if (guest.empty() && name == board->name && options.has_property(choice.property)) guest = board->guest;
    }
  }
  std::string known;
  for (const boards::Board* const board : boards::boards()) {
    const std::string full = std::string(board->guest) + "/" + board->name;
    known += (known.empty() ? "" : " or ") + full;
    if (name == board->name && guest == board->guest) return board;
  }
  if (guest.empty()) {
    return Error{
        "nothing says which guest this is: expected a kernel Image or ELF file (--kernel, --bios), or --board " +
        known};
  }
  return Error{"--board " + name + ": there is none for " + guest + "; expected " + known};
}

// The board that the properties behind --board ask for.
Result<const boards::Board*> apply_properties(const boards::Board* board, const BootOptions& options) {
  for (const auto& [property, value] : options.properties) {
    const boards::Board* const chosen = boards::find_variant(*board, property, value);
    std::string known;
    for (const boards::BoardChoice& choice : board->choices) {
      known += (known.empty() ? "" : ", ") + std::string(choice.property) + "=" + choice.value;
    }
    if (chosen == nullptr) {
      return Error{"--board " + options.board + "," + property + "=" + value + ": " + board->name + " (" +
                   board->guest + ") cannot be that; expected " + (known.empty() ? "" : known + " or ") +
                   "dumpdtb=FILE"};
    }
    board = chosen;
  }
  return board;
}

Result<EngineGuest> engine_guest(const boards::Board& board) {
  for (const linux_user::GuestRow& guest : linux_user::guests()) {
    if (std::string(board.guest) == guest.name) {
      return EngineGuest{guest.name, guest.llvm_triple, guest.llvm_features, true};
    }
  }
  return Error{std::string("no engine runs ") + board.guest};
}

// --stats: what virtual CPUs asked of devices.
void print_devices(boards::Machine& machine) {
  for (const boards::PlacedDevice& placed : machine.devices()) {
    if (placed.reads == 0 && placed.writes == 0) continue;
    std::fprintf(stderr, "device   %8" PRIu64 " reads, %" PRIu64 " writes: %s at 0x%" PRIx64 "\n", placed.reads.load(),
                 placed.writes.load(), placed.row->device->name, placed.base);
  }
}

// Signals that end the process are taken by a thread, which has the timeline's file written first. Threads that begin
// later leave them to it.
void finish_at_signals(Recorder& recorder) {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&ending, number);
  }
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::thread([&recorder, ending] {
    pthread_setname_np(pthread_self(), "signals");
    int number = 0;
    sigwait(&ending, &number);
    recorder.finish();
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    raise(number);
  }).detach();
}

// What the keys of terminals, which outlive the machine, do to it.
class Running {
 public:
  // nullptr: there is none, or no more.
  void set(boards::Machine* machine) {
    const std::lock_guard lock(mutex_);
    machine_ = machine;
  }
  host::TerminalKeys keys() {
    return {[this] {
              const std::lock_guard lock(mutex_);
              if (machine_ != nullptr) machine_->power_off(0);
            },
            [this](const std::string& line) { return command(line); }};
  }

 private:
  std::string command(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (machine_ == nullptr) return "the machine does not run\n";
    if (line == "help") return boards::commands_help();
    return boards::run_command(*machine_, line).value_or("'" + line + "' is not known; `help` lists what is\n");
  }

  std::mutex mutex_;
  boards::Machine* machine_ = nullptr;
};

Result<int> boot(const BootOptions& options, Recorder* recorder, Background* background) {
  auto named = choose_board(options);
  if (!named) return named.error();
  auto board = apply_properties(*named, options);
  if (!board) return board.error();
  auto guest = engine_guest(**board);
  if (!guest) return guest.error();
  auto log = GuestLogFile::open(options, recorder);
  if (!log) return log.error();

  // Of shared folders each file that the guest holds is one.
  host::allow_many_descriptors();
  Running running;
  auto attachments = Attachments::open(options, running.keys());
  if (!attachments) return attachments.error();
  std::vector<std::unique_ptr<host::CharStream>> streams;
  boards::MachineOptions machine_options;
  if (options.monitor) streams.push_back(std::make_unique<host::Terminal>(running.keys(), true));
  for (const std::string& text : options.serial) {
    auto stream = make_stream(text, running.keys());
    if (!stream) return stream.error();
    machine_options.streams.push_back(stream->get());
    streams.push_back(std::move(*stream));
  }
  machine_options.board = *board;
  machine_options.cpu = options.cpu;
  machine_options.cpus = options.cpus;
  machine_options.memory = options.memory;
  machine_options.no_reset = options.no_reboot;
  machine_options.log = log->get();
  machine_options.timeline = recorder;
  machine_options.attachments = attachments->list();
  machine_options.flashes = attachments->flashes();
  machine_options.make_engine = [&](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    return make_engine(options, *guest, frontend, memory, recorder);
  };
  auto machine = boards::Machine::make(machine_options);
  if (!machine) return machine.error();
  if (!options.dump_tree.empty()) {
    auto file = host::OutputFile::open(options.dump_tree);
    if (!file) return file.error();
    (*file)->write((*machine)->device_tree().blob());
    return 0;
  }
  auto plan = (*machine)->plan(options.files);
  if (!plan) return plan.error();
  if (auto loaded = (*machine)->load(std::move(*plan)); !loaded) return loaded.error();
  running.set(machine->get());
  const std::unique_ptr<Running, void (*)(Running*)> until_it_ends(&running, [](Running* one) { one->set(nullptr); });
  // It goes before the machine.
  std::unique_ptr<boards::MachineDebugger> debugger;
  std::unique_ptr<gdb::Server> server;
  if (!options.gdb.empty()) {
    debugger = std::make_unique<boards::MachineDebugger>(**machine, options.freeze);
    auto started = gdb::Server::start(options.gdb, *debugger);
    if (!started) return started.error();
    server = std::move(*started);
  }
  PidFile pid_file;
  if (!options.pid_file.empty()) {
    if (auto written = pid_file.write(options.pid_file); !written) return written.error();
  }
  background->ready();
  const int status = (*machine)->run(options.freeze);
  if (server != nullptr) server->tell_end(status);
  keep_compiled_code();
  if (options.statistics) {
    print_statistics();
    print_devices(**machine);
  }
  return status;
}

}  // namespace

int boot_command(const std::vector<std::string>& arguments) {
  auto options = parse_boot_options(arguments);
  if (!options) return complain(options.error());
  if (options->help) {
    std::fputs(boot_help().c_str(), stdout);
    return 0;
  }
  settle_cache_folder(&*options);
  Background background;
  if (options->background) {
    if (auto begun = background.begin(); !begun) return complain(begun.error());
  }
  const auto recorder = make_recorder(*options, "machine");
  if (!recorder) return complain(recorder.error());
  if (*recorder != nullptr) finish_at_signals(**recorder);
  const auto status = boot(*options, *recorder, &background);
  if (*recorder != nullptr) (*recorder)->finish();
  return status ? *status : complain(status.error());
}

}  // namespace menura::cli
