// The 16550A UART, byte-wide registers.
// After: National Semiconductor, "PC16550D Universal Asynchronous Receiver/Transmitter with FIFOs" (1995).
// Not modelled: baud rates (characters leave and arrive at once, so that the character timeout is over as soon as fewer
// characters wait than the trigger level), parity and framing errors, breaks, DMA mode, modem lines other than in
// loopback (CTS, DSR and DCD are always on).
#include <mutex>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

constexpr RegisterRow kRegisters[] = {
    {0, 1, Rights::Rw, "RBR/THR/DLL", "with LCR.DLAB: the divisor's low byte"},
    {1, 1, Rights::Rw, "IER/DLM", "3 EDSSI, 2 ELSI, 1 ETBEI, 0 ERBFI; with LCR.DLAB: the divisor's high byte"},
    {2, 1, Rights::Rw, "IIR/FCR", "IIR: 7:6 FIFOS_ENABLED, 3:1 ID, 0 NONE; FCR: 7:6 TRIGGER, 2 XFIFOR, 1 RFIFOR, 0 EN"},
    {3, 1, Rights::Rw, "LCR", "7 DLAB, 6 BREAK, 5:3 PARITY, 2 STB, 1:0 WLS"},
    {4, 1, Rights::Rw, "MCR", "4 LOOP, 3 OUT2, 2 OUT1, 1 RTS, 0 DTR"},
    {5, 1, Rights::Ro, "LSR", "7 ERR, 6 TEMT, 5 THRE, 4 BI, 3 FE, 2 PE, 1 OE, 0 DR"},
    {6, 1, Rights::Ro, "MSR", "7 DCD, 6 RI, 5 DSR, 4 CTS, 3 DDCD, 2 TERI, 1 DDSR, 0 DCTS"},
    {7, 1, Rights::Rw, "SCR", ""},
};

constexpr uint8_t kErbfi = 1, kEtbei = 2, kElsi = 4, kEdssi = 8;                // IER
constexpr uint8_t kNone = 1, kThre = 2, kData = 4, kLine = 6, kTimeout = 0x0c;  // IIR
constexpr uint8_t kFifoEnable = 1, kClearReceived = 2;                          // FCR
constexpr uint8_t kDlab = 0x80;                                                 // LCR
constexpr uint8_t kLoop = 0x10;                                                 // MCR
constexpr uint8_t kDr = 1, kOe = 2, kThreTemt = 0x60;                           // LSR
constexpr uint8_t kCtsDsrDcd = 0xb0;                                            // MSR
constexpr std::size_t kTriggers[] = {1, 4, 8, 14};
constexpr std::size_t kFifoSize = 16;

class Ns16550a final : public Device {
 public:
  explicit Ns16550a(const DeviceSetup& setup)
      : wire_(setup.interrupt()), stream_(setup.stream), log_(setup.log, kNs16550a) {
    Ns16550a::reset();
    if (stream_ != nullptr) stream_->set_receiver([this](std::span<const uint8_t> bytes) { return receive(bytes); });
  }
  ~Ns16550a() override {
    if (stream_ != nullptr) stream_->set_receiver({});
  }

  void reset() override {
    {
      const std::lock_guard lock(mutex_);
      divisor_ = 0;
      ier_ = fcr_ = lcr_ = mcr_ = scr_ = errors_ = msr_deltas_ = 0;
      // THRE is pending as soon as ETBEI is set.
      thre_pending_ = true;
      received_.clear();
      update();
    }
    if (stream_ != nullptr) stream_->ready();
  }

  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("divisor", divisor_);
    visitor("IER", ier_);
    visitor("FCR", fcr_);
    visitor("LCR", lcr_);
    visitor("MCR", mcr_);
    visitor("SCR", scr_);
    visitor("LSR errors", errors_);
    visitor("MSR deltas", msr_deltas_);
    visitor("THRE pending", thre_pending_);
    visitor("receiver FIFO", received_);
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    std::unique_lock lock(mutex_);
    uint8_t value = 0;
    switch (offset) {
      case 0:
        if ((lcr_ & kDlab) != 0) return divisor_ & 0xff;
        if (!received_.empty()) {
          value = received_.front();
          received_.erase(received_.begin());
          update();
          lock.unlock();
          if (stream_ != nullptr) stream_->ready();
        }
        return value;
      case 1:
        return (lcr_ & kDlab) != 0 ? divisor_ >> 8 : ier_;
      case 2:
        value = cause();
        if (value == kThre) {
          thre_pending_ = false;
          update();
        }
        return value | ((fcr_ & kFifoEnable) != 0 ? 0xc0 : 0);
      case 3:
        return lcr_;
      case 4:
        return mcr_;
      case 5:
        value = line_status();
        errors_ = 0;
        update();
        return value;
      case 6:
        value = modem_status();
        msr_deltas_ = 0;
        update();
        return value;
      case 7:
        return scr_;
      default:
        log_.bad_read(offset);
        return 0;
    }
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value64) override {
    const auto value = static_cast<uint8_t>(value64);
    std::unique_lock lock(mutex_);
    switch (offset) {
      case 0:
        if ((lcr_ & kDlab) != 0) {
          divisor_ = static_cast<uint16_t>((divisor_ & 0xff00) | value);
          return;
        }
        transmit(lock, value);
        return;
      case 1:
        if ((lcr_ & kDlab) != 0) {
          divisor_ = static_cast<uint16_t>((divisor_ & 0xff) | value << 8);
          return;
        }
        if ((value & ~ier_ & kEtbei) != 0) thre_pending_ = true;
        ier_ = value & 0xf;
        break;
      case 2:
        // Changing the enable bit empties the FIFOs (8.4); other bits count only with it.
        if (((value ^ fcr_) & kFifoEnable) != 0 || (value & kClearReceived) != 0) received_.clear();
        fcr_ = (value & kFifoEnable) != 0 ? value & 0xc1 : 0;
        break;
      case 3:
        lcr_ = value;
        return;
      case 4: {
        const uint8_t before = modem_status();
        mcr_ = value & 0x1f;
        const uint8_t changed = before ^ modem_status();
        // TERI tells the trailing edge of RI only.
        msr_deltas_ |= static_cast<uint8_t>((changed >> 4 & 0xb) | (changed & before & 0x40) >> 4);
        break;
      }
      case 7:
        scr_ = value;
        return;
      default:
        log_.bad_write(offset, value64);
        return;
    }
    update();
  }

 private:
  std::size_t room() const {
    const std::size_t size = (fcr_ & kFifoEnable) != 0 ? kFifoSize : 1;
    return received_.size() < size ? size - received_.size() : 0;
  }

  std::size_t receive(std::span<const uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    if ((mcr_ & kLoop) != 0) return 0;  // the line is cut off; what comes waits outside
    const std::size_t taken = std::min(room(), bytes.size());
    received_.insert(received_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    update();
    return taken;
  }

  void transmit(std::unique_lock<std::mutex>& lock, uint8_t value) {
    thre_pending_ = true;  // it is gone already
    if ((mcr_ & kLoop) != 0) {
      if (room() != 0) {
        received_.push_back(value);
      } else {
        errors_ |= kOe;
      }
    }
    const bool loop = (mcr_ & kLoop) != 0;
    update();
    lock.unlock();
    if (!loop && stream_ != nullptr) stream_->write({&value, 1});
  }

  uint8_t line_status() const { return static_cast<uint8_t>(kThreTemt | errors_ | (received_.empty() ? 0 : kDr)); }

  uint8_t modem_status() const {
    uint8_t lines = kCtsDsrDcd;
    if ((mcr_ & kLoop) != 0) {
      // DTR, RTS, OUT1 and OUT2 come back as DSR, CTS, RI and DCD (8.6.4).
      lines = static_cast<uint8_t>((mcr_ & 1) << 5 | (mcr_ & 2) << 3 | (mcr_ & 4) << 4 | (mcr_ & 8) << 4);
    }
    return lines | msr_deltas_;
  }

  // IIR's low four bits: the cause that comes first (table IV).
  uint8_t cause() const {
    if ((ier_ & kElsi) != 0 && errors_ != 0) return kLine;
    if ((ier_ & kErbfi) != 0 && !received_.empty()) {
      const std::size_t trigger = (fcr_ & kFifoEnable) != 0 ? kTriggers[fcr_ >> 6] : 1;
      return received_.size() >= trigger ? kData : kTimeout;
    }
    if ((ier_ & kEtbei) != 0 && thre_pending_) return kThre;
    if ((ier_ & kEdssi) != 0 && msr_deltas_ != 0) return 0;
    return kNone;
  }

  void update() { wire_.set(cause() != kNone); }

  const Wire wire_;
  host::CharStream* const stream_;
  const DeviceLog log_;

  std::mutex mutex_;
  uint16_t divisor_ = 0;
  uint8_t ier_ = 0, fcr_ = 0, lcr_ = 0, mcr_ = 0, scr_ = 0;
  uint8_t errors_ = 0;      // LSR bits that reading clears
  uint8_t msr_deltas_ = 0;  // MSR 3:0
  bool thre_pending_ = true;
  std::vector<uint8_t> received_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Ns16550a>(setup); }

void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  tree.cells(path, "clock-frequency", {3'686'400});  // 16 times 230,400 baud
}

}  // namespace

const DeviceKind kNs16550a = {
    .name = "ns16550a",
    .what = "serial port, 16550A",
    .datasheet = "National Semiconductor PC16550D",
    .node = "serial",
    .compatible = "ns16550a",
    .size = 8,
    .access = {1, 1},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
    .takes_stream = true,
};

}  // namespace menura::boards
