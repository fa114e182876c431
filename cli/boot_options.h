// The command line of `menura boot`: our own options and QEMU's spellings of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "boards/machine.h"
#include "cli/options.h"
#include "ir/core/result.h"

namespace menura::cli {

// "user,id=n0,hostfwd=..." as QEMU writes it: the first part may lack a name, which is then empty; two commas are one
// within a value.
class KeyValues {
 public:
  static KeyValues parse(const std::string& text);

  const std::string& text() const { return text_; }
  // The value of the part without a name; "" if there is none.
  std::string first() const;
  // nullptr: not there. Of several, the last.
  const std::string* get(const std::string& key) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return parts_; }

 private:
  std::string text_;
  std::vector<std::pair<std::string, std::string>> parts_;
};

struct BootOptions : EngineChoice {
  boards::BootFiles files;
  std::string board;                                            // --board, -M; empty: chosen by the kernel
  std::string dump_tree;                                        // --board NAME,dumpdtb=FILE: nothing but that
  std::vector<std::pair<std::string, std::string>> properties;  // --board NAME,property=value: the board's own
  unsigned cpus = 1;                                            // --smp
  uint64_t memory = 0;                                          // --memory, bytes; 0: the board's
  std::vector<KeyValues> drives;                                // --drive
  std::vector<KeyValues> nets;                                  // --net, -netdev, -nic
  std::vector<KeyValues> shares;                                // --share, -virtfs
  std::vector<KeyValues> folders;                               // -fsdev
  std::vector<KeyValues> objects;                               // -object
  std::vector<KeyValues> vsocks;                                // --vsock
  std::vector<KeyValues> devices;                               // -device
  std::vector<std::string> serial;                              // --serial, in order; at least one
  std::map<std::string, std::string> chardevs;                  // -chardev: by their ids, as --serial says them
  bool monitor = false;                                         // -monitor stdio: commands on the terminal
  bool background = false;                                      // -daemonize
  std::string pid_file;                                         // -pidfile; empty: none
  std::string gdb;                                              // --gdb: a port; empty: none
  bool freeze = false;                                          // --freeze: nothing runs until gdb says so
  bool no_reboot = false;                                       // --no-reboot
  bool log_interrupts = false;                                  // -d int
  bool log_mmu = false;                                         // -d mmu
  bool log_guest_errors = false;                                // -d guest_errors
  bool log_unimplemented = false;                               // -d unimp
  bool help = false;

  bool has_property(std::string_view name) const {
    for (const auto& [key, value] : properties) {
      if (key == name) return true;
    }
    return false;
  }
};

Result<BootOptions> parse_boot_options(const std::vector<std::string>& arguments);

// What --help prints.
std::string boot_help();

// "512", "512M", "2G": mebibytes where no unit is given.
Result<uint64_t> parse_memory(const std::string& text);

}  // namespace menura::cli
