// The command line of `menura run`: QEMU's spellings are understood, too.
#pragma once

#include <string>
#include <vector>

#include "ir/core/result.h"

namespace menura::cli {

enum class EngineName : uint8_t { X64, Interp };

// --tier: the best that code may get.
enum class Tier : uint8_t {
  Traces,  // 0: straight pieces only
  Hot,     // 1: what runs often is compiled again, better
  AtOnce,  // 2: and by the optimizing compiler instead, before the program goes on
  Auto,    // as 1, and the optimizing compiler works in the background
};

// What runs guest code, of programs and machines alike.
struct EngineChoice {
  EngineName engine = EngineName::X64;
  Tier tier = Tier::Auto;
  int tier2_threshold = 0;  // --tier2-threshold; 0: the engine's own
  bool statistics = false;
  bool count_instructions = false;  // those that are executed, for the statistics
  bool cache = true;                // compiled code of earlier runs is used, and kept for later ones
  std::string cache_folder;         // where; empty: nowhere
  bool dump_guest = false;          // -d in_asm
  bool dump_ir = false;             // -d ir
  bool dump_host = false;           // -d out_asm
  std::string dump_file;            // -D; empty: standard error
  std::string profile;              // --profile: the file; empty: none
  bool perf = false;                // --perf
  std::string trace;                // --trace, --trace-append: the file; empty: none
  bool append_trace = false;        // --trace-append
  std::string cpu;                  // --cpu; empty: the default

  // --engine and --tier, as their values are spelled; the error says what is expected.
  Result<void> choose_engine(const std::string& name);
  Result<void> choose_tier(const std::string& name);
};

struct RunOptions : EngineChoice {
  bool strace = false;
  std::string sysroot;       // -L; empty: found by itself
  std::string sysroot_name;  // --sysroot: a guest's name or a folder (cli/program.h)
  std::string argv0;         // -0
  bool has_argv0 = false;
  std::vector<std::string> set_variables;    // -E, in order
  std::vector<std::string> unset_variables;  // -U
  std::string gdb;                           // -g: where gdb is waited for; empty: nowhere
  bool help = false;

  std::string program;
  std::string program_name;            // argv[0], if it is not `program`: what the user called it
  std::vector<std::string> arguments;  // behind the program

  // The options that another `menura run` needs to run a program in the same way, and in the same place for dumps; a
  // program of another guest has another CPU and other libraries.
  std::vector<std::string> for_children(bool same_guest) const;
};

// `arguments`: behind `run`. Options stop at the program's path. Environment: QEMU_LD_PREFIX, QEMU_CPU, QEMU_STRACE,
// where the command line says nothing.
Result<RunOptions> parse_run_options(const std::vector<std::string>& arguments);

// What --help prints.
std::string run_help();

}  // namespace menura::cli
