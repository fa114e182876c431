// Folders by 9P2000.L: sizes and fields as the protocol's document has them; above all, no path leaves the folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include "boards/devices/virtio/ninep/server.h"
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

using virtio::ninep::Server;

// outside/secret and outside/shared/{file,folder/deep,link -> ../secret,absolute -> /etc/passwd}
class Ninep : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(outside_.data()), nullptr);
    std::ofstream(outside_ + "/secret") << "secret";
    std::filesystem::create_directories(shared() + "/folder");
    std::ofstream(shared() + "/file") << "0123456789";
    std::ofstream(shared() + "/folder/deep") << "deep";
    std::filesystem::create_symlink("../secret", shared() + "/link");
    std::filesystem::create_symlink("/etc/passwd", shared() + "/absolute");
    share(false);
  }
  void TearDown() override { std::filesystem::remove_all(outside_); }

  void share(bool read_only) {
    auto opened = host::SharedFolder::open(shared(), read_only);
    ASSERT_TRUE(opened);
    server_.reset();
    folder_ = std::move(*opened);
    server_ = std::make_unique<Server>(folder_.get());
    ASSERT_EQ(call(100, u32(8192) + string("9P2000.L")), 0);
    ASSERT_EQ(call(104, u32(0) + u32(~0U) + string("root") + string("") + u32(0)), 0);
  }
  std::string shared() const { return outside_ + "/shared"; }

  // --- messages
  template <typename T>
  static std::string number(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string u16(uint16_t value) { return number(value); }
  static std::string u32(uint32_t value) { return number(value); }
  static std::string u64(uint64_t value) { return number(value); }
  static std::string string(const std::string& text) { return u16(static_cast<uint16_t>(text.size())) + text; }

  // 0, or the reply's error; what follows its header is in reply_.
  int call(uint8_t type, const std::string& fields) {
    const std::string request =
        u32(static_cast<uint32_t>(7 + fields.size())) + static_cast<char>(type) + u16(42) + fields;
    std::vector<uint8_t> reply;
    EXPECT_TRUE(server_->handle({reinterpret_cast<const uint8_t*>(request.data()), request.size()}, 8192, &reply));
    const std::string text(reply.begin(), reply.end());
    EXPECT_EQ(text.substr(0, 4), u32(static_cast<uint32_t>(text.size())));
    EXPECT_EQ(text.substr(5, 2), u16(42));
    reply_ = text.substr(7);
    if (reply[4] != 7) {
      EXPECT_EQ(reply[4], type + 1);
      return 0;
    }
    uint32_t error = 0;
    std::memcpy(&error, reply_.data(), 4);
    return static_cast<int>(error);
  }
  // From the folder to a new fid; an error, also where only some of the names were found.
  int walk(uint32_t fid, const std::vector<std::string>& names, uint32_t from = 0) {
    std::string fields = u32(from) + u32(fid) + u16(static_cast<uint16_t>(names.size()));
    for (const std::string& name : names) fields += string(name);
    const int error = call(110, fields);
    if (error == 0 && static_cast<uint8_t>(reply_[0]) < names.size()) return ENOENT;
    return error;
  }
  int open(uint32_t fid, int flags) { return call(12, u32(fid) + u32(static_cast<uint32_t>(flags))); }
  std::string read(uint32_t fid, uint64_t offset, uint32_t count) {
    EXPECT_EQ(call(116, u32(fid) + u64(offset) + u32(count)), 0);
    return reply_.substr(4);
  }
  uint64_t inode_of(uint32_t fid) {
    EXPECT_EQ(call(24, u32(fid) + u64(0x7ff)), 0);
    uint64_t path = 0;
    std::memcpy(&path, reply_.data() + 8 + 5, 8);
    return path & ((uint64_t{1} << 40) - 1);
  }

  std::string outside_ = "/tmp/menura-9p-XXXXXX";
  std::unique_ptr<host::SharedFolder> folder_;
  std::unique_ptr<Server> server_;
  std::string reply_;
};

TEST_F(Ninep, Version) {
  ASSERT_EQ(call(100, u32(1 << 30) + string("9P2000.L")), 0);
  EXPECT_EQ(reply_, u32(Server::kMostMessage) + string("9P2000.L"));
  ASSERT_EQ(call(100, u32(8192) + string("9P2000.u")), 0);
  EXPECT_EQ(reply_, u32(8192) + string("unknown"));
}

TEST_F(Ninep, ReadsAndWrites) {
  ASSERT_EQ(walk(1, {"file"}), 0);
  ASSERT_EQ(open(1, O_RDWR), 0);
  EXPECT_EQ(read(1, 2, 3), "234");
  EXPECT_EQ(read(1, 8, 100), "89");
  EXPECT_EQ(call(118, u32(1) + u64(9) + u32(3) + "abc"), 0);
  EXPECT_EQ(reply_, u32(3));
  EXPECT_EQ(read(1, 0, 8000), "012345678abc");
  EXPECT_EQ(call(120, u32(1)), 0);
  EXPECT_EQ(call(116, u32(1) + u64(0) + u32(1)), EBADF);
}

TEST_F(Ninep, PathsDoNotLeaveTheFolder) {
  struct stat root = {};
  ASSERT_EQ(::stat(shared().c_str(), &root), 0);
  ASSERT_EQ(walk(1, {"..", "..", ".."}), 0);
  EXPECT_EQ(inode_of(1), root.st_ino) << "the folder is its own parent";
  EXPECT_NE(walk(2, {"..", "secret"}), 0);
  EXPECT_NE(walk(2, {"../secret"}), 0);
  EXPECT_NE(walk(2, {"folder/../../secret"}), 0);
  EXPECT_NE(walk(2, {"/etc/passwd"}), 0);
  EXPECT_NE(walk(2, {""}), 0);
  EXPECT_NE(walk(2, {std::string("file\0x", 6)}), 0);
  ASSERT_EQ(walk(3, {"folder", "..", "folder", "deep"}), 0);
  ASSERT_EQ(open(3, O_RDONLY), 0);
  EXPECT_EQ(read(3, 0, 10), "deep");
  // Names that are created, moved and removed, too.
  for (const std::string& name : {std::string(".."), std::string("../x"), std::string("a/b"), std::string("/tmp/x")}) {
    ASSERT_EQ(walk(10, {}), 0);
    EXPECT_EQ(call(14, u32(10) + string(name) + u32(O_WRONLY) + u32(0644) + u32(0)), EINVAL);
    EXPECT_EQ(call(72, u32(0) + string(name) + u32(0755) + u32(0)), EINVAL);
    EXPECT_EQ(call(16, u32(0) + string(name) + string("file") + u32(0)), EINVAL);
    EXPECT_EQ(call(74, u32(0) + string("file") + u32(0) + string(name)), EINVAL);
    EXPECT_EQ(call(76, u32(0) + string(name) + u32(0)), EINVAL);
    call(120, u32(10));
  }
}

TEST_F(Ninep, LinksAreNotFollowed) {
  ASSERT_EQ(walk(1, {"link"}), 0);
  EXPECT_EQ(static_cast<uint8_t>(reply_[2]), 2) << "QTSYMLINK";
  ASSERT_EQ(call(22, u32(1)), 0);
  EXPECT_EQ(reply_, string("../secret"));
  EXPECT_EQ(open(1, O_RDONLY), EACCES);
  EXPECT_EQ(open(1, O_WRONLY | O_TRUNC), EACCES);
  ASSERT_EQ(walk(2, {"absolute"}), 0);
  EXPECT_EQ(open(2, O_RDONLY), EACCES);
  EXPECT_EQ(call(26, u32(1) + u32(8) + std::string(12, '\0') + u64(0) + std::string(32, '\0')), EINVAL) << "size";
  EXPECT_NE(call(26, u32(1) + u32(1) + u32(0777) + std::string(48, '\0')), 0) << "mode";
  EXPECT_NE(walk(3, {"link", "x"}), 0);
  // A link in place of a folder, after the guest has walked there.
  ASSERT_EQ(walk(4, {"folder"}), 0);
  std::filesystem::rename(shared() + "/folder", outside_ + "/moved");
  std::filesystem::create_symlink("..", shared() + "/folder");
  EXPECT_NE(walk(5, {"folder", "secret"}), 0);
  ASSERT_EQ(walk(6, {".."}, 4), 0);
  EXPECT_NE(walk(7, {"secret"}, 6), 0) << "the parent of what was moved away";
  EXPECT_EQ(std::filesystem::file_size(outside_ + "/secret"), 6U);
}

TEST_F(Ninep, CreatesWithoutSpecialRights) {
  ASSERT_EQ(walk(1, {}), 0);
  ASSERT_EQ(call(14, u32(1) + string("new") + u32(O_WRONLY) + u32(06755) + u32(0)), 0);
  struct stat info = {};
  ASSERT_EQ(::stat((shared() + "/new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 06000, 0U);
  ASSERT_EQ(walk(2, {"new"}), 0);
  EXPECT_EQ(call(26, u32(2) + u32(1) + u32(04755) + std::string(48, '\0')), 0);
  ASSERT_EQ(::stat((shared() + "/new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U);
  EXPECT_EQ(call(18, u32(0) + string("disk") + u32(S_IFBLK | 0600) + u32(8) + u32(0) + u32(0)), EPERM);
  // A FIFO may be there, but opening it would wait on the host.
  EXPECT_EQ(call(18, u32(0) + string("fifo") + u32(S_IFIFO | 0600) + u32(0) + u32(0) + u32(0)), 0);
  ASSERT_EQ(walk(3, {"fifo"}), 0);
  EXPECT_EQ(open(3, O_RDONLY), EACCES);
}

TEST_F(Ninep, ListsFolders) {
  ASSERT_EQ(walk(1, {}), 0);
  ASSERT_EQ(open(1, O_RDONLY | O_DIRECTORY), 0);
  std::set<std::string> names;
  uint64_t offset = 0;
  // Few bytes at a time: entries are whole, and each says where the next one is.
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(call(40, u32(1) + u64(offset) + u32(40)), 0);
    const std::string data = reply_.substr(4);
    if (data.empty()) break;
    std::size_t at = 0;
    while (at < data.size()) {
      uint16_t length = 0;
      std::memcpy(&offset, data.data() + at + 13, 8);
      std::memcpy(&length, data.data() + at + 22, 2);
      EXPECT_TRUE(names.insert(data.substr(at + 24, length)).second);
      at += 24 + length;
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{".", "..", "file", "folder", "link", "absolute"}));
}

TEST_F(Ninep, RenamesAndRemoves) {
  EXPECT_EQ(call(74, u32(0) + string("file") + u32(0) + string("moved")), 0);
  EXPECT_TRUE(std::filesystem::exists(shared() + "/moved"));
  ASSERT_EQ(walk(1, {"folder", "deep"}), 0);
  EXPECT_EQ(call(20, u32(1) + u32(0) + string("up")), 0);
  EXPECT_TRUE(std::filesystem::exists(shared() + "/up"));
  EXPECT_EQ(call(122, u32(1)), 0);
  EXPECT_FALSE(std::filesystem::exists(shared() + "/up"));
  EXPECT_EQ(call(76, u32(0) + string("folder") + u32(0)), EISDIR);
  EXPECT_EQ(call(76, u32(0) + string("folder") + u32(AT_REMOVEDIR)), 0);
}

TEST_F(Ninep, Attributes) {
  const std::string path = shared() + "/file";
  if (::setxattr(path.c_str(), "user.host", "hers", 4, 0) != 0) GTEST_SKIP() << "the file system of /tmp has none";
  ASSERT_EQ(walk(1, {"file"}), 0);
  EXPECT_EQ(call(30, u32(1) + u32(2) + string("user.none")), ENODATA);
  EXPECT_EQ(call(30, u32(1) + u32(2) + string("user.host")), 0);
  EXPECT_EQ(reply_, u64(4));
  EXPECT_EQ(read(2, 1, 100), "ers");
  EXPECT_EQ(call(118, u32(2) + u64(0) + u32(1) + "x"), EINVAL) << "it is being read";
  EXPECT_EQ(call(120, u32(2)), 0);

  const auto set = [&](const std::string& name, const std::string& value, int flags, uint64_t size) {
    EXPECT_EQ(walk(3, {}, 1), 0);
    if (const int error = call(32, u32(3) + string(name) + u64(size) + u32(static_cast<uint32_t>(flags))); error != 0) {
      EXPECT_EQ(call(120, u32(3)), 0);
      return error;
    }
    if (!value.empty()) {
      EXPECT_EQ(call(118, u32(3) + u64(0) + u32(1) + value.substr(0, 1)), 0);
      EXPECT_EQ(call(118, u32(3) + u64(1) + u32(static_cast<uint32_t>(value.size() - 1)) + value.substr(1)), 0);
      EXPECT_EQ(call(118, u32(3) + u64(value.size()) + u32(8000) + std::string(8000, 'x')), ENOSPC);
    }
    return call(120, u32(3));
  };
  const auto on_host = [&](const char* name) {
    char text[100];
    const ssize_t size = ::getxattr(path.c_str(), name, text, sizeof text);
    return size < 0 ? "none" : std::string(text, static_cast<std::size_t>(size));
  };
  EXPECT_EQ(set("user.guest", "lyre", 0, 4), 0);
  EXPECT_EQ(on_host("user.guest"), "lyre");
  EXPECT_EQ(set("user.guest", "bird", XATTR_CREATE, 4), EEXIST);
  EXPECT_EQ(set("user.guest", "bird", 0, 5), EINVAL) << "less than was said";
  EXPECT_EQ(set("user.guest", "bird", 0, 65537), E2BIG);
  EXPECT_EQ(set("user.empty", "", 0, 0), 0);
  EXPECT_EQ(on_host("user.empty"), "");
  EXPECT_EQ(call(30, u32(1) + u32(2) + string("")), 0);
  std::string names = read(2, 0, 1000);
  for (const char* const name : {"user.host", "user.guest", "user.empty"}) {
    EXPECT_NE(names.find(std::string(name) + '\0'), std::string::npos);
  }
  EXPECT_EQ(names.size(), 10U + 11 + 11);
  EXPECT_EQ(call(120, u32(2)), 0);
  EXPECT_EQ(set("user.host", "", XATTR_REPLACE, 0), 0) << "removed";
  EXPECT_EQ(on_host("user.host"), "none");
  // What gives rights on the host, and what is none of the guest's business.
  for (const char* const name : {"security.capability", "trusted.x", "system.posix_acl_access", "user"}) {
    EXPECT_EQ(set(name, "x1", 0, 2), EOPNOTSUPP) << name;
    EXPECT_EQ(call(30, u32(1) + u32(2) + string(name)), EOPNOTSUPP) << name;
  }
  ASSERT_EQ(walk(4, {"link"}), 0);
  EXPECT_EQ(call(30, u32(4) + u32(5) + string("user.host")), ENODATA);
  share(true);
  ASSERT_EQ(walk(1, {"file"}), 0);
  EXPECT_EQ(set("user.guest", "bird", 0, 4), EROFS);
  EXPECT_EQ(on_host("user.guest"), "lyre");
  // Values wait in memory: there are only so many.
  int error = 0;
  for (uint32_t fid = 10; fid < 10'000 && error == 0; ++fid) error = call(30, u32(1) + u32(fid) + string("user.guest"));
  EXPECT_EQ(error, ENOMEM);
}

TEST_F(Ninep, ReadOnly) {
  share(true);
  ASSERT_EQ(walk(1, {"file"}), 0);
  EXPECT_EQ(open(1, O_RDWR), EROFS);
  EXPECT_EQ(open(1, O_RDONLY | O_TRUNC), EROFS);
  EXPECT_EQ(open(1, O_RDONLY), 0);
  EXPECT_EQ(call(72, u32(0) + string("x") + u32(0755) + u32(0)), EROFS);
  EXPECT_EQ(call(76, u32(0) + string("file") + u32(0)), EROFS);
  EXPECT_EQ(call(26, u32(1) + u32(8) + std::string(12, '\0') + u64(0) + std::string(32, '\0')), EROFS);
}

TEST_F(Ninep, OverVirtio) {
  const Attachment attachment = [&] {
    Attachment result;
    result.kind = &kVirtio9p;
    result.folder = folder_.get();
    result.name = "tag";
    return result;
  }();
  Bench bench(kVirtioSlot, 1, &attachment);
  Driver driver(bench, 1);
  EXPECT_EQ(driver.read(kDeviceId), 9U);
  EXPECT_EQ(bench.read(kConfig, 2), 3U);
  EXPECT_EQ(bench.read(kConfig + 2, 1), uint64_t{'t'});
  const std::string request = u32(21) + static_cast<char>(100) + u16(0xffff) + u32(8192) + string("9P2000.L");
  const uint64_t at = driver.place(request), reply = driver.allocate(64);
  EXPECT_EQ(driver.request(0, {{at, 21, false}, {reply, 64, true}}).written, 21U);
  EXPECT_EQ(driver.bytes_at(reply + 7, 14), u32(8192) + string("9P2000.L"));
}

}  // namespace
}  // namespace menura::boards::testing
