#include "boards/devices/virtio/worker.h"

#include <pthread.h>

#include <utility>

namespace menura::boards::virtio {

Worker::Worker(const char* name, std::function<void()> work)
    : work_(std::move(work)), thread_([this, name] { run(name); }) {}

Worker::~Worker() {
  stop();
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::kick() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(kicked_, true) || stopping_) return;
  }
  changed_.notify_all();
}

void Worker::start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    kicked_ = true;
  }
  changed_.notify_all();
}

void Worker::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.wait(lock, [this] { return !working_; });
}

void Worker::run(const char* name) {
  pthread_setname_np(pthread_self(), name);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return end_ || (kicked_ && !stopping_); });
    if (end_) return;
    kicked_ = false;
    working_ = true;
    lock.unlock();
    work_();
    lock.lock();
    working_ = false;
    if (stopping_) changed_.notify_all();
  }
}

}  // namespace menura::boards::virtio
