// System V and POSIX message queues, semaphores and the control half of shared memory.
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {

int64_t mq_open(Thread& thread, GuestStr name, int flags, unsigned mode, GuestPtr<mq_attr> attributes) {
  const int64_t host_flags = thread.process().abi().open_flags_to_host(flags);
  return host_call(SYS_mq_open, in(name), host_flags, mode, in(attributes));
}
int64_t mq_unlink(Thread&, GuestStr name) { return host_call(SYS_mq_unlink, in(name)); }
int64_t mq_timedsend(Thread& thread, int queue, GuestPtr<char> data, size_t size, unsigned priority,
                     GuestPtr<timespec> deadline) {
  return restarting_call(thread, SYS_mq_timedsend, queue, in(data, size), size, priority, in(deadline));
}
int64_t mq_timedreceive(Thread& thread, int queue, GuestPtr<char> data, size_t size, GuestPtr<unsigned> priority,
                        GuestPtr<timespec> deadline) {
  return restarting_call(thread, SYS_mq_timedreceive, queue, out(thread, data, size), size, out(thread, priority),
                         in(deadline));
}
int64_t mq_notify(Thread&, int queue, GuestPtr<sigevent> event) { return host_call(SYS_mq_notify, queue, in(event)); }
int64_t mq_getsetattr(Thread& thread, int queue, GuestPtr<mq_attr> from, GuestPtr<mq_attr> old) {
  return host_call(SYS_mq_getsetattr, queue, in(from), out(thread, old));
}

int64_t msgget(Thread&, int key, int flags) { return host_call(SYS_msgget, key, flags); }
int64_t msgsnd(Thread& thread, int queue, GuestPtr<void> message, size_t size, int flags) {
  return blocking_call(thread, SYS_msgsnd, queue, in(message, size + sizeof(long)), size, flags);
}
int64_t msgrcv(Thread& thread, int queue, GuestPtr<void> message, size_t size, long type, int flags) {
  return blocking_call(thread, SYS_msgrcv, queue, out(thread, message, size + sizeof(long)), size, type, flags);
}
int64_t msgctl(Thread& thread, int queue, int command, GuestPtr<msqid_ds> buffer) {
  return host_call(SYS_msgctl, queue, command, out(thread, buffer));
}

int64_t semget(Thread&, int key, int count, int flags) { return host_call(SYS_semget, key, count, flags); }
int64_t semop(Thread& thread, int set, GuestPtr<sembuf> operations, size_t count) {
  return blocking_call(thread, SYS_semop, set, in(operations, count), count);
}
int64_t semtimedop(Thread& thread, int set, GuestPtr<sembuf> operations, size_t count, GuestPtr<timespec> timeout) {
  return blocking_call(thread, SYS_semtimedop, set, in(operations, count), count, in(timeout));
}
int64_t semctl(Thread& thread, int set, int index, int command, uint64_t argument) {
  const Structs& structs = thread.process().abi().structs;
  std::byte encoded[128] = {};
  semid_ds host{};
  switch (command) {
    case IPC_SET:
      if (load_bytes(encoded, argument, structs.semid_ds_size) != 0) return -EFAULT;
      structs.decode_semid_ds(encoded, &host);
      return host_call(SYS_semctl, set, index, command, &host);
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY: {
      const int64_t result = host_call(SYS_semctl, set, index, command, &host);
      if (result < 0) return result;
      structs.encode_semid_ds(host, encoded);
      return store_bytes(thread, argument, encoded, structs.semid_ds_size) != 0 ? -EFAULT : result;
    }
    case IPC_INFO:
    case SEM_INFO:
      return host_call(SYS_semctl, set, index, command, out(thread, GuestPtr<seminfo>{argument}));
    case GETALL:
    case SETALL: {
      semid_ds state{};
      const int64_t known = host_call(SYS_semctl, set, 0, IPC_STAT, &state);
      const uint64_t bytes = (known < 0 ? 0 : state.sem_nsems) * sizeof(unsigned short);
      return host_call(SYS_semctl, set, index, command, out(thread, GuestPtr<void>{argument}, bytes));
    }
    default:
      return host_call(SYS_semctl, set, index, command, argument);
  }
}

int64_t shmget(Thread&, int key, size_t size, int flags) { return host_call(SYS_shmget, key, size, flags); }
int64_t shmctl(Thread& thread, int segment, int command, GuestPtr<shmid_ds> buffer) {
  return host_call(SYS_shmctl, segment, command, out(thread, buffer));
}

}  // namespace menura::linux_user::sys
