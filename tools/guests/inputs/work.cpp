// Compiled by a guest's compiler: containers, exceptions, threads.
#include <atomic>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

int main() {
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 4; ++i) {
    threads.emplace_back([&sum, i] {
      for (int n = 0; n < 1000; ++n) sum += i;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> words;
  for (int i = 0; i < 1000; ++i) {
    try {
      if (i % 3 == 0) throw std::runtime_error("a" + std::to_string(i % 7));
      words["none"] += i;
    } catch (const std::exception& error) {
      words[error.what()] += i;
    }
  }
  std::cout << sum << '\n';
  for (const auto& [word, number] : words) std::cout << word << ' ' << number << '\n';
}
