// C++ exceptions, also out of a signal handler; threads and futures; streams.
#include <csignal>
#include <future>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

static int deep(int n) {
  if (n == 0) throw std::runtime_error("bottom");
  struct Guard {
    int* count;
    ~Guard() { ++*count; }
  };
  static int unwound = 0;
  Guard guard{&unwound};
  try {
    return deep(n - 1) + 1;
  } catch (const std::logic_error&) {
    return -1;
  } catch (...) {
    if (n % 10 == 0) throw std::out_of_range("at " + std::to_string(n) + " after " + std::to_string(unwound));
    throw;
  }
}
static void on_fault(int signal) { throw signal; }

int main() {
  try {
    deep(35);
  } catch (const std::exception& error) {
    std::cout << "caught " << error.what() << "\n";
  }
  std::signal(SIGSEGV, on_fault);
  try {
    *reinterpret_cast<volatile int*>(16) = 1;
  } catch (int signal) {
    std::cout << "caught signal " << signal << "\n";
  }
  std::vector<std::future<long>> parts;
  for (long i = 0; i < 6; ++i) {
    parts.push_back(std::async(std::launch::async, [i] {
      std::vector<long> values(10000);
      std::iota(values.begin(), values.end(), i * 10000);
      if (i == 5) throw std::runtime_error("from a thread");
      return std::accumulate(values.begin(), values.end(), 0L);
    }));
  }
  for (auto& part : parts) {
    try {
      std::cout << part.get() << "\n";
    } catch (const std::exception& error) {
      std::cout << error.what() << "\n";
    }
  }
  std::map<std::string, double> table = {{"pi", 3.14159265358979}, {"e", 2.71828182845905}};
  std::ostringstream text;
  for (const auto& [name, value] : table) text << name << "=" << value << ";";
  std::cout << text.str() << std::endl;
}
