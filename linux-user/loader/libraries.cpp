#include "linux-user/loader/libraries.h"

#include <elf.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <set>

#include "linux-user/loader/image.h"

namespace menura::linux_user {
namespace {

constexpr uint64_t kMostHeaders = 1170;  // as elf.cpp has it: what fits into 64 KiB
constexpr uint64_t kMostEntries = 4096;
constexpr uint64_t kLongestName = 4096;
constexpr size_t kMostLibraries = 1000;

std::string read_string(const ByteSource& file, uint64_t offset) {
  if (offset >= file.size()) return {};
  std::string text(std::min(kLongestName, file.size() - offset), '\0');
  if (!file.read(offset, text.data(), text.size())) return {};
  const size_t end = text.find('\0');
  return end == std::string::npos ? std::string() : text.substr(0, end);
}

// Where `address` is in the file, or its size: nowhere.
uint64_t offset_of(const std::vector<Elf64_Phdr>& headers, uint64_t address, uint64_t size) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type != PT_LOAD || address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz) continue;
    const uint64_t offset = address - header.p_vaddr + header.p_offset;
    return std::min(offset, size);
  }
  return size;
}

// The folders of a list, "$ORIGIN" filled in.
void add_folders(std::string_view list, const std::string& origin, std::vector<std::string>* folders) {
  while (!list.empty()) {
    const size_t end = std::min(list.find_first_of(":;"), list.size());
    std::string folder(list.substr(0, end));
    for (const std::string_view name : {"$ORIGIN", "${ORIGIN}"}) {
      if (const size_t at = folder.find(name); at != std::string::npos) folder.replace(at, name.size(), origin);
    }
    if (!folder.empty()) folders->push_back(std::move(folder));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

bool is_for(const ElfTarget& target, const std::string& host_path) {
  const FileHandle file(open(host_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  const std::optional<ElfIdentity> id = identify_elf(FileBytes(file.get()));
  return id && id->machine == target.machine && id->is_64bit == target.is_64bit;
}

}  // namespace

ElfLibraries read_libraries(const ByteSource& file) {
  ElfLibraries libraries;
  Elf64_Ehdr header;
  if (!file.read(0, &header, sizeof header) || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > kMostHeaders) {
    return libraries;
  }
  std::vector<Elf64_Phdr> headers(header.e_phnum);
  if (!file.read(header.e_phoff, headers.data(), headers.size() * sizeof(Elf64_Phdr))) return libraries;
  const auto dynamic =
      std::find_if(headers.begin(), headers.end(), [](const Elf64_Phdr& each) { return each.p_type == PT_DYNAMIC; });
  if (dynamic == headers.end()) return libraries;
  std::vector<Elf64_Dyn> entries(std::min(dynamic->p_filesz / sizeof(Elf64_Dyn), kMostEntries));
  if (!file.read(dynamic->p_offset, entries.data(), entries.size() * sizeof(Elf64_Dyn))) return libraries;
  entries.erase(
      std::find_if(entries.begin(), entries.end(), [](const Elf64_Dyn& each) { return each.d_tag == DT_NULL; }),
      entries.end());
  uint64_t strings = file.size();
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_STRTAB) strings = offset_of(headers, entry.d_un.d_ptr, file.size());
  }
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_un.d_val >= file.size() - strings) continue;
    std::string text = read_string(file, strings + entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED && !text.empty()) libraries.needed.push_back(std::move(text));
    if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) libraries.run_path = std::move(text);
  }
  return libraries;
}

std::vector<MissingLibrary> missing_libraries(const Paths& paths, const GuestRow& guest, const std::string& program,
                                              std::string_view library_path) {
  const std::string triplet = guest.triplet;
  std::vector<MissingLibrary> missing;
  std::set<std::string> seen;
  std::vector<std::string> files = {program};  // guest paths; grows while it is walked
  for (size_t i = 0; i < files.size() && files.size() < kMostLibraries; ++i) {
    const std::string path = files[i];
    std::string buffer;
    const FileHandle file(open(paths.to_host(path.c_str(), buffer), O_RDONLY | O_CLOEXEC));
    if (!file) continue;
    const ElfLibraries libraries = read_libraries(FileBytes(file.get()));
    std::vector<std::string> folders;
    add_folders(libraries.run_path, path.substr(0, path.rfind('/')), &folders);
    add_folders(library_path, "", &folders);
    for (const char* folder : {"/lib/", "/usr/lib/"}) folders.push_back(folder + triplet);
    folders.insert(folders.end(), {"/lib", "/usr/lib"});
    for (const std::string& name : libraries.needed) {
      if (!seen.insert(name).second) continue;
      if (name.find('/') != std::string::npos) folders = {""};
      const auto found = std::find_if(folders.begin(), folders.end(), [&](const std::string& folder) {
        const std::string candidate = folder.empty() ? name : folder + "/" + name;
        return is_for(guest.target, paths.to_host(candidate.c_str(), buffer));
      });
      if (found == folders.end()) {
        missing.push_back({name, path});
      } else {
        files.push_back(found->empty() ? name : *found + "/" + name);
      }
    }
  }
  return missing;
}

}  // namespace menura::linux_user
