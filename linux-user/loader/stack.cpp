#include "linux-user/loader/stack.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace menura::linux_user {
namespace {

constexpr uint64_t kStackTop = kGuestEnd - kPageSize;
constexpr uint64_t kLeastStack = uint64_t{1} << 20;
constexpr uint64_t kMostStack = uint64_t{1} << 32;
constexpr uint64_t kUnlimitedStack = uint64_t{64} << 20;  // where the host sets no limit
constexpr uint64_t kGap = uint64_t{1} << 20;              // never mapped, below the stack
constexpr uint64_t kStackAlignment = 16;

uint64_t stack_size() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_STACK, &limit) != 0) return kLeastStack;
  if (limit.rlim_cur == RLIM_INFINITY) return kUnlimitedStack;
  return page_ceil(std::clamp<uint64_t>(limit.rlim_cur, kLeastStack, kMostStack));
}

// Written from the top down, copied to the guest at once.
class StackImage {
 public:
  explicit StackImage(uint64_t top) : top_(top) {}

  uint64_t push(const void* data, size_t size) {
    if (bytes_.size() - used_ < size) {
      // The last byte of bytes_ belongs to top - 1.
      std::vector<uint8_t> grown((used_ + size) * 2 + 4096);
      std::copy(bytes_.end() - static_cast<ptrdiff_t>(used_), bytes_.end(),
                grown.end() - static_cast<ptrdiff_t>(used_));
      bytes_.swap(grown);
    }
    used_ += size;
    const auto* const from = static_cast<const uint8_t*>(data);
    std::copy(from, from + size, bytes_.end() - static_cast<ptrdiff_t>(used_));
    return top_ - used_;
  }
  uint64_t push(const std::string& text) { return push(text.c_str(), text.size() + 1); }
  void align(size_t to) {
    const std::array<uint8_t, 64> zeros = {};
    push(zeros.data(), (to - used_ % to) % to);
  }
  uint64_t used() const { return used_; }
  const uint8_t* data() const { return bytes_.data() + bytes_.size() - used_; }

 private:
  uint64_t top_;
  std::vector<uint8_t> bytes_;
  size_t used_ = 0;
};

}  // namespace

uint64_t stack_floor() { return kStackTop - stack_size() - kGap; }

Result<uint64_t> make_stack(Process& process, const StackContents& contents) {
  const uint64_t size = stack_size();
  GuestMemory& memory = process.memory();
  const int64_t place =
      memory.mmap(kStackTop - size, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, -1, 0);
  if (place < 0) {
    return Error{"cannot map a stack of " + std::to_string(size >> 20) +
                     " MiB: " + std::strerror(static_cast<int>(-place)) + "; try a smaller `ulimit -s`",
                 125};
  }
  memory.set_stack(kStackTop - size, kStackTop);

  StackImage stack(kStackTop);
  stack.align(kStackAlignment);
  const uint64_t program = stack.push(contents.program);
  std::vector<uint64_t> environment;
  std::vector<uint64_t> arguments;
  for (auto text = contents.environment.rbegin(); text != contents.environment.rend(); ++text) {
    environment.push_back(stack.push(*text));
  }
  for (auto text = contents.arguments.rbegin(); text != contents.arguments.rend(); ++text) {
    arguments.push_back(stack.push(*text));
  }
  uint64_t platform = 0;
  if (process.guest().platform() != nullptr) platform = stack.push(std::string(process.guest().platform()));
  std::array<std::byte, 16> random = {};
  process.door().entropy(random);
  stack.align(kStackAlignment);
  const uint64_t random_at = stack.push(random.data(), random.size());

  std::vector<uint64_t> auxv = {
      AT_HWCAP,  process.guest().hwcap(),
      AT_PAGESZ, kPageSize,
      AT_CLKTCK, static_cast<uint64_t>(sysconf(_SC_CLK_TCK)),
      AT_PHDR,   contents.image.program_headers,
      AT_PHENT,  sizeof(Elf64_Phdr),
      AT_PHNUM,  contents.image.program_header_count,
      AT_BASE,   contents.interpreter_base,
      AT_FLAGS,  0,
      AT_ENTRY,  contents.image.entry,
      AT_UID,    getuid(),
      AT_EUID,   geteuid(),
      AT_GID,    getgid(),
      AT_EGID,   getegid(),
      AT_SECURE, getauxval(AT_SECURE),
      AT_RANDOM, random_at,
      AT_HWCAP2, process.guest().hwcap2(),
      AT_EXECFN, program,
  };
  if (contents.vdso != 0) auxv.insert(auxv.end(), {AT_SYSINFO_EHDR, contents.vdso});
  if (const uint64_t frame = process.guest().largest_frame(); frame != 0) {
    auxv.insert(auxv.end(), {AT_MINSIGSTKSZ, frame});
  }
  if (platform != 0) auxv.insert(auxv.end(), {AT_PLATFORM, platform});
  auxv.insert(auxv.end(), {AT_NULL, 0});

  // argc, argv..., 0, envp..., 0, auxv: upwards from the stack pointer.
  std::vector<uint64_t> words;
  words.push_back(arguments.size());
  words.insert(words.end(), arguments.rbegin(), arguments.rend());
  words.push_back(0);
  words.insert(words.end(), environment.rbegin(), environment.rend());
  words.push_back(0);
  words.insert(words.end(), auxv.begin(), auxv.end());
  stack.align(kStackAlignment);
  if (words.size() % 2 != 0) {
    const uint64_t pad = 0;
    stack.push(&pad, sizeof pad);
  }
  const uint64_t pointer = stack.push(words.data(), words.size() * sizeof(uint64_t));
  if (stack.used() > size / 4) {
    return Error{"the arguments and the environment have " + std::to_string(stack.used() >> 10) +
                     " KiB; a quarter of the stack (" + std::to_string(size >> 20) + " MiB) is the limit",
                 126};
  }
  ir::Fault fault;
  if (!memory.write(pointer, stack.data(), static_cast<unsigned>(stack.used()), &fault)) {
    return Error{"out of memory while the program's stack was set up; free some memory, or raise `ulimit -v`", 125};
  }
  process.set_auxv(std::move(auxv));
  return pointer;
}

}  // namespace menura::linux_user
