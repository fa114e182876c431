// `menura boot -daemonize -pidfile FILE`: a machine that goes on in the background, and where its process is found.
#pragma once

#include <string>

#include "host/descriptor.h"
#include "ir/core/result.h"

namespace menura::cli {

// The caller waits until the machine runs, and ends with its status where that fails.
class Background {
 public:
  // Returns in the new process; the old one ends here. Before there are threads.
  Result<void> begin();
  // Lets the old one end, and leaves the terminal. Nothing where there was no begin().
  void ready();

 private:
  host::Descriptor waits_;  // the old process, for a byte
};

// The number of this process in a file, as long as this is.
class PidFile {
 public:
  PidFile() = default;
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  // Error: it cannot be written, or another process that runs has it.
  Result<void> write(const std::string& path);

 private:
  std::string path_;
  host::Descriptor file_;  // locked
};

}  // namespace menura::cli
