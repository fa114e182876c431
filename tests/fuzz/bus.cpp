// Any bytes as a program that builds a map of regions, changes it and accesses it: what the bus says about an address
// agrees with what was asked for, and nothing is ever accessed outside of a region's memory.
#include "softmmu/bus/bus.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/input.h"

using namespace menura;
using fuzz::Input;
using fuzz::require;

namespace {

constexpr uint64_t kSpace = 1 << 16;  // all addresses lie below

struct Device final : softmmu::Mmio {
  uint64_t size = 0;
  uint64_t mmio_read(uint64_t offset, unsigned bytes) override {
    require(offset % bytes == 0 && offset + bytes <= size);
    return offset;
  }
  void mmio_write(uint64_t offset, unsigned bytes, uint64_t value) override {
    require(offset % bytes == 0 && offset + bytes <= size);
    require(bytes == 8 || value >> (8 * bytes) == 0);
  }
};

struct Wanted {
  uint64_t base, size;
  int priority;
  bool enabled;
};

struct Listener final : softmmu::BusListener {
  void code_changes(uint64_t begin, uint64_t end) override { require(begin < end && end <= kSpace); }
  void map_changed() override {}
};

// The mapping that is to answer; -1: none.
int expected(const std::vector<Wanted>& wanted, uint64_t physical) {
  int best = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Wanted& one = wanted[i];
    if (!one.enabled || physical < one.base || physical - one.base >= one.size) continue;
    if (best < 0 || one.priority >= wanted[static_cast<std::size_t>(best)].priority) best = static_cast<int>(i);
  }
  return best;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<std::unique_ptr<softmmu::HostMemory>> contents;
  softmmu::Bus bus;
  Listener listener;
  bus.set_listener(&listener);
  std::vector<Wanted> wanted;
  std::vector<bool> is_memory;
  std::vector<uint8_t> buffer(256);
  while (input.left != 0) {
    const uint64_t operation = input.number(1);
    const uint64_t address = input.number(2);
    const uint64_t length = input.number(2) % 0x4000 + 1;
    const auto priority = static_cast<int>(operation >> 5) - 4;
    const uint64_t page = address & ~(softmmu::kFrameSize - 1);
    const uint64_t pages = (length + softmmu::kFrameSize - 1) & ~(softmmu::kFrameSize - 1);
    switch (operation & 15) {
      case 0:
      case 1:
        if (wanted.size() > 12 || page + pages > kSpace) break;
        require(static_cast<bool>((operation & 15) == 0 ? bus.add_ram("RAM", page, pages, priority)
                                                        : bus.add_rom("ROM", page, pages, priority)));
        wanted.push_back({page, pages, priority, true});
        is_memory.push_back(true);
        break;
      case 2: {
        if (wanted.size() > 12 || address + length > kSpace) break;
        auto& device = *devices.emplace_back(std::make_unique<Device>());
        device.size = length;
        const auto least = static_cast<uint8_t>(1U << (length & 1));
        bus.add_mmio("device", address, length, device,
                     {least, static_cast<uint8_t>(least << (length >> 1 & 1)),
                      (length & 4) != 0 ? std::endian::big : std::endian::little},
                     priority);
        wanted.push_back({address, length, priority, true});
        is_memory.push_back(false);
        break;
      }
      case 3: {
        if (wanted.empty() || wanted.size() > 12) break;
        const std::size_t target = length % wanted.size();
        const uint64_t base = is_memory[target] ? page : address;
        const uint64_t all = wanted[target].size;
        const uint64_t from = is_memory[target] ? (all / 2) & ~(softmmu::kFrameSize - 1) : all / 2;
        if (base + (all - from) > kSpace) break;
        bus.add_alias("alias", base, all - from, static_cast<uint32_t>(target), from, priority);
        wanted.push_back({base, all - from, priority, true});
        is_memory.push_back(is_memory[target]);
        break;
      }
      case 4:
        if (wanted.empty()) break;
        wanted[length % wanted.size()].enabled = (address & 1) != 0;
        bus.set_enabled(static_cast<uint32_t>(length % wanted.size()), (address & 1) != 0);
        break;
      case 5: {
        if (wanted.empty()) break;
        const std::size_t index = length % wanted.size();
        const uint64_t base = is_memory[index] ? page : address;
        if (base + wanted[index].size > kSpace) break;
        wanted[index].base = base;
        bus.move(static_cast<uint32_t>(index), base);
        break;
      }
      case 6:
        bus.watch_code(address, address + std::min(length, kSpace - address));
        break;
      case 7:
        bus.unwatch_code(address, address + std::min(length, kSpace - address));
        break;
      case 8:
      case 9: {
        const std::size_t bytes = length % buffer.size();
        if ((operation & 15) == 8) {
          bus.read(address, buffer.data(), bytes);
        } else {
          bus.write(address, buffer.data(), bytes);
        }
        break;
      }
      case 10: {
        const auto span = bus.view(address, length, ir::Access::Write);
        require(span.empty() || span.size() == length);
        if (!span.empty()) std::memset(span.data(), 0x5a, span.size());
        break;
      }
      case 11: {
        uint64_t seen = 0;
        bus.compare_exchange(address, (length & 1) != 0 ? 4 : 8, length, operation, &seen);
        break;
      }
      case 12: {
        if (wanted.size() > 12 || page + pages > kSpace) break;
        auto memory = softmmu::HostMemory::make(pages);
        require(static_cast<bool>(memory));
        auto& device = *devices.emplace_back(std::make_unique<Device>());
        device.size = pages;
        contents.push_back(std::move(*memory));
        const auto id = bus.add_contents("flash", page, *contents.back(), device, {}, priority);
        bus.contents_changed(id, length % pages, pages - length % pages);
        wanted.push_back({page, pages, priority, true});
        is_memory.push_back(true);
        break;
      }
      default: {
        const softmmu::Region* const region = bus.find(address);
        const int index = expected(wanted, address);
        require((region == nullptr) == (index < 0));
        if (region == nullptr) break;
        require(region->mapping == static_cast<uint32_t>(index) && region->contains(address, 1));
        const unsigned bytes = 1U << length % 4;
        uint64_t value = ~uint64_t{0};
        if ((operation & 1) != 0) {
          softmmu::Bus::mmio_write(*region, address, &value, bytes);
        } else {
          softmmu::Bus::mmio_read(*region, address, &value, bytes);
        }
        break;
      }
    }
  }
  return 0;
}
