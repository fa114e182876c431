// Recorder: the timeline that --trace writes.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cli/json.h"
#include "cli/timeline/thread_events.h"
#include "cli/timeline/timeline_file.h"
#include "ir/core/result.h"
#include "vcpu/timeline.h"

namespace menura::cli {

class Recorder final : public vcpu::Timeline {
 public:
  // Lives as long as the process, which has one at most. `process`: what it is called there; `append`: behind what the
  // file has already.
  static Result<Recorder*> open(const std::string& path, bool append, const std::string& process);

  const std::string& path() const { return file_.path(); }

  // --- Timeline
  Track add_track(const std::string& name) override;
  const char* keep(const std::string& text) override;
  uint64_t now() const override;
  unsigned begin(const vcpu::TimelineEvent& event) override;
  void end(unsigned span, std::initializer_list<vcpu::TimelineValue> values) override;
  void span(const vcpu::TimelineEvent& event, uint64_t began, Track track) override;
  void instant(const vcpu::TimelineEvent& event, Track track) override;
  void finish() override;

  // The process is about to become another program, or to learn that it cannot.
  void before_execve();
  // Around a fork: the child's events go into the same file, as another process's.
  void before_fork();
  void after_fork_parent();
  void after_fork_child();

 private:
  struct Mine;

  Recorder(TimelineFile file, const std::string& process);

  ThreadEvents& mine();
  void retire(ThreadEvents* events);
  void add(TimelineRecord record);
  // A thread that is about to be busy elsewhere: what it has told long ago goes into the file.
  void write_old(ThreadEvents& events, uint64_t now);
  void write_own(ThreadEvents& events);

  // --- with the mutex
  enum class Open : uint8_t { Wait, Write };  // what becomes of spans that have not ended
  void write(ThreadEvents& events, Open open);
  void put_event(Json& json, const TimelineRecord& record, pid_t thread) const;
  void put_refused(Json& json, const ThreadEvents& events) const;
  // How many of each category there were a second since the file was written last.
  void put_rates(Json& json, ThreadEvents& events, uint64_t first) const;

  const TimelineFile file_;
  const std::string process_name_;
  const std::string first_name_;  // of threads that have not been called anything else
  std::mutex mutex_;              // of what follows, and of the file
  pid_t process_;
  std::list<std::unique_ptr<ThreadEvents>> threads_;
  std::vector<std::string> tracks_;
  std::set<std::string> kept_;
  uint64_t refused_ = 0;  // by threads that have ended
  bool finished_ = false;
  uint64_t told_ = 0;  // of those that are left out, on standard error
};

}  // namespace menura::cli
