#include "linux-user/run/launch.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "linux-user/abi/guests.h"
#include "linux-user/debug/debugger.h"
#include "linux-user/loader/executable.h"
#include "linux-user/loader/image.h"
#include "linux-user/loader/stack.h"
#include "linux-user/run/run_loop.h"
#include "linux-user/run/sysroot.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

// Where position-independent programs go: two thirds up, as Linux has it.
constexpr uint64_t kProgramPlace = 0x3555'5555'5000;

std::string absolute(const std::string& path) {
  char* const real = realpath(path.c_str(), nullptr);
  std::string result = real != nullptr ? real : path;
  std::free(real);
  return result;
}

// Why a program of a machine without a row in guests() cannot be run.
Error no_guest(const std::string& program, const ElfIdentity& id) {
  std::string message = program + ": a program for " + describe(id) + "; ";
  if (id.machine == EM_ARM && !id.is_64bit && !id.big_endian) {
    message += "Menura does not run 32-bit Arm code yet. `qemu-arm-static` (Debian package qemu-user-static) does";
    return Error{message, 126};
  }
  message += "expected one for ";
  for (const GuestRow& row : guests()) {
    if (&row != &guests().front()) message += " or ";
    message += describe({row.target.machine, row.target.is_64bit, row.target.big_endian});
  }
  return Error{message, 126};
}

// The interpreter is what a wrong or missing sysroot is noticed by.
Error no_interpreter(const std::string& program, const std::string& interpreter, const std::vector<std::string>& tried,
                     const GuestRow& guest) {
  std::string message = program + ": needs the interpreter " + interpreter + ", which is ";
  if (tried.empty()) {
    message += std::string("not here, and there is no sysroot (/usr/") + guest.triplet + ")";
  } else {
    message += "neither in the sysroot " + tried.front();
    for (size_t i = 1; i < tried.size(); ++i) message += " nor in " + tried[i];
    message += " nor on this system";
  }
  message += "; ";
  if (interpreter.find("/ld-linux-") != std::string::npos) {
    message += std::string("`menura sysroot ") + guest.name + " libc6` fetches it. Or ";
  }
  message += std::string("install the Debian package ") + guest.package +
             ", or name a directory that holds the guest's libraries with -L";
  return Error{message, 127};
}

// The guest code that comes with the process, on pages of its own.
Result<uint64_t> map_kernel_code(Process& process) {
  GuestMemory& memory = process.memory();
  const KernelCode code = process.guest().kernel_code();
  const uint64_t size = page_ceil(code.image.size());
  const int64_t place = memory.mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const auto begin = static_cast<uint64_t>(place);
  ir::Fault fault;
  if (place < 0 || !memory.write(begin, code.image.data(), static_cast<unsigned>(code.image.size()), &fault) ||
      memory.mprotect(begin, size, PROT_READ | PROT_EXEC) != 0) {
    return Error{"out of memory before the program's start; free some memory, or raise `ulimit -v`", 125};
  }
  process.set_sigreturn_address(begin + code.sigreturn);
  if (!code.is_elf) return uint64_t{0};
  memory.set_vdso(begin, begin + size);
  return begin;
}

// What the new process inherits.
void inherit_signals(Process& process, Thread& thread) {
  const uint64_t mask = host_mask();
  thread.signals().mask = mask & ~kUnblockable;
  const auto ignore = reinterpret_cast<uint64_t>(SIG_IGN);
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (inherited_disposition(signal) != ignore) continue;
    GuestSigaction action;
    action.handler = ignore;
    process.actions().set(signal, action);
  }
}

// A script is run by its interpreter, which is looked for in the guests' sysroots; a host's interpreter needs no
// Menura.
Result<void> resolve_script(const Launch& request, std::string* program, std::vector<std::string>* arguments) {
  Paths paths(request.options.sysroot);
  Executable executable;
  int64_t error = resolve_executable(paths, *program, &executable);
  for (const GuestRow& guest : guests()) {
    for (const std::string& folder : sysroots(request.options.sysroot, guest)) {
      if (executable.guest != nullptr) break;
      Paths there(folder);
      Executable found;
      if (resolve_executable(there, *program, &found) != 0 || found.guest == nullptr) continue;
      paths = std::move(there);
      executable = std::move(found);
      error = 0;
    }
  }
  if (error != 0) {
    return Error{*program + ": a script whose interpreter cannot be run: " + executable.path + ": " +
                     std::strerror(static_cast<int>(-error)),
                 error == -ENOENT ? 127 : 126};
  }
  if (executable.prefix.empty()) return {};
  arguments->erase(arguments->begin());
  arguments->insert(arguments->begin(), executable.prefix.begin(), executable.prefix.end());
  std::string buffer;
  *program = paths.to_host(executable.path.c_str(), buffer);
  if (executable.guest != nullptr) return {};
  std::vector<char*> argv;
  std::vector<char*> envp;
  for (const std::string& text : *arguments) argv.push_back(const_cast<char*>(text.c_str()));
  for (const std::string& text : request.environment) envp.push_back(const_cast<char*>(text.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  execve(program->c_str(), argv.data(), envp.data());
  return Error{*program + ": " + std::strerror(errno), 126};
}

// Runs the main thread to its end; the process ends with its last thread.
[[noreturn]] void run_main_thread(Process& process, Thread& thread) {
  set_up_signal_stack();
  install_fault_handlers();
  run_thread(thread);
  const int status = thread.status;
  if (process.thread_count().fetch_sub(1) == 1) process.end(status);
  announce_end(process, thread.clear_child_tid);
  while (true) host_call(SYS_exit, status);
}

}  // namespace

namespace {

// The kernel protects the code that it starts, a program without an interpreter or the interpreter, as that asks for;
// what an interpreter loads is its own business.
void protect_code(const GuestCpu& guest, ElfImage* image) {
  const int protection = guest.code_protection(image->features);
  for (ElfSegment& segment : image->segments) {
    if ((segment.prot & PROT_EXEC) != 0) segment.prot |= protection;
  }
}

// Everything up to the first guest instruction; files that were needed for it are closed again.
Result<Thread*> prepare(const Launch& request) {
  std::string program = request.program;
  std::vector<std::string> arguments = request.arguments;

  Result<FileHandle> file = open_program(program);
  if (!file) return file.error();
  if (parse_shebang(FileBytes(file->get()))) {
    if (auto done = resolve_script(request, &program, &arguments); !done) return done.error();
    file = open_program(program);
    if (!file) return file.error();
  }
  const std::optional<ElfIdentity> identity = identify_elf(FileBytes(file->get()));
  const GuestRow* const guest_row = identity ? find_guest(identity) : &guests().front();
  if (guest_row == nullptr) return no_guest(program, *identity);
  Result<OpenImage> image = read_image(std::move(*file), guest_row->target, program);
  if (!image) return image.error();
  Result<std::unique_ptr<GuestCpu>> guest = guest_row->make(request.cpu);
  if (!guest) return guest.error();
  if (const std::string why = (*guest)->refuse_elf_flags(image->elf.flags); !why.empty()) {
    return Error{program + ": " + why, 126};
  }
  const std::vector<std::string> folders = sysroots(request.options.sysroot, *guest_row);

  // Never destroyed: other threads may use them until the very end.
  GuestCpu& cpu_guest = *guest->release();
  auto& process = *new Process(request.options, *guest_row->abi, cpu_guest, *request.door);
  GuestMemory& memory = process.memory();
  cpu_guest.use_memory(memory);
  const std::string real_program = absolute(program);
  process.set_paths(Paths(choose_sysroot(folders, *guest_row, real_program, image->elf.interpreter)));
  process.set_exe_path(std::string(process.paths().to_guest(real_program)));
  process.set_arguments(arguments);
  auto& thread = *new Thread(process);
  Thread::set_current(&thread);

  if (image->elf.interpreter.empty()) protect_code(process.guest(), &image->elf);
  Result<LoadedImage> loaded = load_image(memory, *image, kProgramPlace, program);
  if (!loaded) return loaded.error();
  memory.set_brk(page_ceil(loaded->end));

  StackContents contents;
  contents.arguments = std::move(arguments);
  contents.environment = request.environment;
  contents.program = process.paths().to_guest(request.program);
  contents.image = *loaded;
  uint64_t entry = loaded->entry;
  memory.set_mmap_top(stack_floor());
  if (!image->elf.interpreter.empty()) {
    std::string buffer;
    const std::string path = process.paths().to_host(image->elf.interpreter.c_str(), buffer);
    if (access(path.c_str(), F_OK) != 0) {
      return no_interpreter(program, image->elf.interpreter, folders, *guest_row);
    }
    Result<FileHandle> interpreter_file = open_program(path);
    if (!interpreter_file) return interpreter_file.error();
    Result<OpenImage> interpreter = read_image(std::move(*interpreter_file), guest_row->target, path);
    if (!interpreter) return interpreter.error();
    protect_code(process.guest(), &interpreter->elf);
    const Result<LoadedImage> base = load_image(memory, *interpreter, 0, path);
    if (!base) return base.error();
    contents.interpreter_base = base->begin;
    entry = base->entry;
  }
  const Result<uint64_t> vdso = map_kernel_code(process);
  if (!vdso) return vdso.error();
  contents.vdso = *vdso;
  const Result<uint64_t> stack = make_stack(process, contents);
  if (!stack) return stack.error();

  Result<std::unique_ptr<vcpu::Engine>> engine = request.make_engine(*guest_row, process.guest().frontend(), memory);
  if (!engine) return engine.error();
  process.set_engine(*engine->release());
  inherit_signals(process, thread);
  thread.cpu().pc = entry;
  process.guest().set_up(thread.cpu(), process.door());
  process.guest().set_stack_pointer(thread.cpu(), *stack);
  return &thread;
}

}  // namespace

Error launch(const Launch& request) {
  const Result<Thread*> thread = prepare(request);
  if (!thread) return thread.error();
  Process& process = (*thread)->process();
  // A signal that ends the process does so when the timeline's file has been written.
  if (request.options.timeline != nullptr) catch_default_signals(process.actions());
  if (request.debug) {
    auto& debugger = *new Debugger(process);
    process.set_debugger(&debugger);
    debugger.begin(**thread);
    catch_default_signals(process.actions());
    if (auto done = request.debug(debugger); !done) return done.error();
  }
  run_main_thread(process, **thread);
}

}  // namespace menura::linux_user
