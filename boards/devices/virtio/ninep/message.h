// Messages of 9P2000.L, little-endian, packed: intro(5) of Plan 9's manual, and the Linux variant.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace menura::boards::virtio::ninep {

// What tells files apart: qid of intro(5).
struct Qid {
  uint8_t type = 0;
  uint32_t version = 0;
  uint64_t path = 0;
};
inline constexpr uint8_t kQidFolder = 0x80, kQidLink = 0x02;
inline constexpr std::size_t kQidSize = 13;

// size[4] type[1] tag[2]
inline constexpr std::size_t kHeaderSize = 7;

// Reads fields of a request one after the other. What is not there reads as 0, and good() is false from then on.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  uint8_t u8() { return number<uint8_t>(); }
  uint16_t u16() { return number<uint16_t>(); }
  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  std::string string() {
    const std::span<const uint8_t> bytes = take(u16());
    return {bytes.begin(), bytes.end()};
  }
  std::span<const uint8_t> take(std::size_t size) {
    if (size > bytes_.size()) {
      good_ = false;
      return {};
    }
    const std::span<const uint8_t> taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

 private:
  template <typename T>
  T number() {
    T value = 0;
    const std::span<const uint8_t> bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  std::span<const uint8_t> bytes_;
  bool good_ = true;
};

// Makes a reply.
class Writer {
 public:
  explicit Writer(std::vector<uint8_t>* bytes) : bytes_(*bytes) {}

  void begin(uint8_t type, uint16_t tag) {
    bytes_.clear();
    u32(0);
    u8(type);
    u16(tag);
  }
  void finish() {
    const auto size = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
  }
  std::size_t size() const { return bytes_.size(); }

  void u8(uint8_t value) { number(value); }
  void u16(uint16_t value) { number(value); }
  void u32(uint32_t value) { number(value); }
  void u64(uint64_t value) { number(value); }
  void string(std::string_view text) {
    u16(static_cast<uint16_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void qid(const Qid& qid) {
    u8(qid.type);
    u32(qid.version);
    u64(qid.path);
  }
  // Room for so many bytes at the end; what was there before it may move.
  uint8_t* extend(std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    return bytes_.data() + bytes_.size() - size;
  }
  void shrink(std::size_t size) { bytes_.resize(bytes_.size() - size); }
  void set_u16(std::size_t at, uint16_t value) { std::memcpy(bytes_.data() + at, &value, sizeof value); }
  void set_u32(std::size_t at, uint32_t value) { std::memcpy(bytes_.data() + at, &value, sizeof value); }

 private:
  template <typename T>
  void number(T value) {
    std::memcpy(extend(sizeof value), &value, sizeof value);
  }

  std::vector<uint8_t>& bytes_;
};

}  // namespace menura::boards::virtio::ninep
