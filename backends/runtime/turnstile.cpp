#include "backends/runtime/turnstile.h"

#include <sched.h>

#include <algorithm>

namespace menura::runtime {

bool Turnstile::Member::ask(uint32_t bit) {
  asked.store(true, std::memory_order_seq_cst);
  const bool runs = running.load(std::memory_order_seq_cst);
  if (runs) cpu.stop_request.fetch_or(bit, std::memory_order_seq_cst);
  asked.store(false, std::memory_order_seq_cst);
  return runs;
}

void Turnstile::add(Member& member) {
  const std::lock_guard lock(mutex_);
  members_.push_back(&member);
}

void Turnstile::remove(Member& member) {
  const std::lock_guard lock(mutex_);
  std::erase(members_, &member);
}

void Turnstile::leave(Member& member) {
  member.running.store(false, std::memory_order_seq_cst);
  while (member.asked.load(std::memory_order_seq_cst)) sched_yield();
  if ((member.cpu.stop_request.load(std::memory_order_relaxed) & kEngineBits) != 0) {
    member.cpu.stop_request.fetch_and(~kEngineBits, std::memory_order_relaxed);
  }
  // Either this sees that somebody wants to be alone, or that one sees that this has left.
  if (closed_.load(std::memory_order_seq_cst)) {
    const std::lock_guard lock(mutex_);
    changed();
  }
}

void Turnstile::changed() {
  version_.fetch_add(1, std::memory_order_release);
  version_.notify_all();
}

template <typename Condition>
void Turnstile::wait(std::unique_lock<std::mutex>& lock, Condition condition) {
  while (!condition()) {
    const uint32_t version = version_.load(std::memory_order_acquire);
    lock.unlock();
    version_.wait(version, std::memory_order_acquire);
    lock.lock();
  }
}

void Turnstile::wait_outside(Member& member) {
  std::unique_lock lock(mutex_);
  if (owner_ == nullptr) return;
  member.running.store(false, std::memory_order_seq_cst);
  member.waiting = true;
  changed();
  wait(lock, [&] { return !member.waiting; });
}

void Turnstile::begin_alone(Member& member) {
  std::unique_lock lock(mutex_);
  member.running.store(false, std::memory_order_seq_cst);
  if (owner_ == nullptr) {
    owner_ = &member;
    closed_.store(true, std::memory_order_seq_cst);
  } else {
    queue_.push_back(&member);
    changed();
    wait(lock, [&] { return owner_ == &member; });
  }
  for (Member* const other : members_) {
    if (other != &member) other->ask(kEngineAlone);
  }
  wait(lock, [&] {
    return std::none_of(members_.begin(), members_.end(),
                        [](const Member* other) { return other->running.load(std::memory_order_seq_cst); });
  });
}

void Turnstile::end_alone(Member& member) {
  const std::lock_guard lock(mutex_);
  member.running.store(true, std::memory_order_seq_cst);
  for (Member* const other : members_) {
    if (!other->waiting) continue;
    other->waiting = false;
    other->running.store(true, std::memory_order_seq_cst);
  }
  if (queue_.empty()) {
    owner_ = nullptr;
    closed_.store(false, std::memory_order_seq_cst);
  } else {
    owner_ = queue_.front();
    queue_.pop_front();
  }
  changed();
}

void Turnstile::after_fork_child() {
  std::erase_if(members_, [](const Member* member) { return !pthread_equal(member->thread, pthread_self()); });
  queue_.clear();
  owner_ = nullptr;
  closed_.store(false, std::memory_order_seq_cst);
  mutex_.unlock();
}

}  // namespace menura::runtime
