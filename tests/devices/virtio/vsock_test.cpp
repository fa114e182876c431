// virtio 1.2, 5.10, with programs of the host at Unix sockets.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <deque>

#include "host/descriptor.h"
#include "host/unix_ports.h"
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint64_t kGuest = 42, kHost = 2;
constexpr uint64_t kSeqpacketFeature = 2;
constexpr uint16_t kSeqpacket = 2;      // the type
constexpr uint32_t kEndOfMessage = 1U;  // 5.10.6.6.2
enum : uint16_t { kRequest = 1, kResponse, kRst, kShutdown, kRw, kCreditUpdate, kCreditRequest };

// 5.10.6
struct [[gnu::packed]] Header {
  uint64_t src_cid, dst_cid;
  uint32_t src_port, dst_port, len;
  uint16_t type, op;
  uint32_t flags, buf_alloc, fwd_cnt;
};
static_assert(sizeof(Header) == 44);

struct Packet {
  Header header;
  std::string data;
};

class Program {
 public:
  explicit Program(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  explicit Program(host::Descriptor fd) : fd_(std::move(fd)) {}

  void say(const std::string& text) const {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Waits for that many bytes, or the end.
  std::string hear(std::size_t size) const {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t now = ::recv(fd_.get(), text.data() + got, size - got, 0);
      if (now <= 0) break;
      got += static_cast<std::size_t>(now);
    }
    text.resize(got);
    return text;
  }
  bool ended() const {
    char byte;
    return ::recv(fd_.get(), &byte, 1, 0) == 0;
  }
  int fd() const { return fd_.get(); }
  void close() { fd_ = host::Descriptor(); }

 private:
  host::Descriptor fd_;
};

// A folder for sockets, and a port of the host at which a program listens.
struct VsockBench {
  explicit VsockBench(uint64_t features = 0)
      : wanted_features(features), attachment{.kind = &kVirtioVsock, .ports = ports.get(), .cid = kGuest} {
    for (unsigned i = 0; i < kBuffers; ++i) give_buffer();
  }
  ~VsockBench() {
    for (const std::string& name : made) ::unlink(name.c_str());
    bench.device.reset();
    ports.reset();
    ::rmdir(folder.c_str());
  }

  // Room for one packet.
  void give_buffer() {
    buffers.push_back(driver.allocate(kBuffer));
    driver.add(kReceive, {{buffers.back(), kBuffer, true}});
    driver.notify(kReceive);
  }
  // The next packet for the guest; its buffer is given again.
  Packet next() {
    const Used used = driver.wait(kReceive);
    const uint64_t at = buffers.front();
    buffers.pop_front();
    Packet packet;
    packet.header = driver.value_at<Header>(at);
    EXPECT_EQ(used.written, sizeof(Header) + packet.header.len);
    packet.data = driver.bytes_at(at + sizeof(Header), packet.header.len);
    buffers.push_back(at);
    driver.add(kReceive, {{at, kBuffer, true}});
    driver.notify(kReceive);
    return packet;
  }
  void send(const Header& header, const std::string& data = {}) {
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes += data;
    EXPECT_TRUE(bench.bus.write(sent_at, bytes.data(), bytes.size()));
    EXPECT_EQ(driver.request(kTransmit, {{sent_at, static_cast<uint32_t>(bytes.size()), false}}).written, 0U);
  }
  // From the guest's port 1000 to the host's port 7.
  Header header(uint16_t op, uint32_t size = 0, uint32_t flags = 0) const {
    return {kGuest, kHost, 1000, 7, size, 1, op, flags, room, forwarded};
  }
  Program listener(uint32_t port, int type = SOCK_STREAM) {
    made.push_back(path + "_" + std::to_string(port));
    Program program(host::Descriptor(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    made.back().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(program.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(program.fd(), 4096), 0);
    return program;
  }
  // A stream between the guest's port 1000 and a program at port 7.
  Program stream() {
    const Program at = listener(7);
    send(header(kRequest));
    EXPECT_EQ(next().header.op, kResponse);
    return Program(host::Descriptor(::accept(at.fd(), nullptr, nullptr)));
  }

  static constexpr unsigned kBuffers = 4;
  static constexpr uint32_t kBuffer = 4096;
  std::string folder = make_folder();
  std::string path = folder + "/sock";
  std::vector<std::string> made;
  std::unique_ptr<host::UnixPorts> ports = std::move(*host::UnixPorts::open(path));
  uint64_t wanted_features;
  Attachment attachment;
  Bench bench{kVirtioSlot, 1, &attachment};
  Driver driver{bench, wanted_features};
  std::deque<uint64_t> buffers;
  uint64_t sent_at = driver.allocate(sizeof(Header) + (1 << 16));
  uint32_t room = 1 << 20, forwarded = 0;  // what the guest says of itself

 private:
  static std::string make_folder() {
    std::string name = "/tmp/menura-vsock-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    return name;
  }
};

TEST(VirtioVsock, TellsItsCid) {
  VsockBench t;
  EXPECT_EQ(t.driver.read(kDeviceId), 19U);
  EXPECT_EQ(t.driver.offered() & 7, 1U | kSeqpacketFeature);
  EXPECT_EQ(t.bench.read(kConfig, 4), kGuest);
  EXPECT_EQ(t.bench.read(kConfig + 4, 4), 0U);
}

TEST(VirtioVsock, TheGuestConnects) {
  VsockBench t;
  const Program at = t.listener(7);
  t.send(t.header(kRequest));
  const Header response = t.next().header;
  EXPECT_EQ(response.op, kResponse);
  EXPECT_EQ(response.src_cid, kHost);
  EXPECT_EQ(response.dst_cid, kGuest);
  EXPECT_EQ(response.src_port, 7U);
  EXPECT_EQ(response.dst_port, 1000U);
  EXPECT_EQ(response.type, 1U);
  EXPECT_GE(response.buf_alloc, 1U << 16);
  const Program program(host::Descriptor(::accept(at.fd(), nullptr, nullptr)));
  // The payload is as long as the header says, whatever the buffer is (5.10.6).
  t.send(t.header(kRw, 5), "hello, and more");
  EXPECT_EQ(program.hear(5), "hello");
  program.say("world");
  const Packet answer = t.next();
  EXPECT_EQ(answer.header.op, kRw);
  EXPECT_EQ(answer.header.fwd_cnt, 5U);
  EXPECT_EQ(answer.data, "world");
}

TEST(VirtioVsock, TheHostConnects) {
  VsockBench t;
  Program program(t.path);
  program.say("CONN");
  program.say("ECT 1000\nand more");
  const Header request = t.next().header;
  EXPECT_EQ(request.op, kRequest);
  EXPECT_EQ(request.dst_port, 1000U);
  Header response = t.header(kResponse);
  response.dst_port = request.src_port;
  t.send(response);
  const std::string ok = "OK " + std::to_string(request.src_port) + "\n";
  EXPECT_EQ(program.hear(ok.size()), ok);
  EXPECT_EQ(t.next().data, "and more");
  // Closed: nothing is sent or received any more. The guest agrees, and it is over.
  program.close();
  Header end;
  do {
    end = t.next().header;
    EXPECT_EQ(end.op, kShutdown);
  } while (end.flags != 3);
  response.op = kRst;
  t.send(response);
  response.op = kRw;
  t.send(response);
  EXPECT_EQ(t.next().header.op, kRst) << "it is not known any more";
}

TEST(VirtioVsock, RefusedByTheGuest) {
  VsockBench t;
  const Program program(t.path);
  program.say("CONNECT 1000\n");
  Header reset = t.header(kRst);
  reset.dst_port = t.next().header.src_port;
  t.send(reset);
  EXPECT_TRUE(program.ended());
}

TEST(VirtioVsock, WhatIsNoRequestIsSentAway) {
  VsockBench t;
  for (const char* const line : {"CONNECT\n", "CONNECT 5x\n", "CONNECT 4294967296\n", "connect 5\n",
                                 "CONNECT 00000000000000000000005\n", "\n", "CONNECT -1\n"}) {
    const Program program(t.path);
    program.say(line);
    char byte;
    EXPECT_LE(::recv(program.fd(), &byte, 1, 0), 0) << line;
  }
}

// 5.10.6.6: a reset, where nobody listens; also to what the device does not know (5.10.6.4.2), but never to a reset.
TEST(VirtioVsock, RefusesWhatItDoesNotKnow) {
  VsockBench t;
  for (const unsigned op : {1U, 2U, 4U, 5U, 6U, 7U, 0U, 999U}) {
    t.send(t.header(kRst));
    t.send(t.header(static_cast<uint16_t>(op)));
    const Header reset = t.next().header;
    EXPECT_EQ(reset.op, kRst) << op;
    EXPECT_EQ(reset.src_port, 7U);
    EXPECT_EQ(reset.dst_port, 1000U);
  }
  Header other = t.header(kRequest);
  other.type = 2;
  t.send(other);
  EXPECT_EQ(t.next().header.type, 2U);
  other = t.header(kRequest);
  other.dst_cid = 77;
  t.send(other);
  EXPECT_EQ(t.next().header.src_cid, 77U);
  // From somebody else: nothing at all.
  other.src_cid = 41;
  t.send(other);
  const Program at = t.listener(7);
  t.send(t.header(kRequest));
  EXPECT_EQ(t.next().header.op, kResponse);
}

TEST(VirtioVsock, EachDirectionEndsByItself) {
  VsockBench t;
  const Program program = t.stream();
  t.send(t.header(kShutdown, 0, 2));  // the guest sends no more
  EXPECT_TRUE(program.ended());
  program.say("still here");
  EXPECT_EQ(t.next().data, "still here");
  ::shutdown(program.fd(), SHUT_WR);
  Header end;
  do {
    end = t.next().header;
    ASSERT_EQ(end.op, kShutdown);
  } while ((end.flags & 2) == 0);
  t.send(t.header(kShutdown, 0, 1));  // nor does it receive
  EXPECT_EQ(t.next().header.op, kRst);
}

TEST(VirtioVsock, SendsNoMoreThanTheGuestHasRoomFor) {
  VsockBench t;
  t.room = 10;
  const Program program = t.stream();
  program.say("0123456789abcdef");
  EXPECT_EQ(t.next().data, "0123456789");
  EXPECT_EQ(t.next().header.op, kCreditRequest);
  t.send(t.header(kCreditUpdate));  // no room, still
  t.forwarded = 4;
  t.send(t.header(kCreditUpdate));
  EXPECT_EQ(t.next().data, "abcd");
  EXPECT_EQ(t.next().header.op, kCreditRequest);
  // More than was sent cannot have arrived.
  t.forwarded = 4000;
  t.send(t.header(kCreditUpdate));
  t.send(t.header(kCreditRequest));
  EXPECT_EQ(t.next().header.op, kCreditUpdate);
  t.forwarded = 14;
  t.send(t.header(kCreditUpdate));
  EXPECT_EQ(t.next().data, "ef");
}

// As much as it was told that there is room for, and not a byte more; the program gets what was taken.
TEST(VirtioVsock, TheGuestKeepsToItsRoom) {
  VsockBench t;
  const Program program = t.stream();
  t.send(t.header(kCreditRequest));
  const uint32_t room = t.next().header.buf_alloc;
  const std::string piece(1 << 15, 'x');
  uint64_t sent = 0;
  uint32_t taken = 0;  // fwd_cnt
  // Nobody reads: some is with the host's kernel, the rest waits.
  for (unsigned i = 0; i < 200 && sent - taken + piece.size() <= room; ++i) {
    t.send(t.header(kRw, static_cast<uint32_t>(piece.size())), piece);
    sent += piece.size();
    t.send(t.header(kCreditRequest));
    Packet update = t.next();
    EXPECT_EQ(update.header.op, kCreditUpdate);
    taken = update.header.fwd_cnt;
  }
  EXPECT_LE(sent - taken, room);
  EXPECT_GT(sent - taken + piece.size(), room) << "it became full";
  // Of what does not fit, nothing arrives; the stream ends, with what was there before.
  t.send(t.header(kRw, static_cast<uint32_t>(piece.size())), piece);
  EXPECT_EQ(t.next().header.op, kRst);
}

TEST(VirtioVsock, TheProgramGetsWhatTheGuestSentBeforeItsEnd) {
  VsockBench t;
  const Program program = t.stream();
  const std::string piece(1 << 15, 'x');
  std::size_t sent = 0;
  for (unsigned i = 0; i < 10; ++i) {
    t.send(t.header(kRw, static_cast<uint32_t>(piece.size())), piece);
    sent += piece.size();
  }
  // In time the guest has had enough (Linux: 8 seconds after close()).
  t.send(t.header(kShutdown, 0, 3));
  t.send(t.header(kRst));
  EXPECT_EQ(program.hear(sent + 1).size(), sent);
}

TEST(VirtioVsock, RoomIsToldWhenItIsBack) {
  VsockBench t;
  const Program program = t.stream();
  const std::string piece(1 << 15, 'x');
  std::size_t sent = 0;
  for (unsigned i = 0; i < 8; ++i) {
    t.send(t.header(kRw, static_cast<uint32_t>(piece.size())), piece);
    sent += piece.size();
  }
  EXPECT_EQ(program.hear(sent).size(), sent);
  // Unasked, and of all but what is too little to tell.
  Header update;
  do {
    update = t.next().header;
    EXPECT_EQ(update.op, kCreditUpdate);
  } while (sent - update.fwd_cnt >= update.buf_alloc / 4);
}

TEST(VirtioVsock, LengthsThatLieEndTheStream) {
  VsockBench t;
  const Program program = t.stream();
  t.send(t.header(kRw, 100), "short");
  EXPECT_EQ(t.next().header.op, kRst);
  EXPECT_TRUE(program.ended());
  EXPECT_FALSE(t.driver.needs_reset());
}

TEST(VirtioVsock, PacketsWithoutHeaderNeedReset) {
  VsockBench t;
  t.driver.add(kTransmit, {{t.sent_at, 43, false}});
  t.driver.notify(kTransmit);
  EXPECT_TRUE(Driver::until([&] { return t.driver.needs_reset(); }));
}

TEST(VirtioVsock, BuffersWithoutRoomNeedReset) {
  VsockBench t;
  for (unsigned i = 0; i < VsockBench::kBuffers; ++i) {
    t.send(t.header(kRequest));
    t.driver.wait(kReceive);
  }
  t.driver.add(kReceive, {{t.sent_at, 44, true}});
  t.send(t.header(kRequest));
  EXPECT_TRUE(Driver::until([&] { return t.driver.needs_reset(); }));
}

// Streams have a limit, and what is closed makes room.
TEST(VirtioVsock, FloodsAreLimited) {
  host::allow_many_descriptors();
  VsockBench t;
  const Program at = t.listener(7);
  Header request = t.header(kRequest);
  unsigned accepted = 0;
  for (unsigned i = 0; i < 600; ++i) {
    request.src_port = 1000 + i;
    t.send(request);
    if (t.next().header.op == kResponse) ++accepted;
  }
  EXPECT_EQ(accepted, 512U);
  request.src_port = 1000;
  request.op = kRst;
  t.send(request);
  request.op = kRequest;
  t.send(request);
  EXPECT_EQ(t.next().header.op, kResponse);
}

// Replies that the guest does not take: after so many its packets wait, and come through later.
TEST(VirtioVsock, RepliesThatAreNotTakenHoldBackPackets) {
  VsockBench t;
  for (unsigned i = 0; i < VsockBench::kBuffers; ++i) {
    t.send(t.header(kRequest));
    t.driver.wait(kReceive);
  }
  t.driver.store(t.sent_at, t.header(kRequest));
  Used used;
  unsigned sent = 0;
  do {
    t.driver.add(kTransmit, {{t.sent_at, 44, false}});
    t.driver.notify(kTransmit);
    ++sent;
  } while (sent < 5000 && [&] {
    for (unsigned i = 0; i < 1000; ++i) {
      if (t.driver.take_used(kTransmit, &used)) return true;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return false;
  }());
  EXPECT_LT(sent, 5000U);
  for (unsigned i = 0; i < VsockBench::kBuffers; ++i) t.give_buffer();
  t.driver.wait(kTransmit);
}

TEST(VirtioVsock, MessagesStayWhole) {
  VsockBench t(kSeqpacketFeature);
  const Program at = t.listener(7, SOCK_SEQPACKET);
  const auto header = [&](uint16_t op, uint32_t size = 0, uint32_t flags = 0) {
    Header result = t.header(op, size, flags);
    result.type = kSeqpacket;
    return result;
  };
  t.room = 20000;
  t.send(header(kRequest));
  const Header response = t.next().header;
  EXPECT_EQ(response.op, kResponse);
  EXPECT_EQ(response.type, kSeqpacket);
  const Program program(host::Descriptor(::accept(at.fd(), nullptr, nullptr)));
  // Nothing arrives before the end of a message does.
  t.send(header(kRw, 3), "abc");
  char text[100];
  EXPECT_LT(::recv(program.fd(), text, sizeof text, MSG_DONTWAIT), 0);
  t.send(header(kRw, 2, kEndOfMessage), "de");
  t.send(header(kRw, 1, kEndOfMessage), "f");
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(::recv(program.fd(), text, sizeof text, 0))), "abcde");
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(::recv(program.fd(), text, sizeof text, 0))), "f");
  // In as many packets as it takes; the last of each message says so.
  program.say(std::string(9000, 'x') + "y");
  program.say("z");
  std::vector<std::string> messages(1);
  while (messages.size() < 3) {
    const Packet packet = t.next();
    EXPECT_EQ(packet.header.type, kSeqpacket);
    if (packet.header.op != kRw) continue;
    messages.back() += packet.data;
    if ((packet.header.flags & kEndOfMessage) != 0) messages.emplace_back();
  }
  EXPECT_EQ(messages[0], std::string(9000, 'x') + "y");
  EXPECT_EQ(messages[1], "z");
  // One for which the guest can never have room ends it.
  program.say(std::string(20001, 'x'));
  Header ended = t.next().header;
  while (ended.op == kCreditUpdate || ended.op == kCreditRequest) ended = t.next().header;
  EXPECT_EQ(ended.op, kShutdown);
  EXPECT_EQ(ended.flags, 3U);
}

TEST(VirtioVsock, TypesAreNotMixed) {
  VsockBench t(kSeqpacketFeature);
  const Program program = t.stream();
  Header other = t.header(kRw, 1);
  other.type = kSeqpacket;
  t.send(other, "x");
  EXPECT_EQ(t.next().header.op, kRst);
  // A program of streams listens there.
  other = t.header(kRequest);
  other.type = kSeqpacket;
  other.src_port = 1001;
  t.send(other);
  EXPECT_EQ(t.next().header.op, kRst);
}

TEST(VirtioVsock, MessagesAreForDriversThatKnowThem) {
  VsockBench t;
  const Program at = t.listener(7, SOCK_SEQPACKET);
  Header request = t.header(kRequest);
  request.type = kSeqpacket;
  t.send(request);
  EXPECT_EQ(t.next().header.op, kRst);
}

TEST(VirtioVsock, MessagesThatNeverEndAreLimited) {
  VsockBench t(kSeqpacketFeature);
  const Program at = t.listener(7, SOCK_SEQPACKET);
  Header header = t.header(kRequest);
  header.type = kSeqpacket;
  t.send(header);
  EXPECT_EQ(t.next().header.op, kResponse);
  header = t.header(kRw, 60000);
  header.type = kSeqpacket;
  for (unsigned i = 0; i < 4; ++i) t.send(header, std::string(60000, 'x'));
  t.send(header, std::string(60000, 'x'));  // more than the 256 KiB that it was told of
  EXPECT_EQ(t.next().header.op, kRst);
}

TEST(VirtioVsock, ResetClosesAll) {
  VsockBench t;
  const Program program = t.stream();
  const Program asks(t.path);
  asks.say("CONNECT 5\n");
  EXPECT_EQ(t.next().header.op, kRequest);
  t.driver.write(kStatus, 0);
  EXPECT_TRUE(program.ended());
  EXPECT_TRUE(asks.ended());
}

TEST(UnixPorts, PathsThatCannotBe) {
  VsockBench t;
  const auto taken = host::UnixPorts::open(t.path);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("of this machine's own"), std::string::npos);
  EXPECT_FALSE(host::UnixPorts::open(std::string(100, 'x')));
  EXPECT_FALSE(host::UnixPorts::open(""));
  // A file that is no socket stays.
  const std::string file = t.folder + "/file";
  t.made.push_back(file);
  ::close(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_FALSE(host::UnixPorts::open(file));
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST(UnixPorts, TakesOverWhatAKilledMachineHasLeft) {
  VsockBench t;
  { const Program gone = t.listener(1); }
  const auto ports = host::UnixPorts::open(t.path + "_1");
  EXPECT_TRUE(ports) << ports.error().message;
}

}  // namespace
}  // namespace menura::boards::testing
