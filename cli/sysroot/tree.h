// The folder of a sysroot: made beside, then put in place in one step, so that whatever happens there is the old one or
// the new one.
#pragma once

#include <filesystem>
#include <string>

#include "ir/core/result.h"

namespace menura::cli {

class SysrootTree {
 public:
  // Waits for other runs that change the same sysroot. `waiting` is called once if there are some. Removes what a run
  // that was killed left behind.
  static Result<SysrootTree> lock(const std::filesystem::path& home, const std::string& architecture,
                                  void (*waiting)());
  SysrootTree(const SysrootTree&) = delete;
  SysrootTree& operator=(const SysrootTree&) = delete;
  SysrootTree(SysrootTree&& other) noexcept;
  SysrootTree& operator=(SysrootTree&&) = delete;
  ~SysrootTree();

  const std::filesystem::path& place() const { return place_; }  // where programs look
  const std::filesystem::path& stage() const { return stage_; }  // where the next one is made

  // Makes the stage: empty, or with all that is in place, without using its space twice.
  Result<void> begin() const;
  // The stage becomes the sysroot.
  Result<void> commit() const;
  // The stage is given up.
  void abandon() const;
  // Removes the sysroot.
  Result<void> remove() const;

 private:
  SysrootTree(const std::filesystem::path& home, const std::string& architecture, int lock);

  std::filesystem::path place_;
  std::filesystem::path stage_;
  std::filesystem::path old_;
  int lock_;
};

}  // namespace menura::cli
