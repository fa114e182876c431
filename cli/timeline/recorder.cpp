#include "cli/timeline/recorder.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>

namespace menura::cli {
namespace {

using vcpu::TimelineEvent;
using vcpu::TimelineValue;

// Threads' numbers are below (proc(5), pid_max); tracks that are no thread's come behind them.
constexpr uint64_t kFirstTrack = 1U << 23;

// How old an event may be before its thread writes it, when it tells the next one.
constexpr uint64_t kOld = 200'000'000;  // nanoseconds

Recorder* the_recorder = nullptr;

std::string name_of(pid_t thread) {
  char name[17] = {};
  if (thread == ::gettid()) {
    ::prctl(PR_GET_NAME, name);
    return name;
  }
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/comm";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t length = ::read(file, name, sizeof name - 1);
  ::close(file);
  std::string text(name, length > 0 ? static_cast<std::size_t>(length) : 0);
  return text.substr(0, text.find('\n'));
}

void put_value(Json& json, const TimelineValue& value) {
  json.key(value.name);
  switch (value.kind) {
    case TimelineValue::Kind::Number:
      json.value(value.value);
      return;
    case TimelineValue::Kind::Signed:
      json.value(static_cast<int64_t>(value.value));
      return;
    case TimelineValue::Kind::Address:
      json.hexadecimal(value.value);
      return;
    case TimelineValue::Kind::Text:
      json.value(reinterpret_cast<const char*>(value.value));
      return;
    case TimelineValue::Kind::None:
      return;
  }
}

// What a process or a thread is called.
void put_name(Json& json, pid_t process, uint64_t thread, const char* what, const std::string& name) {
  json.begin_object().member("ph", "M").member("pid", static_cast<uint64_t>(process)).member("tid", thread);
  json.member("name", what).key("args").begin_object().member("name", name).end_object().end_object().new_line();
}

std::string without_new_line(const Json& json) { return json.text().substr(0, json.text().size() - 1); }

}  // namespace

// A thread's way to what it has told.
struct Recorder::Mine {
  ThreadEvents* events = nullptr;
  ~Mine() {
    if (events != nullptr) the_recorder->retire(events);
    events = nullptr;
  }
};

Result<Recorder*> Recorder::open(const std::string& path, bool append, const std::string& process) {
  Json first;
  put_name(first, ::getpid(), static_cast<uint64_t>(::getpid()), "process_name", process);
  auto file = TimelineFile::open(path, append, without_new_line(first));
  if (!file) return file.error();
  the_recorder = new Recorder(std::move(*file), process);
  return the_recorder;
}

Recorder::Recorder(TimelineFile file, const std::string& process)
    : file_(std::move(file)), process_name_(process), first_name_(name_of(::gettid())), process_(::getpid()) {}

ThreadEvents& Recorder::mine() {
  thread_local Mine own;
  if (own.events == nullptr) {
    const std::lock_guard lock(mutex_);
    own.events = threads_.emplace_back(std::make_unique<ThreadEvents>(::gettid())).get();
  }
  return *own.events;
}

void Recorder::retire(ThreadEvents* events) {
  const std::lock_guard lock(mutex_);
  write(*events, Open::Wait);
  refused_ += events->refused();
  threads_.remove_if([events](const auto& one) { return one.get() == events; });
}

// --- Timeline

Recorder::Track Recorder::add_track(const std::string& name) {
  const std::lock_guard lock(mutex_);
  tracks_.push_back(name);
  const auto number = static_cast<Track>(tracks_.size());
  Json json;
  put_name(json, process_, kFirstTrack + number, "thread_name", name);
  file_.append(without_new_line(json));
  return number;
}

const char* Recorder::keep(const std::string& text) {
  const std::lock_guard lock(mutex_);
  return kept_.insert(text).first->c_str();
}

uint64_t Recorder::now() const {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec);
}

unsigned Recorder::begin(const TimelineEvent& event) {
  ThreadEvents& events = mine();
  const uint64_t at = now();
  write_old(events, at);
  return events.begin({.event = event, .began = at});
}

void Recorder::end(unsigned span, std::initializer_list<TimelineValue> values) {
  ThreadEvents& events = mine();
  std::optional<TimelineRecord> record = events.end(span);
  if (!record) return;
  record->length = now() - record->began;
  const TimelineValue* value = values.begin();
  for (TimelineValue& place : record->event.values) {
    if (value == values.end()) break;
    if (place.kind == TimelineValue::Kind::None) place = *value++;
  }
  add(*record);
}

void Recorder::span(const TimelineEvent& event, uint64_t began, Track track) {
  add({.event = event, .began = began, .length = now() - began, .track = track});
}

void Recorder::instant(const TimelineEvent& event, Track track) {
  add({.event = event, .began = now(), .track = track, .shape = TimelineRecord::Shape::Instant});
}

void Recorder::add(TimelineRecord record) {
  ThreadEvents& events = mine();
  const uint64_t at = record.began + record.length;
  if (!events.affordable(record, at)) return;
  while (!events.add(record)) write_own(events);
  if (events.waiting_since == 0) events.waiting_since = at;
  write_old(events, at);
}

void Recorder::write_old(ThreadEvents& events, uint64_t now) {
  const uint64_t since = events.waiting_since;
  if (since != 0 && now - std::min(now, since) >= kOld) write_own(events);
}

// What the timeline itself costs is on it.
void Recorder::write_own(ThreadEvents& events) {
  const uint64_t began = now();
  {
    const std::lock_guard lock(mutex_);
    write(events, Open::Wait);
  }
  events.add({.event = {"trace", {"writes the trace"}}, .began = began, .length = now() - began});
}

// What threads tell while the process ends is not kept: it would not fit to spans that have been cut short.
void Recorder::finish() {
  const std::lock_guard lock(mutex_);
  uint64_t refused = refused_;
  for (const auto& events : threads_) {
    write(*events, Open::Write);
    refused += events->refused();
  }
  finished_ = true;
  if (refused == told_) return;
  std::fprintf(stderr,
               "menura: --trace %s: %" PRIu64 " events are left out: too many for a file that can be looked at\n",
               file_.path().c_str(), refused - told_);
  told_ = refused;
}

void Recorder::before_execve() {
  const ThreadEvents& own = mine();
  const std::lock_guard lock(mutex_);
  for (const auto& events : threads_) write(*events, events.get() == &own ? Open::Write : Open::Wait);
}

// --- fork

void Recorder::before_fork() { mutex_.lock(); }
void Recorder::after_fork_parent() { mutex_.unlock(); }

void Recorder::after_fork_child() {
  process_ = ::getpid();
  refused_ = told_ = 0;
  mutex_.unlock();
  ThreadEvents& events = mine();
  const std::lock_guard lock(mutex_);
  threads_.remove_if([&](const auto& one) { return one.get() != &events; });
  events.become_child(::gettid());
  Json json;
  put_name(json, process_, static_cast<uint64_t>(process_), "process_name", process_name_);
  file_.append(without_new_line(json));
}

// --- the file

void Recorder::write(ThreadEvents& events, Open open) {
  Json json;
  json.reserve(std::size_t{128} << 10);
  uint64_t count = 0;
  for (auto& [category, number] : events.counts) number = 0;
  uint64_t first = UINT64_MAX;
  events.waiting_since = 0;
  events.take_all([&](const TimelineRecord& record) {
    if (finished_) return;
    put_event(json, record, events.thread());
    ++count;
    ++events.counts[record.event.category];
    first = std::min(first, record.began);
  });
  if (open == Open::Write && !finished_) {
    const uint64_t until = now();
    events.look_at_open([&](TimelineRecord record) {
      if (record.began > until) return;
      record.length = until - record.began;
      record.event.values.back() = TimelineValue::text("end", "not reached");
      put_event(json, record, events.thread());
      ++count;
    });
  }
  if (count != 0) {
    std::string name = name_of(events.thread());
    if (name == first_name_) name = process_name_.substr(process_name_.rfind('/') + 1);
    if (!name.empty() && name != events.name_in_file) {
      put_name(json, process_, static_cast<uint64_t>(events.thread()), "thread_name", name);
      events.name_in_file = std::move(name);
    }
  }
  if (first != UINT64_MAX) put_rates(json, events, first);
  if (events.refused() != events.refused_in_file && !finished_) {
    events.refused_in_file = events.refused();
    put_refused(json, events);
  }
  if (!json.text().empty() && !file_.append(without_new_line(json))) events.leave_out(count);
}

void Recorder::put_event(Json& json, const TimelineRecord& record, pid_t thread) const {
  const bool span = record.shape == TimelineRecord::Shape::Span;
  const TimelineEvent& event = record.event;
  const uint64_t track = record.track == kThread ? static_cast<uint64_t>(thread) : kFirstTrack + record.track;
  std::string name;
  for (const char* const word : event.words) {
    if (word == nullptr) break;
    if (!name.empty()) name += ' ';
    name += word;
  }
  json.begin_object().member("ph", span ? "X" : "i").member("pid", static_cast<uint64_t>(process_));
  json.member("tid", track).key("ts").thousandths(record.began);
  if (span) {
    json.key("dur").thousandths(record.length);
  } else {
    json.member("s", "t");  // of the track
  }
  json.member("cat", event.category).member("name", name).key("args").begin_object();
  for (const TimelineValue& value : event.values) {
    if (value.kind != TimelineValue::Kind::None) put_value(json, value);
  }
  json.end_object().end_object().new_line();
}

void Recorder::put_rates(Json& json, ThreadEvents& events, uint64_t first) const {
  const uint64_t since = events.in_file_until != 0 ? events.in_file_until : first;
  events.in_file_until = now();
  if (events.in_file_until <= since) return;
  json.begin_object().member("ph", "C").member("pid", static_cast<uint64_t>(process_));
  json.member("tid", static_cast<uint64_t>(events.thread())).key("ts").thousandths(since);
  json.member("name", events.name_in_file + " per second").key("args").begin_object();
  for (const auto& [category, count] : events.counts) {
    json.member(category, static_cast<uint64_t>(static_cast<unsigned __int128>(count) * 1'000'000'000U /
                                                (events.in_file_until - since)));
  }
  json.end_object().end_object().new_line();
}

void Recorder::put_refused(Json& json, const ThreadEvents& events) const {
  json.begin_object().member("ph", "C").member("pid", static_cast<uint64_t>(process_));
  json.member("tid", static_cast<uint64_t>(events.thread())).key("ts").thousandths(now());
  json.member("name", "events left out").key("args").begin_object();
  json.member(events.name_in_file.empty() ? "thread" : events.name_in_file, events.refused());
  json.end_object().end_object().new_line();
}

}  // namespace menura::cli
