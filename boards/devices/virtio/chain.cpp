#include "boards/devices/virtio/chain.h"

#include <algorithm>

namespace menura::boards::virtio {

void Chain::clear(softmmu::PhysicalMemory& memory, uint16_t id) {
  memory_ = &memory;
  id_ = id;
  slots = 1;
  what = "request";
  for (Part* const part : {&read_, &write_}) {
    part->buffers.clear();
    part->next = 0;
    part->offset = 0;
    part->left = 0;
  }
  written_ = 0;
  views_.clear();
}

void Chain::add(const Buffer& buffer, bool device_writes) {
  Part& part = device_writes ? write_ : read_;
  if (buffer.size == 0) return;
  part.buffers.push_back(buffer);
  part.left += buffer.size;
}

template <typename Take>
bool Chain::advance(Part* part, uint64_t size, Take take) {
  if (size > part->left) return false;
  while (size != 0) {
    const Buffer& buffer = part->buffers[part->next];
    const auto now = static_cast<uint32_t>(std::min<uint64_t>(size, buffer.size - part->offset));
    if (!take(buffer.address + part->offset, now)) return false;
    size -= now;
    part->left -= now;
    part->offset += now;
    if (part->offset == buffer.size) {
      ++part->next;
      part->offset = 0;
    }
  }
  return true;
}

bool Chain::read(void* to, std::size_t size) {
  auto* at = static_cast<std::byte*>(to);
  return advance(&read_, size, [&](uint64_t address, uint32_t now) {
    if (!memory_->read(address, at, now)) return false;
    at += now;
    return true;
  });
}

bool Chain::write(const void* from, std::size_t size) {
  const auto* at = static_cast<const std::byte*>(from);
  return advance(&write_, size, [&](uint64_t address, uint32_t now) {
    if (!memory_->write(address, at, now)) return false;
    at += now;
    written_ += now;
    return true;
  });
}

bool Chain::view_readable(uint64_t size, std::vector<iovec>* views) {
  return advance(&read_, size, [&](uint64_t address, uint32_t now) {
    const std::span<std::byte> view = memory_->view(address, now, ir::Access::Read);
    if (view.empty()) return false;
    views->push_back({view.data(), view.size()});
    return true;
  });
}

bool Chain::view_writable(uint64_t size, std::vector<iovec>* views) {
  return advance(&write_, size, [&](uint64_t address, uint32_t now) {
    const std::span<std::byte> view = memory_->view(address, now, ir::Access::Write);
    if (view.empty()) return false;
    views->push_back({view.data(), view.size()});
    views_.push_back({address, now});
    written_ += now;
    return true;
  });
}

void Chain::views_are_written() {
  for (const Buffer& view : views_) memory_->view(view.address, view.size, ir::Access::Write);
  views_.clear();
}

bool Chain::split_last_writable(Buffer* last) {
  if (write_.left == 0) return false;
  Buffer& buffer = write_.buffers.back();
  --buffer.size;
  --write_.left;
  *last = {buffer.address + buffer.size, 1};
  if (buffer.size == 0) write_.buffers.pop_back();
  return true;
}

}  // namespace menura::boards::virtio
