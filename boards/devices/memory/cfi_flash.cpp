// Parallel NOR flash: one bank of 64 MiB, two chips of 16 bits side by side, in sectors of 256 KiB. What it holds is
// kept in a file where there is one. After: Common Flash Memory Interface (JEDEC JEP137 and JESD68.01), with the
// command set 0001 of Intel's StrataFlash (datasheet 290667: 28F128J3 and others). Not modelled: the two chips apart
// (commands go to both), locks of blocks (none is ever locked), suspending, the protection register, how long anything
// takes; bytes are zero before anything was written, as QEMU's are.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

constexpr uint64_t kSize = uint64_t{64} << 20;
constexpr uint64_t kSector = uint64_t{256} << 10;
constexpr uint64_t kBuffer = 4096;  // bytes of one buffered write, of both chips
constexpr unsigned kBankBytes = 4;  // of the bus
constexpr unsigned kChipBytes = 2;

constexpr RegisterRow kRegisters[] = {
    {0x0, 4, Rights::Rw, "ARRAY", "reads: what the last command asks for; writes: commands and data", kSize / 4, 4},
};

// 290667, table "Command Bus-Cycle Definitions"; those that are not here read the array.
enum Command : uint8_t {
  kLock = 0x01,
  kProgramAlternate = 0x10,
  kErase = 0x20,
  kProgram = 0x40,
  kClearStatus = 0x50,
  kLockSetup = 0x60,
  kReadStatus = 0x70,
  kReadId = 0x90,
  kReadQuery = 0x98,
  kConfirm = 0xd0,
  kWriteBuffer = 0xe8,
  kReadArray = 0xff,
};

// The status register.
constexpr uint8_t kReady = 0x80;
constexpr uint8_t kEraseError = 0x20;
constexpr uint8_t kProgramError = 0x10;
constexpr uint8_t kWrongSequence = kEraseError | kProgramError;

constexpr uint8_t kManufacturer = 0x89;  // Intel
constexpr uint8_t kDevice = 0x18;        // 28F128J3

// JESD68.01, tables 1 to 4: from offset 0x10 on, a chip's.
constexpr uint64_t kChipSize = kSize / (kBankBytes / kChipBytes);
constexpr uint64_t kChipSector = kSector / (kBankBytes / kChipBytes);
constexpr unsigned log2_of(uint64_t value) { return value <= 1 ? 0 : 1 + log2_of(value / 2); }
constexpr uint8_t kQueryBase = 0x10;
constexpr uint8_t kQuery[] = {
    'Q',
    'R',
    'Y',
    0x01,
    0x00,  // command set: Intel's extended one
    0x31,
    0x00,  // where its table is
    0x00,
    0x00,
    0x00,
    0x00,  // no other one
    0x45,
    0x55,
    0x00,
    0x00,  // Vcc from 4.5 to 5.5 V, no Vpp
    0x07,
    0x07,
    0x0a,
    0x00,  // log2 of us and ms: to write a word, a buffer; to erase a sector; the chip
    0x04,
    0x04,
    0x04,
    0x00,  // and how much more at most
    log2_of(kChipSize),
    0x02,
    0x00,  // of 8 and 16 bits
    log2_of(kBuffer / 2),
    0x00,  // bytes of a write at once
    0x01,  // one region of sectors
    (kChipSize / kChipSector - 1) & 0xff,
    (kChipSize / kChipSector - 1) >> 8,
    kChipSector >> 8 & 0xff,
    kChipSector >> 16,
    'P',
    'R',
    'I',
    '1',
    '0',  // 0x31: version 1.0 of the table
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,  // no optional features, nothing while suspended
    0x00,
    0x00,
    0x50,
    0x00,
    0x00,  // no locks; 5.0 V
};

class CfiFlash final : public Device {
 public:
  explicit CfiFlash(const DeviceSetup& setup) : file_(setup.file), log_(setup.log, kCfiFlash) {
    auto memory = softmmu::HostMemory::make(kSize);
    if (!memory) throw std::bad_alloc();
    memory_ = std::move(*memory);
    if (file_ == nullptr) return;
    // What the file lacks stays zero.
    iovec part = {memory_->data(), std::min(file_->size(), kSize)};
    if (file_->read(std::span(&part, 1), 0) != 0) {
      setup.log.write(vcpu::LogItem::GuestErrors, "cfi-flash: its file cannot be read");
    }
  }

  // What it holds is kept.
  void reset() override {
    const std::lock_guard lock(mutex_);
    status_ = kReady;
    buffer_.fill(0xff);
    buffer_base_ = 0;
    words_left_ = 0;
    show_array();
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("command", command_);
    visitor("step", step_);
    visitor("status", status_);
    visitor("buffer", buffer_);
    visitor("buffer base", buffer_base_);
    visitor("words left", words_left_);
    // Sectors that hold anything.
    std::array<uint8_t, kSize / kSector> used;
    for (std::size_t i = 0; i < used.size(); ++i) used[i] = is_used(i) ? 1 : 0;
    visitor("used sectors", used);
    std::vector<uint8_t> copy(kSector);
    for (std::size_t i = 0; i < used.size(); ++i) {
      uint8_t* const at = bytes() + i * kSector;
      if (used[i] != 0) {
        std::copy_n(at, kSector, copy.begin());
        visitor("sector", copy);
        std::copy_n(copy.begin(), std::min<std::size_t>(copy.size(), kSector), at);
      } else if (is_used(i)) {
        std::memset(at, 0, kSector);
      }
    }
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    if (port_ == nullptr) return;
    port_->changed(0, kSize);
    port_->set_direct(shows_array());
  }
  softmmu::HostMemory* contents() override { return memory_.get(); }
  void set_contents_port(ContentsPort& port) override { port_ = &port; }

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    const std::lock_guard lock(mutex_);
    uint64_t value = 0;
    if (shows_array()) {
      std::memcpy(&value, bytes() + offset, size);
      return value;
    }
    // Both chips say the same, in their lower byte.
    for (unsigned i = 0; i < size; ++i) {
      if ((offset + i) % kChipBytes == 0) value |= uint64_t{answer((offset + i) / kBankBytes)} << (8 * i);
    }
    return value;
  }

  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    switch (step_) {
      case Step::First:
        return begin(offset, static_cast<uint8_t>(value));
      case Step::Second:
        return go_on(offset, size, value);
      case Step::Data:
        return fill_buffer(offset, size, value);
      case Step::Confirm:
        if (static_cast<uint8_t>(value) == kConfirm) {
          program(buffer_base_, buffer_.data(), kBuffer);
        } else {
          status_ |= kWrongSequence;
        }
        return end();
    }
  }

 private:
  // What the next write is: a command, the second part of one, data for the buffer, the end of these.
  enum class Step : uint8_t { First, Second, Data, Confirm };

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(memory_->data()); }
  bool is_used(std::size_t sector) {
    const uint8_t* const at = bytes() + sector * kSector;
    return *at != 0 || std::memcmp(at, at + 1, kSector - 1) != 0;
  }
  bool shows_array() const { return command_ == kReadArray; }
  void show_array() { show(kReadArray); }
  // What reads are answered by; the next write is a command.
  void show(uint8_t command) {
    const bool before = shows_array();
    command_ = command;
    step_ = Step::First;
    if (port_ != nullptr && shows_array() != before) port_->set_direct(!before);
  }
  void end() { show(kReadStatus); }

  // What a chip answers at one of its words.
  uint8_t answer(uint64_t word) const {
    switch (command_) {
      case kReadId:  // and at each sector's third word, that it is not locked
        return (word & 0xff) == 0 ? kManufacturer : (word & 0xff) == 1 ? kDevice : 0;
      case kReadQuery:
        return word >= kQueryBase && word - kQueryBase < sizeof kQuery ? kQuery[word - kQueryBase] : 0;
      default:
        return status_;
    }
  }

  void begin(uint64_t offset, uint8_t command) {
    switch (command) {
      case kProgram:
      case kProgramAlternate:
      case kErase:
      case kLockSetup:
      case kWriteBuffer:
        show(command);
        step_ = Step::Second;
        break;
      case kClearStatus:
        status_ = kReady;
        show_array();
        break;
      case kReadStatus:
      case kReadId:
      case kReadQuery:
        show(command);
        break;
      default:  // 0xf0 is what drivers of the other command set begin with
        if (command != kReadArray && command != 0xf0) log_.bad_write(offset, command);
        show_array();
        break;
    }
  }

  void go_on(uint64_t offset, unsigned size, uint64_t value) {
    const auto second = static_cast<uint8_t>(value);
    switch (command_) {
      case kErase:
        second == kConfirm ? erase(offset & ~(kSector - 1)) : wrong_sequence();
        break;
      case kLockSetup:
        if (second != kLock && second != kConfirm) wrong_sequence();
        break;
      case kWriteBuffer:
        words_left_ = static_cast<uint32_t>(value & 0xffff) + 1;
        if (words_left_ > kBuffer / kBankBytes) {
          wrong_sequence();
          break;
        }
        buffer_.fill(0xff);
        buffer_base_ = kNoAddress;
        step_ = Step::Data;
        return;
      default:
        program(offset, reinterpret_cast<const uint8_t*>(&value), size);
        break;
    }
    end();
  }

  // What is not written stays as it is: ones change nothing.
  void fill_buffer(uint64_t offset, unsigned size, uint64_t value) {
    if (buffer_base_ == kNoAddress) buffer_base_ = offset & ~(kBuffer - 1);
    if ((offset & ~(kBuffer - 1)) != buffer_base_) {
      wrong_sequence();
      return end();
    }
    std::memcpy(&buffer_[offset % kBuffer], &value, size);
    words_left_ -= std::min(words_left_, std::max(size / kBankBytes, 1U));
    if (words_left_ == 0) step_ = Step::Confirm;
  }

  void wrong_sequence() { status_ |= kWrongSequence; }

  // Programming only clears bits.
  void program(uint64_t offset, const uint8_t* data, std::size_t size) {
    uint8_t* const at = bytes() + offset;
    for (std::size_t i = 0; i < size; ++i) at[i] &= data[i];
    written(offset, size, kProgramError);
  }
  void erase(uint64_t offset) {
    std::memset(bytes() + offset, 0xff, kSector);
    written(offset, kSector, kEraseError);
  }
  void written(uint64_t offset, std::size_t size, uint8_t error) {
    if (port_ != nullptr) port_->changed(offset, size);
    if (file_ == nullptr || file_->read_only()) return;
    // What lies behind the end of a short file was never there.
    if (offset >= file_->size()) return;
    iovec part = {bytes() + offset, std::min<uint64_t>(size, file_->size() - offset)};
    if (file_->write(std::span(&part, 1), offset) != 0) status_ |= error;
  }

  static constexpr uint64_t kNoAddress = ~uint64_t{0};

  host::DiskFile* const file_;
  const DeviceLog log_;
  std::mutex mutex_;
  std::unique_ptr<softmmu::HostMemory> memory_;
  ContentsPort* port_ = nullptr;
  uint8_t command_ = kReadArray;  // what reads are answered by, and what the next write goes on with
  Step step_ = Step::First;
  uint8_t status_ = kReady;
  std::array<uint8_t, kBuffer> buffer_ = filled();
  uint64_t buffer_base_ = 0;
  uint32_t words_left_ = 0;

  static constexpr std::array<uint8_t, kBuffer> filled() {
    std::array<uint8_t, kBuffer> all = {};
    all.fill(0xff);
    return all;
  }
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<CfiFlash>(setup); }

// Devicetree binding mtd/mtd-physmap.yaml.
void describe(fdt::Tree& tree, const std::string& path, unsigned) { tree.cells(path, "bank-width", {kBankBytes}); }

}  // namespace

const DeviceKind kCfiFlash = {
    .name = "cfi-flash",
    .what = "parallel flash of 64 MiB, for firmware and what it keeps",
    .datasheet = "JEDEC JEP137 and JESD68.01, Intel 290667",
    .node = "flash",
    .compatible = "cfi-flash",
    .size = kSize,
    .access = {1, 8},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
    .takes_file = true,
    .shares_node = true,
};

}  // namespace menura::boards
