// virtio 1.2, 5.3.
#include <fcntl.h>
#include <unistd.h>

#include "host/listener.h"
#include "host/pty.h"
#include "host/socket_stream.h"
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

TEST(VirtioConsole, OnAPseudoTerminal) {
  auto pty = host::Pty::open();
  ASSERT_TRUE(pty) << pty.error().message;
  Attachment attachment;
  attachment.kind = &kVirtioConsole;
  attachment.stream = pty->get();
  Bench bench(kVirtioSlot, 1, &attachment);
  Driver driver(bench);
  const int other = ::open((*pty)->path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(other, 0);
  driver.request(kTransmit, {{driver.place("out\n"), 4, false}});
  char bytes[8] = {};
  EXPECT_EQ(::read(other, bytes, sizeof bytes), 4);
  EXPECT_STREQ(bytes, "out\n");
  EXPECT_EQ(::write(other, "in\r\x03", 4), 4);
  std::string received;
  while (received.size() < 4) {
    const uint64_t at = driver.allocate(4);
    const Used used = driver.request(kReceive, {{at, 4, true}});
    ASSERT_NE(used.written, 0U);
    received += driver.bytes_at(at, used.written);
  }
  EXPECT_EQ(received, "in\r\x03");
  ::close(other);
}

TEST(VirtioConsole, OnASocket) {
  const std::string path = "/tmp/menura-console-" + std::to_string(::getpid());
  const std::string place = "unix:" + path + ",server=on,wait=off";
  auto socket = host::SocketStream::open(place);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_FALSE(host::SocketStream::open(place)) << "somebody listens there";
  Attachment attachment = {.kind = &kVirtioConsole, .stream = socket->get()};
  Bench bench(kVirtioSlot, 1, &attachment);
  Driver driver(bench);
  // What is sent while nobody is there is for the first who comes; after it comes the next.
  driver.request(kTransmit, {{driver.place("early "), 6, false}});
  for (const char* const sent : {"late", "last"}) {
    const host::Descriptor client = host::connect_to_path(path);
    ASSERT_TRUE(client);
    driver.request(kTransmit, {{driver.place(sent), 4, false}});
    std::string heard;
    EXPECT_TRUE(Driver::until([&] {
      char bytes[16];
      const ssize_t got = ::read(client.get(), bytes, sizeof bytes);
      if (got > 0) heard.append(bytes, static_cast<std::size_t>(got));
      return heard.ends_with(sent);
    }));
    EXPECT_EQ(heard, (sent == std::string("late") ? "early " : "") + std::string(sent));
    EXPECT_EQ(::write(client.get(), "typed", 5), 5);
    const uint64_t at = driver.allocate(16);
    EXPECT_EQ(driver.request(kReceive, {{at, 16, true}}).written, 5U);
    EXPECT_EQ(driver.bytes_at(at, 5), "typed");
  }
  for (const char* const bad : {"unix:", "tcp::", "tcp::0", "tcp::99999", "unix:/no/such/folder/socket"}) {
    EXPECT_FALSE(host::SocketStream::open(bad)) << bad;
  }
}

}  // namespace
}  // namespace menura::boards::testing
