// A bench for one device: everything that it is made from, under the test's control.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "boards/devices/devices.h"
#include "softmmu/bus/bus.h"

namespace menura::boards::testing {

// Time stands still until the test moves it.
class FakeTime final : public vcpu::Door, public vcpu::TimerService {
 public:
  static constexpr uint64_t kHz = 10'000'000;

  int clock(clockid_t, timespec* now) override {
    *now = {static_cast<time_t>(1'000'000 + counter_ / kHz), static_cast<long>(counter_ % kHz * (1'000'000'000 / kHz))};
    return 0;
  }
  void entropy(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{0x5a}); }
  uint64_t counter() override { return counter_; }
  uint64_t counter_hz() const override { return kHz; }

  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()> expired) override {
    return std::make_unique<FakeTimer>(*this, std::move(expired));
  }
  // Timers whose time has come expire in order.
  void advance(uint64_t ticks) {
    const uint64_t end = counter_ + ticks;
    while (!armed_.empty() && armed_.begin()->first <= end) {
      const auto [deadline, timer] = *armed_.begin();
      counter_ = std::max(counter_, deadline);
      timer->disarm();
      timer->expired_();
    }
    counter_ = end;
  }
  std::size_t armed() const { return armed_.size(); }

 private:
  struct FakeTimer final : vcpu::Timer {
    FakeTimer(FakeTime& time, std::function<void()> expired) : time_(time), expired_(std::move(expired)) {}
    ~FakeTimer() override { FakeTimer::disarm(); }
    void arm(uint64_t deadline) override {
      disarm();
      time_.armed_.emplace(deadline, this);
    }
    void disarm() override {
      std::erase_if(time_.armed_, [this](const auto& entry) { return entry.second == this; });
    }
    FakeTime& time_;
    std::function<void()> expired_;
  };

  uint64_t counter_ = 1000;
  std::multimap<uint64_t, FakeTimer*> armed_;
};

// The levels of all wires, by input.
class Levels final : public InterruptSink {
 public:
  void set_input(unsigned input, bool level) override {
    const std::lock_guard lock(mutex_);
    levels_[input] = level;
  }
  bool operator[](unsigned input) const {
    const std::lock_guard lock(mutex_);
    const auto found = levels_.find(input);
    return found != levels_.end() && found->second;
  }

 private:
  mutable std::mutex mutex_;  // devices have threads
  std::map<unsigned, bool> levels_;
};

class RecordedControl final : public MachineControl {
 public:
  void power_off(int exit_code) override { exit_codes.push_back(exit_code); }
  void request_reset() override { ++resets; }

  std::vector<int> exit_codes;
  int resets = 0;
};

class RecordedLog final : public vcpu::GuestLog {
 public:
  RecordedLog() { wanted_ = ~0U; }
  void write(vcpu::LogItem, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    if (lines.size() < 1000) lines.emplace_back(line);
  }

  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

// Names of events, with a plus for spans.
class RecordedTimeline final : public vcpu::Timeline {
 public:
  Track add_track(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    tracks_.push_back(name);
    return static_cast<Track>(tracks_.size());
  }
  const char* keep(const std::string& text) override { return kept_.insert(text).first->c_str(); }
  uint64_t now() const override { return ++time_; }
  unsigned begin(const vcpu::TimelineEvent&) override { return 0; }
  void end(unsigned, std::initializer_list<vcpu::TimelineValue>) override {}
  void span(const vcpu::TimelineEvent& event, uint64_t began, Track track) override {
    EXPECT_LT(began, now());
    add(event, track, "+");
  }
  void instant(const vcpu::TimelineEvent& event, Track track) override { add(event, track, ""); }
  void finish() override {}

  // Waits until so many events are on the track, and says what they are.
  std::vector<std::string> wait_for(const std::string& track, std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(300), [&] { return events_[track].size() >= count; });
    return events_[track];
  }

 private:
  void add(const vcpu::TimelineEvent& event, Track track, const char* mark) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string>& events = events_[track == kThread ? "thread" : tracks_.at(track - 1)];
    if (events.size() < 1000) events.push_back(std::string(event.words[0]) + mark);
    changed_.notify_all();
  }

  mutable std::atomic<uint64_t> time_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> tracks_;
  std::map<std::string, std::vector<std::string>> events_;  // by track
  std::set<std::string> kept_;
};

// A line to a serial port: what was sent, and what is to arrive.
class FakeStream final : public host::CharStream {
 public:
  void write(std::span<const uint8_t> bytes) override { sent.append(bytes.begin(), bytes.end()); }
  void set_receiver(Receiver receiver) override { receiver_ = std::move(receiver); }
  void ready() override {
    if (!receiver_ || waiting.empty()) return;
    const std::string now = std::exchange(waiting, {});
    const std::size_t taken = receiver_({reinterpret_cast<const uint8_t*>(now.data()), now.size()});
    waiting = now.substr(taken) + waiting;
  }
  void type(const std::string& text) {
    waiting += text;
    ready();
  }

  std::string sent;
  std::string waiting;

 private:
  Receiver receiver_;
};

// One device of a kind. Wires are numbered from 0.
class Bench {
 public:
  static constexpr uint64_t kRam = 0x80000000;
  static constexpr uint64_t kRamSize = 1 << 20;

  explicit Bench(const DeviceKind& device_kind, unsigned cpus = 2, const Attachment* attachment = nullptr,
                 host::DiskFile* file = nullptr, const FirmwareItems* items = nullptr)
      : kind(device_kind) {
    EXPECT_TRUE(bus.add_ram("RAM", kRam, kRamSize));
    for (unsigned i = 0; i < 16; ++i) wires_.push_back({&levels, i});
    device = kind.make({.interrupts = wires_,
                        .door = time,
                        .timers = time,
                        .memory = bus,
                        .control = control,
                        .log = log,
                        .timeline = &timeline,
                        .cpus = cpus,
                        .stream = kind.takes_stream ? &stream : nullptr,
                        .attachment = attachment,
                        .file = file,
                        .items = items});
    device->reset();
    bus.add_mmio(kind.name, 0, kind.size, *device, kind.access);
  }

  // Through the bus, so that only accesses arrive that the device takes. What is refused reads as 0.
  uint64_t read(uint64_t offset, unsigned size) {
    uint64_t value = 0;
    const softmmu::Region* const region = bus.find(offset);
    if (region == nullptr || !softmmu::Bus::mmio_read(*region, offset, &value, size)) return 0;
    return value;
  }
  void write(uint64_t offset, unsigned size, uint64_t value) {
    const softmmu::Region* const region = bus.find(offset);
    if (region != nullptr) softmmu::Bus::mmio_write(*region, offset, &value, size);
  }
  // In the size of the register.
  uint64_t read(uint64_t offset) { return read(offset, size_of(offset)); }
  void write(uint64_t offset, uint64_t value) { write(offset, size_of(offset), value); }

  std::vector<uint8_t> save() {
    StateWriter writer;
    device->state(writer);
    return writer.data();
  }
  bool restore(std::span<const uint8_t> data) {
    StateReader reader(data);
    device->state(reader);
    device->restored();
    return reader.complete();
  }

  const DeviceKind& kind;
  softmmu::Bus bus;
  FakeTime time;
  Levels levels;
  RecordedControl control;
  RecordedLog log;
  RecordedTimeline timeline;
  FakeStream stream;
  std::unique_ptr<Device> device;

 private:
  unsigned size_of(uint64_t offset) const {
    const RegisterRow* const row = find_register(kind, offset);
    return row == nullptr ? kind.access.least : row->size;
  }

  std::vector<Wire> wires_;
};

}  // namespace menura::boards::testing
