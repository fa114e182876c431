// File descriptors of Menura's own in a process that it shares with a guest.
#pragma once

namespace menura::host {

// Guests count their descriptors from the lowest free one: moves `fd` to where none of them looks, closed by execve.
// Negative numbers stay as they are; where there is no room, so does `fd`.
int out_of_the_way(int fd);

}  // namespace menura::host
