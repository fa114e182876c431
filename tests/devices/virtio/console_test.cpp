// virtio 1.2, 5.3.
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

constexpr unsigned kReceive = 0, kTransmit = 1;

struct ConsoleBench {
  FakeStream line;
  Attachment attachment = {.kind = &kVirtioConsole, .stream = &line};
  Bench bench{kVirtioSlot, 1, &attachment};
  Driver driver{bench};
};

TEST(VirtioConsole, Sends) {
  ConsoleBench t;
  EXPECT_EQ(t.driver.read(kDeviceId), 3U);
  const uint64_t at = t.driver.place("hello, world");
  EXPECT_EQ(t.driver.request(kTransmit, {{at, 5, false}, {at + 5, 7, false}}).written, 0U);
  EXPECT_EQ(t.line.sent, "hello, world");
}

TEST(VirtioConsole, ReceivesWhatThereIsRoomFor) {
  ConsoleBench t;
  t.line.type("abcdefgh");
  EXPECT_EQ(t.line.waiting, "abcdefgh");
  const uint64_t at = t.driver.allocate(16);
  EXPECT_EQ(t.driver.request(kReceive, {{at, 3, true}}).written, 3U);
  EXPECT_EQ(t.driver.request(kReceive, {{at + 3, 13, true}}).written, 5U);
  EXPECT_EQ(t.driver.bytes_at(at, 8), "abcdefgh");
  EXPECT_EQ(t.line.waiting, "");
}

TEST(VirtioConsole, EmergencyWrite) {
  ConsoleBench t;
  t.bench.write(kConfig + 8, 4, '!');
  EXPECT_EQ(t.line.sent, "!");
}

}  // namespace
}  // namespace menura::boards::testing
