#include "cli/gdb/session.h"

#include <gtest/gtest.h>

#include "cli/gdb/packet.h"
#include "tests/gdb/fake_target.h"

namespace menura::cli::gdb {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  // All that is said to a packet, one behind the other.
  std::string answer(const std::string& packet) {
    said_.clear();
    session_.take(packet);
    return said_;
  }

  FakeTarget target_;
  std::string said_;
  Session session_{target_, [this](std::string payload) { said_ += payload; }};
};

TEST_F(SessionTest, TheGuestStandsStill) {
  EXPECT_FALSE(target_.running);
  EXPECT_EQ(answer("?"), "T02thread:1;");
}

TEST_F(SessionTest, WhatIsNotKnownIsAnsweredByNothing) {
  for (const char* const packet : {"vMustReplyEmpty", "qTStatus", "Qwhatever", "!", "", "vFile:open:61,0,0"}) {
    EXPECT_EQ(answer(packet), "") << packet;
  }
}

TEST_F(SessionTest, Registers) {
  target_.states[0].pc = 0x1122334455667788;
  EXPECT_EQ(answer("g"), "88776655443322110000000000000000");
  EXPECT_EQ(answer("p0"), "8877665544332211");
  EXPECT_EQ(answer("p7"), "801f0000");
  EXPECT_EQ(answer("P7=00000000"), "OK");
  EXPECT_EQ(target_.states[0].mxcsr, 0U);
  EXPECT_EQ(answer("G01000000000000000200000000000000"), "OK");
  EXPECT_EQ(target_.states[0].pc, 1U);
  EXPECT_EQ(target_.states[0].mode, 2U);
  for (const char* const packet : {"p8", "p", "P0=00", "P0", "G00", "pffffffffffffffffff"}) {
    EXPECT_EQ(answer(packet)[0], 'E') << packet;
  }
}

TEST_F(SessionTest, Memory) {
  EXPECT_EQ(answer("M1000,3:010203"), "OK");
  EXPECT_EQ(answer("m1000,4"), "01020300");
  EXPECT_EQ(answer("X1001,2:" + std::string("\0}", 2)), "OK");
  EXPECT_EQ(answer("m1000,3"), "01007d");
  EXPECT_EQ(answer("m1ffe,10"), "0000");  // as much as there is
  EXPECT_EQ(answer("X1000,0:"), "OK");
  for (const char* const packet : {"m", "m2000,1", "m1000", "mffffffffffffffff,2", "M1000,4:01", "M2000,1:00",
                                   "X1000,5:ab", "m1000,fffffffffffffffff"}) {
    EXPECT_EQ(answer(packet)[0], 'E') << packet;
  }
  EXPECT_LE(answer("m1000,ffffffffffffffff").size(), kLongestPayload);
}

TEST_F(SessionTest, PointsAreToldWhenTheGuestGoesOn) {
  EXPECT_EQ(answer("Z0,1004,2"), "OK");
  EXPECT_EQ(answer("Z2,1100,8"), "OK");
  EXPECT_TRUE(target_.breakpoints.empty());
  EXPECT_EQ(answer("vCont;c"), "");
  EXPECT_EQ(target_.breakpoints, std::vector<uint64_t>{0x1004});
  ASSERT_EQ(target_.watchpoints.size(), 1U);
  EXPECT_EQ(target_.watchpoints[0], (vcpu::Watchpoint{0x1100, 8, vcpu::WatchKind::Write}));
  session_.interrupt();
  EXPECT_EQ(said_, "T02thread:1;");
  EXPECT_EQ(answer("z0,1004,2") + answer("z2,1100,8"), "OKOK");
  answer("c");
  EXPECT_TRUE(target_.breakpoints.empty());
  EXPECT_TRUE(target_.watchpoints.empty());
  for (const char* const packet : {"Z0", "Z2,1000,0", "Z2,0,ffffffffffffffff"})
    EXPECT_EQ(answer(packet).back(), '1') << packet;
}

TEST_F(SessionTest, Actions) {
  answer("vCont;s:2;c");
  ASSERT_EQ(target_.actions.size(), 2U);
  EXPECT_EQ(target_.actions[0].kind, vcpu::DebugAction::Kind::Continue);
  EXPECT_EQ(target_.actions[1].kind, vcpu::DebugAction::Kind::Step);
  session_.interrupt();
  answer("vCont;s:1");
  ASSERT_EQ(target_.actions.size(), 1U);
  EXPECT_EQ(target_.actions[0].thread, 1U);
  session_.interrupt();
  for (const char* const packet : {"vCont;", "vCont;x", "vCont;c:", "vCont;c:9"}) {
    EXPECT_EQ(answer(packet), "E01") << packet;
    EXPECT_FALSE(target_.running);
  }
}

TEST_F(SessionTest, StopsByItself) {
  answer("vCont;c");
  said_.clear();
  session_.stopped();  // nothing has
  EXPECT_EQ(said_, "");
  target_.next = vcpu::DebugStop{vcpu::DebugStop::Reason::Watchpoint, 2, 0, {0x1100, 8, vcpu::WatchKind::Access}};
  session_.stopped();
  EXPECT_EQ(said_, "T05awatch:1100;thread:2;");
  EXPECT_FALSE(target_.running);
  EXPECT_EQ(answer("qC"), "QC2");
}

TEST_F(SessionTest, Threads) {
  EXPECT_EQ(answer("qfThreadInfo"), "m1,2");
  EXPECT_EQ(answer("qsThreadInfo"), "l");
  EXPECT_EQ(answer("qThreadExtraInfo,2"), "7468726561642032");
  EXPECT_EQ(answer("Hg2"), "OK");
  EXPECT_EQ(answer("Hc-1"), "OK");
  EXPECT_EQ(answer("Hg3"), "E01");
  EXPECT_EQ(answer("T2"), "OK");
  EXPECT_EQ(answer("T3"), "E01");
}

TEST_F(SessionTest, Description) {
  const std::string text = answer("qXfer:features:read:target.xml:0,1000");
  EXPECT_EQ(text[0], 'l');
  EXPECT_NE(text.find("<reg name=\"flags\" bitsize=\"32\" regnum=\"7\" type=\"int\"/>"), std::string::npos);
  EXPECT_EQ(answer("qXfer:features:read:target.xml:0,5"), "m<?xml");
  EXPECT_EQ(answer("qXfer:features:read:target.xml:ffffff,5")[0], 'E');
  EXPECT_EQ(answer("qXfer:features:read:target.xml:0"), "E01");
  EXPECT_EQ(answer("qXfer:auxv:read::0,100"), "");
}

TEST_F(SessionTest, Ends) {
  EXPECT_EQ(answer("D"), "OK");
  EXPECT_TRUE(target_.detached);
  EXPECT_TRUE(session_.over());
}

}  // namespace
}  // namespace menura::cli::gdb
