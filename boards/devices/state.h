// What a device must keep, visited field by field: one function of the device serves saving, restoring and printing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace menura::boards {

class StateVisitor {
 public:
  virtual ~StateVisitor() = default;

  template <typename T>
  void operator()(const char* name, T& value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      auto number = static_cast<uint64_t>(value);
      this->number(name, number, sizeof(T));
      value = static_cast<T>(number);
    } else {
      each(name, value);
    }
  }

 protected:
  virtual void number(const char* name, uint64_t& value, unsigned bytes) = 0;
  virtual void bytes(const char* name, std::vector<uint8_t>& value) = 0;

 private:
  void each(const char* name, std::vector<uint8_t>& value) { bytes(name, value); }
  template <typename T>
  void each(const char* name, std::vector<T>& values) {  // as many as there are
    for (T& value : values) (*this)(name, value);
  }
  template <typename T, std::size_t n>
  void each(const char* name, std::array<T, n>& values) {
    for (T& value : values) (*this)(name, value);
  }
  template <typename T>
  void each(const char* name, std::atomic<T>& value) {
    T copy = value.load();
    (*this)(name, copy);
    value.store(copy);
  }
};

class StateWriter final : public StateVisitor {
 public:
  const std::vector<uint8_t>& data() const { return data_; }

 private:
  void number(const char* name, uint64_t& value, unsigned bytes) override;
  void bytes(const char* name, std::vector<uint8_t>& value) override;

  std::vector<uint8_t> data_;
};

class StateReader final : public StateVisitor {
 public:
  explicit StateReader(std::span<const uint8_t> data) : data_(data) {}
  // All was there, and nothing is left.
  bool complete() const { return !short_ && data_.empty(); }

 private:
  void number(const char* name, uint64_t& value, unsigned bytes) override;
  void bytes(const char* name, std::vector<uint8_t>& value) override;

  std::span<const uint8_t> data_;
  bool short_ = false;
};

}  // namespace menura::boards
