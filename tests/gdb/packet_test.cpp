#include "cli/gdb/packet.h"

#include <gtest/gtest.h>

#include "cli/gdb/hex.h"

namespace menura::cli::gdb {
namespace {

using Event = PacketReader::Event;

// Everything that is not None, in order.
std::vector<Event> feed(PacketReader& reader, std::string_view bytes) {
  std::vector<Event> events;
  for (const char byte : bytes) {
    if (const Event event = reader.take(byte); event != Event::None) events.push_back(event);
  }
  return events;
}

// The manual's own example of a checksum is the sum modulo 256: 'O' + 'K' = 0x9a.
TEST(Packet, Frame) {
  EXPECT_EQ(frame("OK"), "$OK#9a");
  EXPECT_EQ(frame(""), "$#00");
  EXPECT_EQ(frame("}"), "$}]#da");  // 0x7d + 0x5d
}

TEST(Packet, ReadsWhatIsFramed) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  PacketReader reader;
  EXPECT_EQ(feed(reader, "+" + frame(all)), std::vector{Event::Packet});
  EXPECT_EQ(reader.payload(), all);
}

TEST(Packet, DamageIsNoticed) {
  PacketReader reader;
  EXPECT_EQ(feed(reader, "$OK#9b"), std::vector{Event::Damaged});
  EXPECT_EQ(feed(reader, "$OK#zz"), std::vector{Event::Damaged});
  EXPECT_EQ(feed(reader, "$g$OK#9a"), std::vector{Event::Packet});  // the first was cut off
  EXPECT_EQ(reader.payload(), "OK");
}

TEST(Packet, BetweenPackets) {
  PacketReader reader;
  EXPECT_EQ(feed(reader, "\x03+-$OK#9a\x03"),
            (std::vector{Event::Interrupt, Event::Again, Event::Packet, Event::Interrupt}));
}

TEST(Packet, TooLongIsRefusedAndForgotten) {
  PacketReader reader;
  EXPECT_EQ(feed(reader, frame(std::string(kLongestPayload + 1, 'a'))), std::vector{Event::Damaged});
  EXPECT_LE(reader.payload().size(), kLongestPayload);
  EXPECT_EQ(feed(reader, frame(std::string(kLongestPayload, 'a'))), std::vector{Event::Packet});
}

TEST(Fields, Numbers) {
  Fields good("ffffffffffffffff,0");
  EXPECT_EQ(good.number(), ~uint64_t{0});
  good.expect(',');
  EXPECT_EQ(good.number(), 0U);
  EXPECT_TRUE(good.ok());
  Fields large("10000000000000000");
  large.number();
  EXPECT_FALSE(large.ok());
  Fields none(",");
  none.number();
  EXPECT_FALSE(none.ok());
}

}  // namespace
}  // namespace menura::cli::gdb
