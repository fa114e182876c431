#include "cli/engines.h"

#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>

#include "backends/llvm/loader.h"
#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/store/code_store.h"
#include "backends/runtime/store/fingerprint.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "cli/cache.h"
#include "cli/dumps.h"
#include "cli/observers.h"
#include "cli/profile/perf_files.h"
#include "cli/profile/profile.h"
#include "cli/timeline/recorder.h"
#include "cli/timeline/timeline_engine.h"
#include "cli/timeline/translations.h"

namespace menura::cli {
namespace {

// The LLVM compiler, loaded when it is asked for.
class LlvmSource : public runtime::CompilerSource {
 public:
  explicit LlvmSource(const ir::Frontend& frontend) : frontend_(frontend) {}
  std::unique_ptr<runtime::Compiler> make() override {
    auto compiler = llvmjit::load_compiler(llvmjit::find_module(), frontend_.layout(), frontend_.helpers());
    if (compiler) return std::move(*compiler);
    std::fprintf(stderr, "menura: %s; hot code stays as tier 1 made it\n", compiler.error().message.c_str());
    return nullptr;
  }

 private:
  const ir::Frontend& frontend_;
};

// Lives as long as the process: the engine, and what it refers to.
struct Translator {
  runtime::TranslatorEngine* engine = nullptr;  // its owner's; good until the process or the machine ends
  std::unique_ptr<runtime::CompilerSource> tier2;
  std::unique_ptr<runtime::Compiler> compiler;
  std::unique_ptr<runtime::CodeStore> store;
  std::unique_ptr<Dumps> dumps;
  std::unique_ptr<Profile> profile;
  std::unique_ptr<PerfFiles> perf;
  std::unique_ptr<Translations> translations;
  Observers observers;
};

// Milliseconds of samples.
constexpr uint32_t kMachineWarmUp = 1000;

// --tier 2: executions of a trace before it is compiled anew, by default. More than the few that tell which ways are
// taken at all.
constexpr int32_t kAtOnce = 16;

Translator* made = nullptr;  // by make_engine(); none for the interpreter

// Null: this program has no build id that would tell its code from another build's.
std::unique_ptr<runtime::CodeStore> make_store(const EngineChoice& options, const EngineGuest& guest,
                                               const ir::Frontend& frontend, const x64::HostFeatures& features,
                                               const runtime::EngineOptions& engine_options) {
  const std::span<const uint8_t> build = runtime::own_build_id();
  if (build.empty()) return nullptr;
  runtime::Fingerprint fingerprint;
  fingerprint.add(std::string_view(reinterpret_cast<const char*>(build.data()), build.size()));
  fingerprint.add(guest.name);
  fingerprint.add(options.cpu);
  fingerprint.add(features);
  fingerprint.add_host();
  fingerprint.add(frontend);
  fingerprint.add(engine_options);
  if (engine_options.tier2 != nullptr) {
    // Loaded when it is needed, so its build id is not known yet.
    struct stat module = {};
    if (::stat(llvmjit::find_module().c_str(), &module) == 0) {
      fingerprint.add(module.st_size);
      fingerprint.add(module.st_mtim.tv_sec);
      fingerprint.add(module.st_mtim.tv_nsec);
    }
  }
  return std::make_unique<runtime::CodeStore>(
      runtime::StoreOptions{options.cache_folder, fingerprint.value(), code_folder_limit()});
}

}  // namespace

Result<Recorder*> make_recorder(const EngineChoice& options, const std::string& process) {
  if (options.trace.empty()) return static_cast<Recorder*>(nullptr);
  return Recorder::open(options.trace, options.append_trace, process);
}

Result<std::unique_ptr<vcpu::Engine>> make_engine(const EngineChoice& options, const EngineGuest& guest,
                                                  const ir::Frontend& frontend, ir::MemoryPort& memory,
                                                  Recorder* recorder) {
  const auto with_recorder = [recorder](std::unique_ptr<vcpu::Engine> engine) {
    return recorder == nullptr ? std::move(engine) : std::make_unique<TimelineEngine>(std::move(engine), *recorder);
  };
  if (options.engine == EngineName::Interp) {
    return with_recorder(std::make_unique<runtime::InterpreterEngine>(
        frontend, memory, ir::Interpreter::Options{.machine = guest.machine}));
  }
  made = new Translator;
  Translator& translator = *made;
  const x64::HostFeatures features = x64::HostFeatures::detect();
  translator.compiler = x64::make_compiler(frontend.layout(), frontend.helpers(), features);
  runtime::EngineOptions engine_options;
  engine_options.profile = options.count_instructions;
  engine_options.machine = guest.machine;
  // A kernel has booted by then.
  if (guest.machine) engine_options.tier2_warm_up = kMachineWarmUp;
  if (options.tier == Tier::AtOnce || options.tier == Tier::Auto) {
    translator.tier2 = std::make_unique<LlvmSource>(frontend);
    engine_options.tier2 = translator.tier2.get();
  }
  if (options.tier == Tier::Traces) engine_options.hot_threshold = 0;
  if (options.tier == Tier::AtOnce) {
    engine_options.hot_threshold = kAtOnce;
    engine_options.tier2_foreground = true;
    if (options.tier2_threshold != 0) engine_options.hot_threshold = options.tier2_threshold;
  } else if (options.tier2_threshold != 0) {
    engine_options.tier2_threshold = static_cast<uint32_t>(options.tier2_threshold);
    engine_options.tier2_warm_up = 0;
    engine_options.tier2_payback = 0;
  }
  if (options.dump_guest || options.dump_ir || options.dump_host) {
    Result<std::unique_ptr<Dumps>> dumps = Dumps::open(options, guest, frontend);
    if (!dumps) return dumps.error();
    translator.dumps = std::move(*dumps);
    translator.observers.add(translator.dumps.get());
  }
  if (!options.profile.empty()) {
    Result<std::unique_ptr<Profile>> profile = Profile::open(options.profile, guest, frontend);
    if (!profile) return profile.error();
    translator.profile = std::move(*profile);
    translator.observers.add(translator.profile.get());
    engine_options.sample_always = true;
  }
  if (options.perf) {
    Result<std::unique_ptr<PerfFiles>> perf = PerfFiles::open();
    if (!perf) return perf.error();
    translator.perf = std::move(*perf);
    translator.observers.add(translator.perf.get());
  }
  if (recorder != nullptr) {
    translator.translations = std::make_unique<Translations>(*recorder);
    translator.observers.add(translator.translations.get());
  }
  if (translator.observers.any()) engine_options.observer = &translator.observers;
  if (options.cache) {
    translator.store = make_store(options, guest, frontend, features, engine_options);
    engine_options.store = translator.store.get();
  }
  auto engine = std::make_unique<runtime::TranslatorEngine>(frontend, memory, *translator.compiler, engine_options);
  if (auto started = engine->start(); !started) return started.error();
  translator.engine = engine.get();
  return with_recorder(std::move(engine));
}

void keep_compiled_code() {
  if (made != nullptr && made->store != nullptr) made->store->flush();
}

void write_profile(const std::string& program) {
  if (made == nullptr || made->profile == nullptr) return;
  if (auto written = made->profile->write(program); !written) {
    std::fprintf(stderr, "menura: %s\n", written.error().message.c_str());
  }
}

void print_statistics() {
  if (made == nullptr || made->engine == nullptr) return;
  const runtime::Statistics statistics = made->engine->statistics();
  for (const auto& [name, gear] : {std::pair{"traces", statistics.first}, std::pair{"hot", statistics.hot},
                                   std::pair{"tier 2", statistics.optimized}}) {
    std::fprintf(stderr, "%-8s %8" PRIu64 " regions, %" PRIu64 " guest instructions, %" PRIu64 " host bytes, %.3f ms\n",
                 name, gear.regions, gear.guest_instructions, gear.host_bytes,
                 static_cast<double>(gear.nanoseconds) / 1e6);
  }
  std::fprintf(stderr, "recalled %8" PRIu64 " regions, %" PRIu64 " guest instructions, %" PRIu64 " host bytes\n",
               statistics.recalled.regions, statistics.recalled.guest_instructions, statistics.recalled.host_bytes);
  const auto [traces, hot, optimized] = statistics.samples;
  if (const uint64_t all = traces + hot + optimized; all != 0) {
    const auto share = [all](uint64_t part) { return 100 * static_cast<double>(part) / static_cast<double>(all); };
    std::fprintf(stderr, "time     %8" PRIu64 " ms sampled: traces %.1f %%, hot %.1f %%, tier 2 %.1f %%\n", all,
                 share(traces), share(hot), share(optimized));
    std::fprintf(stderr,
                 "compiler %8.1f ms of CPU time in the background, %" PRIu64 " regions refused, %" PRIu64 " outdated\n",
                 static_cast<double>(statistics.background_nanoseconds) / 1e6, statistics.failed, statistics.outdated);
  }
  std::fprintf(stderr, "links    %8" PRIu64 " resolved, %" PRIu64 " indirect misses\n", statistics.resolves,
               statistics.indirect_misses);
  std::fprintf(stderr,
               "cache    %8" PRIu64 " bytes, %" PRIu64 " translations invalidated, %" PRIu64 " chunks evicted\n",
               statistics.cache_bytes, statistics.invalidated, statistics.evicted_chunks);
  if (made->store != nullptr) {
    const runtime::StoreStatistics store = made->store->statistics();
    std::fprintf(stderr,
                 "store    %8" PRIu64 " segments read, %" PRIu64 " new regions kept, %" PRIu64 " bytes written\n",
                 store.segments, store.kept, store.written);
  }
  for (size_t kind = 0; kind < ir::kExitKindNames.size(); ++kind) {
    if (statistics.exits[kind] == 0) continue;
    std::fprintf(stderr, "exits    %8" PRIu64 " %s\n", statistics.exits[kind], ir::kExitKindNames[kind].data());
  }
  if (statistics.executed_guest != 0) {
    std::fprintf(stderr, "executed %8" PRIu64 " guest instructions, %" PRIu64 " host instructions, %.3f per guest\n",
                 statistics.executed_guest, statistics.executed_host,
                 static_cast<double>(statistics.executed_host) / static_cast<double>(statistics.executed_guest));
  }
}

}  // namespace menura::cli
