// Any bytes as what a debugger sends: packets are taken apart, and a session answers them. What it says can be framed
// and is no longer than has been announced.
#include <cstdint>
#include <cstdlib>

#include "cli/gdb/packet.h"
#include "cli/gdb/session.h"
#include "tests/gdb/fake_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace menura::cli::gdb;
  FakeTarget target;
  Session session(target, [](std::string payload) {
    if (payload.size() > kLongestPayload || frame(payload).size() < payload.size() + 4) std::abort();
  });
  PacketReader framed;
  std::string bare;
  for (size_t i = 0; i < size && !session.over(); ++i) {
    const char byte = static_cast<char>(data[i]);
    switch (framed.take(byte)) {
      case PacketReader::Event::Packet:
        session.take(framed.payload());
        break;
      case PacketReader::Event::Interrupt:
        session.interrupt();
        break;
      default:
        break;
    }
    // Without checksums, which inputs hardly ever guess: lines are packets, too.
    if (byte == '\n') {
      session.take(bare);
      bare.clear();
    } else {
      bare += byte;
    }
  }
  return 0;
}
