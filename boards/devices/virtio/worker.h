// Worker: the host thread on which a virtio function serves its queues.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "boards/devices/virtio/function.h"

namespace menura::boards::virtio {

class Worker {
 public:
  // `work` is called on the thread, once or more after each kick(); `name`: of the thread, up to 15 characters.
  Worker(const char* name, std::function<void()> work);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Any thread. Does not wait.
  void kick();
  // It begins stopped. stop() waits until `work` is over, which should look at stopping().
  void start();
  void stop();
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  void run(const char* name);

  const std::function<void()> work_;
  std::atomic<bool> stopping_{true};
  std::mutex mutex_;
  std::condition_variable changed_;  // what follows
  bool kicked_ = false;
  bool working_ = false;
  bool end_ = false;
  std::thread thread_;
};

// On the worker's thread: what is in the queue, one chain after the other, to serve(chain), which says whether the
// driver has kept the rules.
template <typename Serve>
void serve_queue(const Worker& worker, Transport& transport, unsigned index, Chain* chain, Serve serve) {
  Queue& queue = transport.queue(index);
  do {
    for (;;) {
      if (worker.stopping()) return;
      const Pop got = queue.pop(chain);
      if (got == Pop::None) break;
      if (got == Pop::Bad || !serve(*chain)) return transport.needs_reset();
      transport.finish(index, *chain);
    }
  } while (queue.want_notifications());
}

}  // namespace menura::boards::virtio
