#include "boards/loader/kernel.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "boards/loader/file.h"

namespace menura::boards {
namespace {

struct ElfGuest {
  uint16_t machine;
  const char* guest;
};
constexpr ElfGuest kElfGuests[] = {{EM_RISCV, "riscv64"}, {EM_AARCH64, "arm64"}};

template <typename T>
std::optional<T> read_at(std::span<const uint8_t> bytes, uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool has_text(std::span<const uint8_t> bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() && std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

// Linux: Documentation/riscv/boot-image-header.rst and Documentation/arm64/booting.rst. The two have the same fields.
constexpr std::size_t kTextOffset = 8, kImageSize = 16, kFlags = 24, kRiscvMagic = 56, kArmMagic = 56;

Result<Kernel> parse_image(const std::string& name, std::vector<uint8_t> bytes, const char* guest) {
  const uint64_t text_offset = *read_at<uint64_t>(bytes, kTextOffset);
  const uint64_t image_size = *read_at<uint64_t>(bytes, kImageSize);
  if ((*read_at<uint64_t>(bytes, kFlags) & 1) != 0) {
    return Error{name + ": a big-endian kernel; expected a little-endian one", 126};
  }
  constexpr uint64_t kMost = uint64_t{1} << 40;
  // Those of before Linux 3.17 do not say how large they are.
  const uint64_t size = std::max<uint64_t>(image_size, bytes.size());
  if (text_offset > kMost || size > kMost) {
    return Error{name + ": the header of this " + guest + " kernel is damaged (text offset or size)", 126};
  }
  Kernel kernel;
  kernel.format = KernelFormat::Image;
  kernel.guest = guest;
  kernel.text_offset = text_offset;
  kernel.segments.push_back({0, std::move(bytes), size});
  return kernel;
}

// nullptr: an ELF file of another machine, or only a part of one.
const ElfGuest* elf_guest(std::span<const uint8_t> bytes) {
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) return nullptr;
  for (const ElfGuest& row : kElfGuests) {
    if (row.machine == header->e_machine) return &row;
  }
  return nullptr;
}

Result<Kernel> parse_elf(const std::string& name, std::span<const uint8_t> bytes, uint64_t most) {
  const auto damaged = [&](const char* what) { return Error{name + ": the ELF file is damaged: " + what, 126}; };
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header) return damaged("the header is cut off");
  const ElfGuest* const guest = elf_guest(bytes);
  if (guest == nullptr) {
    return Error{name + ": an ELF file for another machine (ELF number " + std::to_string(header->e_machine) + ", " +
                     (header->e_ident[EI_CLASS] == ELFCLASS64 ? "64" : "32") +
                     " bits); expected one for riscv64 or arm64",
                 126};
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
    return Error{name + ": an ELF file that is no program (an object file or a core dump); expected a kernel", 126};
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return damaged("the size of its program headers");
  Kernel kernel;
  kernel.format = KernelFormat::Elf;
  kernel.guest = guest->guest;
  kernel.entry = header->e_entry;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    if (header->e_phoff > bytes.size()) return damaged("the program headers are cut off");
    const auto program = read_at<Elf64_Phdr>(bytes, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (!program) return damaged("the program headers are cut off");
    if (program->p_type != PT_LOAD || program->p_memsz == 0) continue;
    if (program->p_offset > bytes.size() || program->p_filesz > bytes.size() - program->p_offset ||
        program->p_filesz > program->p_memsz) {
      return damaged("a segment is cut off");
    }
    if (program->p_memsz > most || program->p_paddr > ~uint64_t{0} / 2) {
      return damaged("a segment is larger than the guest's memory");
    }
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(program->p_offset);
    kernel.segments.push_back(
        {program->p_paddr, {first, first + static_cast<std::ptrdiff_t>(program->p_filesz)}, program->p_memsz});
    // Kernels are linked at virtual addresses; the entry's physical one is what counts.
    if (header->e_entry >= program->p_vaddr && header->e_entry - program->p_vaddr < program->p_memsz) {
      kernel.entry = program->p_paddr + (header->e_entry - program->p_vaddr);
    }
  }
  if (kernel.segments.empty()) return damaged("nothing is to be loaded");
  return kernel;
}

}  // namespace

uint64_t Kernel::begin() const {
  uint64_t least = ~uint64_t{0};
  for (const Segment& segment : segments) least = std::min(least, segment.physical);
  return least;
}

uint64_t Kernel::end() const {
  uint64_t most = 0;
  for (const Segment& segment : segments) most = std::max(most, segment.physical + segment.size);
  return most;
}

Result<std::string> kernel_guest(const std::string& path) {
  auto head = read_head(path, 64);
  if (!head) return head.error();
  if (has_text(*head, kRiscvMagic, "RSC\x05")) return std::string("riscv64");
  if (has_text(*head, kArmMagic, "ARM\x64")) return std::string("arm64");
  if (has_text(*head, 0, ELFMAG)) {
    if (const ElfGuest* const guest = elf_guest(*head)) return std::string(guest->guest);
  }
  return std::string();
}

Result<Kernel> parse_kernel(const std::string& name, std::vector<uint8_t> bytes, uint64_t most) {
  if (is_gzip(bytes)) {
    auto unpacked = gunzip(bytes, most);
    if (!unpacked) return Error{name + ": " + unpacked.error().message, unpacked.error().exit_code};
    bytes = std::move(*unpacked);
  }
  if (has_text(bytes, kRiscvMagic, "RSC\x05")) return parse_image(name, std::move(bytes), "riscv64");
  if (has_text(bytes, kArmMagic, "ARM\x64")) return parse_image(name, std::move(bytes), "arm64");
  if (has_text(bytes, 0, ELFMAG)) return parse_elf(name, bytes, most);
  if (has_text(bytes, 0x202, "HdrS")) {
    return Error{name + ": a kernel for x86 (bzImage); expected one for riscv64 or arm64", 126};
  }
  if (has_text(bytes, 0, "MZ")) {
    return Error{name + ": an EFI program that is no kernel Image; expected Linux' arch/*/boot/Image", 126};
  }
  Kernel kernel;
  const uint64_t size = bytes.size();
  kernel.segments.push_back({0, std::move(bytes), size});
  return kernel;
}

Result<Kernel> read_kernel(const std::string& path, uint64_t most) {
  auto bytes = read_file(path, most);
  if (!bytes) return bytes.error();
  return parse_kernel(path, std::move(*bytes), most);
}

}  // namespace menura::boards
