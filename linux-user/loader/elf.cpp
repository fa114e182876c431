#include "linux-user/loader/elf.h"

#include <elf.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace menura::linux_user {
namespace {

constexpr uint64_t kPage = 4096;
// Linux's own limits: program headers take at most 64 KiB (fs/binfmt_elf.c answers ENOEXEC), paths PATH_MAX bytes.
constexpr uint64_t kMaxHeaderBytes = 65536;
constexpr uint64_t kMaxInterpreter = 4096;
// No segment may end above what any guest's address space has; keeps all sums below from wrapping.
constexpr uint64_t kMaxAddress = uint64_t{1} << 47;

Error not_runnable(const std::string& path, const std::string& what) { return {path + ": " + what, 126}; }

std::string hex(uint64_t value) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

// Why a file that is no ELF file cannot be run.
std::string explain_foreign(const ByteSource& file) {
  if (file.size() == 0) return "the file is empty; expected an ELF program";
  std::array<unsigned char, 4> magic{};
  file.read(0, magic.data(), std::min<uint64_t>(file.size(), magic.size()));
  if (magic[0] == 'M' && magic[1] == 'Z') return "a Windows program; expected a Linux ELF program";
  if (magic[0] == '#' && magic[1] == '!') return "a script; run its interpreter and give it the script as argument";
  const std::array<unsigned char, 4> elf_magic = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};
  if (magic == elf_magic)
    return "the ELF header is cut off after " + std::to_string(file.size()) + " bytes; copy the file again";
  return "not an ELF program (it begins with bytes " + hex(magic[0]) + " " + hex(magic[1]) +
         "); expected a Linux executable";
}

class Reader {
 public:
  Reader(const ByteSource& file, const std::string& path) : file_(file), path_(path) {}

  Result<ElfImage> read(const ElfTarget& target) {
    if (auto ok = read_header(target); !ok) return ok.error();
    if (auto ok = read_program_headers(); !ok) return ok.error();
    for (size_t i = 0; i < headers_.size(); ++i) {
      if (auto ok = take(headers_[i], i); !ok) return ok.error();
    }
    if (auto ok = check_segments(); !ok) return ok.error();
    return std::move(image_);
  }

 private:
  Result<void> refuse(const std::string& what) const { return not_runnable(path_, what); }

  Result<void> read_header(const ElfTarget& target) {
    const std::optional<ElfIdentity> id = identify_elf(file_);
    if (!id) return refuse(explain_foreign(file_));
    if (id->machine != target.machine || id->is_64bit != target.is_64bit || id->big_endian != target.big_endian) {
      const ElfIdentity wanted{target.machine, target.is_64bit, target.big_endian};
      return refuse("a program for " + describe(*id) + "; expected one for " + describe(wanted));
    }
    if (!file_.read(0, &header_, sizeof header_)) {
      return refuse("the ELF header is cut off after " + std::to_string(file_.size()) + " bytes; copy the file again");
    }
    if (header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT) {
      return refuse("ELF version " + std::to_string(header_.e_version) + "; expected version 1");
    }
    if (header_.e_type != ET_EXEC && header_.e_type != ET_DYN) {
      const char* kind = header_.e_type == ET_REL    ? "an object file that has not been linked"
                         : header_.e_type == ET_CORE ? "a core dump"
                                                     : "an ELF file of an unknown type";
      return refuse(std::string(kind) + "; expected an executable");
    }
    image_.position_independent = header_.e_type == ET_DYN;
    image_.entry = header_.e_entry;
    image_.flags = header_.e_flags;
    return {};
  }

  Result<void> read_program_headers() {
    if (header_.e_phnum == 0) return refuse("an ELF file without program headers; expected an executable");
    if (header_.e_phentsize != sizeof(Elf64_Phdr)) {
      return refuse("program headers of " + std::to_string(header_.e_phentsize) + " bytes; expected " +
                    std::to_string(sizeof(Elf64_Phdr)));
    }
    const uint64_t bytes = uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
    if (bytes > kMaxHeaderBytes)
      return refuse(std::to_string(header_.e_phnum) + " program headers; Linux accepts at most 1170");
    if (header_.e_phoff > file_.size() || bytes > file_.size() - header_.e_phoff) {
      return refuse("the program headers lie outside the file (offset " + hex(header_.e_phoff) + ", the file has " +
                    std::to_string(file_.size()) + " bytes); copy the file again");
    }
    headers_.resize(header_.e_phnum);
    if (!file_.read(header_.e_phoff, headers_.data(), bytes)) return refuse("the program headers cannot be read");
    image_.header_count = header_.e_phnum;
    image_.header_size = header_.e_phentsize;
    return {};
  }

  Result<void> take(const Elf64_Phdr& header, size_t number) {
    switch (header.p_type) {
      case PT_LOAD:
        return take_load(header, number);
      case PT_INTERP:
        return take_interpreter(header);
      case PT_GNU_STACK:
        image_.executable_stack = (header.p_flags & PF_X) != 0;
        return {};
      case PT_GNU_PROPERTY:
        take_properties(header);
        return {};
      default:
        return {};
    }
  }

  Result<void> take_load(const Elf64_Phdr& header, size_t number) {
    const std::string which = "segment " + std::to_string(number);
    if (header.p_memsz == 0) return {};
    if (header.p_filesz > header.p_memsz) {
      return refuse(which + " has more bytes in the file (" + hex(header.p_filesz) + ") than in memory (" +
                    hex(header.p_memsz) + ")");
    }
    const bool in_file = header.p_offset <= file_.size() && header.p_filesz <= file_.size() - header.p_offset;
    if (header.p_filesz != 0 && !in_file) {
      return refuse(which + " lies outside the file (offset " + hex(header.p_offset) + ", " + hex(header.p_filesz) +
                    " bytes, the file has " + hex(file_.size()) + "); the file is cut off, copy it again");
    }
    if (header.p_vaddr >= kMaxAddress || header.p_memsz > kMaxAddress - header.p_vaddr) {
      return refuse(which + " does not fit an address space: " + hex(header.p_memsz) + " bytes at " +
                    hex(header.p_vaddr));
    }
    if (header.p_align > 1 && !std::has_single_bit(header.p_align)) {
      return refuse(which + " has alignment " + hex(header.p_align) + "; expected a power of two");
    }
    if ((header.p_vaddr - header.p_offset) % kPage != 0 && header.p_filesz != 0) {
      return refuse(which + " cannot be mapped: address " + hex(header.p_vaddr) + " and file offset " +
                    hex(header.p_offset) +
                    " differ within a page of 4096 bytes; link with -z max-page-size=4096 or larger");
    }
    ElfSegment segment;
    segment.vaddr = header.p_vaddr;
    segment.memory_size = header.p_memsz;
    segment.file_offset = header.p_offset;
    segment.file_size = header.p_filesz;
    segment.prot = ((header.p_flags & PF_R) != 0 ? PROT_READ : 0) | ((header.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                   ((header.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    image_.align = std::max(image_.align, header.p_align);
    // The headers are in memory where a segment holds their part of the file.
    if (header_.e_phoff >= header.p_offset && header_.e_phoff - header.p_offset < header.p_filesz) {
      image_.headers_vaddr = header.p_vaddr + (header_.e_phoff - header.p_offset);
    }
    image_.segments.push_back(segment);
    return {};
  }

  Result<void> take_interpreter(const Elf64_Phdr& header) {
    if (!image_.interpreter.empty()) return refuse("two PT_INTERP headers; expected one");
    if (header.p_filesz < 2 || header.p_filesz > kMaxInterpreter) {
      return refuse("the interpreter's path is " + std::to_string(header.p_filesz) + " bytes long; expected 2 to 4096");
    }
    std::string text(header.p_filesz, '\0');
    if (header.p_offset > file_.size() || header.p_filesz > file_.size() - header.p_offset ||
        !file_.read(header.p_offset, text.data(), text.size())) {
      return refuse("the interpreter's path lies outside the file; copy the file again");
    }
    if (text.back() != '\0') return refuse("the interpreter's path does not end with a zero byte");
    image_.interpreter = text.c_str();
    return {};
  }

  // A note of type NT_GNU_PROPERTY_TYPE_0 (Linux Extensions to gABI, "Program Property"): properties of 8 bytes and
  // data, each padded to 8. What cannot be read asks for nothing, as on Linux.
  void take_properties(const Elf64_Phdr& header) {
    constexpr uint64_t kMaxNote = 1024;
    constexpr size_t kHeader = sizeof(Elf64_Nhdr) + 4;  // with the name "GNU"
    if (header.p_filesz < kHeader || header.p_filesz > kMaxNote || header.p_offset > file_.size() ||
        header.p_filesz > file_.size() - header.p_offset) {
      return;
    }
    std::vector<char> note(header.p_filesz);
    if (!file_.read(header.p_offset, note.data(), note.size())) return;
    Elf64_Nhdr head;
    std::memcpy(&head, note.data(), sizeof head);
    if (head.n_type != NT_GNU_PROPERTY_TYPE_0 || head.n_namesz != 4 ||
        std::memcmp(note.data() + sizeof head, "GNU", 4) != 0) {
      return;
    }
    const size_t end = std::min(note.size(), kHeader + size_t{head.n_descsz});
    for (size_t at = kHeader; at + 12 <= end;) {
      uint32_t words[3];
      std::memcpy(words, note.data() + at, sizeof words);
      if (words[0] == target_features_property() && words[1] == 4) image_.features = words[2];
      at += 8 + (size_t{words[1]} + 7) / 8 * 8;
    }
  }
  uint32_t target_features_property() const { return header_.e_machine == EM_AARCH64 ? 0xc0000000 : 0; }

  Result<void> check_segments() {
    std::vector<ElfSegment>& segments = image_.segments;
    if (segments.empty()) return refuse("nothing to load (no PT_LOAD segment); expected an executable");
    std::stable_sort(segments.begin(), segments.end(),
                     [](const ElfSegment& a, const ElfSegment& b) { return a.vaddr < b.vaddr; });
    for (size_t i = 1; i < segments.size(); ++i) {
      if (segments[i - 1].vaddr + segments[i - 1].memory_size > segments[i].vaddr) {
        return refuse("segments overlap at address " + hex(segments[i].vaddr));
      }
    }
    image_.low = segments.front().vaddr & ~(kPage - 1);
    image_.high = (segments.back().vaddr + segments.back().memory_size + kPage - 1) & ~(kPage - 1);
    return {};
  }

  const ByteSource& file_;
  const std::string& path_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> headers_;
  ElfImage image_;
};

}  // namespace

std::optional<ElfIdentity> identify_elf(const ByteSource& file) {
  // e_ident and e_machine lie at the same offsets in 32- and 64-bit files.
  std::array<unsigned char, 20> head{};
  if (file.size() < head.size() || !file.read(0, head.data(), head.size())) return std::nullopt;
  if (std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  ElfIdentity id;
  id.is_64bit = head[EI_CLASS] == ELFCLASS64;
  id.big_endian = head[EI_DATA] == ELFDATA2MSB;
  id.machine = static_cast<uint16_t>(id.big_endian ? head[18] << 8 | head[19] : head[19] << 8 | head[18]);
  return id;
}

Result<ElfImage> parse_elf(const ByteSource& file, const ElfTarget& target, const std::string& path) {
  return Reader(file, path).read(target);
}

std::string describe(const ElfIdentity& id) {
  return std::string(id.is_64bit ? "64-bit " : "32-bit ") + (id.big_endian ? "big-endian " : "little-endian ") +
         elf_machine_name(id.machine);
}

std::string elf_machine_name(uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "Arm (A32)";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_S390:
      return "s390x";
    case EM_PPC64:
      return "POWER (64-bit)";
    case EM_PPC:
      return "PowerPC";
    case EM_MIPS:
      return "MIPS";
    case EM_SPARCV9:
      return "SPARC V9";
    case EM_LOONGARCH:
      return "LoongArch";
    case EM_68K:
      return "m68k";
    default:
      return "machine number " + std::to_string(machine);
  }
}

std::optional<Shebang> parse_shebang(const ByteSource& file) {
  // Linux reads BINPRM_BUF_SIZE (256) bytes and needs the line's end within them, unless the file ends first.
  std::array<char, 256> buffer{};
  const size_t size = std::min<uint64_t>(file.size(), buffer.size());
  if (size < 3 || !file.read(0, buffer.data(), size) || buffer[0] != '#' || buffer[1] != '!') return std::nullopt;
  std::string_view line(buffer.data() + 2, size - 2);
  line = line.substr(0, line.find_first_of(std::string_view("\n\0", 2)));
  constexpr std::string_view kBlank = " \t";
  const auto trim = [&](std::string_view text) {
    const size_t begin = text.find_first_not_of(kBlank);
    if (begin == text.npos) return std::string_view();
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
  };
  line = trim(line);
  if (line.empty()) return std::nullopt;
  const size_t end = std::min(line.find_first_of(kBlank), line.size());
  return Shebang{std::string(line.substr(0, end)), std::string(trim(line.substr(end)))};
}

}  // namespace menura::linux_user
