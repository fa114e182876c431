// Extended attributes of a file: what the system calls say, for storage.py to compare with the host's own.
//   usage: attributes_guest FILE
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static const char* file;

static void set(const char* name, const void* value, size_t size, int flags) {
  const int result = setxattr(file, name, value, size, flags);
  printf("set %s %zu %d: %s\n", name, size, flags, result == 0 ? "ok" : strerrorname_np(errno));
}
static void get(const char* name, size_t room) {
  static char value[70000];
  const ssize_t size = getxattr(file, name, value, room);
  if (size < 0) {
    printf("get %s %zu: %s\n", name, room, strerrorname_np(errno));
    return;
  }
  unsigned sum = 0;
  for (ssize_t i = 0; room != 0 && i < size; ++i) sum = sum * 31 + (unsigned char)value[i];
  printf("get %s %zu: %zd %u\n", name, room, size, sum);
}
static int order(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }
static void list(void) {
  static char names[10000];
  const ssize_t size = listxattr(file, names, sizeof names);
  char* all[100];
  int count = 0;
  for (ssize_t at = 0; at < size && count < 100; at += (ssize_t)strlen(names + at) + 1) {
    if (strncmp(names + at, "user.", 5) == 0) all[count++] = names + at;
  }
  qsort(all, (size_t)count, sizeof *all, order);
  printf("list");
  for (int i = 0; i < count; ++i) printf(" %s", all[i]);
  printf("\n");
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  file = arguments[1];
  static char large[3000];
  for (unsigned i = 0; i < sizeof large; ++i) large[i] = (char)(i * 7);
  list();
  get("user.bird", 100);
  set("user.bird", "lyre", 4, XATTR_REPLACE);
  set("user.bird", "lyre", 4, XATTR_CREATE);
  set("user.bird", "lyre", 4, XATTR_CREATE);
  get("user.bird", 100);
  get("user.bird", 0);
  get("user.bird", 3);
  set("user.large", large, sizeof large, 0);
  get("user.large", 70000);
  set("user.empty", "", 0, 0);
  get("user.empty", 10);
  list();
  for (int i = 0; i < 2; ++i) {
    const int result = removexattr(file, "user.bird");
    printf("remove: %s\n", result == 0 ? "ok" : strerrorname_np(errno));
  }
  get("user.bird", 100);
  set("user.bird", "", 0, XATTR_CREATE);
  list();
  return 0;
}
