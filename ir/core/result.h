// Result: the third of the three words for errors. The host or the user gave us something wrong, and the
// message says what it is, what was expected and what to try. (An assertion is our own bug; a guest exception
// is a typed event, see vcpu/exit.h.)
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace menura {

struct Error {
  std::string message;  // one sentence or two, no trailing newline
  int exit_code = 125;  // what the program exits with: 125 Menura failed, 126 not runnable, 127 not found
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return held_.index() == 0; }
  T& operator*() { return std::get<0>(held_); }
  const T& operator*() const { return std::get<0>(held_); }
  T* operator->() { return &std::get<0>(held_); }
  const T* operator->() const { return &std::get<0>(held_); }
  const Error& error() const { return std::get<1>(held_); }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return !failed_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace menura
