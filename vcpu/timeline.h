// Timeline: what a guest's threads and devices do, and when (`--trace`). Whoever has a pointer to one tells it; with
// nullptr nobody wants to know, and nothing is done about it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace menura::vcpu {

// What goes with an event, by a name. Names and texts are literals, or what Timeline::keep() has answered.
struct TimelineValue {
  enum class Kind : uint8_t { None, Number, Signed, Address, Text };

  const char* name = nullptr;
  uint64_t value = 0;
  Kind kind = Kind::None;

  static TimelineValue number(const char* name, uint64_t value) { return {name, value, Kind::Number}; }
  static TimelineValue signed_number(const char* name, int64_t value) {
    return {name, static_cast<uint64_t>(value), Kind::Signed};
  }
  static TimelineValue address(const char* name, uint64_t value) { return {name, value, Kind::Address}; }
  static TimelineValue text(const char* name, const char* text) {
    return {name, reinterpret_cast<uint64_t>(text), Kind::Text};
  }
};

struct TimelineEvent {
  static constexpr std::size_t kValues = 4;
  static constexpr std::size_t kWords = 3;

  const char* category = nullptr;              // a kind of event that may be looked at by itself
  std::array<const char*, kWords> words = {};  // its name; nullptr: no more of them
  std::array<TimelineValue, kValues> values = {};
};

// All of it from any thread.
class Timeline {
 public:
  // Events of one track are on one line. Each thread has one, by its name.
  using Track = uint32_t;
  static constexpr Track kThread = 0;  // the calling thread's

  virtual ~Timeline() = default;

  virtual Track add_track(const std::string& name) = 0;
  // The same text, for as long as the timeline lives.
  virtual const char* keep(const std::string& text) = 0;
  virtual uint64_t now() const = 0;  // nanoseconds

  // A span of the calling thread. What begins within it ends before it does. end() takes what begin() has answered, and
  // values that are known by then, in the place of those that begin() has left free.
  virtual unsigned begin(const TimelineEvent& event) = 0;
  virtual void end(unsigned span, std::initializer_list<TimelineValue> values) = 0;
  // A span that began at that time and ends now.
  virtual void span(const TimelineEvent& event, uint64_t began, Track track = kThread) = 0;
  virtual void instant(const TimelineEvent& event, Track track = kThread) = 0;

  // The process is about to end: everything is kept that has been told, and what is told from now on is not.
  virtual void finish() = 0;
};

// A span as long as this lives; nothing at all without a timeline.
class TimelineSpan {
 public:
  TimelineSpan(Timeline* timeline, const TimelineEvent& event) : timeline_(timeline) {
    if (timeline_ != nullptr) span_ = timeline_->begin(event);
  }
  ~TimelineSpan() { end({}); }
  TimelineSpan(const TimelineSpan&) = delete;
  TimelineSpan& operator=(const TimelineSpan&) = delete;

  void end(std::initializer_list<TimelineValue> values) {
    if (timeline_ != nullptr) timeline_->end(span_, values);
    timeline_ = nullptr;
  }

 private:
  Timeline* timeline_;
  unsigned span_ = 0;
};

}  // namespace menura::vcpu
