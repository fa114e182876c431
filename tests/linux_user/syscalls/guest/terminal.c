// Terminals, through a pseudo-terminal, and other ioctls.
#include "show.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

int main(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  SHOW(master >= 0);
  SHOW(grantpt(master));
  SHOW(unlockpt(master));
  char* path = ptsname(master);
  SHOW(path && strncmp(path, "/dev/pts/", 9) == 0);
  int slave = open(path, O_RDWR | O_NOCTTY);
  SHOW(slave >= 0);
  SHOW(isatty(slave));
  struct termios t;
  SHOW(tcgetattr(slave, &t));
  printf("  %o %o %o %o %d %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_cc[VINTR], t.c_cc[VMIN]);
  cfmakeraw(&t);
  cfsetspeed(&t, B9600);
  t.c_cc[VMIN] = 5;
  SHOW(tcsetattr(slave, TCSADRAIN, &t));
  memset(&t, 0, sizeof t);
  SHOW(tcgetattr(slave, &t));
  printf("  %o %o %o %o %d %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_cc[VINTR], t.c_cc[VMIN]);
  struct winsize size = {25, 80, 1, 2};
  SHOW(ioctl(master, TIOCSWINSZ, &size));
  memset(&size, 0, sizeof size);
  SHOW(ioctl(slave, TIOCGWINSZ, &size));
  printf("  %d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
  SHOW(write(master, "typed", 5));
  int count = 0;
  struct pollfd typed = {slave, POLLIN, 0};  // the kernel hands it over in its own time
  SHOW(poll(&typed, 1, 60000));
  SHOW(ioctl(slave, FIONREAD, &count));
  printf("  %d\n", count);
  char text[20];
  SHOW(read(slave, text, 5));
  SHOW(tcdrain(slave));
  SHOW(tcflush(slave, TCIFLUSH));
  SHOW(tcflow(slave, 99));
  int on = 1;
  SHOW(ioctl(slave, FIONBIO, &on));
  SHOW(read(slave, text, 5));
  SHOW(ioctl(slave, FIOCLEX, NULL));
  SHOW(fcntl(slave, F_GETFD));
  SHOW(tcgetpgrp(slave));
  int p[2];
  pipe(p);
  SHOW(isatty(p[0]));
  SHOW(ioctl(p[0], TIOCGWINSZ, &size));
  SHOW(ioctl(p[0], 0x7777, &size));
  SHOW(ioctl(999, TIOCGWINSZ, &size));
  SHOW(ioctl(999, 0x7777, &size));
  int sock = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {0};
  strcpy(request.ifr_name, "lo");
  SHOW(ioctl(sock, SIOCGIFINDEX, &request) == 0 && request.ifr_ifindex > 0);
  SHOW(ioctl(sock, SIOCGIFFLAGS, &request));
  printf("  %d\n", (request.ifr_flags & IFF_LOOPBACK) != 0);
  strcpy(request.ifr_name, "none");
  SHOW(ioctl(sock, SIOCGIFFLAGS, &request));
  struct ifreq list[20];
  struct ifconf conf = {.ifc_len = sizeof list, .ifc_req = list};
  SHOW(ioctl(sock, SIOCGIFCONF, &conf));
  printf("  %d\n", conf.ifc_len % (int)sizeof(struct ifreq));
  return 0;
}
