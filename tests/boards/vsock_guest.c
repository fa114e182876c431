// The guest's side of vsock.py.
//   vsock send PORT FILE   connects to the host, sends the file, ends that direction, and prints what comes back
//   vsock talk PORT        connects to the host by whole messages: each of many sizes must come back as it was sent
//   vsock listen PORT      accepts one connection of messages, which gets back what it sends
//   vsock echo PORT COUNT  accepts as many connections; each gets what it sends, until it ends
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
// Not without sys/socket.h before it.
#include <linux/vm_sockets.h>

static void copy(int from, int to) {
  static char bytes[65536];
  ssize_t got;
  while ((got = read(from, bytes, sizeof bytes)) > 0) {
    for (ssize_t done = 0, now; done < got; done += now) {
      now = write(to, bytes + done, (size_t)(got - done));
      if (now <= 0) exit(1);
    }
  }
  if (got < 0) exit(1);
}

static int at(int type, unsigned cid, const char* port, int (*what)(int, const struct sockaddr*, socklen_t)) {
  struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = (unsigned)atoi(port)};
  const int stream = socket(AF_VSOCK, type, 0);
  if (stream < 0 || what(stream, (struct sockaddr*)&address, sizeof address) != 0) {
    printf("%s\n", strerror(errno));
    exit(2);
  }
  return stream;
}

static unsigned char message[300000], back[300000];

static int talk(const char* port) {
  static const unsigned sizes[] = {1, 2, 100, 4096, 65536, 65537, 100000, 200000, 60000, 250000, 7, 262144};
  const int sock = at(SOCK_SEQPACKET, VMADDR_CID_HOST, port, connect);
  for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; ++k) {
    for (unsigned i = 0; i < sizes[k]; ++i) message[i] = (unsigned char)(i * 7 + k);
    if (send(sock, message, sizes[k], 0) != (ssize_t)sizes[k]) return 3;
    const ssize_t got = recv(sock, back, sizeof back, 0);
    if (got != (ssize_t)sizes[k] || memcmp(message, back, sizes[k]) != 0) {
      printf("message %u: %zd of %u\n", k, got, sizes[k]);
      return 4;
    }
  }
  // Some without an answer between them: they stay apart. Of more, Linux 6.12 ends the connection (ENOBUFS): each has a buffer of its
  // own, which it counts.
  enum { kMany = 30 };
  for (unsigned k = 1; k <= kMany; ++k) {
    const ssize_t sent = send(sock, message, k, 0);
    if (sent != (ssize_t)k) {
      printf("sent %zd of %u: %s\n", sent, k, strerror(errno));
      return 5;
    }
  }
  for (unsigned k = 1; k <= kMany; ++k) {
    const ssize_t got = recv(sock, back, sizeof back, 0);
    if (got != (ssize_t)k) {
      printf("got %zd of %u: %s\n", got, k, strerror(errno));
      return 6;
    }
  }
  shutdown(sock, SHUT_WR);
  return recv(sock, back, sizeof back, 0) == 0 ? 0 : 7;
}

static int listen_for_messages(const char* port) {
  const int listener = at(SOCK_SEQPACKET, VMADDR_CID_ANY, port, bind);
  if (listen(listener, 1) != 0) return 1;
  printf("said listening for messages\n");
  fflush(stdout);
  const int sock = accept(listener, NULL, NULL);
  ssize_t got;
  while ((got = recv(sock, back, sizeof back, 0)) > 0) {
    if (send(sock, back, (size_t)got, 0) != got) return 3;
  }
  return got == 0 ? 0 : 4;
}

int main(int count, char** arguments) {
  if (count == 3 && strcmp(arguments[1], "talk") == 0) return talk(arguments[2]);
  if (count == 3 && strcmp(arguments[1], "listen") == 0) return listen_for_messages(arguments[2]);
  if (count == 4 && strcmp(arguments[1], "send") == 0) {
    const int stream = at(SOCK_STREAM, VMADDR_CID_HOST, arguments[2], connect);
    if (freopen(arguments[3], "r", stdin) == NULL) return 1;
    copy(STDIN_FILENO, stream);
    shutdown(stream, SHUT_WR);
    copy(stream, STDOUT_FILENO);
    return 0;
  }
  if (count == 4 && strcmp(arguments[1], "echo") == 0) {
    const int listener = at(SOCK_STREAM, VMADDR_CID_ANY, arguments[2], bind);
    if (listen(listener, 64) != 0) return 1;
    printf("said listening\n");
    fflush(stdout);
    for (int left = atoi(arguments[3]); left > 0; --left) {
      const int stream = accept(listener, NULL, NULL);
      if (stream < 0) return 1;
      if (fork() == 0) {
        close(listener);
        copy(stream, stream);
        _exit(0);
      }
      close(stream);
    }
    close(listener);
    while (wait(NULL) > 0) {
    }
    return 0;
  }
  return 1;
}
