// A file that a serial port writes to; nothing ever comes from it.
#pragma once

#include <memory>
#include <string>

#include "host/char_stream.h"
#include "ir/core/result.h"

namespace menura::host {

class OutputFile final : public CharStream {
 public:
  // Made anew. Error: it cannot be written.
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  ~OutputFile() override;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const uint8_t> bytes) override;
  void set_receiver(Receiver) override {}
  void ready() override {}

 private:
  explicit OutputFile(int fd) : fd_(fd) {}

  const int fd_;
};

// All of it, however often the host takes only a part. False: nobody takes it any more.
bool write_all(int fd, std::span<const uint8_t> bytes);

}  // namespace menura::host
