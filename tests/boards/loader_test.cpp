// Kernels in all their formats, damaged ones, and where things go. Headers are as Linux'
// Documentation/riscv/boot-image-header.rst, Documentation/arm64/booting.rst and elf(5) say.
#include <elf.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "boards/loader/file.h"
#include "boards/loader/kernel.h"
#include "boards/loader/placement.h"

namespace menura::boards {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr uint64_t kMost = 1 << 24;

template <typename T>
void put(Bytes* bytes, std::size_t offset, const T& value) {
  if (bytes->size() < offset + sizeof value) bytes->resize(offset + sizeof value);
  std::memcpy(bytes->data() + offset, &value, sizeof value);
}

Bytes image(const char* magic, uint64_t flags = 0) {
  Bytes bytes(128);
  put<uint64_t>(&bytes, 8, 0x200000);   // text_offset
  put<uint64_t>(&bytes, 16, 0x150000);  // image_size
  put<uint64_t>(&bytes, 24, flags);
  std::memcpy(bytes.data() + 56, magic, 4);
  return bytes;
}

Bytes elf(uint16_t machine = EM_RISCV) {
  Bytes bytes;
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_entry = 0xffffffff80000010;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  put(&bytes, 0, header);
  Elf64_Phdr program = {};
  program.p_type = PT_LOAD;
  program.p_offset = sizeof header + sizeof program;
  program.p_vaddr = 0xffffffff80000000;
  program.p_paddr = 0x80200000;
  program.p_filesz = 4;
  program.p_memsz = 0x1000;
  put(&bytes, sizeof header, program);
  put<uint32_t>(&bytes, program.p_offset, 0x13);
  return bytes;
}

Bytes gzip(const Bytes& bytes) {
  Bytes out(compressBound(bytes.size()) + 32);
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string refused(Bytes bytes) {
  auto kernel = parse_kernel("kernel", std::move(bytes), kMost);
  EXPECT_FALSE(kernel);
  return kernel ? "" : kernel.error().message;
}
#define EXPECT_SAYS(message, word) EXPECT_NE((message).find(word), std::string::npos) << (message)

TEST(Kernel, Images) {
  for (const auto& [magic, guest] : {std::pair{"RSC\x05", "riscv64"}, {"ARM\x64", "arm64"}}) {
    for (const bool packed : {false, true}) {
      auto kernel = parse_kernel("kernel", packed ? gzip(image(magic)) : image(magic), kMost);
      ASSERT_TRUE(kernel);
      EXPECT_EQ(kernel->format, KernelFormat::Image);
      EXPECT_EQ(kernel->guest, guest);
      EXPECT_EQ(kernel->text_offset, 0x200000U);
      EXPECT_EQ(kernel->segments[0].size, 0x150000U);
      EXPECT_EQ(kernel->segments[0].bytes.size(), 128U);
    }
  }
}

TEST(Kernel, ElfIsPlacedByPhysicalAddresses) {
  auto kernel = parse_kernel("kernel", elf(), kMost);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->guest, "riscv64");
  EXPECT_EQ(kernel->entry, 0x80200010U);
  EXPECT_EQ(kernel->begin(), 0x80200000U);
  EXPECT_EQ(kernel->end(), 0x80201000U);
  EXPECT_EQ(parse_kernel("kernel", elf(EM_AARCH64), kMost)->guest, "arm64");
}

TEST(Kernel, AnythingElseIsRaw) {
  auto kernel = parse_kernel("firmware", Bytes{1, 2, 3}, kMost);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->format, KernelFormat::Raw);
  EXPECT_EQ(kernel->guest, "");
}

TEST(Kernel, OfOtherMachines) {
  EXPECT_SAYS(refused(elf(EM_X86_64)), "another machine");
  Bytes x86(0x300);
  std::memcpy(x86.data() + 0x202, "HdrS", 4);
  EXPECT_SAYS(refused(x86), "x86");
  EXPECT_SAYS(refused(image("RSC\x05", 1)), "big-endian");
  Bytes efi(64);
  efi[0] = 'M';
  efi[1] = 'Z';
  EXPECT_SAYS(refused(efi), "EFI");
}

TEST(Kernel, Damaged) {
  Bytes bytes = elf();
  for (std::size_t size = 4; size < bytes.size(); size += 3) refused({bytes.begin(), bytes.begin() + size});
  bytes = elf();
  put<uint64_t>(&bytes, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 0x2000);
  EXPECT_SAYS(refused(bytes), "cut off");
  bytes = elf();
  put<uint64_t>(&bytes, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz), uint64_t{1} << 50);
  EXPECT_SAYS(refused(bytes), "larger than");
  bytes = elf();
  put<uint16_t>(&bytes, offsetof(Elf64_Ehdr, e_type), ET_REL);
  EXPECT_SAYS(refused(bytes), "no program");
  bytes = image("RSC\x05");
  put<uint64_t>(&bytes, 16, ~uint64_t{0});
  EXPECT_SAYS(refused(bytes), "damaged");
  bytes = gzip(image("RSC\x05"));
  bytes.resize(bytes.size() - 10);
  EXPECT_SAYS(refused(bytes), "gzip");
  EXPECT_SAYS(refused(gzip(Bytes(kMost + 1))), "does not fit");
}

TEST(Placement, NothingOverlaps) {
  Placement placement(0x80000000, 0x1000000);
  ASSERT_TRUE(placement.put("firmware", 0x80000000, Bytes(0x1234)));
  EXPECT_SAYS(placement.put("kernel", 0x80001000, Bytes(16)).error().message, "firmware");
  EXPECT_SAYS(placement.put("kernel", 0x7ffffffc, Bytes(16)).error().message, "memory is");
  EXPECT_SAYS(placement.put("kernel", 0x80fffffc, Bytes(16)).error().message, "--memory");
  EXPECT_SAYS(placement.put("kernel", 0x80200000, Bytes(16), ~uint64_t{0}).error().message, "--memory");
  ASSERT_TRUE(placement.put("kernel", 0x80200000, Bytes(16), 0x300000));
  EXPECT_EQ(*placement.put_above("initrd", 0x80200000, 0x200000, Bytes(100)), 0x80600000U);
  EXPECT_EQ(*placement.put_below("tree", 0xc0000000, 0x200000, Bytes(100)), 0x80e00000U);
  EXPECT_EQ(*placement.put_below("tree", 0xc0000000, 0x200000, Bytes(100)), 0x80c00000U);
  EXPECT_SAYS(placement.put_above("initrd", 0x80200000, 0x200000, Bytes(0xa00000)).error().message, "--memory");
  EXPECT_SAYS(placement.put_below("tree", 0x80000010, 0x200000, Bytes(100)).error().message, "--memory");
  EXPECT_EQ(placement.take().size(), 5U);
}

TEST(Files, ThatCannotBeRead) {
  EXPECT_EQ(read_file("/no/such/file", kMost).error().exit_code, 127);
  EXPECT_SAYS(read_file("/tmp", kMost).error().message, "regular file");
  EXPECT_SAYS(read_file("/dev/null", kMost).error().message, "regular file");
  EXPECT_SAYS(read_file("/proc/self/exe", 4).error().message, "--memory");
  EXPECT_EQ(read_head("/no/such/file", 64).error().exit_code, 127);
}

}  // namespace
}  // namespace menura::boards
