#include "cli/profile/symbols.h"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace menura::cli {
namespace {

// A file's bytes, of which nothing is believed.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    bytes_ = std::move(all).str();
    if (!get(0, &header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB) {
      header_ = {};
    }
  }

  // Where the file says that a byte of it is in memory.
  std::optional<uint64_t> address_of(uint64_t offset) const {
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      Elf64_Phdr segment = {};
      if (!get(header_.e_phoff + i * sizeof segment, &segment)) break;
      // Mappings begin at whole pages.
      const uint64_t begin = segment.p_offset & ~uint64_t{4095};
      if (segment.p_type == PT_LOAD && offset >= begin && offset < segment.p_offset + segment.p_filesz) {
        return segment.p_vaddr + (offset - segment.p_offset);
      }
    }
    return std::nullopt;
  }

  // Calls visit(symbol, name) for each function that is defined.
  template <typename Visit>
  void for_each_function(Visit visit) const {
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
      Elf64_Shdr table = {};
      Elf64_Shdr names = {};
      if (!get(header_.e_shoff + i * sizeof table, &table)) return;
      if (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM) continue;
      if (!get(header_.e_shoff + table.sh_link * sizeof names, &names)) continue;
      for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol = {};
        if (!get(table.sh_offset + at, &symbol)) break;
        const unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
        const uint64_t begin = names.sh_offset + symbol.st_name;
        if (begin >= bytes_.size()) continue;
        visit(symbol, bytes_.substr(begin, bytes_.find('\0', begin) - begin));
      }
    }
  }

 private:
  template <typename T>
  bool get(uint64_t offset, T* to) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof *to) return false;
    std::memcpy(to, bytes_.data() + offset, sizeof *to);
    return true;
  }

  std::string bytes_;
  Elf64_Ehdr header_ = {};
};

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? std::string(text.get()) : name;
}

}  // namespace

void Symbols::read_mappings() {
  mappings_.clear();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    int path_at = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &begin, &end, &offset,
                    &path_at) != 3) {
      continue;
    }
    const std::string path = path_at > 0 ? line.substr(static_cast<size_t>(path_at)) : "";
    if (path.empty() || path[0] != '/') continue;
    const ElfFile elf(path);
    const std::optional<uint64_t> address = elf.address_of(offset);
    if (!address) continue;
    std::shared_ptr<const File>& file = files_[path];
    if (file == nullptr) {
      auto made = std::make_shared<File>();
      made->name = path.substr(path.rfind('/') + 1);
      elf.for_each_function([&](const Elf64_Sym& symbol, const std::string& name) {
        made->symbols.push_back({symbol.st_value, symbol.st_size, demangled(name)});
      });
      std::stable_sort(made->symbols.begin(), made->symbols.end(),
                       [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; });
      file = std::move(made);
    }
    mappings_[end] = {begin, end, begin - *address, file};
  }
}

const Symbols::Mapping* Symbols::find(uint64_t address) const {
  const auto found = mappings_.upper_bound(address);
  return found != mappings_.end() && found->second.begin <= address ? &found->second : nullptr;
}

std::string Symbols::function(uint64_t address) {
  const Mapping* mapping = find(address);
  if (mapping == nullptr) {
    read_mappings();
    mapping = find(address);
  }
  if (mapping == nullptr) {
    // Not asked for again: a page that will never have a name.
    const uint64_t page = address & ~uint64_t{4095};
    mappings_.try_emplace(page + 4096, Mapping{page, page + 4096, 0, nullptr});
    return "[anonymous]";
  }
  if (mapping->file == nullptr) return "[anonymous]";
  const uint64_t place = address - mapping->bias;
  const std::vector<Symbol>& symbols = mapping->file->symbols;
  auto next = std::upper_bound(symbols.begin(), symbols.end(), place,
                               [](uint64_t at, const Symbol& symbol) { return at < symbol.begin; });
  while (next != symbols.begin()) {
    const Symbol& symbol = *--next;
    if (symbol.size == 0 || place - symbol.begin < symbol.size) return symbol.name;
    if (next != symbols.begin() && std::prev(next)->begin != symbol.begin) break;
  }
  std::ostringstream text;
  text << mapping->file->name << "+0x" << std::hex << place;
  return text.str();
}

}  // namespace menura::cli
