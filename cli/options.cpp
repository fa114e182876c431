#include "cli/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace menura::cli {
namespace {

namespace po = boost::program_options;

constexpr int kStyle = po::command_line_style::allow_short | po::command_line_style::allow_long |
                       po::command_line_style::allow_long_disguise | po::command_line_style::allow_dash_for_short |
                       po::command_line_style::short_allow_next | po::command_line_style::short_allow_adjacent |
                       po::command_line_style::long_allow_next | po::command_line_style::long_allow_adjacent;

// By Tier.
constexpr const char* kTiers[] = {"0", "1", "2", "auto"};

po::options_description description() {
  po::options_description options("Options of `menura run [options] program [arguments]`", 100, 60);
  auto add = options.add_options();
  add(",L", po::value<std::string>(), "<dir> sysroot: where the guest's libraries are (default: /usr/<triplet>)");
  add("sysroot", po::value<std::string>(),
      "<guest> the sysroot that `menura sysroot <guest>` made, for the libraries and the program, as in --sysroot "
      "arm64 python3");
  add("cpu", po::value<std::string>(), "<name{,+ext,-ext}> the guest's CPU, as in rv64,+zbb,-c (default: max)");
  add("engine", po::value<std::string>(), "<x64|interp> what runs guest code (default: x64)");
  add("tier", po::value<std::string>(),
      "<interp|0|1|2|auto> interp: as --engine interp; 0: straight traces only; 1: hot code is compiled again, "
      "better; 2: by the optimizing compiler, and the program waits for it; auto: as 1, and the optimizing compiler "
      "works in "
      "the background (default)");
  add("tier2-threshold", po::value<int>(),
      "<n> with --tier auto: for how many ms a place must have run before the optimizing compiler gets it (default: 4, "
      "once code below it has run for 300, and never for less than compiling pays); with --tier 2: how often (default: "
      "16)");
  add("strace", "show system calls on standard error");
  add("stats", "show what the translator did, at the end");
  add("count-instructions", "with --stats: how many were executed; the code for it is made anew");
  add("profile", po::value<std::string>(),
      "<file> where time went, at the end: a page, or, if the name ends in .folded, stacks as text; implies "
      "--no-cache");
  add("perf", "write /tmp/perf-PID.map and /tmp/jit-PID.dump, with which perf knows compiled code; implies --no-cache");
  add("trace", po::value<std::string>(),
      "<file> a timeline of guest code, system calls, signals and translation, one track per thread, in Chrome's trace "
      "event format "
      "(ui.perfetto.dev and chrome://tracing show it); child processes are in it, too");
  add("trace-append", po::value<std::string>(), "<file> the same, behind what the file has already");
  add("no-cache", "neither use compiled code of earlier runs nor keep it");
  add("cache-folder", po::value<std::string>(),
      "<dir> where compiled code is kept (default: $MENURA_CACHE, else menura/code in the user's cache folder)");
  add(",E", po::value<std::vector<std::string>>(), "<NAME=value> set a variable of the guest's environment");
  add(",U", po::value<std::vector<std::string>>(), "<NAME> remove a variable from the guest's environment");
  add(",0", po::value<std::string>(), "<text> argv[0] of the program (default: its path)");
  add("gdb,g", po::value<std::string>(), "<port|path> wait for gdb there before the program starts");
  add(",d", po::value<std::string>(), "<in_asm,ir,out_asm> show guest code, IR, host code as it is translated");
  add(",D", po::value<std::string>(), "<file> where -d writes (default: standard error)");
  add("help", "this text");
  return options;
}

// How many of `arguments` are options: up to the first that is neither an option nor the value of one.
size_t count_options(const po::options_description& options, const std::vector<std::string>& arguments) {
  size_t at = 0;
  while (at < arguments.size()) {
    const std::string_view text = arguments[at];
    if (text.size() < 2 || text[0] != '-') break;
    if (text == "--") break;
    ++at;
    if (text.find('=') != std::string_view::npos) continue;
    // "-E" and "--cpu" take the next word, "-Evalue" has its value.
    std::string name(text.substr(text[1] == '-' ? 2 : 1));
    if (text[1] != '-' && name.size() == 1) name = "-" + name;
    const po::option_description* const option = options.find_nothrow(name, false);
    if (option != nullptr && option->semantic()->max_tokens() > 0) ++at;
  }
  return std::min(at, arguments.size());
}

const char* environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && value[0] != '\0' ? value : nullptr;
}

Error usage(const std::string& what) { return Error{what + "; `menura run --help` lists the options"}; }

template <typename T>
bool take(const po::variables_map& values, const char* name, T* to) {
  if (values.count(name) == 0) return false;
  *to = values[name].as<T>();
  return true;
}

Result<void> take_dumps(const std::string& items, RunOptions* options) {
  for (size_t at = 0; at <= items.size();) {
    const size_t end = std::min(items.find(',', at), items.size());
    const std::string item = items.substr(at, end - at);
    at = end + 1;
    if (item == "in_asm") {
      options->dump_guest = true;
    } else if (item == "ir") {
      options->dump_ir = true;
    } else if (item == "out_asm") {
      options->dump_host = true;
    } else if (item == "strace") {
      options->strace = true;
    } else {
      return usage("-d " + items + ": '" + item + "' is not known; expected in_asm, ir, out_asm or strace");
    }
  }
  return {};
}

Result<void> take_values(const po::variables_map& values, RunOptions* options) {
  options->help = values.count("help") != 0;
  options->strace = values.count("strace") != 0 || environment("QEMU_STRACE") != nullptr;
  options->statistics = values.count("stats") != 0;
  options->count_instructions = values.count("count-instructions") != 0;
  if (values.count("no-cache") != 0) options->cache = false;
  options->perf = values.count("perf") != 0;
  // Code is observed as it is made.
  if (take(values, "profile", &options->profile) || options->perf) options->cache = false;
  options->append_trace = take(values, "trace-append", &options->trace);
  if (take(values, "trace", &options->trace) && options->append_trace) {
    return usage("--trace and --trace-append say the same: give one of them");
  }
  take(values, "cache-folder", &options->cache_folder);
  if (!take(values, "-L", &options->sysroot) && environment("QEMU_LD_PREFIX") != nullptr) {
    options->sysroot = environment("QEMU_LD_PREFIX");
  }
  if (!take(values, "cpu", &options->cpu) && environment("QEMU_CPU") != nullptr) {
    options->cpu = environment("QEMU_CPU");
  }
  if (take(values, "sysroot", &options->sysroot_name) && values.count("-L") != 0) {
    return usage("-L and --sysroot say the same: give one of them");
  }
  options->has_argv0 = take(values, "-0", &options->argv0);
  take(values, "-E", &options->set_variables);
  take(values, "-U", &options->unset_variables);
  take(values, "-D", &options->dump_file);
  take(values, "gdb", &options->gdb);
  for (const std::string& variable : options->set_variables) {
    if (variable.find('=') == std::string::npos || variable[0] == '=') {
      return usage("-E " + variable + ": expected NAME=value");
    }
  }
  if (std::string engine; take(values, "engine", &engine)) {
    if (auto chosen = options->choose_engine(engine); !chosen) return usage(chosen.error().message);
  }
  if (std::string tier; take(values, "tier", &tier)) {
    if (auto chosen = options->choose_tier(tier); !chosen) return usage(chosen.error().message);
  }
  if (take(values, "tier2-threshold", &options->tier2_threshold) && options->tier2_threshold < 1) {
    return usage("--tier2-threshold " + std::to_string(options->tier2_threshold) + ": expected at least 1");
  }
  if (std::string items; take(values, "-d", &items)) return take_dumps(items, options);
  return {};
}

}  // namespace

Result<void> EngineChoice::choose_engine(const std::string& name) {
  if (name != "x64" && name != "interp") {
    return Error{"--engine " + name + ": expected x64 (translates) or interp (interprets, slowly)"};
  }
  engine = name == "interp" ? EngineName::Interp : EngineName::X64;
  return {};
}

Result<void> EngineChoice::choose_tier(const std::string& name) {
  if (name == "interp") {
    engine = EngineName::Interp;
    return {};
  }
  const auto* const known = std::find(std::begin(kTiers), std::end(kTiers), name);
  if (known == std::end(kTiers)) return Error{"--tier " + name + ": expected interp, 0, 1, 2 or auto"};
  tier = static_cast<Tier>(known - kTiers);
  return {};
}

Result<RunOptions> parse_run_options(const std::vector<std::string>& arguments) {
  RunOptions options;
  size_t used = 0;
  // Most command lines have no options at all and need no parser.
  if (arguments.empty() || arguments[0].empty() || arguments[0][0] != '-') {
    if (environment("QEMU_LD_PREFIX") != nullptr) options.sysroot = environment("QEMU_LD_PREFIX");
    if (environment("QEMU_CPU") != nullptr) options.cpu = environment("QEMU_CPU");
    options.strace = environment("QEMU_STRACE") != nullptr;
  } else {
    const po::options_description known = description();
    used = count_options(known, arguments);
    po::variables_map values;
    try {
      const std::vector<std::string> words(arguments.begin(), arguments.begin() + static_cast<ptrdiff_t>(used));
      po::store(po::command_line_parser(words).options(known).style(kStyle).positional({}).run(), values);
    } catch (const po::error& error) {
      return usage(error.what());
    }
    if (auto taken = take_values(values, &options); !taken) return taken.error();
  }
  if (used < arguments.size() && arguments[used] == "--") ++used;
  if (options.help) return options;
  if (used >= arguments.size()) return usage("no program given; expected `menura run [options] program [arguments]`");
  options.program = arguments[used];
  options.arguments.assign(arguments.begin() + static_cast<ptrdiff_t>(used) + 1, arguments.end());
  return options;
}

std::vector<std::string> RunOptions::for_children(bool same_guest) const {
  std::vector<std::string> list;
  const auto add = [&](std::initializer_list<std::string> words) { list.insert(list.end(), words); };
  if (same_guest && !sysroot.empty()) add({"-L", sysroot});
  if (!cpu.empty()) add({"--cpu", same_guest ? cpu : "max"});
  if (engine == EngineName::Interp) add({"--engine", "interp"});
  if (tier != RunOptions().tier) add({"--tier", kTiers[static_cast<size_t>(tier)]});
  if (tier2_threshold != 0) add({"--tier2-threshold", std::to_string(tier2_threshold)});
  if (strace) add({"--strace"});
  if (statistics) add({"--stats"});
  if (count_instructions) add({"--count-instructions"});
  if (!cache) {
    add({"--no-cache"});
  } else if (!cache_folder.empty()) {
    add({"--cache-folder", cache_folder});
  }
  if (!trace.empty()) add({"--trace-append", trace});
  std::string dumps;
  for (const auto& [on, name] : {std::pair{dump_guest, ",in_asm"}, {dump_ir, ",ir"}, {dump_host, ",out_asm"}}) {
    if (on) dumps += name;
  }
  if (!dumps.empty()) add({"-d", dumps.substr(1)});
  if (!dump_file.empty()) add({"-D", dump_file});
  return list;
}

std::string run_help() {
  std::ostringstream text;
  text << description();
  return text.str();
}

}  // namespace menura::cli
