// Loops that look for something, up to the last byte before a page that must not be touched: the C library's and plain
// ones, from each distance to the end; and those that run over it, which find a signal at the first byte behind.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, LONGEST = 150 };

static char *first_end, *second_end;  // of two pages with nothing behind them
static sigjmp_buf back;
static char* volatile fault_at;
static uint64_t sum;

static void add(uint64_t value) { sum = (sum ^ value) * 0x100000001b3 + 1; }

static void show(const char* what) {
  printf("%s %016llx\n", what, (unsigned long long)sum);
  sum = 0;
}

static char* page_with_end(void) {
  char* at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED || mprotect(at + PAGE, PAGE, PROT_NONE) != 0) return NULL;
  return at + PAGE;
}

static void on_fault(int number, siginfo_t* info, void* context) {
  fault_at = info->si_addr;
  siglongjmp(back, 1);
}

__attribute__((noinline)) size_t plain_length(const char* s) {
  const char* p = s;
  while (*p != 0) ++p;
  return (size_t)(p - s);
}

__attribute__((noinline)) long plain_compare(const signed char* a, const signed char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return (long)*a - *b;
}

__attribute__((noinline)) long plain_index(const char* s, int c, long n) {
  for (long i = 0; i < n; ++i) {
    if (s[i] == c) return i;
  }
  return -1;
}

__attribute__((noinline)) const int32_t* plain_find(const int32_t* from, const int32_t* to, int32_t what) {
  while (from != to && *from != what) ++from;
  return from;
}

// Counts on the way: what is not what it looks for is something, too.
__attribute__((noinline)) long plain_lines(const char* s, long* lines) {
  const char* p = s;
  for (; *p != 0; ++p) {
    if (*p == '\n') ++*lines;
  }
  return p - s;
}

__attribute__((noinline)) size_t eight_at_once(const uint64_t* words) {
  const uint64_t* at = words;
  while (((*at - 0x0101010101010101) & ~*at & 0x8080808080808080) == 0) ++at;
  return (size_t)(at - words);
}

static void fill(char* at, int length, int seed) {
  for (int i = 0; i < length; ++i) at[i] = (char)('a' + (i * 7 + seed) % 20);
  at[length] = 0;
}

static void lengths(void) {
  for (int length = 0; length < LONGEST; ++length) {
    char* const s = first_end - length - 1;
    fill(s, length, 3);
    for (int i = 0; i <= length; ++i) {
      add(strlen(s + i));
      add(plain_length(s + i));
      add(strnlen(s + i, (size_t)(length - i) / 2 + 3));
      add((uint64_t)((char*)rawmemchr(s + i, 0) - s));
    }
  }
  show("lengths");
}

static void bytes(void) {
  for (int length = 0; length < LONGEST; length += 1 + length / 40) {
    char* const s = first_end - length - 1;
    fill(s, length, length);
    for (int i = 0; i <= length; i += 1 + i / 16) {
      for (int c = 'a' - 2; c < 'a' + 21; c += 3) {
        const char* const found = strchr(s + i, c);
        add(found == NULL ? 1 : (uint64_t)(found - s));
        const char* const in_memory = memchr(s + i, c, (size_t)(length + 1 - i));
        add(in_memory == NULL ? 1 : (uint64_t)(in_memory - s));
        add((uint64_t)plain_index(s + i, c, length + 1 - i));
      }
      long lines = 0;
      s[i] = length == i ? 0 : '\n';
      add((uint64_t)plain_lines(s, &lines));
      add((uint64_t)lines);
    }
  }
  show("bytes");
}

static void comparisons(void) {
  for (int length = 0; length < LONGEST; length += 1 + length / 30) {
    char* const a = first_end - length - 1;
    for (int shift = 0; shift < 40; shift += 3) {
      char* const b = second_end - length - 1 - shift;
      fill(a, length, 5);
      fill(b, length, 5);
      for (int differs = 0; differs <= length; differs += 1 + differs / 12) {
        const char was = b[differs];
        b[differs] = (char)(was + (differs % 2 == 0 ? 100 : 1));
        add((uint64_t)(strcmp(a, b) < 0));
        add((uint64_t)(memcmp(a, b, (size_t)length + 1) < 0));
        add((uint64_t)plain_compare((const signed char*)a, (const signed char*)b));
        b[differs] = was;
        add((uint64_t)(strcmp(a, b) == 0) + (uint64_t)(strncmp(a, b, (size_t)differs) == 0));
        add((uint64_t)plain_compare((const signed char*)a, (const signed char*)b));
      }
    }
  }
  show("comparisons");
}

static void words(void) {
  for (int count = 0; count < 60; ++count) {
    int32_t* const numbers = (int32_t*)first_end - count;
    for (int i = 0; i < count; ++i) numbers[i] = i;
    for (int what = -1; what <= count; ++what) add((uint64_t)(plain_find(numbers, numbers + count, what) - numbers));
    uint64_t* const eights = (uint64_t*)first_end - count;
    memset(eights, 0x61, (size_t)count * 8);
    for (int zero = 0; zero < 8 * count; zero += 5) {
      ((char*)eights)[zero] = 0;
      add(eight_at_once(eights));
      ((char*)eights)[zero] = (char)0x80;  // makes it doubt, no more
    }
  }
  show("words");
}

static void over_the_end(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  for (int length = 1; length < LONGEST; ++length) {
    memset(first_end - LONGEST, 'x', LONGEST);
    memset(second_end - LONGEST, 'x', LONGEST);
    for (int kind = 0; kind < 6; ++kind) {
      const char* const s = first_end - length;
      char* volatile end = first_end;
      if (sigsetjmp(back, 1) == 0) {
        switch (kind) {
          case 0:
            add(plain_length(s));
            break;
          case 1:
            add((uint64_t)plain_compare((const signed char*)s, (const signed char*)second_end - LONGEST));
            break;
          case 2:
            end = second_end;
            add((uint64_t)plain_compare((const signed char*)first_end - LONGEST,
                                        (const signed char*)second_end - length));
            break;
          case 3:
            add((uint64_t)plain_index(s, 'y', 1000));
            break;
          case 4:
            add((uint64_t)*plain_find((const int32_t*)first_end - length / 4, NULL, 5));
            break;
          default:
            add(eight_at_once((const uint64_t*)first_end - length / 8));
        }
        add(0xbad);
      } else {
        add((uint64_t)(fault_at - end));
      }
    }
  }
  show("over the end");
}

int main(void) {
  first_end = page_with_end();
  second_end = page_with_end();
  if (first_end == NULL || second_end == NULL) return 1;
  lengths();
  bytes();
  comparisons();
  words();
  over_the_end();
  return 0;
}
