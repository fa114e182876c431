#include "cli/sysroot/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace menura::cli {
namespace {

// Both ends of a pipe, closed on exec; an end that is given away becomes -1.
struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(&read_end);
    close_end(&write_end);
  }
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  static void close_end(int* end) {
    if (*end >= 0) close(*end);
    *end = -1;
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// Starts `command` with these descriptors as its standard ones. Returns its process id, or -1.
pid_t start(const std::vector<std::string>& command, const std::vector<std::string>& environment, int input, int output,
            int errors) {
  const std::vector<char*> argv = pointers(command);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // If Menura is killed, its downloads end with it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
  execvp(argv[0], argv.data());
  const std::string why = command[0] + ": " + std::strerror(errno) + "\n";
  if (write(STDERR_FILENO, why.data(), why.size()) < 0) _exit(126);
  _exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Appends what can be read to `text`; false at the end of the file.
bool take(int fd, std::string* text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count > 0) text->append(buffer.data(), static_cast<size_t>(count));
  return count > 0;
}

void give_lines(const Child& child, std::string* text) {
  for (size_t end = 0; (end = text->find('\n')) != std::string::npos; text->erase(0, end + 1)) {
    child.on_line(std::string_view(*text).substr(0, end));
  }
}

}  // namespace

Result<ChildResult> run_child(const Child& child) {
  Pipe output;
  Pipe errors;
  Pipe between;
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || !output.open() || !errors.open() || !between.open()) {
    return Error{"cannot start " + child.command[0] + ": " + std::strerror(errno)};
  }
  pid_t feeder = 0;
  if (!child.feeder.empty()) {
    feeder = start(child.feeder, child.environment, nothing, between.write_end, errors.write_end);
  }
  const pid_t pid = start(child.command, child.environment, child.feeder.empty() ? nothing : between.read_end,
                          output.write_end, errors.write_end);
  const int error = errno;
  close(nothing);
  Pipe::close_end(&between.read_end);
  Pipe::close_end(&between.write_end);
  Pipe::close_end(&output.write_end);
  Pipe::close_end(&errors.write_end);

  ChildResult result;
  std::array<pollfd, 2> ends{{{output.read_end, POLLIN, 0}, {errors.read_end, POLLIN, 0}}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      if (!take(ends[i].fd, i == 0 ? &result.output : &result.errors)) ends[i].fd = -1;
    }
    if (child.on_line) give_lines(child, &result.output);
  }
  if (pid < 0 || feeder < 0) {
    for (const pid_t started : {pid, feeder}) {
      if (started > 0) wait_for(started);
    }
    return Error{"cannot start " + child.command[0] + ": " + std::strerror(error)};
  }
  result.status = wait_for(pid);
  if (feeder > 0) {
    const int status = wait_for(feeder);
    if (result.status == 0) result.status = status;
  }
  return result;
}

bool has_program(std::string_view name) {
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/usr/bin:/bin";
  while (!folders.empty()) {
    const size_t end = std::min(folders.find(':'), folders.size());
    const std::string path = std::string(folders.substr(0, end)) + "/" + std::string(name);
    if (access(path.c_str(), X_OK) == 0) return true;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return false;
}

}  // namespace menura::cli
