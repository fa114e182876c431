// Which package of Debian's a file that a guest misses is in, and the command that fetches it.
#pragma once

#include <string>

namespace menura::cli {

// Debian's name for the package of a shared library, by its rule (Policy 8.1): "libfoo.so.1" is in libfoo1,
// "libfoo-2.so.1" in libfoo-2-1. Empty: the name is no library's.
std::string library_package(const std::string& library);

// Says on standard error what a program that could not start is missing, if it is missing something. `program`: host
// path; `sysroot`: the user's -L, empty: none.
void explain_missing_libraries(const std::string& program, const std::string& sysroot);

}  // namespace menura::cli
