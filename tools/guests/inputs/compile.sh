# Compiles, links and runs work.c and work.cpp, in parts and at once, with an archive in between.
cd "${0%/*}"
inputs=$PWD
folder=$(mktemp -d)
cd "$folder"
gcc -O2 -Wall -Werror -c -o work.o "$inputs/work.c" && gcc -o c work.o -lm && ./c arguments
echo "status $?"
g++ -std=c++20 -O1 -g -c -o cpp.o "$inputs/work.cpp" && ar rcs libwork.a cpp.o && g++ -o cpp -Wl,--whole-archive libwork.a -Wl,--no-whole-archive -pthread && ./cpp
echo "status $?"
printf 'int f(void) { return g(); }\n' | gcc -std=c17 -Werror -fsyntax-only -x c - 2>/dev/null
echo "status $?"
rm -r "$folder"
