#include "cli/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace menura::cli {

Result<void> Background::begin() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{std::string("-daemonize: no pipe: ") + std::strerror(errno)};
  host::Descriptor read_end(ends[0]);
  host::Descriptor write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error{std::string("-daemonize: no process: ") + std::strerror(errno)};
  if (child == 0) {
    ::setsid();
    waits_ = std::move(write_end);
    return {};
  }
  write_end = host::Descriptor();
  char byte = 0;
  ssize_t got = 0;
  do got = ::read(read_end.get(), &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got == 1) ::_exit(0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void Background::ready() {
  if (!waits_) return;
  const host::Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null) ::dup2(null.get(), fd);
  }
  [[maybe_unused]] const ssize_t told = ::write(waits_.get(), "", 1);
  waits_ = host::Descriptor();
}

PidFile::~PidFile() {
  if (file_) ::unlink(path_.c_str());
}

Result<void> PidFile::write(const std::string& path) {
  host::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return Error{"-pidfile " + path + ": " + std::strerror(errno) + "; expected a file that can be written"};
  struct flock all = {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_OFD_SETLK, &all) != 0) {
    return Error{"-pidfile " + path + ": another process that runs has it; expected a file of this machine's own"};
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error{"-pidfile " + path + ": " + std::strerror(errno)};
  }
  path_ = path;
  file_ = std::move(file);
  return {};
}

}  // namespace menura::cli
