// The guest's side of vsock.py.
//   vsock send PORT FILE   connects to the host, sends the file, ends that direction, and prints what comes back
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

static int at(unsigned cid, const char* port, int (*what)(int, const struct sockaddr*, socklen_t)) {
  struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = (unsigned)atoi(port)};
  const int stream = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (stream < 0 || what(stream, (struct sockaddr*)&address, sizeof address) != 0) {
    printf("%s\n", strerror(errno));
    exit(2);
  }
  return stream;
}

int main(int count, char** arguments) {
  if (count == 4 && strcmp(arguments[1], "send") == 0) {
    const int stream = at(VMADDR_CID_HOST, arguments[2], connect);
    if (freopen(arguments[3], "r", stdin) == NULL) return 1;
    copy(STDIN_FILENO, stream);
    shutdown(stream, SHUT_WR);
    copy(stream, STDOUT_FILENO);
    return 0;
  }
  if (count == 4 && strcmp(arguments[1], "echo") == 0) {
    const int listener = at(VMADDR_CID_ANY, arguments[2], bind);
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
