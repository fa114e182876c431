#include "boards/devices/state.h"

#include <cstddef>

namespace menura::boards {

// Little-endian, one after the other; bytes with their number before them. Names are for those who print.

void StateWriter::number(const char*, uint64_t& value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) data_.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void StateWriter::bytes(const char* name, std::vector<uint8_t>& value) {
  uint64_t size = value.size();
  number(name, size, 4);
  data_.insert(data_.end(), value.begin(), value.end());
}

void StateReader::number(const char*, uint64_t& value, unsigned bytes) {
  if (data_.size() < bytes) {
    short_ = true;
    return;
  }
  value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{data_[i]} << (8 * i);
  data_ = data_.subspan(bytes);
}

void StateReader::bytes(const char* name, std::vector<uint8_t>& value) {
  uint64_t size = 0;
  number(name, size, 4);
  if (short_ || data_.size() < size) {
    short_ = true;
    return;
  }
  value.assign(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(size));
  data_ = data_.subspan(size);
}

}  // namespace menura::boards
