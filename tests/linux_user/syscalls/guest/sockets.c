// Sockets: pairs, streams, datagrams, messages with ancillary data, options.
#include "show.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void pass_descriptor(int from, int to) {
  int p[2];
  pipe(p);
  char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
  memset(control, 0, sizeof control);
  struct iovec vec[2] = {{"fd", 2}, {" here", 5}};
  struct msghdr message = {.msg_iov = vec, .msg_iovlen = 2, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int))};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &p[1], sizeof(int));
  int one = 1;
  SHOW(setsockopt(to, SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
  SHOW(sendmsg(from, &message, 0));
  char text[20] = {0};
  struct iovec room = {text, sizeof text};
  message = (struct msghdr){.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  SHOW(recvmsg(to, &message, MSG_CMSG_CLOEXEC));
  printf("  %s flags %x control %ld name %d\n", text, message.msg_flags & ~MSG_CMSG_CLOEXEC, (long)message.msg_controllen,
         message.msg_namelen);
  int passed = -1;
  for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    printf("  level %d type %d len %ld\n", header->cmsg_level, header->cmsg_type, (long)header->cmsg_len);
    if (header->cmsg_type == SCM_RIGHTS) memcpy(&passed, CMSG_DATA(header), sizeof(int));
    if (header->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(header), sizeof who);
      printf("  me %d\n", who.pid == getpid() && who.uid == getuid());
    }
  }
  SHOW(fcntl(passed, F_GETFD));
  SHOW(write(passed, "through", 7));
  SHOW(read(p[0], text, 20));
  printf("  %.7s\n", text);
}

static void datagrams(void) {
  struct sockaddr_un name = {AF_UNIX, "\0menura-test"}, from;
  snprintf(name.sun_path + 1, 50, "menura-test-%d", getpid());
  socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1), from_size = sizeof from;
  int a = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  SHOW(bind(a, (void*)&name, size));
  SHOW(bind(a, (void*)&name, size));
  SHOW(sendto(b, "datagram", 8, 0, (void*)&name, size));
  char text[100];
  SHOW(recvfrom(a, text, 4, MSG_TRUNC, (void*)&from, &from_size));
  printf("  from size %d\n", from_size);
  SHOW(recvfrom(b, text, 4, 0, NULL, NULL));
  SHOW(connect(b, (void*)&name, size));
  struct iovec vecs[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
  struct mmsghdr messages[3] = {0};
  for (int i = 0; i < 3; ++i) messages[i].msg_hdr = (struct msghdr){.msg_iov = &vecs[i], .msg_iovlen = 1};
  SHOW(sendmmsg(b, messages, 3, 0));
  printf("  %u %u %u\n", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
  char room[3][10];
  for (int i = 0; i < 3; ++i) {
    vecs[i] = (struct iovec){room[i], 10};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vecs[i], .msg_iovlen = 1};
  }
  SHOW(recvmmsg(a, messages, 3, MSG_DONTWAIT, NULL));
  printf("  %u %u %u %.3s\n", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len, room[2]);
  SHOW(recvmmsg(a, messages, 3, MSG_DONTWAIT, NULL));
  close(a);
  SHOW(send(b, "x", 1, 0));
  close(b);
}

static void streams(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, peer;
  socklen_t size = sizeof name;
  SHOW(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
  SHOW(bind(listener, (void*)&name, sizeof name));
  SHOW(bind(listener, (void*)&name, 3));
  SHOW(getsockname(listener, (void*)&name, &size));
  printf("  %d %s %d\n", size, inet_ntoa(name.sin_addr), name.sin_port != 0);
  SHOW(listen(listener, 5));
  int client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  SHOW(connect(client, (void*)&name, sizeof name));
  SHOW(connect(client, (void*)&name, sizeof name));
  size = sizeof peer;
  int server = accept4(listener, (void*)&peer, &size, SOCK_CLOEXEC);
  printf("  %d %s\n", size, inet_ntoa(peer.sin_addr));
  SHOW(fcntl(server, F_GETFD));
  SHOW(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  int value = 7;
  size = sizeof value;
  SHOW(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &size));
  printf("  %d %d\n", value, size);
  size = 2;
  SHOW(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &size));
  printf("  %d\n", size);
  SHOW(getsockopt(client, SOL_SOCKET, 9999, &value, &size));
  size = -1;
  SHOW(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &size));
  struct timeval timeout = {0, 20000}, back;
  SHOW(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout));
  size = sizeof back;
  SHOW(getsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &back, &size));
  printf("  %ld %ld %d\n", (long)back.tv_sec, (long)back.tv_usec, size);
  struct linger linger = {1, 3}, linger_back;
  SHOW(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
  size = sizeof linger_back;
  SHOW(getsockopt(client, SOL_SOCKET, SO_LINGER, &linger_back, &size));
  printf("  %d %d\n", linger_back.l_onoff, linger_back.l_linger);
  char text[100];
  SHOW(recv(client, text, 100, 0));
  SHOW(send(server, "stream", 6, MSG_MORE));
  SHOW(send(server, "ing", 3, 0));
  SHOW(recv(client, text, 9, MSG_WAITALL | MSG_PEEK));
  SHOW(ioctl(client, FIONREAD, &value));
  printf("  %d\n", value);
  SHOW(recv(client, text, 9, MSG_WAITALL));
  printf("  %.9s\n", text);
  SHOW(shutdown(server, SHUT_WR));
  SHOW(recv(client, text, 9, 0));
  SHOW(shutdown(server, 9));
  size = sizeof peer;
  SHOW(getpeername(server, (void*)&peer, &size));
  SHOW(getpeername(listener, (void*)&peer, &size));
  close(server);
  close(client);
  close(listener);
}

int main(void) {
  int pair[2];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
  SHOW(socketpair(AF_INET, SOCK_STREAM, 0, pair));
  SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
  SHOW(socket(77, SOCK_STREAM, 0));
  SHOW(socket(AF_INET, 77, 0));
  SHOW(socket(AF_INET, SOCK_STREAM, 17));
  pass_descriptor(pair[0], pair[1]);
  datagrams();
  streams();
  SHOW(accept(pair[0], NULL, NULL));
  SHOW(listen(0, 1) == -1 && errno == ENOTSOCK);
  SHOW(close(pair[1]));
  SHOW(send(pair[0], "x", 1, MSG_NOSIGNAL));
  return 0;
}
