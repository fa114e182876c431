// Tagged addresses: loads and stores ignore the top byte; system calls take it when they are asked to.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *tag(void *pointer, uint64_t tag) { return (void *)((uint64_t)pointer | tag << 56); }
static sigjmp_buf back;
static siginfo_t seen;
static void on_fault(int signal, siginfo_t *info, void *context) {
  seen = *info;
  siglongjmp(back, 1);
}
static void result(const char *name, long value) {
  if (value == -1) printf("%s: -1 %s\n", name, strerrorname_np(errno));
  else printf("%s: %ld\n", name, value);
}
static void *other_thread(void *argument) { return (void *)(uintptr_t) * (volatile uint32_t *)argument; }

// Tags inside of a message: of the list, of what it names, of the control data, which passes a descriptor.
static void messages(void) {
  int ends[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
  char text[] = "text", room[16] = "";
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } passed = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}}, taken = {0};
  memcpy(CMSG_DATA(&passed.header), &ends[0], sizeof(int));
  struct iovec from = {tag(text, 1), 5}, to = {tag(room, 2), sizeof room};
  struct msghdr sent = {.msg_iov = tag(&from, 3), .msg_iovlen = 1, .msg_control = tag(&passed, 4), .msg_controllen = sizeof passed};
  struct msghdr received = {.msg_iov = tag(&to, 5), .msg_iovlen = 1, .msg_control = tag(&taken, 6), .msg_controllen = sizeof taken};
  result("sendmsg", sendmsg(ends[0], &sent, 0));
  result("sendmsg of a tagged message", sendmsg(ends[0], tag(&sent, 7), 0));
  result("recvmsg", recvmsg(ends[1], tag(&received, 8), MSG_DONTWAIT));
  int descriptor = -1;
  memcpy(&descriptor, CMSG_DATA(&taken.header), sizeof(int));
  printf("received %s, control %zu, list %s, descriptor %s\n", room, received.msg_controllen,
         received.msg_iov == tag(&to, 5) ? "as before" : "changed", descriptor > 0 && fcntl(descriptor, F_GETFD) >= 0 ? "there" : "none");
}

static void calls(const char *when) {
  char *text = tag(strdup("text\n"), 0x5a);
  struct stat info;
  int fds[2];
  pipe(fds);
  printf("%s\n", when);
  result("write", write(fds[1], text, 5));
  result("pipe", pipe(tag(malloc(8), 1)));
  result("open", open(tag(strdup("/dev/null"), 2), O_RDONLY) > 0 ? 1 : -1);
  result("fstat", fstat(0, tag(&info, 3)));
  struct iovec vector = {text, 5};
  result("writev of a tagged list", writev(fds[1], tag(&vector, 4), 1));
  result("writev", writev(fds[1], tag(&vector, 4), 1));
  struct timespec wait = {0, 1000};
  result("nanosleep", nanosleep(tag(&wait, 0x7f), NULL));
  messages();
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  uint64_t *data = aligned_alloc(64, 256);
  for (int i = 0; i < 32; ++i) data[i] = i * 3;
  uint64_t *tagged = tag(data, 0xa5), a = 0, b = 0, c = 7;
  asm volatile("ldr %0, [%1, #16]" : "=r"(a) : "r"(tagged));
  asm volatile("str %0, [%1, #24]" ::"r"(a + 100), "r"(tagged) : "memory");
  asm volatile("ldp %0, %1, [%2, #32]!" : "=r"(a), "=r"(b), "+r"(tagged));
  printf("ldp %lu %lu, written back %s\n", a, b, tagged == (uint64_t *)tag(data + 4, 0xa5) ? "with its tag" : "wrong");
  tagged = tag(data, 0x80);
  asm volatile("ldr %0, [%1, %2, lsl #3]" : "=r"(a) : "r"(tagged), "r"(3L));
  asm volatile("ldr %0, [%1, %2]" : "=r"(b) : "r"(32L), "r"(tagged));
  printf("by register %lu %lu\n", a, b);
  asm volatile("1: ldaxr %0, [%3]\n add %0, %0, #1\n stlxr %w1, %0, [%3]\n cbnz %w1, 1b" : "=&r"(a), "=&r"(b), "+m"(*data) : "r"(tagged));
  asm volatile(".arch armv8.1-a\n ldaddal %0, %1, [%2]" : "+r"(c), "=r"(b) : "r"(tagged) : "memory");
  printf("atomics %lu %lu %lu\n", a, b, data[0]);
  asm volatile("ld1 {v0.2d, v1.2d}, [%2]\n mov %0, v0.d[1]\n mov %1, v1.d[1]" : "=r"(a), "=r"(b) : "r"(tagged) : "v0", "v1");
  printf("vectors %lu %lu\n", a, b);
  memset(tag(data + 8, 9), 0x11, 64);
  printf("memset %lx %lx\n", data[8], data[15]);
  pthread_t thread;
  void *answer;
  pthread_create(&thread, NULL, other_thread, tag(data + 1, 0x33));
  pthread_join(thread, &answer);
  printf("thread %lu\n", (unsigned long)answer);

  // A fault is reported without the tag.
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(back, 1) == 0) *(volatile char *)tag(page + 5, 0xee) = 1;
  signal(SIGSEGV, SIG_DFL);
  printf("fault: code %d offset %ld\n", seen.si_code, (char *)seen.si_addr - page);

  result("get", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  calls("system calls, not asked to");
  result("mprotect", mprotect(tag(page, 0x11), 4096, PROT_READ | PROT_WRITE));
  result("madvise", madvise(tag(page, 0x12), 4096, MADV_DONTNEED));
  result("set with junk", prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 1, 0, 0));
  result("set", prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0));
  result("get", prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  calls("system calls, asked to");
  result("munmap", munmap(tag(page, 0x13), 4096));
  pid_t pid = fork();
  if (pid == 0) _exit(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  int status;
  waitpid(pid, &status, 0);
  result("in a child", WEXITSTATUS(status));
  return 0;
}
