// Every handler, by the name that numbers.def gives it, in the order of the files that define them. `Thread&` first,
// then the arguments in the types that the kernel's own prototype gives them; the answer is a value or -errno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linux-user/syscalls/guest_pointer.h"

struct __user_cap_data_struct;
struct __user_cap_header_struct;
struct epoll_event;
struct f_owner_ex;
struct file_handle;
struct iovec;
struct itimerspec;
struct itimerval;
struct mmsghdr;
struct mq_attr;
struct msghdr;
struct msqid_ds;
struct open_how;
struct pollfd;
struct rlimit64;
struct rusage;
struct sembuf;
struct shmid_ds;
struct statfs;
struct statx;
struct sysinfo;
struct timespec;
struct timeval;
struct timex;
struct tms;
struct utsname;
struct sigevent;

namespace menura::linux_user {
class Thread;
}

namespace menura::linux_user::sys {

struct MaskArgument;

// --- files.cpp
int64_t openat(Thread& thread, int directory, GuestStr name, int flags, unsigned mode);
int64_t openat2(Thread& thread, int directory, GuestStr name, GuestPtr<open_how> how, size_t size);
int64_t close(Thread&, int fd);
int64_t close_range(Thread&, unsigned first, unsigned last, unsigned flags);
int64_t read(Thread& thread, int fd, GuestPtr<void> buffer, size_t count);
int64_t write(Thread& thread, int fd, GuestPtr<void> buffer, size_t count);
int64_t pread64(Thread& thread, int fd, GuestPtr<void> buffer, size_t count, int64_t offset);
int64_t pwrite64(Thread& thread, int fd, GuestPtr<void> buffer, size_t count, int64_t offset);
int64_t readv(Thread& thread, int fd, GuestPtr<iovec> vector, int count);
int64_t writev(Thread& thread, int fd, GuestPtr<iovec> vector, int count);
int64_t preadv(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset);
int64_t pwritev(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset);
int64_t preadv2(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset, int64_t, int flags);
int64_t pwritev2(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset, int64_t, int flags);
int64_t lseek(Thread&, int fd, int64_t offset, int whence);
int64_t dup(Thread&, int fd);
int64_t dup3(Thread& thread, int from, int to, int flags);
int64_t pipe2(Thread& thread, GuestPtr<int> fds, int flags);
int64_t fcntl(Thread& thread, int fd, int command, uint64_t argument);
int64_t flock(Thread& thread, int fd, int operation);
int64_t sync(Thread&);
int64_t syncfs(Thread&, int fd);
int64_t fsync(Thread&, int fd);
int64_t fdatasync(Thread&, int fd);
int64_t sync_file_range(Thread&, int fd, int64_t offset, int64_t count, unsigned flags);
int64_t truncate(Thread&, GuestStr path, int64_t size);
int64_t ftruncate(Thread&, int fd, int64_t size);
int64_t fallocate(Thread& thread, int fd, int mode, int64_t offset, int64_t count);
int64_t fadvise64(Thread&, int fd, int64_t offset, int64_t count, int advice);
int64_t readahead(Thread&, int fd, int64_t offset, size_t count);
int64_t sendfile(Thread& thread, int to, int from, GuestPtr<int64_t> offset, size_t count);
int64_t splice(Thread& thread, int from, GuestPtr<int64_t> from_offset, int to, GuestPtr<int64_t> to_offset,
               size_t count, unsigned flags);
int64_t tee(Thread& thread, int from, int to, size_t count, unsigned flags);
int64_t vmsplice(Thread& thread, int fd, GuestPtr<iovec> vector, size_t count, unsigned flags);
int64_t copy_file_range(Thread& thread, int from, GuestPtr<int64_t> from_offset, int to, GuestPtr<int64_t> to_offset,
                        size_t count, unsigned flags);
int64_t memfd_create(Thread&, GuestStr name, unsigned flags);
int64_t name_to_handle_at(Thread& thread, int directory, GuestStr name, GuestPtr<file_handle> handle,
                          GuestPtr<int> mount, int flags);
int64_t open_by_handle_at(Thread& thread, int mount, GuestPtr<file_handle> handle, int flags);

// --- directories.cpp
int64_t mkdirat(Thread&, int directory, GuestStr path, unsigned mode);
int64_t mknodat(Thread&, int directory, GuestStr path, unsigned mode, unsigned device);
int64_t unlinkat(Thread&, int directory, GuestStr path, int flags);
int64_t symlinkat(Thread&, GuestStr target, int directory, GuestStr path);
int64_t linkat(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to, int flags);
int64_t renameat(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to);
int64_t renameat2(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to, unsigned flags);
int64_t readlinkat(Thread& thread, int directory, GuestStr name, GuestPtr<char> buffer, int size);
int64_t getcwd(Thread& thread, GuestPtr<char> buffer, size_t size);
int64_t chdir(Thread&, GuestStr path);
int64_t fchdir(Thread&, int fd);
int64_t chroot(Thread&, GuestStr path);
int64_t umask(Thread&, unsigned mask);
int64_t getdents64(Thread& thread, int fd, GuestPtr<void> buffer, unsigned size);
int64_t mount(Thread&, GuestStr source, GuestStr target, GuestStr type, uint64_t flags, GuestPtr<void> data);
int64_t umount2(Thread&, GuestStr target, int flags);
int64_t pivot_root(Thread&, GuestStr new_root, GuestStr put_old);

// --- stat.cpp
int64_t fstat(Thread& thread, int fd, GuestPtr<void> to);
int64_t newfstatat(Thread& thread, int directory, GuestStr name, GuestPtr<void> to, int flags);
int64_t statx(Thread& thread, int directory, GuestStr name, int flags, unsigned mask, GuestPtr<struct statx> to);
int64_t statfs(Thread& thread, GuestStr name, GuestPtr<struct statfs> to);
int64_t fstatfs(Thread& thread, int fd, GuestPtr<struct statfs> to);
int64_t faccessat(Thread& thread, int directory, GuestStr name, int mode);
int64_t faccessat2(Thread& thread, int directory, GuestStr name, int mode, int flags);
int64_t fchmod(Thread&, int fd, unsigned mode);
int64_t fchmodat(Thread&, int directory, GuestStr path, unsigned mode);
int64_t fchmodat2(Thread&, int directory, GuestStr path, unsigned mode, int flags);
int64_t fchown(Thread&, int fd, int owner, int group);
int64_t fchownat(Thread&, int directory, GuestStr path, int owner, int group, int flags);
int64_t utimensat(Thread&, int directory, GuestStr path, GuestPtr<timespec> times, int flags);

// --- xattr.cpp
int64_t setxattr(Thread&, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size, int flags);
int64_t lsetxattr(Thread&, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size, int flags);
int64_t fsetxattr(Thread&, int fd, GuestStr name, GuestPtr<void> value, size_t size, int flags);
int64_t getxattr(Thread& thread, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size);
int64_t lgetxattr(Thread& thread, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size);
int64_t fgetxattr(Thread& thread, int fd, GuestStr name, GuestPtr<void> value, size_t size);
int64_t listxattr(Thread& thread, GuestStr path, GuestPtr<char> list, size_t size);
int64_t llistxattr(Thread& thread, GuestStr path, GuestPtr<char> list, size_t size);
int64_t flistxattr(Thread& thread, int fd, GuestPtr<char> list, size_t size);
int64_t removexattr(Thread&, GuestStr path, GuestStr name);
int64_t lremovexattr(Thread&, GuestStr path, GuestStr name);
int64_t fremovexattr(Thread&, int fd, GuestStr name);

// --- events.cpp
int64_t ppoll(Thread& thread, GuestPtr<pollfd> fds, unsigned count, GuestPtr<timespec> timeout, GuestPtr<void> mask,
              size_t mask_size);
int64_t pselect6(Thread& thread, int count, GuestPtr<void> read, GuestPtr<void> write, GuestPtr<void> except,
                 GuestPtr<timespec> timeout, GuestPtr<MaskArgument> mask_argument);
int64_t epoll_create1(Thread&, int flags);
int64_t epoll_ctl(Thread& thread, int epoll, int operation, int fd, GuestPtr<void> event);
int64_t epoll_pwait(Thread& thread, int fd, GuestPtr<void> events, int count, int timeout, GuestPtr<void> mask,
                    size_t mask_size);
int64_t epoll_pwait2(Thread& thread, int fd, GuestPtr<void> events, int count, GuestPtr<timespec> timeout,
                     GuestPtr<void> mask, size_t mask_size);
int64_t eventfd2(Thread&, unsigned initial, int flags);
int64_t signalfd4(Thread&, int fd, GuestPtr<uint64_t> mask, size_t mask_size, int flags);
int64_t inotify_init1(Thread&, int flags);
int64_t inotify_add_watch(Thread& thread, int fd, GuestStr name, unsigned mask);
int64_t inotify_rm_watch(Thread&, int fd, int watch);
int64_t fanotify_init(Thread& thread, unsigned flags, unsigned event_flags);
int64_t fanotify_mark(Thread&, int fd, unsigned flags, uint64_t mask, int directory, GuestStr path);

// --- sockets.cpp
int64_t socket(Thread&, int family, int type, int protocol);
int64_t socketpair(Thread& thread, int family, int type, int protocol, GuestPtr<int> fds);
int64_t bind(Thread&, int fd, GuestPtr<void> address, unsigned size);
int64_t listen(Thread&, int fd, int backlog);
int64_t accept(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size);
int64_t accept4(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size, int flags);
int64_t connect(Thread& thread, int fd, GuestPtr<void> address, unsigned size);
int64_t getsockname(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size);
int64_t getpeername(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size);
int64_t shutdown(Thread&, int fd, int how);
int64_t sendto(Thread& thread, int fd, GuestPtr<void> data, size_t count, int flags, GuestPtr<void> address,
               unsigned size);
int64_t recvfrom(Thread& thread, int fd, GuestPtr<void> data, size_t count, int flags, GuestPtr<void> address,
                 GuestPtr<int> size);
int64_t sendmsg(Thread& thread, int fd, GuestPtr<msghdr> message, int flags);
int64_t recvmsg(Thread& thread, int fd, GuestPtr<msghdr> message, int flags);
int64_t sendmmsg(Thread& thread, int fd, GuestPtr<mmsghdr> messages, unsigned count, int flags);
int64_t recvmmsg(Thread& thread, int fd, GuestPtr<mmsghdr> messages, unsigned count, int flags,
                 GuestPtr<timespec> timeout);
int64_t setsockopt(Thread&, int fd, int level, int option, GuestPtr<void> value, unsigned size);
int64_t getsockopt(Thread& thread, int fd, int level, int option, GuestPtr<void> value, GuestPtr<int> size);

// --- time.cpp
int64_t clock_gettime(Thread& thread, int clock, GuestPtr<timespec> to);
int64_t gettimeofday(Thread& thread, GuestPtr<timeval> to, GuestPtr<void> zone);
int64_t settimeofday(Thread&, GuestPtr<timeval> from, GuestPtr<void> zone);
int64_t clock_settime(Thread&, int clock, GuestPtr<timespec> from);
int64_t clock_getres(Thread& thread, int clock, GuestPtr<timespec> to);
int64_t clock_adjtime(Thread& thread, int clock, GuestPtr<timex> buffer);
int64_t adjtimex(Thread& thread, GuestPtr<timex> buffer);
int64_t times(Thread& thread, GuestPtr<tms> to);
int64_t nanosleep(Thread& thread, GuestPtr<timespec> wanted, GuestPtr<timespec> remaining);
int64_t clock_nanosleep(Thread& thread, int clock, int flags, GuestPtr<timespec> wanted, GuestPtr<timespec> remaining);
int64_t getitimer(Thread& thread, int which, GuestPtr<itimerval> to);
int64_t setitimer(Thread& thread, int which, GuestPtr<itimerval> from, GuestPtr<itimerval> old);
int64_t timer_create(Thread& thread, int clock, GuestPtr<sigevent> event, GuestPtr<int> id);
int64_t timer_settime(Thread& thread, int id, int flags, GuestPtr<itimerspec> from, GuestPtr<itimerspec> old);
int64_t timer_gettime(Thread& thread, int id, GuestPtr<itimerspec> to);
int64_t timer_getoverrun(Thread&, int id);
int64_t timer_delete(Thread&, int id);
int64_t timerfd_create(Thread&, int clock, int flags);
int64_t timerfd_settime(Thread& thread, int fd, int flags, GuestPtr<itimerspec> from, GuestPtr<itimerspec> old);
int64_t timerfd_gettime(Thread& thread, int fd, GuestPtr<itimerspec> to);

// --- ids.cpp
int64_t getpid(Thread&);
int64_t getppid(Thread&);
int64_t gettid(Thread&);
int64_t getuid(Thread&);
int64_t geteuid(Thread&);
int64_t getgid(Thread&);
int64_t getegid(Thread&);
int64_t getpgid(Thread&, int pid);
int64_t setpgid(Thread&, int pid, int group);
int64_t getsid(Thread&, int pid);
int64_t setsid(Thread&);
int64_t setuid(Thread&, unsigned id);
int64_t setgid(Thread&, unsigned id);
int64_t setreuid(Thread&, unsigned real, unsigned effective);
int64_t setregid(Thread&, unsigned real, unsigned effective);
int64_t setresuid(Thread&, unsigned real, unsigned effective, unsigned saved);
int64_t setresgid(Thread&, unsigned real, unsigned effective, unsigned saved);
int64_t getresuid(Thread& thread, GuestPtr<unsigned> real, GuestPtr<unsigned> effective, GuestPtr<unsigned> saved);
int64_t getresgid(Thread& thread, GuestPtr<unsigned> real, GuestPtr<unsigned> effective, GuestPtr<unsigned> saved);
int64_t setfsuid(Thread&, unsigned id);
int64_t setfsgid(Thread&, unsigned id);
int64_t getgroups(Thread& thread, int count, GuestPtr<unsigned> groups);
int64_t setgroups(Thread&, int count, GuestPtr<unsigned> groups);
int64_t capget(Thread& thread, GuestPtr<__user_cap_header_struct> header, GuestPtr<__user_cap_data_struct> data);
int64_t capset(Thread& thread, GuestPtr<__user_cap_header_struct> header, GuestPtr<__user_cap_data_struct> data);
int64_t unshare(Thread&, unsigned flags);
int64_t setns(Thread&, int fd, int type);

// --- process_vm.cpp
int64_t process_vm_readv(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                         uint64_t remote_count, uint64_t flags);
int64_t process_vm_writev(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                          uint64_t remote_count, uint64_t flags);
int64_t pidfd_open(Thread&, int pid, unsigned flags);
int64_t pidfd_getfd(Thread&, int pidfd, int fd, unsigned flags);

// --- system.cpp
int64_t uname(Thread& thread, GuestPtr<utsname> to);
int64_t sethostname(Thread&, GuestPtr<char> name, int size);
int64_t setdomainname(Thread&, GuestPtr<char> name, int size);
int64_t sysinfo(Thread& thread, GuestPtr<struct sysinfo> to);
int64_t syslog(Thread& thread, int type, GuestPtr<char> buffer, int size);
int64_t vhangup(Thread&);
int64_t getrandom(Thread& thread, GuestPtr<void> buffer, size_t size, unsigned flags);
int64_t getcpu(Thread& thread, GuestPtr<unsigned> cpu, GuestPtr<unsigned> node, GuestPtr<void>);
int64_t membarrier(Thread&, int command, unsigned flags, int cpu);
int64_t personality(Thread&, unsigned persona);
int64_t prlimit64(Thread& thread, int pid, unsigned resource, GuestPtr<rlimit64> limit, GuestPtr<rlimit64> old);
int64_t getrlimit(Thread& thread, unsigned resource, GuestPtr<rlimit64> to);
int64_t setrlimit(Thread& thread, unsigned resource, GuestPtr<rlimit64> from);
int64_t getrusage(Thread& thread, int who, GuestPtr<rusage> to);
int64_t getpriority(Thread&, int which, int who);
int64_t setpriority(Thread&, int which, int who, int value);
int64_t ioprio_get(Thread&, int which, int who);
int64_t ioprio_set(Thread&, int which, int who, int value);
int64_t sched_yield(Thread&);
int64_t sched_getscheduler(Thread&, int pid);
int64_t sched_setscheduler(Thread&, int pid, int policy, GuestPtr<int> parameter);
int64_t sched_getparam(Thread& thread, int pid, GuestPtr<int> to);
int64_t sched_setparam(Thread&, int pid, GuestPtr<int> from);
int64_t sched_getattr(Thread& thread, int pid, GuestPtr<void> to, unsigned size, unsigned flags);
int64_t sched_setattr(Thread& thread, int pid, GuestPtr<void> from, unsigned flags);
int64_t sched_getaffinity(Thread& thread, int pid, unsigned size, GuestPtr<void> to);
int64_t sched_setaffinity(Thread&, int pid, unsigned size, GuestPtr<void> from);
int64_t sched_get_priority_max(Thread&, int policy);
int64_t sched_get_priority_min(Thread&, int policy);
int64_t sched_rr_get_interval(Thread& thread, int pid, GuestPtr<timespec> to);
int64_t prctl(Thread& thread, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

// --- ioctl.cpp
int64_t ioctl(Thread& thread, int fd, unsigned number, uint64_t argument);

// --- ipc.cpp
int64_t mq_open(Thread& thread, GuestStr name, int flags, unsigned mode, GuestPtr<mq_attr> attributes);
int64_t mq_unlink(Thread&, GuestStr name);
int64_t mq_timedsend(Thread& thread, int queue, GuestPtr<char> data, size_t size, unsigned priority,
                     GuestPtr<timespec> deadline);
int64_t mq_timedreceive(Thread& thread, int queue, GuestPtr<char> data, size_t size, GuestPtr<unsigned> priority,
                        GuestPtr<timespec> deadline);
int64_t mq_notify(Thread&, int queue, GuestPtr<sigevent> event);
int64_t mq_getsetattr(Thread& thread, int queue, GuestPtr<mq_attr> from, GuestPtr<mq_attr> old);
int64_t msgget(Thread&, int key, int flags);
int64_t msgsnd(Thread& thread, int queue, GuestPtr<void> message, size_t size, int flags);
int64_t msgrcv(Thread& thread, int queue, GuestPtr<void> message, size_t size, long type, int flags);
int64_t msgctl(Thread& thread, int queue, int command, GuestPtr<msqid_ds> buffer);
int64_t semget(Thread&, int key, int count, int flags);
int64_t semop(Thread& thread, int set, GuestPtr<sembuf> operations, size_t count);
int64_t semtimedop(Thread& thread, int set, GuestPtr<sembuf> operations, size_t count, GuestPtr<timespec> timeout);
int64_t semctl(Thread& thread, int set, int index, int command, uint64_t argument);
int64_t shmget(Thread&, int key, size_t size, int flags);
int64_t shmctl(Thread& thread, int segment, int command, GuestPtr<shmid_ds> buffer);

// --- abi/riscv64/cpu_info.cpp
int64_t riscv_hwprobe(Thread& thread, GuestPtr<void> pairs, size_t count, size_t cpu_set_size, GuestPtr<void> cpus,
                      unsigned flags);
int64_t riscv_flush_icache(Thread& thread, uint64_t begin, uint64_t end, uint64_t flags);
// --- processes.cpp, threads.cpp, signals.cpp, memory.cpp
int64_t clone(Thread& thread, uint64_t flags, uint64_t stack, GuestPtr<int> parent_tid, uint64_t tls,
              GuestPtr<int> child_tid);
int64_t clone3(Thread& thread, GuestPtr<void> arguments, size_t size);
int64_t execve(Thread& thread, GuestStr path, GuestPtr<uint64_t> arguments, GuestPtr<uint64_t> environment);
int64_t execveat(Thread& thread, int directory, GuestStr path, GuestPtr<uint64_t> arguments,
                 GuestPtr<uint64_t> environment, int flags);
int64_t exit(Thread& thread, int status);
int64_t exit_group(Thread& thread, int status);
int64_t wait4(Thread& thread, int pid, GuestPtr<int> status, int options, GuestPtr<rusage> usage);
int64_t waitid(Thread& thread, int kind, int id, GuestPtr<void> info, int options, GuestPtr<rusage> usage);
int64_t set_tid_address(Thread& thread, uint64_t address);
int64_t set_robust_list(Thread& thread, uint64_t head, size_t size);
int64_t get_robust_list(Thread& thread, int tid, GuestPtr<uint64_t> head, GuestPtr<uint64_t> size);
int64_t futex(Thread& thread, GuestPtr<unsigned> word, int operation, unsigned value, uint64_t timeout_or_value2,
              GuestPtr<unsigned> word2, unsigned value3);
int64_t kill(Thread& thread, int pid, int signal);
int64_t tkill(Thread& thread, int tid, int signal);
int64_t tgkill(Thread& thread, int pid, int tid, int signal);
int64_t rt_sigqueueinfo(Thread& thread, int pid, int signal, GuestPtr<void> info);
int64_t rt_tgsigqueueinfo(Thread& thread, int pid, int tid, int signal, GuestPtr<void> info);
int64_t pidfd_send_signal(Thread& thread, int pidfd, int signal, GuestPtr<void> info, unsigned flags);
int64_t sigaltstack(Thread& thread, GuestPtr<void> stack, GuestPtr<void> old);
int64_t rt_sigaction(Thread& thread, int signal, GuestPtr<void> action, GuestPtr<void> old, size_t mask_size);
int64_t rt_sigprocmask(Thread& thread, int how, GuestPtr<uint64_t> mask, GuestPtr<uint64_t> old, size_t mask_size);
int64_t rt_sigpending(Thread& thread, GuestPtr<uint64_t> mask, size_t mask_size);
int64_t rt_sigsuspend(Thread& thread, GuestPtr<uint64_t> mask, size_t mask_size);
int64_t rt_sigtimedwait(Thread& thread, GuestPtr<uint64_t> mask, GuestPtr<void> info, GuestPtr<timespec> timeout,
                        size_t mask_size);
int64_t rt_sigreturn(Thread& thread);
int64_t mmap(Thread& thread, uint64_t address, size_t length, int protection, int flags, int fd, uint64_t offset);
int64_t munmap(Thread& thread, uint64_t address, size_t length);
int64_t mremap(Thread& thread, uint64_t address, size_t old_size, size_t new_size, int flags, uint64_t new_address);
int64_t mprotect(Thread& thread, uint64_t address, size_t length, int protection);
int64_t brk(Thread& thread, uint64_t address);
int64_t madvise(Thread& thread, uint64_t address, size_t length, int advice);
int64_t msync(Thread& thread, uint64_t address, size_t length, int flags);
int64_t mincore(Thread& thread, uint64_t address, size_t length, uint64_t vector);
int64_t mlock(Thread& thread, uint64_t address, size_t length);
int64_t mlock2(Thread& thread, uint64_t address, size_t length, unsigned flags);
int64_t munlock(Thread& thread, uint64_t address, size_t length);
int64_t mlockall(Thread& thread, int flags);
int64_t munlockall(Thread& thread);
int64_t shmat(Thread& thread, int segment, uint64_t address, int flags);
int64_t shmdt(Thread& thread, uint64_t address);

}  // namespace menura::linux_user::sys
