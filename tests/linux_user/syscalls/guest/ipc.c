// System V IPC and POSIX message queues.
#include "show.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

union semun {
  int value;
  struct semid_ds* state;
  unsigned short* array;
  struct seminfo* info;
};

static void semaphores(void) {
  int set = semget(IPC_PRIVATE, 3, IPC_CREAT | 0640);
  SHOW(set >= 0);
  unsigned short values[3] = {1, 2, 3};
  SHOW(semctl(set, 0, SETALL, (union semun){.array = values}));
  SHOW(semctl(set, 1, GETVAL));
  SHOW(semctl(set, 1, SETVAL, (union semun){.value = 9}));
  struct sembuf take = {1, -4, 0}, wait[2] = {{0, -1, 0}, {2, -5, IPC_NOWAIT}};
  SHOW(semop(set, &take, 1));
  SHOW(semop(set, wait, 2));
  struct timespec soon = {0, 1000000};
  wait[1].sem_flg = 0;
  SHOW(semtimedop(set, wait, 2, &soon));
  memset(values, 0, sizeof values);
  SHOW(semctl(set, 0, GETALL, (union semun){.array = values}));
  printf("  %u %u %u\n", values[0], values[1], values[2]);
  struct semid_ds state;
  memset(&state, 0x55, sizeof state);
  SHOW(semctl(set, 0, IPC_STAT, (union semun){.state = &state}));
  printf("  nsems %lu mode %o uid %u otime %d ctime %d\n", (unsigned long)state.sem_nsems, state.sem_perm.mode, state.sem_perm.uid,
         state.sem_otime > 0, state.sem_ctime > 0);
  state.sem_perm.mode = 0600;
  SHOW(semctl(set, 0, IPC_SET, (union semun){.state = &state}));
  SHOW(semctl(set, 0, IPC_STAT, (union semun){.state = &state}));
  printf("  mode %o\n", state.sem_perm.mode);
  struct seminfo info;
  SHOW(semctl(0, 0, IPC_INFO, (union semun){.info = &info}) >= 0);
  printf("  %d %d\n", info.semmsl > 0, info.semvmx);
  SHOW(semctl(set, 7, GETVAL));
  SHOW(semctl(set, 0, IPC_STAT, (union semun){.state = (void*)8}));
  SHOW(semctl(set, 0, IPC_RMID));
  SHOW(semop(set, &take, 1));
}

static void messages(void) {
  int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  SHOW(queue >= 0);
  struct {
    long type;
    char text[20];
  } message = {5, "message"};
  SHOW(msgsnd(queue, &message, 8, 0));
  message.type = 0;
  SHOW(msgsnd(queue, &message, 8, 0));
  struct msqid_ds state;
  SHOW(msgctl(queue, IPC_STAT, &state));
  printf("  qnum %lu cbytes %lu\n", (unsigned long)state.msg_qnum, (unsigned long)state.__msg_cbytes);
  SHOW(msgrcv(queue, &message, 20, 7, IPC_NOWAIT));
  SHOW(msgrcv(queue, &message, 3, 5, IPC_NOWAIT));
  SHOW(msgrcv(queue, &message, 20, 5, 0));
  printf("  %ld %s\n", message.type, message.text);
  SHOW(msgctl(queue, IPC_RMID, NULL));
}

static void memory(void) {
  int segment = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
  SHOW(segment >= 0);
  char* first = shmat(segment, NULL, 0);
  char* second = shmat(segment, NULL, SHM_RDONLY);
  SHOW(first != (void*)-1 && second != (void*)-1);
  strcpy(first, "shared");
  printf("  %s\n", second);
  struct shmid_ds state;
  SHOW(shmctl(segment, IPC_STAT, &state));
  printf("  size %ld nattch %lu mine %d\n", (long)state.shm_segsz, (unsigned long)state.shm_nattch, state.shm_cpid == getpid());
  SHOW(shmdt(second));
  SHOW(shmdt(second + 1));
  SHOW(shmctl(segment, IPC_RMID, NULL));
  SHOW(shmdt(first));
  SHOW((long)shmat(segment, NULL, 0));
}

static void queues(void) {
  char name[50];
  snprintf(name, sizeof name, "/menura-test-%d", getpid());
  struct mq_attr attr = {.mq_maxmsg = 3, .mq_msgsize = 32}, back;
  mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attr);
  SHOW_OK(queue);
  if (queue < 0) return;
  SHOW(mq_send(queue, "low", 4, 1));
  SHOW(mq_send(queue, "high", 5, 9));
  SHOW(mq_getattr(queue, &back));
  printf("  %ld %ld %ld %ld\n", back.mq_flags, back.mq_maxmsg, back.mq_msgsize, back.mq_curmsgs);
  char text[32];
  unsigned priority;
  SHOW(mq_receive(queue, text, sizeof text, &priority));
  printf("  %s %u\n", text, priority);
  SHOW(mq_receive(queue, text, 3, &priority));
  SHOW(mq_receive(queue, text, sizeof text, &priority));
  SHOW(mq_receive(queue, text, sizeof text, &priority));
  SHOW(mq_unlink(name));
  SHOW(mq_unlink(name));
}

int main(void) {
  semaphores();
  messages();
  memory();
  queues();
  return 0;
}
