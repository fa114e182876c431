// A program of the toy guest, run again and again, each time by a new engine at another address; and the folder of
// compiled code that the runs share.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "backends/runtime/store/code_store.h"
#include "backends/runtime/store/folder.h"
#include "tests/runtime/machine.h"

namespace menura::runtime::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = ::testing::TempDir() + "/menura_store_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    ::chmod(path_.c_str(), 0700);
    for (const std::string& name : names()) ::unlink((path_ + "/" + name).c_str());
    ::rmdir(path_.c_str());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    DIR* const stream = ::opendir(path_.c_str());
    while (const dirent* const entry = stream != nullptr ? ::readdir(stream) : nullptr) {
      if (entry->d_name[0] != '.') list.emplace_back(entry->d_name);
    }
    if (stream != nullptr) ::closedir(stream);
    return list;
  }
  std::string only_file() const {
    const std::vector<std::string> list = names();
    EXPECT_EQ(list.size(), 1U);
    return list.empty() ? std::string() : path_ + "/" + list[0];
  }

 private:
  std::string path_;
};

inline std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::string& path, std::span<const uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  ::chmod(path.c_str(), 0600);
}

// One process, as far as the store can tell.
class StoredRun {
 public:
  static constexpr uint64_t kBlocks = 24;
  static constexpr uint64_t kSpacing = 0x40;
  static constexpr uint64_t kFirst = 0x1000;
  // What going through the program once adds to `a`.
  static constexpr uint64_t kOnce = 4 * kBlocks;

  explicit StoredRun(const std::string& folder, EngineOptions options = {}, Fingerprint::Value fingerprint = {1, 2},
                     uint64_t limit = uint64_t{512} << 20)
      : store_({folder, fingerprint, limit}) {
    memory.object = 0x1234;
    put_program();
    options.trace_level = options.hot_level = ir::OptLevel::None;  // the toy compiler knows few ops
    options.store = &store_;
    if (options.hot_threshold == 2000) options.hot_threshold = 3;
    engine_ = std::make_unique<TranslatorEngine>(guest_, memory, compiler_, options);
    const Result<void> started = engine_->start();
    EXPECT_TRUE(static_cast<bool>(started));
    engine_->attach(cpu.header);
  }
  ~StoredRun() { engine_->detach(cpu.header); }
  StoredRun(const StoredRun&) = delete;
  StoredRun& operator=(const StoredRun&) = delete;

  // A chain of blocks with loops of three and calls, as in cache_test.cpp; it ends with a system call.
  void put_program() {
    for (uint64_t i = 0; i < kBlocks; ++i) {
      const uint64_t at = kFirst + i * kSpacing;
      memory.put(at, {{'d', -3}, {'c', 12}, {'d', 1}, {'b', -2}, {'a', 1}, {'j', kSpacing / 2 - 5}});
      memory.put(at + 26, {{'a', 1}, {'r'}});
    }
    memory.put(kFirst + kBlocks * kSpacing, {{'s'}});
  }
  // Runs the program; false: it did something wrong.
  bool go() {
    const uint64_t before = cpu.a();
    cpu.header.pc = memory.base() + kFirst;
    return engine_->run(cpu.header).kind == ir::ExitKind::Syscall && cpu.a() - before == kOnce && cpu.count() == 0;
  }
  vcpu::Exit run(uint64_t offset) {
    cpu.header.pc = memory.base() + offset;
    return engine_->run(cpu.header);
  }

  Statistics statistics() { return engine_->statistics(); }
  // Regions that this run had to compile.
  uint64_t compiled() {
    const Statistics all = statistics();
    return all.first.regions + all.hot.regions;
  }
  CodeStore& store() { return store_; }
  TranslatorEngine& engine() { return *engine_; }

  HostMemory memory;
  Cpu cpu;

 private:
  ir::test::ToyGuest guest_;
  ToyCompiler compiler_{guest_.layout()};
  CodeStore store_;
  std::unique_ptr<TranslatorEngine> engine_;
};

// A run that compiles all of the program and leaves it in the folder, whatever it is worth.
inline void fill(const std::string& folder) {
  StoredRun first(folder);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(first.go());
  first.store().flush();
}

}  // namespace menura::runtime::test
