// Measures inside a machine: reads a command a line, does it, and answers "measured WALL CPU TEXT" (seconds; what was printed or
// transferred) or "failed WHAT". The end of the commands is its own: the machine then powers off.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { kMostWords = 16, kMostCopies = 8, kBlock = 1 << 20 };

static char* block;  // kBlock bytes, as O_DIRECT wants them aligned

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + 1e-6 * (double)time.tv_usec; }

static double cpu_of(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static void failed(const char* what) { printf("failed %s: %s\n", what, errno != 0 ? strerror(errno) : "not as expected"); }

static void measured(double wall, double cpu, const char* text) { printf("measured %.6f %.6f %s\n", wall, cpu, text); }

// --- run COPIES PROGRAM [ARGUMENT ...]: so many at once, each on its own CPU if there are several

static const char* output_of(int copy) {
  static char path[32];
  snprintf(path, sizeof path, "/tmp/output%d", copy);
  return path;
}

static pid_t start(char** words, int copy, int copies) {
  const pid_t child = fork();
  if (child != 0) return child;
  if (copies > 1) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(copy, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
  }
  const int output = open(output_of(copy), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(output, 1);
  execv(words[0], words);
  _exit(127);
}

// What a copy has printed, on one line. False: it does not fit.
static int read_output(int copy, char* text, size_t size) {
  const int file = open(output_of(copy), O_RDONLY);
  const ssize_t got = read(file, text, size);
  close(file);
  if (got < 0 || (size_t)got == size) return 0;
  text[got] = '\0';
  for (ssize_t i = 0; i < got; ++i) {
    if (text[i] == '\n') text[i] = i + 1 < got ? ' ' : '\0';
  }
  return 1;
}

static void run(char** words, int count) {
  const int copies = count > 1 ? atoi(words[0]) : 0;
  if (copies < 1 || copies > kMostCopies) return failed("run");
  const double cpu = cpu_of(RUSAGE_CHILDREN), begin = now();
  for (int i = 0; i < copies; ++i) {
    if (start(words + 1, i, copies) < 0) return failed("fork");
  }
  int status = 0, worst = 0;
  for (int i = 0; i < copies; ++i) {
    wait(&status);
    if (status != 0) worst = status;
  }
  const double wall = now() - begin, used = cpu_of(RUSAGE_CHILDREN) - cpu;
  errno = 0;
  if (worst != 0) return failed(words[1]);
  char text[256], other[256];
  if (!read_output(0, text, sizeof text)) return failed("its output");
  for (int i = 1; i < copies; ++i) {
    if (!read_output(i, other, sizeof other) || strcmp(text, other) != 0) return failed("its copies' output");
  }
  measured(wall, used, text);
}

// --- read PATH MEBIBYTES direct|buffered: from the beginning on, 1 MiB at a time, nothing of it in this kernel's memory

static void read_file(char** words, int count) {
  if (count != 3) return failed("read");
  const long blocks = atol(words[1]);
  const int direct = strcmp(words[2], "direct") == 0;
  const int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
  if (drop < 0 || write(drop, "3", 1) != 1) return failed("drop_caches");
  close(drop);
  const int file = open(words[0], O_RDONLY | (direct ? O_DIRECT : 0));
  if (file < 0) return failed(words[0]);
  uint64_t sum = 0;
  const double cpu = cpu_of(RUSAGE_SELF), begin = now();
  for (long i = 0; i < blocks; ++i) {
    for (size_t done = 0; done < kBlock;) {
      const ssize_t got = read(file, block + done, kBlock - done);
      if (got <= 0) return failed(words[0]);
      done += (size_t)got;
    }
    // A word of each sector: enough to see that it came, too little to be what is measured.
    for (size_t at = 0; at < kBlock; at += 512) sum = sum * 31 + *(uint64_t*)(void*)(block + at);
  }
  char text[32];
  snprintf(text, sizeof text, "%016llx", (unsigned long long)sum);
  measured(now() - begin, cpu_of(RUSAGE_SELF) - cpu, text);
  close(file);
}

// --- receive PORT MEBIBYTES, send PORT MEBIBYTES: with a server of the host, which says a byte when it has everything

static int connected(const char* port) {
  // The host, as libslirp's network has it.
  struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr = {inet_addr("10.0.2.2")}};
  const int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  if (socket_ >= 0 && connect(socket_, (struct sockaddr*)&host, sizeof host) == 0) return socket_;
  failed("connect");
  if (socket_ >= 0) close(socket_);
  return -1;
}

static void transfer(char** words, int count, int sends) {
  if (count != 2) return failed("transfer");
  const uint64_t bytes = (uint64_t)atol(words[1]) * kBlock;
  const int socket_ = connected(words[0]);
  if (socket_ < 0) return;
  memset(block, 'm', kBlock);
  uint64_t done = 0;
  const double cpu = cpu_of(RUSAGE_SELF), begin = now();
  while (done < bytes) {
    const ssize_t got = sends ? send(socket_, block, kBlock, 0) : recv(socket_, block, kBlock, 0);
    if (got <= 0) break;
    done += (uint64_t)got;
  }
  char acknowledged = 0;
  if (sends) {
    shutdown(socket_, SHUT_WR);
    if (recv(socket_, &acknowledged, 1, 0) != 1) done = 0;
  }
  const double wall = now() - begin, used = cpu_of(RUSAGE_SELF) - cpu;
  close(socket_);
  if (done != bytes) return failed("transfer");
  char text[32];
  snprintf(text, sizeof text, "%llu", (unsigned long long)done);
  measured(wall, used, text);
}

static void receive_bytes(char** words, int count) { transfer(words, count, 0); }
static void send_bytes(char** words, int count) { transfer(words, count, 1); }

static const struct {
  const char* name;
  void (*does)(char** words, int count);
} kCommands[] = {{"run", run}, {"read", read_file}, {"receive", receive_bytes}, {"send", send_bytes}};

static void obey(char** words, int count) {
  errno = 0;
  for (size_t i = 0; i < sizeof kCommands / sizeof *kCommands; ++i) {
    if (strcmp(words[0], kCommands[i].name) == 0) return kCommands[i].does(words + 1, count - 1);
  }
  failed(words[0]);
}

int main(void) {
  block = aligned_alloc(4096, kBlock);
  struct termios terminal;
  if (tcgetattr(0, &terminal) == 0) {
    terminal.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(0, TCSANOW, &terminal);
  }
  puts("ready");
  fflush(stdout);
  char line[512];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char* words[kMostWords + 1] = {NULL};
    int count = 0;
    for (char* word = strtok(line, " \r\n"); word != NULL && count < kMostWords; word = strtok(NULL, " \r\n")) words[count++] = word;
    if (count == 0) continue;
    if (strcmp(words[0], "quit") == 0) break;
    obey(words, count);
    fflush(stdout);
  }
  return 0;
}
