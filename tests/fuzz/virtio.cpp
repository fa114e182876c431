// Any bytes as the memory of a guest and what its driver writes to a virtio device: rings, tables and requests of all
// devices. Nothing is reached outside of memory, and a reset always ends it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include "boards/devices/devices.h"
#include "softmmu/bus/bus.h"
#include "tests/fuzz/input.h"

using namespace menura;
using fuzz::Input;
using namespace menura::boards;

namespace {

constexpr uint64_t kRam = 0x80000000;
constexpr std::size_t kRamSize = 1 << 16;
constexpr std::size_t kRingsAt = 0x1000;  // apart from them, memory is the input

class Door final : public vcpu::Door {
 public:
  int clock(clockid_t, timespec* now) override {
    *now = {};
    return 0;
  }
  void entropy(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
  uint64_t counter() override { return 0; }
  uint64_t counter_hz() const override { return 1'000'000; }
};

class Timers final : public vcpu::TimerService {
 public:
  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()>) override { return nullptr; }
};

class Control final : public MachineControl {
 public:
  void power_off(int) override {}
  void request_reset() override {}
};

class Log final : public vcpu::GuestLog {
 public:
  void write(vcpu::LogItem, std::string_view) override {}
};

class Stream final : public host::CharStream {
 public:
  void write(std::span<const uint8_t>) override {}
  void set_receiver(Receiver receiver) override { receiver_ = std::move(receiver); }
  void ready() override {
    static constexpr uint8_t kText[] = "typed";
    if (receiver_) receiver_(kText);
  }

 private:
  Receiver receiver_;
};

// Sends back what it gets, on the thread that wakes it.
class Echo final : public host::NetLink {
 public:
  void wake() override { transmit(); }
  void send(std::span<const uint8_t> frame) override { receive(frame); }
  unsigned mtu() const override { return 1500; }
};

// A disk and a folder, in memory and gone with the process.
host::DiskFile* disk() {
  static const std::unique_ptr<host::DiskFile> file = [] {
    const int fd = ::memfd_create("disk", 0);
    if (::ftruncate(fd, 1 << 20) != 0) std::abort();
    auto opened = host::DiskFile::open("/proc/self/fd/" + std::to_string(fd), false, true);
    if (!opened) std::abort();
    return std::move(*opened);
  }();
  return file.get();
}

host::SharedFolder* folder() {
  static const std::unique_ptr<host::SharedFolder> opened = [] {
    // Read-only: what the input asks for leaves no traces.
    auto result = host::SharedFolder::open("/usr/share/doc", true);
    if (!result) std::abort();
    return std::move(*result);
  }();
  return opened.get();
}

// Ports of the host: a program listens at port 1, and one has asked for the guest's port 1.
class Ports {
 public:
  Ports() {
    listen(listener_.get(), path_ + "_1");
    auto opened = host::UnixPorts::open(path_);
    if (!opened) std::abort();
    ports_ = std::move(*opened);
    const sockaddr_un address = address_of(path_);
    static constexpr char kText[] = "CONNECT 1\nhello";
    if (::connect(asks_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(asks_.get(), kText, sizeof kText, 0) < 0) {
      std::abort();
    }
  }
  ~Ports() { ::unlink((path_ + "_1").c_str()); }
  host::UnixPorts* get() { return ports_.get(); }

 private:
  static host::Descriptor make_socket() { return host::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  static void listen(int fd, const std::string& path) {
    const sockaddr_un address = address_of(path);
    ::unlink(path.c_str());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 16) != 0) {
      std::abort();
    }
  }

  const std::string path_ = "/dev/shm/menura-fuzz-vsock-" + std::to_string(::getpid());
  const host::Descriptor listener_ = make_socket(), asks_ = make_socket();
  std::unique_ptr<host::UnixPorts> ports_;
};

struct Guest {
  explicit Guest(const DeviceKind& kind) {
    if (!bus.add_ram("RAM", kRam, kRamSize)) std::abort();
    if (&kind == &kVirtioVsock) {
      ports.emplace();
      attachment.ports = ports->get();
      place_packets();
    }
    attachment.kind = &kind;
    attachment.stream = &stream;
    attachment.disk = disk();
    attachment.link = &link;
    attachment.folder = folder();
    attachment.name = "name";
    device = kVirtioSlot.make({.interrupts = {},
                               .door = door,
                               .timers = timers,
                               .memory = bus,
                               .control = control,
                               .log = log,
                               .attachment = &attachment});
  }

  // Behind the rings: packets from the guest's port 1 and those that were asked for, to port 1, every 64 bytes; the
  // input changes them.
  void place_packets() {
    for (uint32_t i = 0; i < 256; ++i) {
      const uint32_t words[11] = {
          3, 0, 2, 0, 1 + i / 8 % 3, i % 2 == 0 ? 1 : (1U << 30) + 1, i, 1 | i % 8 << 16, i / 8 % 4, 64, 0};
      bus.write(kRam + kRingsAt + 64 * uint64_t{i}, words, sizeof words);
    }
  }

  softmmu::Bus bus;
  std::optional<Ports> ports;
  Door door;
  Timers timers;
  Control control;
  Log log;
  Stream stream;
  Echo link;
  Attachment attachment;
  std::unique_ptr<Device> device;
};

// To DRIVER_OK with everything that is offered but for what `without` says, and rings where the input can be in them.
void bring_up(Device& device, uint64_t without) {
  const auto write = [&](uint64_t offset, uint64_t value) { device.mmio_write(offset, 4, value & 0xffffffff); };
  uint64_t offered = 0;
  for (const unsigned half : {0U, 1U}) {
    write(0x14, half);
    offered |= device.mmio_read(0x10, 4) << (32 * half);
  }
  const uint64_t wanted = (offered & ~without) | uint64_t{1} << 32;
  write(0x70, 3);
  for (const unsigned half : {0U, 1U}) {
    write(0x24, half);
    write(0x20, wanted >> (32 * half));
  }
  write(0x70, 11);
  for (unsigned queue = 0; queue < 5; ++queue) {
    write(0x30, queue);
    write(0x38, 8);
    const uint64_t at = kRam + 0x400 * queue;
    write(0x80, at);
    write(0x90, at + 0x80);
    write(0xa0, at + 0x100);
    write(0x44, 1);
  }
  write(0x70, 15);
}

// To the device's own thread.
void give_time() { std::this_thread::sleep_for(std::chrono::microseconds(20)); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr const DeviceKind* kKinds[] = {&kVirtioRng, &kVirtioConsole, &kVirtioBlk,  &kVirtioNet,
                                                 &kVirtio9p,  &kVirtioBalloon, &kVirtioVsock};
  Input input{data, size};
  const uint64_t choice = input.number(1);
  Guest guest(*kKinds[choice % std::size(kKinds)]);
  if ((choice & 0x80) == 0) bring_up(*guest.device, input.number(1) << 28 | input.number(1));
  while (input.left != 0) {
    const uint64_t what = input.number(1);
    switch (what % 8) {
      case 0: {  // a register
        const unsigned bytes = 1U << what / 8 % 4;
        const uint64_t offset = input.number(2) % 0x200 & ~uint64_t{bytes - 1};
        guest.device->mmio_write(offset, bytes, input.number(bytes));
        break;
      }
      case 1:
        guest.device->mmio_read(input.number(2) % 0x200 & ~uint64_t{3}, 4);
        break;
      case 2:
        guest.device->mmio_write(0x50, 4, what / 8 % 5);
        give_time();
        break;
      case 3: {  // one chain of two descriptors, made well enough to get further: addresses and lengths are the input's
        const uint64_t queue = what / 8 % 5, at = kRam + 0x400 * queue;
        for (uint64_t i = 0; i < 2; ++i) {
          const uint64_t address = kRam + input.number(2);
          const auto length = static_cast<uint32_t>(input.number(2));
          const uint16_t rest[2] = {static_cast<uint16_t>(i == 0 ? 1 : 2), 1};
          guest.bus.write(at + 16 * i, &address, 8);
          guest.bus.write(at + 16 * i + 8, &length, 4);
          guest.bus.write(at + 16 * i + 12, rest, 4);
        }
        uint16_t index = 0;
        guest.bus.read(at + 0x82, &index, 2);
        ++index;
        guest.bus.write(at + 0x82, &index, 2);
        guest.device->mmio_write(0x50, 4, queue);
        give_time();
        break;
      }
      default: {  // memory: rings or what lies behind them
        const uint64_t at =
            what % 2 == 0 ? input.number(2) % kRingsAt : kRingsAt + input.number(2) % (kRamSize - kRingsAt);
        const std::size_t count = std::min<std::size_t>({what / 8 + 1, input.left, kRamSize - at});
        guest.bus.write(kRam + at, input.at, count);
        input.at += count;
        input.left -= count;
        break;
      }
    }
  }
  guest.device->reset();
  if (guest.device->mmio_read(0x70, 4) != 0) std::abort();
  return 0;
}
