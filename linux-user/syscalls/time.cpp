// Clocks, sleeping and timers. struct timespec, itimerspec, timex and sigevent are the host's.
#include <signal.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {

int64_t clock_gettime(Thread& thread, int clock, GuestPtr<timespec> to) {
  timespec now{};
  const int64_t result = thread.process().door().clock(clock, &now);
  return result < 0 ? result : store(thread, to, now);
}

int64_t gettimeofday(Thread& thread, GuestPtr<timeval> to, GuestPtr<void> zone) {
  if (zone) {  // the kernel's own time zone: nothing that a clock knows
    const int64_t result = host_call(SYS_gettimeofday, nullptr, out(thread, zone, 2 * sizeof(int)));
    if (result < 0) return result;
  }
  if (!to) return 0;
  timespec now{};
  const int64_t result = thread.process().door().clock(CLOCK_REALTIME, &now);
  return result < 0 ? result : store(thread, to, {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000});
}

int64_t settimeofday(Thread&, GuestPtr<timeval> from, GuestPtr<void> zone) {
  return host_call(SYS_settimeofday, in(from), in(zone, 2 * sizeof(int)));
}
int64_t clock_settime(Thread&, int clock, GuestPtr<timespec> from) {
  return host_call(SYS_clock_settime, clock, in(from));
}
int64_t clock_getres(Thread& thread, int clock, GuestPtr<timespec> to) {
  return host_call(SYS_clock_getres, clock, out(thread, to));
}
int64_t clock_adjtime(Thread& thread, int clock, GuestPtr<timex> buffer) {
  return host_call(SYS_clock_adjtime, clock, out(thread, buffer));
}
int64_t adjtimex(Thread& thread, GuestPtr<timex> buffer) { return host_call(SYS_adjtimex, out(thread, buffer)); }
int64_t times(Thread& thread, GuestPtr<tms> to) { return host_call(SYS_times, out(thread, to)); }

int64_t nanosleep(Thread& thread, GuestPtr<timespec> wanted, GuestPtr<timespec> remaining) {
  return blocking_call(thread, SYS_nanosleep, in(wanted), out(thread, remaining));
}
int64_t clock_nanosleep(Thread& thread, int clock, int flags, GuestPtr<timespec> wanted, GuestPtr<timespec> remaining) {
  return blocking_call(thread, SYS_clock_nanosleep, clock, flags, in(wanted), out(thread, remaining));
}

int64_t getitimer(Thread& thread, int which, GuestPtr<itimerval> to) {
  return host_call(SYS_getitimer, which, out(thread, to));
}
int64_t setitimer(Thread& thread, int which, GuestPtr<itimerval> from, GuestPtr<itimerval> old) {
  return host_call(SYS_setitimer, which, in(from), out(thread, old));
}

int64_t timer_create(Thread& thread, int clock, GuestPtr<sigevent> event, GuestPtr<int> id) {
  return host_call(SYS_timer_create, clock, in(event), out(thread, id));
}
int64_t timer_settime(Thread& thread, int id, int flags, GuestPtr<itimerspec> from, GuestPtr<itimerspec> old) {
  return host_call(SYS_timer_settime, id, flags, in(from), out(thread, old));
}
int64_t timer_gettime(Thread& thread, int id, GuestPtr<itimerspec> to) {
  return host_call(SYS_timer_gettime, id, out(thread, to));
}
int64_t timer_getoverrun(Thread&, int id) { return host_call(SYS_timer_getoverrun, id); }
int64_t timer_delete(Thread&, int id) { return host_call(SYS_timer_delete, id); }

int64_t timerfd_create(Thread&, int clock, int flags) { return host_call(SYS_timerfd_create, clock, flags); }
int64_t timerfd_settime(Thread& thread, int fd, int flags, GuestPtr<itimerspec> from, GuestPtr<itimerspec> old) {
  return host_call(SYS_timerfd_settime, fd, flags, in(from), out(thread, old));
}
int64_t timerfd_gettime(Thread& thread, int fd, GuestPtr<itimerspec> to) {
  return host_call(SYS_timerfd_gettime, fd, out(thread, to));
}

}  // namespace menura::linux_user::sys
