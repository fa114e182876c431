// Where does time go? A thread asks the virtual CPUs now and then; each answers at its next poll, where compiled code
// would stop: at a loop's head, at the target of a call or of an indirect jump. Code pays nothing for it. And since
// all of the state is in its slots there, the answer is also where better code is entered while a loop runs.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <ctime>

#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"
#include "ir/api/frames.h"

namespace menura::runtime {

namespace {

constexpr uint32_t kMillisecond = 1000000;

// More, and all weights are halved, and those of nothing forgotten.
constexpr std::size_t kMostSpots = 4096;

// Code that has been compiled so often and is gone again changes too often.
constexpr uint8_t kMostTimes = 8;

// Pauses grow while nothing new turns hot: doubled after so many samples and, from there on, each time that their
// number has doubled.
constexpr uint32_t kNoNews = 64;
constexpr uint32_t kMostDoublings = 4;

// So many pauses without anybody in compiled code, and the next one lasts until the process has used some CPU time.
constexpr unsigned kIdlePauses = 3;

}  // namespace

bool start_thread(pthread_t* thread, void* (*body)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{8} << 20);
  // Signals are the guest's threads' own.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(thread, &attributes, body, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}

void* sample_in_background(void* argument) {
  const std::unique_ptr<std::shared_ptr<SamplerLink>> link(static_cast<std::shared_ptr<SamplerLink>*>(argument));
  pthread_setname_np(pthread_self(), "samples");
  unsigned idle = 0;
  uint32_t pause = 1;
  for (;;) {
    const timespec time = {0, static_cast<long>(pause) * kMillisecond};
    clock_nanosleep(idle < kIdlePauses ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, 0, &time, nullptr);
    const std::lock_guard lock((*link)->mutex);
    TranslatorEngine* const engine = (*link)->engine;
    if (engine == nullptr) return nullptr;
    idle = engine->ask_for_samples(&pause) ? 0 : idle + 1;
  }
}

void TranslatorEngine::start_sampling() {
  const std::lock_guard lock(mutex_);
  const bool wanted = options_.sample_always || (!tier2_->off && !options_.tier2_foreground);
  if (!wanted || tier2_->sampler != nullptr) return;
  tier2_->sampler = std::make_shared<SamplerLink>();
  tier2_->sampler->engine = this;
  auto* const link = new std::shared_ptr<SamplerLink>(tier2_->sampler);
  pthread_t thread;
  if (start_thread(&thread, sample_in_background, link)) {
    pthread_detach(thread);
  } else {
    delete link;
    tier2_->off = true;
  }
}

bool TranslatorEngine::ask_for_samples(uint32_t* pause) {
  const std::lock_guard lock(mutex_);
  *pause = sample_pause();
  if (tier2_->off && !options_.sample_always) return false;
  bool any = false;
  for (const auto& vcpu : vcpus_) any |= vcpu->ask(kEngineSample);
  return any;
}

uint32_t TranslatorEngine::sample_pause() const {
  if (options_.sample_always) return 1;
  return 1U << std::min<uint32_t>(std::bit_width(tier2_->samples_since_news / kNoNews), kMostDoublings);
}

void TranslatorEngine::answer_sample(Vcpu& vcpu, Translation* from) {
  ir::CpuHeader& cpu = vcpu.cpu;
  if ((cpu.stop_request.load(std::memory_order_relaxed) & kEngineSample) == 0) return;
  cpu.stop_request.fetch_and(~kEngineSample, std::memory_order_relaxed);
  ir::Identity identity{cpu.pc, cpu.mode, cpu.extra};
  ir::Fault fault;
  if (options_.machine && !ir::find_frames(frontend_, vcpu.memory, &identity, &fault)) return;
  if (identity.next_frame != 0) return;  // one instruction
  const auto holds = [&](const ir::GuestRange& range) { return range.begin <= identity.pc && identity.pc < range.end; };
  const bool goes_out = from != nullptr && std::none_of(from->guest.begin(), from->guest.end(), holds);
  const bool caller = goes_out && from->live && from->next_frame == 0 && takes_caller(vcpu, *from);
  if (caller) identity = from->identity();
  if (count_sample(vcpu, identity, from, goes_out)) enqueue(vcpu, identity);
}

// A call or a jump out of a region stops at its target, where time has gone by neither for sure: it may have been spent
// in the region, or in what has returned to it. Unless the region is as good as can be, the two take turns.
bool TranslatorEngine::takes_caller(Vcpu& vcpu, const Translation& from) const {
  if (from.gear == Gear::Optimized) return false;
  vcpu.caller_had_sample = !vcpu.caller_had_sample;
  return vcpu.caller_had_sample;
}

// Return predictions tell the callers, as far as they have not been dropped; what a region has inlined is not among
// them. A call stops at its target, but time has gone by before it.
void TranslatorEngine::show_sample(const Vcpu& vcpu, const Translation* from, bool goes_out, const Translation* ran,
                                   uint32_t milliseconds) const {
  constexpr std::size_t deepest = 128;
  std::array<uint64_t, deepest> returns;
  std::size_t count = 0;
  const auto* const pairs = reinterpret_cast<const uint64_t*>(vcpu.cpu.code_rsp);
  while (count < deepest && pairs[2 * count + 1] != kNoPc) {
    returns[count] = pairs[2 * count + 1];
    ++count;
  }
  Sample sample;
  sample.pc = goes_out ? from->pc : vcpu.cpu.pc;
  sample.region = ran != nullptr ? ran->pc : vcpu.cpu.pc;
  sample.gear = ran != nullptr ? ran->gear : Gear::Trace;
  sample.milliseconds = milliseconds;
  sample.returns = {returns.data(), count};
  options_.observer->sampled(sample);
}

// Whether its region is to be formed.
bool TranslatorEngine::count_sample(Vcpu& vcpu, const ir::Identity& identity, Translation* from, bool goes_out) {
  const std::lock_guard lock(mutex_);
  Tier2& tier2 = *tier2_;
  const Translation* const here = map_.find(identity);
  const Translation* const ran = from != nullptr ? from : here;
  const Gear gear = ran != nullptr ? ran->gear : Gear::Trace;
  const uint32_t pause = sample_pause();
  vcpu.statistics.samples[static_cast<unsigned>(gear)] += pause;
  if (options_.sample_always) show_sample(vcpu, from, goes_out, ran, pause);
  // Where nothing is left to do, pauses grow fast.
  const bool done = (goes_out ? here == nullptr ? Gear::Trace : here->gear : gear) == Gear::Optimized;
  tier2.samples_since_news += done ? 16 : 1;
  if (done || tier2.off || options_.tier2_foreground) return false;
  tier2.improvable += pause;

  if (tier2.spots.size() > kMostSpots) {
    for (auto& [spot_identity, spot] : tier2.spots) spot.weight /= 2;
    std::erase_if(tier2.spots, [](const auto& entry) {
      return entry.second.weight == 0 && entry.second.state == HotSpot::State::Counting;
    });
  }
  HotSpot& spot = tier2.spots.try_emplace(identity, HotSpot{.limits = options_.tier2_limits}).first->second;
  // A single sample is no evidence, however long the pause before it.
  const uint32_t weight = spot.weight != 0 ? pause : std::min(pause, std::max(options_.tier2_threshold / 2, 1U));
  switch (spot.state) {
    case HotSpot::State::Counting:
      // Here may be the next one: ask more often.
      if (spot.weight != 0) tier2.samples_since_news = std::min(tier2.samples_since_news, kNoNews - 1);
      spot.weight += weight;
      if (spot.weight < std::max(options_.tier2_threshold, spot.wanted)) return false;
      if (tier2.improvable < options_.tier2_warm_up) return false;
      spot.state = HotSpot::State::Queued;
      tier2.samples_since_news = 0;
      return true;
    case HotSpot::State::Queued:
      spot.weight += weight;
      return false;
    case HotSpot::State::Compiled:
      if (here == nullptr || here->gear != Gear::Optimized) {
        // Evicted, or the guest's code has changed.
        spot.state = spot.times_compiled < kMostTimes ? HotSpot::State::Counting : HotSpot::State::Hopeless;
        spot.weight = weight;
      } else if (from != nullptr && from->live && !goes_out && from->pc != identity.pc) {
        // Code that contains this loop went round it without coming by: it is made anew, without the loop.
        kill(from);
        request_quiescence();
      }
      return false;
    case HotSpot::State::Hopeless:
      return false;
  }
  return false;
}

}  // namespace menura::runtime
