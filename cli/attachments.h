// What is plugged into a machine (attachment_options.h), with the files, networks and streams behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "boards/devices/device.h"
#include "cli/attachment_options.h"
#include "host/char_stream.h"
#include "host/disk_file.h"
#include "host/net_link.h"
#include "host/shared_folder.h"
#include "host/terminal.h"
#include "host/unix_ports.h"

namespace menura::cli {

class Attachments {
 public:
  // Errors: an option that makes no sense, a file that cannot be used, a port that is taken.
  static Result<Attachments> open(const BootOptions& options, const host::TerminalKeys& keys);

  // Good as long as this is.
  const std::vector<boards::Attachment>& list() const { return list_; }
  // Of the board's banks of flash, by their numbers; nullptr: none.
  const std::vector<host::DiskFile*>& flashes() const { return flashes_; }

 private:
  Result<void> add(const DriveOption& option);
  Result<void> add(const FlashOption& option);
  Result<void> add(const NetOption& option);
  Result<void> add(const ShareOption& option);
  Result<void> add(const VsockOption& option);
  Result<void> add(const BalloonOption& option);
  Result<void> add(const RngOption& option);
  Result<void> add(const ConsoleOption& option);

  host::TerminalKeys keys_;

  std::vector<std::unique_ptr<host::DiskFile>> disks_;
  std::vector<std::unique_ptr<host::NetLink>> links_;
  std::vector<std::unique_ptr<host::SharedFolder>> folders_;
  std::vector<std::unique_ptr<host::UnixPorts>> ports_;
  std::vector<std::unique_ptr<host::CharStream>> streams_;
  std::vector<boards::Attachment> list_;
  std::vector<host::DiskFile*> flashes_;
};

// What a serial port or console is joined to; nullptr: to nothing.
Result<std::unique_ptr<host::CharStream>> make_stream(const std::string& text, const host::TerminalKeys& keys);

}  // namespace menura::cli
