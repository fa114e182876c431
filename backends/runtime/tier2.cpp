// The third gear: regions that samples have found go to the optimizing compiler, on a thread of its own.
#include "backends/runtime/tier2.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

// How long a fork waits for a region that is being compiled. A child whose parent was not ready has no tier 2: the
// compiler's locks may be taken by a thread that the child has not got.
constexpr std::chrono::milliseconds kForkWaits{20};

// Below the guest's threads: with the guest's on all cores, it gets a quarter of one.
constexpr int kNice = 5;

// What runs less often than one in so many times of a region's head is left outside.
constexpr int32_t kRare = 64;

// A region that is still refused with so few instructions stays where it is.
constexpr unsigned kFewest = 64;

// What LLVM takes for a region, however small, and for a guest instruction, about.
constexpr unsigned kMicrosecondsAtLeast = 3000;
constexpr unsigned kMicrosecondsEach = 200;

// So that the region is another one than that with so many instructions.
void reduce(ir::HotLimits& limits, unsigned instructions) {
  do {
    limits.instructions /= 2;
    limits.blocks /= 2;
  } while (limits.instructions >= instructions && limits.instructions > 0);
}

uint64_t thread_nanoseconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

ir::Fault TranslatorEngine::form_optimized(Workshop& workshop, const ir::Identity& identity,
                                           const ir::HotLimits& limits) {
  // Traces count down to the second gear; what has got there has run often.
  const auto runs = [&](const Translation* translation) {
    const int32_t left = heat_of(*translation).load(std::memory_order_relaxed);
    const bool counts = translation->gear == Gear::Trace && left <= options_.hot_threshold;
    return counts ? options_.hot_threshold - left : options_.hot_threshold;
  };
  const Translation* const head = map_.find(identity);
  const int32_t enough = head != nullptr ? runs(head) / kRare : 0;
  const auto executed = [&](uint64_t pc) {
    const ir::Identity place{pc, identity.mode, identity.extra, identity.frame};
    const Translation* const found = map_.find(place);
    return found != nullptr ? runs(found) >= enough : best_known(place).has_value();
  };
  ir::HotLimits own = limits;
  own.one_page = options_.machine;
  workshop.former.set_call_targets(&tier2_->calls);
  const ir::Fault fault = workshop.former.form_hot(identity, workshop.region, executed, own);
  workshop.former.set_call_targets(nullptr);
  return fault;
}

void TranslatorEngine::give_up(Translation& translation) {
  const std::lock_guard lock(mutex_);
  if (!translation.live) return;
  tier2_->spots[translation.identity()].state = HotSpot::State::Hopeless;
  kill(&translation);
  request_quiescence();
}

// Whether its place has run long enough; else the spot knows how long that is.
bool TranslatorEngine::pays(const ir::Region& region, HotSpot& spot) const {
  const uint64_t cost = (kMicrosecondsAtLeast + uint64_t{region.guest_instructions} * kMicrosecondsEach) / 1000;
  spot.wanted = static_cast<uint32_t>(cost * options_.tier2_payback);
  return spot.weight >= spot.wanted;
}

// Forms the region here, where guest memory may be read, and leaves the rest to the compiling thread.
void TranslatorEngine::enqueue(Vcpu& vcpu, const ir::Identity& identity) {
  Workshop& workshop = take_workshop(vcpu);
  ir::HotLimits limits;
  {
    const std::lock_guard lock(mutex_);
    limits = tier2_->spots[identity].limits;
  }
  const ir::Fault fault = form_optimized(workshop, identity, limits);
  if (fault.kind == ir::FaultKind::None) {
    note_origin(workshop);
    note_guest_code(workshop);
  }
  {
    const std::lock_guard lock(mutex_);
    HotSpot& spot = tier2_->spots[identity];
    if (fault.kind != ir::FaultKind::None) {
      spot.state = HotSpot::State::Hopeless;
    } else if (changed_since(workshop.sequence, workshop.region.guest) || !pays(workshop.region, spot)) {
      spot.state = HotSpot::State::Counting;
    } else {
      auto job = std::make_unique<Tier2Job>();
      std::swap(job->region, workshop.region);
      job->guest = job->region.guest;
      std::swap(job->provenance, workshop.provenance);
      tier2_->queue.push_back(std::move(job));
      start_compiling_thread();
      tier2_->changed.notify_all();
    }
  }
  return_workshop(workshop);
}

void TranslatorEngine::start_compiling_thread() {
  if (tier2_->compiling_thread) return;
  const auto body = [](void* engine) -> void* {
    static_cast<TranslatorEngine*>(engine)->compile_in_background();
    return nullptr;
  };
  tier2_->compiling_thread = start_thread(&tier2_->thread, body, this);
  if (!tier2_->compiling_thread) tier2_->off = true;
}

void TranslatorEngine::compile_in_background() {
  pthread_setname_np(pthread_self(), "tier 2");
  if (nice(kNice) == -1) {
    // Then it competes.
  }
  std::unique_lock lock(mutex_);
  Tier2& tier2 = *tier2_;
  for (;;) {
    tier2.changed.wait(lock, [&] { return tier2.stopping || (!tier2.paused && !tier2.queue.empty()); });
    if (tier2.stopping) return;
    const auto colder = [&](const auto& a, const auto& b) {
      return tier2.spots[a->region.identity].weight < tier2.spots[b->region.identity].weight;
    };
    const auto hottest = std::max_element(tier2.queue.begin(), tier2.queue.end(), colder);
    tier2.compiling = std::move(*hottest);
    tier2.queue.erase(hottest);
    if (!tier2.compiling->stale) {
      lock.unlock();
      compile_job(*tier2.compiling);
      lock.lock();
      statistics_.background_nanoseconds = thread_nanoseconds();
    }
    tier2.compiling.reset();
    tier2.changed.notify_all();
  }
}

void TranslatorEngine::compile_job(Tier2Job& job) {
  const ir::Identity identity = job.region.identity;
  if (tier2_->workshop == nullptr) {
    std::unique_ptr<Compiler> compiler = options_.tier2->make();
    if (compiler == nullptr) {
      const std::lock_guard lock(mutex_);
      tier2_->off = true;
      tier2_->queue.clear();
      return;
    }
    tier2_->workshop = std::make_unique<Workshop>(frontend_, memory_, sites_, std::move(compiler));
  }
  Workshop& workshop = *tier2_->workshop;
  workshop.job = &job;
  workshop.began = monotonic_nanoseconds();
  std::swap(workshop.region, job.region);
  std::swap(workshop.provenance, job.provenance);
  const unsigned instructions = workshop.region.guest_instructions;
  const bool compiled = compile(workshop, Gear::Optimized);
  const Translation* const made = compiled ? publish(nullptr, workshop, Gear::Optimized, true) : nullptr;
  if (made != nullptr) keep_for_next_run(workshop, Gear::Optimized);
  if (made == nullptr && options_.observer != nullptr) {
    options_.observer->ended(workshop.region, Gear::Optimized,
                             compiled ? Observer::Fate::Outdated : Observer::Fate::Refused, workshop.began, 0);
  }

  const std::lock_guard lock(mutex_);
  HotSpot& spot = tier2_->spots[identity];
  if (made != nullptr) {
    spot.state = HotSpot::State::Compiled;
    ++spot.times_compiled;
  } else if (compiled) {
    ++statistics_.outdated;
    spot.state = HotSpot::State::Counting;
    spot.weight = 0;
  } else {
    // The next sample forms a smaller one.
    ++statistics_.failed;
    reduce(spot.limits, instructions);
    spot.state = spot.limits.instructions < kFewest ? HotSpot::State::Hopeless : HotSpot::State::Counting;
  }
}

bool TranslatorEngine::take_foreground_compiler(Workshop& workshop) {
  if (workshop.optimizing != nullptr) return true;
  const std::lock_guard lock(mutex_);
  if (tier2_->off) return false;
  if (tier2_->foreground == nullptr) tier2_->foreground = options_.tier2->make();
  tier2_->off = tier2_->foreground == nullptr;
  if (!tier2_->off) workshop.optimizing = tier2_->foreground->clone();
  return !tier2_->off;
}

// False: the region goes to the gear below.
bool TranslatorEngine::promote_in_foreground(Vcpu& vcpu, Workshop& workshop, const ir::Identity& identity,
                                             Translation** result) {
  if (!options_.tier2_foreground || !take_foreground_compiler(workshop)) return false;
  ir::HotLimits limits = options_.tier2_limits;
  while (limits.instructions >= kFewest) {
    if (form_optimized(workshop, identity, limits).kind != ir::FaultKind::None) return true;
    const unsigned instructions = workshop.region.guest_instructions;
    if (!compile(workshop, Gear::Optimized)) {
      reduce(limits, instructions);
      continue;
    }
    note_origin(workshop);
    note_guest_code(workshop);
    *result = publish(&vcpu, workshop, Gear::Optimized, true);
    if (*result != nullptr) keep_for_next_run(workshop, Gear::Optimized);
    return true;
  }
  return false;
}

void TranslatorEngine::pause_tier2() {
  tier2_->paused = true;
  tier2_->changed.wait_for(mutex_, kForkWaits, [&] { return tier2_->compiling == nullptr; });
}

void TranslatorEngine::resume_tier2() {
  tier2_->paused = false;
  tier2_->changed.notify_all();
}

// In the child there are no threads but its own, and nobody knows what state those left behind: it takes over what
// belongs to nobody. Both threads start anew when something turns hot.
void TranslatorEngine::restart_tier2() {
  Tier2* const parents = tier2_.release();
  tier2_ = std::make_unique<Tier2>();
  tier2_->off = parents->off || parents->compiling != nullptr;
  if (!tier2_->off) {
    tier2_->workshop = std::move(parents->workshop);
    tier2_->foreground = std::move(parents->foreground);
  }
  tier2_->spots = std::move(parents->spots);
  for (auto& [identity, spot] : tier2_->spots) {
    if (spot.state == HotSpot::State::Queued) spot.state = HotSpot::State::Counting;
  }
}

void TranslatorEngine::stop_tier2() {
  if (tier2_->sampler != nullptr) {
    const std::lock_guard lock(tier2_->sampler->mutex);
    tier2_->sampler->engine = nullptr;
  }
  {
    const std::lock_guard lock(mutex_);
    tier2_->stopping = true;
    tier2_->changed.notify_all();
  }
  if (tier2_->compiling_thread) pthread_join(tier2_->thread, nullptr);
}

}  // namespace menura::runtime
