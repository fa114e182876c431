// What the user plugs into a machine (--drive, --net, --share, --device), with the files and streams behind it.
#pragma once

#include <memory>
#include <vector>

#include "boards/machine.h"
#include "cli/boot_options.h"
#include "host/char_stream.h"
#include "host/disk_file.h"

namespace menura::cli {

class Attachments {
 public:
  // In the order of the command line, drives first. Errors: an option that makes no sense, a file that cannot be used.
  static Result<Attachments> open(const BootOptions& options);

  // Good as long as this is.
  const std::vector<boards::Attachment>& list() const { return list_; }

 private:
  Result<void> add_drive(const KeyValues& drive, const KeyValues* device);
  Result<void> add_device(const BootOptions& options, const KeyValues& device);

  std::vector<std::unique_ptr<host::DiskFile>> disks_;
  std::vector<std::unique_ptr<host::CharStream>> streams_;
  std::vector<boards::Attachment> list_;
};

// What a serial port or console is joined to; nullptr: to nothing. `quit`: what Ctrl-A x does.
Result<std::unique_ptr<host::CharStream>> make_stream(const std::string& text, std::function<void()> quit);

}  // namespace menura::cli
