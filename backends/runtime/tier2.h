// What the engine keeps for its third gear: where samples fell, which regions wait to be compiled, and who does it.
// All of it belongs to the engine's lock, where nothing else is said.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/seen_calls.h"
#include "ir/api/former.h"
#include "ir/core/region.h"

namespace menura::runtime {

class TranslatorEngine;
struct Workshop;

// What the store is to know of a region that is being compiled.
struct Provenance {
  ir::CodeOrigin origin;       // of its first instruction
  std::vector<uint8_t> bytes;  // the guest code in all of its ranges, one after the other
  bool found_wrong = false;    // what is stored for it is no good
};

struct IdentityHash {
  std::size_t operator()(const ir::Identity& identity) const {
    return ((identity.pc ^ identity.mode) * 0x9e3779b97f4a7c15U ^ identity.extra * 0xff51afd7ed558ccdU ^
            identity.frame) >>
           16;
  }
};

// A guest address that samples have hit.
struct HotSpot {
  enum class State : uint8_t {
    Counting,
    Queued,    // formed; waits for the compiler, or is with it
    Compiled,  // has been published; its code may have gone since
    Hopeless,  // cannot be compiled, or changes too often
  };
  State state = State::Counting;
  uint8_t times_compiled = 0;
  uint32_t weight = 0;  // of its samples: milliseconds
  uint32_t wanted = 0;  // weight that its region's size wants, once that is known
  ir::HotLimits limits = {};
};

// A region on its way from the guest's thread to the compiler's.
struct Tier2Job {
  ir::Region region;
  std::vector<ir::GuestRange> guest;  // its ranges, for those who invalidate meanwhile
  bool stale = false;                 // they did
  Provenance provenance;
  uint64_t forming = 0;  // nanoseconds that it took
};

// Between the engine and its sampling thread, which may outlive it: asleep, it cannot be told.
struct SamplerLink {
  std::mutex mutex;  // taken before the engine's
  TranslatorEngine* engine = nullptr;
};

struct Tier2 {
  std::unordered_map<ir::Identity, HotSpot, IdentityHash> spots;
  SeenCalls calls;  // has a lock of its own
  std::vector<std::unique_ptr<Tier2Job>> queue;
  std::unique_ptr<Tier2Job> compiling;
  std::unique_ptr<Workshop> workshop;  // of the compiling thread: made once
  bool off = true;                     // not wanted, or no compiler for it

  std::unique_ptr<Compiler> foreground;  // whose clones compile in the foreground

  uint32_t improvable = 0;          // milliseconds of samples outside of optimized code
  uint32_t samples_since_news = 0;  // since a region was formed: how long the pauses between samples may be

  pthread_t thread = {};  // that compiles
  bool compiling_thread = false;
  bool paused = false;    // somebody forks
  bool stopping = false;  // the engine goes
  std::condition_variable_any changed;
  std::shared_ptr<SamplerLink> sampler;
};

// A thread of the engine's own, which takes no signals; false: there is none.
bool start_thread(pthread_t* thread, void* (*body)(void*), void* argument);

}  // namespace menura::runtime
