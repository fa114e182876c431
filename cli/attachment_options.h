// The devices that `menura boot` is asked to plug in: --drive, --net, --share, --vsock and
// -device, in our spelling and QEMU's.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/boot_options.h"
#include "host/slirp.h"
#include "ir/core/result.h"

namespace menura::cli {

struct DriveOption {
  std::string file;
  std::string serial;
  bool read_only = false;
  bool sure_raw = false;       // format=raw
  bool write_through = false;  // cache=writethrough
};

// if=pflash: a bank of the board's flash.
struct FlashOption {
  std::string file;
  bool read_only = false;
  std::size_t unit = 0;
};

struct NetOption {
  bool tap = false;
  std::string interface;  // of a tap
  host::SlirpOptions user;
  std::optional<std::array<uint8_t, 6>> mac;
};

struct ShareOption {
  std::string folder;
  std::string tag;
  bool read_only = false;
};

struct VsockOption {
  uint32_t cid = 3;
  std::string socket;
};

struct BalloonOption {};

struct RngOption {};

struct ConsoleOption {
  std::string stream;  // as --serial says it
};

using AttachmentOption = std::variant<DriveOption, FlashOption, NetOption, ShareOption, VsockOption, BalloonOption,
                                      RngOption, ConsoleOption>;

// Looks at the options alone, at nothing of the host. In the order in which devices are plugged in.
Result<std::vector<AttachmentOption>> parse_attachments(const BootOptions& options);

// "tcp::2222-:22", "udp:127.0.0.1:53-10.0.2.15:53"
Result<host::PortForward> parse_port_forward(const std::string& text);

}  // namespace menura::cli
