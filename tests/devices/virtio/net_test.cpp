// virtio 1.2, 5.1; the user network by what QEMU's manual says of its own (10.0.2.0/24).
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/slirp.h"
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint64_t kCsum = 1, kMtu = 1 << 3, kMac = 1 << 5, kMergeRxBuf = 1 << 15;

// Keeps what is sent; the test's thread is the link's.
class FakeLink final : public host::NetLink {
 public:
  void wake() override {}
  void send(std::span<const uint8_t> frame) override { sent.emplace_back(frame.begin(), frame.end()); }
  unsigned mtu() const override { return 9000; }
  using NetLink::transmit;
  bool arrive(const std::string& frame) {
    return receive({reinterpret_cast<const uint8_t*>(frame.data()), frame.size()});
  }
  std::vector<std::string> sent;
};

template <typename Link>
struct NetBench {
  explicit NetBench(Link& l, uint64_t features = kMergeRxBuf)
      : link(l),
        attachment{.kind = &kVirtioNet, .link = &l},
        bench(kVirtioSlot, 1, &attachment),
        driver(bench, features) {}
  void send(const std::string& frame, const std::string& header = std::string(12, '\0')) {
    driver.add(kTransmit,
               {{driver.place(header), 12, false}, {driver.place(frame), static_cast<uint32_t>(frame.size()), false}});
    driver.notify(kTransmit);
  }

  Link& link;
  Attachment attachment;
  Bench bench;
  Driver driver;
};

TEST(VirtioNet, TellsAddressAndMtu) {
  FakeLink link;
  NetBench t(link);
  EXPECT_EQ(t.driver.read(kDeviceId), 1U);
  EXPECT_EQ(t.driver.offered() & (kMtu | kMac), kMtu | kMac);
  std::string mac;
  for (unsigned i = 0; i < 6; ++i) mac += static_cast<char>(t.bench.read(kConfig + i, 1));
  EXPECT_EQ(mac, std::string("\x52\x54\x00\x12\x34\x56", 6));
  EXPECT_EQ(t.bench.read(kConfig + 10, 2), 9000U);
}

TEST(VirtioNet, Sends) {
  FakeLink link;
  NetBench t(link);
  t.send("frame one");
  t.send("frame two");
  link.transmit();
  EXPECT_EQ(link.sent, (std::vector<std::string>{"frame one", "frame two"}));
  t.driver.wait(kTransmit);
  t.driver.wait(kTransmit);
}

// The example of RFC 1071, section 3: the sum of these bytes is ddf2.
TEST(VirtioNet, CompletesChecksums) {
  FakeLink link;
  NetBench t(link, kCsum);
  std::string header(12, '\0');
  header[0] = 1;  // VIRTIO_NET_HDR_F_NEEDS_CSUM
  header[6] = 4;  // csum_start
  header[8] = 8;  // csum_offset
  t.send(std::string("head\x00\x01\xf2\x03\xf4\xf5\xf6\xf7\x00\x00", 14), header);
  header[8] = 9;  // beyond the frame
  t.send(std::string(14, 'x'), header);
  link.transmit();
  ASSERT_EQ(link.sent.size(), 1U);
  EXPECT_EQ(link.sent[0], std::string("head\x00\x01\xf2\x03\xf4\xf5\xf6\xf7\x22\x0d", 14));
  EXPECT_FALSE(t.driver.needs_reset());
}

TEST(VirtioNet, ReceivesIntoSeveralBuffers) {
  FakeLink link;
  NetBench t(link);
  EXPECT_FALSE(link.arrive("nobody has made room"));
  const uint64_t at = t.driver.allocate(64);
  for (unsigned i = 0; i < 3; ++i) t.driver.add(kReceive, {{at + 16 * i, 16, true}});
  EXPECT_TRUE(link.arrive("0123456789abcdef"));  // 4 after the header, then 12
  Used used = t.driver.wait(kReceive);
  EXPECT_EQ(used.written, 16U);
  EXPECT_EQ(t.driver.wait(kReceive).written, 12U);
  EXPECT_EQ(t.driver.value_at<uint16_t>(at + 10), 2U);  // num_buffers
  EXPECT_EQ(t.driver.bytes_at(at + 12, 16), "0123456789abcdef");
  // What does not fit stays outside, and the buffer is used later.
  EXPECT_FALSE(link.arrive(std::string(100, 'x')));
  EXPECT_TRUE(link.arrive("four"));
  EXPECT_EQ(t.driver.wait(kReceive).written, 16U);
}

TEST(VirtioNet, WithoutMergingTooLongOnesAreDropped) {
  FakeLink link;
  NetBench t(link, 0);
  const uint64_t at = t.driver.allocate(64);
  t.driver.add(kReceive, {{at, 12, true}, {at + 12, 20, true}});
  EXPECT_TRUE(link.arrive(std::string(21, 'x')));
  EXPECT_TRUE(link.arrive(std::string(20, 'y')));
  EXPECT_EQ(t.driver.wait(kReceive).written, 32U);
  EXPECT_EQ(t.driver.bytes_at(at + 12, 20), std::string(20, 'y'));
}

TEST(VirtioNet, FramesWithoutHeaderNeedReset) {
  FakeLink link;
  NetBench t(link);
  t.driver.add(kTransmit, {{t.driver.place("short"), 5, false}});
  link.transmit();
  EXPECT_TRUE(t.driver.needs_reset());
}

// ARP (RFC 826): who has 10.0.2.2?
TEST(UserNetwork, AnswersArp) {
  auto network = host::UserNetwork::make({});
  ASSERT_TRUE(network) << network.error().message;
  NetBench t(**network);
  const uint64_t at = t.driver.allocate(2048);
  t.driver.add(kReceive, {{at, 2048, true}});
  const std::string mac("\x52\x54\x00\x12\x34\x56", 6);
  t.send(std::string(6, '\xff') + mac + std::string("\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10) + mac +
         std::string("\x0a\x00\x02\x0f", 4) + std::string(6, '\0') + std::string("\x0a\x00\x02\x02", 4));
  std::string frame;
  // IPv6's router advertisements may come between.
  for (unsigned i = 0; i < 8 && (i == 0 || frame.substr(12, 2) != std::string("\x08\x06", 2)); ++i) {
    const Used used = t.driver.wait(kReceive);
    ASSERT_GE(used.written, 12U + 42);
    frame = t.driver.bytes_at(at + 12, used.written - 12);
    t.driver.add(kReceive, {{at, 2048, true}});
    t.driver.notify(kReceive);
  }
  EXPECT_EQ(frame.substr(0, 6), mac);
  EXPECT_EQ(frame.substr(20, 2), std::string("\x00\x02", 2)) << "a reply";
  EXPECT_EQ(frame.substr(28, 4), std::string("\x0a\x00\x02\x02", 4));
}

TEST(UserNetwork, PortsThatAreTakenAreNamed) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  host::PortForward forward;
  forward.host.s_addr = htonl(INADDR_LOOPBACK);
  forward.host_port = ntohs(address.sin_port);
  forward.guest_port = 22;
  const auto network = host::UserNetwork::make({.restricted = false, .hostname = "", .forwards = {forward}});
  ASSERT_FALSE(network);
  EXPECT_NE(network.error().message.find(std::to_string(forward.host_port)), std::string::npos);
  ::close(socket);
}

}  // namespace
}  // namespace menura::boards::testing
