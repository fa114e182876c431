// vFile: gdb reads the guest's files, its program and libraries, through us (gdb's manual, E.7). Reading only.
#pragma once

#include <map>
#include <string>

#include "cli/gdb/hex.h"
#include "vcpu/debug_target.h"

namespace menura::cli::gdb {

class Files {
 public:
  explicit Files(vcpu::DebugTarget& target) : target_(target) {}
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  // To what follows "vFile:".
  std::string answer(Fields& rest);

 private:
  std::string open(Fields& rest);
  std::string close(Fields& rest);
  std::string pread(Fields& rest);
  std::string fstat(Fields& rest);

  vcpu::DebugTarget& target_;
  std::map<uint64_t, int> open_;  // gdb's numbers: descriptors
  uint64_t next_ = 1;
};

}  // namespace menura::cli::gdb
