// Compiled code on disk: what is found again and what is not, by one process after another and by several at once.
#include <sys/wait.h>

#include <thread>

#include "tests/runtime/stored_machine.h"

namespace menura::runtime::test {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  const std::string& path() const { return folder_.path(); }
  TemporaryFolder folder_;
};

// Each run has its memory at another address.
TEST_F(StoreTest, ASecondRunCompilesNothing) {
  StoredRun first(path());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(first.go());
  EXPECT_GT(first.statistics().hot.regions, 0U);
  EXPECT_EQ(first.statistics().recalled.regions, 0U);
  first.store().flush();

  StoredRun second(path());
  ASSERT_NE(second.memory.base(), first.memory.base());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(second.go());
  // What is a part of hot code from the start counts otherwise: some turn hot only now.
  EXPECT_EQ(second.statistics().first.regions, 0U);
  EXPECT_LE(second.statistics().hot.regions, 1U);
  EXPECT_GT(second.statistics().recalled.regions, StoredRun::kBlocks);
  const Translation* const loop = second.engine().find({second.memory.base() + StoredRun::kFirst + 26, 0, 0});
  ASSERT_NE(loop, nullptr);
  EXPECT_TRUE(loop->gear == Gear::Hot);
}

TEST_F(StoreTest, ARunThatFindsEverythingWritesNothing) {
  for (int round = 0; round < 2; ++round) {
    StoredRun run(path(), {.hot_threshold = 0});
    ASSERT_TRUE(run.go());
    run.store().flush();
    EXPECT_EQ(run.store().statistics().written != 0, round == 0);
    EXPECT_EQ(run.compiled() == 0, round == 1);
  }
}

TEST_F(StoreTest, ChangedGuestCodeIsCompiledAnew) {
  fill(path());
  StoredRun second(path());
  // One more than before, in the middle of the program.
  second.memory.put(StoredRun::kFirst + 5 * StoredRun::kSpacing + 8, {{'a', 2}});
  second.cpu.header.pc = second.memory.base() + StoredRun::kFirst;
  second.engine().run(second.cpu.header);
  EXPECT_EQ(second.cpu.a(), StoredRun::kOnce + 1);
  EXPECT_GT(second.compiled(), 0U);
  for (int i = 0; i < 4; ++i) second.run(StoredRun::kFirst);
  second.store().flush();

  // What was found wrong has been replaced.
  StoredRun third(path());
  third.memory.put(StoredRun::kFirst + 5 * StoredRun::kSpacing + 8, {{'a', 2}});
  third.run(StoredRun::kFirst);
  EXPECT_EQ(third.cpu.a(), StoredRun::kOnce + 1);
  EXPECT_EQ(third.compiled(), 0U);
}

// Code that is recalled is watched as code that is compiled.
TEST_F(StoreTest, RecalledCodeMayBeRewritten) {
  for (int round = 0; round < 2; ++round) {
    StoredRun run(path());
    run.memory.put(0, {{'w'}, {'j', 50}});
    run.memory.put(102, {{'a', 1}, {'s'}, {'s'}, {'s'}});
    run.memory.protect = true;
    const FaultHandler handler(run.engine(), run.cpu.header, run.memory);
    ASSERT_TRUE(run.go());
    const uint64_t before = run.cpu.a();
    run.cpu.address() = run.memory.base() + 102;
    uint64_t sum = 0;
    for (unsigned i = 1; i <= 20; ++i) {
      const std::vector<uint8_t> code = ir::test::toy_code({{'a', static_cast<int>(i)}, {'s'}, {'s'}, {'s'}});
      std::memcpy(&run.cpu.data(), code.data(), 8);
      sum += i;
      ASSERT_EQ(run.run(0).kind, ir::ExitKind::Syscall);
      ASSERT_EQ(run.cpu.a() - before, sum);
    }
    run.store().flush();
    EXPECT_EQ(run.statistics().recalled.regions != 0, round == 1);
  }
}

TEST_F(StoreTest, AnotherFingerprintOrObjectIsAnotherProgram) {
  fill(path());
  StoredRun other(path(), {}, {1, 3});
  ASSERT_TRUE(other.go());
  EXPECT_EQ(other.statistics().recalled.regions, 0U);
  StoredRun changed(path());
  changed.memory.object = 0x4321;
  ASSERT_TRUE(changed.go());
  EXPECT_EQ(changed.statistics().recalled.regions, 0U);
  StoredRun nameless(path());
  nameless.memory.object = 0;
  ASSERT_TRUE(nameless.go());
  nameless.store().flush();
  EXPECT_EQ(nameless.store().statistics().kept, 0U);
}

TEST_F(StoreTest, CountedCodeIsNotKept) {
  EngineOptions options;
  options.profile = true;
  StoredRun run(path(), options);
  ASSERT_TRUE(run.go());
  run.store().flush();
  EXPECT_TRUE(folder_.names().empty());
}

TEST_F(StoreTest, ThreadsShareAStoreAndATinyCache) {
  fill(path());
  StoredRun run(path(), {.cache_budget = 8192, .chunk_size = 4096, .hot_threshold = 3});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&run] {
      const auto cpu = std::make_unique<Cpu>();
      run.engine().attach(cpu->header);
      {
        const FaultHandler handler(run.engine(), cpu->header, run.memory);
        for (uint64_t round = 1; round <= 20; ++round) {
          cpu->header.pc = run.memory.base() + StoredRun::kFirst;
          EXPECT_EQ(run.engine().run(cpu->header).kind, ir::ExitKind::Syscall);
          EXPECT_EQ(cpu->a(), round * StoredRun::kOnce);
        }
      }
      run.engine().detach(cpu->header);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(run.statistics().recalled.regions, 100U);
}

// What one run adds is written by itself, and in the end all of it is in a few files.
TEST_F(StoreTest, ManySmallAdditions) {
  constexpr uint64_t kParts = 40;
  const auto put_part = [](StoredRun& run, uint64_t part) {
    // Eight blocks that jump to each other, of code that no other part has.
    for (uint64_t block = 0; block < 8; ++block) {
      const uint64_t at = 0x8000 + part * 0x200 + block * 0x40;
      for (uint64_t i = 0; i < 30; ++i) run.memory.put(at + 2 * i, {{'a', static_cast<int>(part + i)}});
      run.memory.put(at + 60, {block == 7 ? ir::test::ToyInsn{'s'} : ir::test::ToyInsn{'j', 2}});
    }
  };
  uint64_t written = 0;
  for (uint64_t part = 0; part < kParts; ++part) {
    StoredRun run(path(), {.hot_threshold = 0});
    put_part(run, part);
    ASSERT_EQ(run.run(0x8000 + part * 0x200).kind, ir::ExitKind::Syscall);
    EXPECT_EQ(run.statistics().recalled.regions, 0U) << part;
    run.store().flush();
    EXPECT_NE(run.store().statistics().written, 0U);
    written += run.store().statistics().written;
    EXPECT_LE(folder_.names().size(), 7U);
  }
  uint64_t size = 0;
  for (const std::string& name : folder_.names()) size += read_file(path() + "/" + name).size();
  EXPECT_LT(written, 8 * size);
  StoredRun last(path(), {.hot_threshold = 0});
  for (uint64_t part = 0; part < kParts; ++part) {
    put_part(last, part);
    last.run(0x8000 + part * 0x200);
  }
  EXPECT_EQ(last.compiled(), 0U);
  EXPECT_GE(last.statistics().recalled.regions, 8 * kParts);
}

// Each child has compiled a part of the program by itself, and all write at once; in the end nothing is damaged, and
// after a few rounds nothing is missing.
TEST_F(StoreTest, SeveralProcessesWriteAtOnce) {
  for (int round = 0; round < 6; ++round) {
    std::vector<pid_t> children;
    for (uint64_t child = 0; child < 4; ++child) {
      const pid_t pid = fork();
      if (pid == 0) {
        StoredRun run(path());
        const uint64_t from = StoredRun::kFirst + child * StoredRun::kBlocks / 4 * StoredRun::kSpacing;
        for (int i = 0; i < 4; ++i) run.run(from);
        run.store().flush();
        _exit(run.cpu.count() == 0 ? 42 : 1);
      }
      children.push_back(pid);
    }
    for (const pid_t pid : children) {
      int status = 0;
      ASSERT_EQ(waitpid(pid, &status, 0), pid);
      EXPECT_EQ(WEXITSTATUS(status), 42);
    }
  }
  EXPECT_LE(folder_.names().size(), 7U);
  StoredRun last(path());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(last.go());
  EXPECT_EQ(last.compiled(), 0U);
}

TEST_F(StoreTest, AForkedChildKeepsWhatIsItsOwn) {
  StoredRun run(path());
  run.memory.put(0, {{'a', 1}, {'s'}});
  ASSERT_TRUE(run.go());
  run.engine().before_fork();
  const pid_t child = fork();
  if (child == 0) {
    run.engine().after_fork_child();
    run.run(0);
    run.store().flush();
    _exit(run.store().statistics().written < 1000 ? 42 : 1);
  }
  run.engine().after_fork_parent();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  run.store().flush();
  StoredRun second(path());
  ASSERT_TRUE(second.go());
  EXPECT_EQ(second.compiled(), 0U);
}

TEST_F(StoreTest, AChildFindsWhatTheOneBeforeHasWritten) {
  StoredRun run(path());
  for (int nth = 0; nth < 3; ++nth) {
    run.engine().before_fork();
    const pid_t child = fork();
    if (child == 0) {
      run.engine().after_fork_child();
      const bool works = run.go();
      run.store().flush();
      const bool found = run.compiled() == 0;
      _exit((works ? 4 : 0) | (found ? 1 : 0) | (run.store().statistics().written != 0 ? 2 : 0));
    }
    run.engine().after_fork_parent();
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), nth == 0 ? 6 : 5);
  }
}

// --- who is trusted

TEST_F(StoreTest, AFolderThatOthersMayWriteToIsNotUsed) {
  fill(path());
  ASSERT_EQ(::chmod(path().c_str(), 0777), 0);
  EXPECT_FALSE(static_cast<bool>(Folder::open(path(), true)));
  StoredRun run(path());
  ASSERT_TRUE(run.go());
  EXPECT_EQ(run.statistics().recalled.regions, 0U);
}

TEST_F(StoreTest, AFileThatOthersMayWriteToIsNotUsed) {
  fill(path());
  ASSERT_EQ(::chmod(folder_.only_file().c_str(), 0620), 0);
  StoredRun run(path());
  ASSERT_TRUE(run.go());
  EXPECT_EQ(run.statistics().recalled.regions, 0U);
}

TEST_F(StoreTest, NeitherLinksNorOtherUsersAreTrusted) {
  fill(path());
  const std::string file = folder_.only_file();
  const std::string elsewhere = path() + "/elsewhere";
  ASSERT_EQ(::rename(file.c_str(), elsewhere.c_str()), 0);
  ASSERT_EQ(::symlink(elsewhere.c_str(), file.c_str()), 0);
  StoredRun through_link(path());
  ASSERT_TRUE(through_link.go());
  EXPECT_EQ(through_link.statistics().recalled.regions, 0U);
  ASSERT_EQ(::unlink(file.c_str()), 0);
  ASSERT_EQ(::rename(elsewhere.c_str(), file.c_str()), 0);

  const std::string link = path() + "_link";
  ASSERT_EQ(::symlink(path().c_str(), link.c_str()), 0);
  EXPECT_FALSE(static_cast<bool>(Folder::open(link, false)));
  ::unlink(link.c_str());

  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  StoredRun foreign_file(path());
  ASSERT_TRUE(foreign_file.go());
  EXPECT_EQ(foreign_file.statistics().recalled.regions, 0U);
  ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(path().c_str(), 12345, 12345), 0);
  EXPECT_FALSE(static_cast<bool>(Folder::open(path(), true)));
  EXPECT_FALSE(static_cast<bool>(Folder::open(path() + "/below", true)));  // nothing of root's in somebody's home
  StoredRun foreign_folder(path());
  ASSERT_TRUE(foreign_folder.go());
  foreign_folder.store().flush();
  EXPECT_EQ(foreign_folder.statistics().recalled.regions, 0U);
  EXPECT_EQ(foreign_folder.store().statistics().written, 0U);
  ASSERT_EQ(::chown(path().c_str(), 0, 0), 0);
}

TEST_F(StoreTest, AMissingFolderIsMadeAndAnImpossibleOneIsNoError) {
  const std::string below = path() + "/a";
  fill(below + "/b");
  struct stat info = {};
  ASSERT_EQ(::stat((below + "/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_EQ(std::system(("rm -r " + below).c_str()), 0);

  fill("/proc/menura/code");  // as root, too, nothing can be made there
  write_file(path() + "/file", {});
  fill(path() + "/file");
  EXPECT_TRUE(read_file(path() + "/file").empty());
}

// --- room

TEST_F(StoreTest, WhatWasUsedLongestAgoGoes) {
  fill(path());
  const uint64_t size = read_file(folder_.only_file()).size();
  for (uint64_t object = 1; object <= 6; ++object) {
    StoredRun run(path(), {}, {1, 2}, 4 * size);
    run.memory.object = object;
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(run.go());
    run.store().flush();
    // The present one was used latest.
    for (const std::string& name : folder_.names()) {
      const std::string file = path() + "/" + name;
      struct stat info = {};
      ASSERT_EQ(::stat(file.c_str(), &info), 0);
      const timespec times[2] = {{info.st_mtime - 10, 0}, {info.st_mtime - 10, 0}};
      ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    }
  }
  const auto folder = Folder::open(path(), false);
  ASSERT_TRUE(static_cast<bool>(folder));
  EXPECT_LE(folder->segments().size(), 4U);
  EXPECT_GE(folder->segments().size(), 3U);
  EXPECT_EQ(folder->segments().front().name, segment_name({1, 2}, 6, 0));
}

}  // namespace
}  // namespace menura::runtime::test
