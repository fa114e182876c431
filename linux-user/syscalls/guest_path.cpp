#include "linux-user/syscalls/guest_path.h"

#include <cstring>

#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user {
namespace {

constexpr char kProc[] = "/proc/";

bool is_in_proc(const char* path) { return std::strncmp(path, kProc, sizeof kProc - 1) == 0; }

// A copy of the guest's string, or null if it is relative, too long or unreadable.
const char* copy_absolute(GuestStr name, PathBuffer& buffer) {
  const auto* text = reinterpret_cast<const void*>(checked_address(name.address, 1));
  char first = 0;
  if (menura_guest_copy(&first, text, 1) != 0 || first != '/') return nullptr;
  const int64_t length = menura_guest_strlen(text, PATH_MAX);
  if (length < 0 || length >= PATH_MAX) return nullptr;
  if (load_bytes(buffer.text, name.address, static_cast<uint64_t>(length)) != 0) return nullptr;
  buffer.text[length] = '\0';
  return buffer.text;
}

}  // namespace

const char* guest_path(Thread& thread, GuestStr name, PathBuffer& buffer, LastComponent last) {
  const char* path = copy_absolute(name, buffer);
  if (path == nullptr) return in(name);
  if (is_in_proc(path)) {
    if (last != LastComponent::Target || !is_own_proc_file(path, "exe")) return path;
    path = thread.process().exe_path().c_str();
  }
  return thread.process().paths().to_host(path, buffer.found);
}

bool is_own_exe_link(Thread&, const char* path) {
  // A path of the guest's own memory was not absolute: links of /proc by a relative path are the host's answer.
  const auto address = reinterpret_cast<uint64_t>(path);
  return address > kGuestEnd && address < kRefusedAddress && is_in_proc(path) && is_own_proc_file(path, "exe");
}

}  // namespace menura::linux_user
