// Device: what every device of a board is, and what it is made from. README.md has the recipe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "boards/devices/state.h"
#include "boards/fdt/tree.h"
#include "host/char_stream.h"
#include "host/disk_file.h"
#include "host/net_link.h"
#include "host/shared_folder.h"
#include "host/unix_ports.h"
#include "softmmu/api/physical_memory.h"
#include "softmmu/bus/host_memory.h"
#include "softmmu/bus/region.h"
#include "vcpu/door.h"
#include "vcpu/guest_log.h"
#include "vcpu/system_port.h"
#include "vcpu/timeline.h"
#include "vcpu/timer.h"

namespace menura::boards {

// --- interrupts

// What takes the level of interrupt wires: an interrupt controller, the inputs of a virtual CPU. Any thread.
class InterruptSink {
 public:
  virtual ~InterruptSink() = default;
  virtual void set_input(unsigned input, bool level) = 0;
};

// One wire of a device's output.
struct Wire {
  InterruptSink* sink = nullptr;  // nullptr: connected to nothing
  unsigned input = 0;
  void set(bool level) const {
    if (sink != nullptr) sink->set_input(input, level);
  }
};

// --- what a device may do to its machine

class MachineControl {
 public:
  virtual ~MachineControl() = default;
  // Any thread, also that of a virtual CPU: it happens soon.
  virtual void power_off(int exit_code) = 0;
  virtual void request_reset() = 0;
};

// --- kinds of devices

enum class Rights : uint8_t { Ro, Wo, Rw };

// A register, named as in the datasheet.
struct RegisterRow {
  uint32_t offset;
  uint8_t size;  // bytes
  Rights rights;
  const char* name;
  const char* fields;   // "7 DLAB, 6 BREAK, 5:3 PARITY"; "" if it is one number
  uint32_t count = 1;   // how many of them follow each other
  uint32_t stride = 0;  // at this distance
};

class Device;
struct DeviceKind;

// What the user plugs into a place of a board that takes many kinds of devices (virtio), and what that device is joined
// to: of those only what its kind needs.
struct Attachment {
  const DeviceKind* kind = nullptr;
  host::CharStream* stream = nullptr;  // consoles
  host::DiskFile* disk = nullptr;
  bool write_through = false;  // a disk's cache, until the driver says otherwise
  host::NetLink* link = nullptr;
  std::array<uint8_t, 6> mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};  // of a network card
  host::SharedFolder* folder = nullptr;
  host::UnixPorts* ports = nullptr;  // of the host, for the socket device
  uint32_t cid = 3;                  // of the guest, for the same
  std::string name = {};             // a disk's serial number, a folder's mount tag
};

// What firmware asks the machine for, by the numbers of fw_cfg (system/fw_cfg.cpp). Changes while no virtual CPU runs.
using FirmwareItems = std::map<uint16_t, std::vector<uint8_t>>;

// How virtual CPUs reach what a device holds (Device::contents()) without asking it.
class ContentsPort {
 public:
  virtual ~ContentsPort() = default;
  // Whether reads and execution go there directly; at first they do. Stores always go to the device.
  virtual void set_direct(bool direct) = 0;
  // After the device has changed [offset, offset + size) of it.
  virtual void changed(uint64_t offset, uint64_t size) = 0;
};

// What a device is made from. Everything outlives it.
struct DeviceSetup {
  std::span<const Wire> interrupts;  // its outputs: one, or for interrupt controllers those to each virtual CPU in turn
  vcpu::Door& door;
  vcpu::TimerService& timers;       // in units of door.counter()
  softmmu::PhysicalMemory& memory;  // DMA
  MachineControl& control;
  vcpu::GuestLog& log;
  vcpu::Timeline* timeline = nullptr;  // nullptr: nobody wants to know
  unsigned cpus = 1;
  host::CharStream* stream = nullptr;      // character devices; nullptr: nobody listens
  const Attachment* attachment = nullptr;  // nullptr: none, and the device does what it can
  host::DiskFile* file = nullptr;          // flash: what it holds is kept there; nullptr: nowhere
  const FirmwareItems* items = nullptr;    // fw_cfg; nullptr: none

  // What it is joined to; to nothing if there is none.
  const Attachment& attached() const {
    static const Attachment none;
    return attachment != nullptr ? *attachment : none;
  }
  // Of a device with one output; connected to nothing if there is none.
  Wire interrupt() const { return interrupts.empty() ? Wire{} : interrupts[0]; }
};

struct DeviceKind {
  const char* name;        // as `menura list devices` shows it
  const char* what;        // one line
  const char* datasheet;   // which document it is made after
  const char* node;        // name of its nodes in the device tree; nullptr: none
  const char* compatible;  // the property; several strings are separated by blanks
  uint64_t size;           // bytes of registers
  softmmu::MmioAccess access;
  std::span<const RegisterRow> registers;
  std::unique_ptr<Device> (*make)(const DeviceSetup& setup);
  // Properties beside compatible, reg and interrupts; nullptr: none.
  void (*describe)(fdt::Tree& tree, const std::string& path, unsigned cpus) = nullptr;
  bool takes_stream = false;      // a serial port: it gets the next of the user's streams
  bool takes_attachment = false;  // a place: it becomes the next of the user's attachments
  bool takes_file = false;        // flash: it gets the next of the user's files
  bool shares_node = false;       // those of one row of a board are one node of the device tree
  bool node_in_root = false;      // of the device tree, wherever the board has the others
};

// What a device says to -d guest_errors: the register by its name, where there is one.
class DeviceLog {
 public:
  DeviceLog(vcpu::GuestLog& log, const DeviceKind& kind) : log_(log), kind_(kind) {}
  void bad_read(uint64_t offset) const { bad(offset, nullptr); }
  void bad_write(uint64_t offset, uint64_t value) const { bad(offset, &value); }

 private:
  void bad(uint64_t offset, const uint64_t* value) const;

  vcpu::GuestLog& log_;
  const DeviceKind& kind_;
};

// The row of the register that lies at `offset`; nullptr: none does.
const RegisterRow* find_register(const DeviceKind& kind, uint64_t offset);

// Registers as Mmio says. Nothing calls a device any more when it is destroyed.
// What the user asks of a memory balloon; any thread. In bytes.
class BalloonControl {
 public:
  virtual ~BalloonControl() = default;
  // How much of its memory the guest shall give.
  virtual void ask_for(uint64_t bytes) = 0;
  // How much it says that it has given.
  virtual uint64_t given() const = 0;
};

class Device : public softmmu::Mmio {
 public:
  // As after power-on; twice is the same as once. No virtual CPU runs meanwhile.
  virtual void reset() = 0;
  // All that it must keep besides what it was made from. No virtual CPU runs meanwhile.
  virtual void state(StateVisitor& visitor) = 0;
  // After state() has put back what was kept: wires and timers follow.
  virtual void restored() = 0;
  // Of interrupt controllers.
  virtual InterruptSink* inputs() { return nullptr; }
  // Of those with registers that virtual CPUs reach other than by memory.
  virtual vcpu::RegisterPort* cpu_interface() { return nullptr; }
  // Of memory balloons.
  virtual BalloonControl* balloon() { return nullptr; }
  // Of those that hold what virtual CPUs read and execute; as many bytes as the device's registers take.
  virtual softmmu::HostMemory* contents() { return nullptr; }
  virtual void set_contents_port(ContentsPort&) {}  // it outlives the device
  // Of those with output lines besides interrupts: who takes them, by their numbers; it outlives the device.
  virtual void connect_outputs(InterruptSink&) {}
};

}  // namespace menura::boards
