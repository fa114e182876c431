// SignalActions: the guest's table of signal handlers (sigaction), as the kernel keeps it per process.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace menura::linux_user {

inline constexpr int kSignalCount = 64;

// What the kernel's struct sigaction says.
struct GuestSigaction {
  uint64_t handler = 0;   // SIG_DFL, SIG_IGN or an address
  uint64_t flags = 0;     // SA_*
  uint64_t restorer = 0;  // what the handler returns to, if flags has kRestorer
  uint64_t mask = 0;      // bit n - 1: signal n
};
inline constexpr uint64_t kRestorer = 0x0400'0000;  // SA_RESTORER; not all guests have it (Abi::has_restorer)

class SignalActions {
 public:
  SignalActions() = default;
  SignalActions(const SignalActions& other) : actions_(other.actions_) {}
  SignalActions& operator=(const SignalActions&) = delete;

  // Signals are numbered from 1 to kSignalCount.
  GuestSigaction get(int signal) {
    const std::lock_guard lock(mutex_);
    return actions_[signal - 1];
  }
  // Returns the one before.
  GuestSigaction set(int signal, const GuestSigaction& action) {
    const std::lock_guard lock(mutex_);
    const GuestSigaction old = actions_[signal - 1];
    actions_[signal - 1] = action;
    return old;
  }

  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::array<GuestSigaction, kSignalCount> actions_ = {};
};

}  // namespace menura::linux_user
