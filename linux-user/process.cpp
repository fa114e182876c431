#include "linux-user/process.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "linux-user/debug/debugger.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

thread_local Thread* current_thread = nullptr;

}  // namespace

Process::Process(const Options& options, const Abi& abi, const GuestCpu& guest, vcpu::Door& door)
    : options_(&options),
      abi_(&abi),
      guest_(&guest),
      door_(&door),
      memory_(std::make_shared<GuestMemory>()),
      paths_(std::make_shared<Paths>()),
      thread_count_(std::make_shared<std::atomic<int>>(1)) {}

std::unique_ptr<Process> Process::vfork_child() const {
  auto child = std::unique_ptr<Process>(new Process(*this));
  child->is_vfork_child_ = true;
  return child;
}

void Process::run_exit_hook(int status) {
  // The child of a vfork shares its memory with the parent, whose exit this is not.
  if (is_vfork_child_) return;
  if (options_->at_exit != nullptr) options_->at_exit(status);
  if (debugger_ != nullptr) debugger_->ended(status, false);
}

void Process::end(int status) {
  run_exit_hook(status);
  while (true) host_call(SYS_exit_group, status);
}

Thread::Thread(Process& process) : process_(&process) {
  const size_t size = process.guest().frontend().layout().size;
  void* const state = std::aligned_alloc(alignof(ir::CpuHeader), size);
  if (state == nullptr) throw std::bad_alloc();
  std::memset(state, 0, size);
  cpu_ = new (state) ir::CpuHeader;
  cpu_->door = &process.door();
}

Thread::~Thread() {
  cpu_->~CpuHeader();
  std::free(cpu_);
}

Thread* Thread::current() { return current_thread; }
void Thread::set_current(Thread* thread) { current_thread = thread; }

}  // namespace menura::linux_user
