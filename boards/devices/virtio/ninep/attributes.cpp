// Extended attributes: a fid stands for one while it is read or written (9P2000.L, xattrwalk and xattrcreate).
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "boards/devices/virtio/ninep/server.h"

namespace menura::boards::virtio::ninep {
namespace {

// Values wait in memory, up to 64 KiB each: so many at once.
constexpr std::size_t kMostAttributes = 256;
constexpr uint64_t kLargest = 64 << 10;  // XATTR_SIZE_MAX, XATTR_LIST_MAX

}  // namespace

bool Server::has_room_for_attribute() const {
  return std::count_if(fids_.begin(), fids_.end(), [](const auto& one) { return one.second.attribute != nullptr; }) <
         static_cast<std::ptrdiff_t>(kMostAttributes);
}

// Without a name: the names of all.
int Server::xattrwalk(Reader& in, Writer& out) {
  const Fid* const from = find(in.u32());
  const uint32_t new_number = in.u32();
  const std::string name = in.string();
  if (from == nullptr || find(new_number) != nullptr || fids_.size() >= kMostFids) return -EBADF;
  if (!in.good()) return -EINVAL;
  if (!has_room_for_attribute()) return -ENOMEM;
  auto attribute = std::make_unique<Attribute>();
  const int error = name.empty() ? folder_->list_attributes(from->file, &attribute->value)
                                 : folder_->get_attribute(from->file, name, &attribute->value);
  if (error != 0) return error;
  out.u64(attribute->value.size());
  fids_[new_number].attribute = std::move(attribute);
  return 0;
}

// The fid was the file's; what is written to it becomes the value when it is clunked.
int Server::xattrcreate(Reader& in, Writer&) {
  Fid* const fid = find(in.u32());
  auto attribute = std::make_unique<Attribute>();
  attribute->name = in.string();
  attribute->size = in.u64();
  attribute->flags = static_cast<int>(in.u32());
  if (fid == nullptr || fid->opened || fid->attribute != nullptr || !fid->file.fd) return -EBADF;
  if (!in.good() || attribute->name.empty()) return -EINVAL;
  if (attribute->size > kLargest) return -E2BIG;
  if (!has_room_for_attribute()) return -ENOMEM;
  attribute->written = true;
  fid->attribute = std::move(attribute);
  return 0;
}

int Server::read_attribute(const Attribute& attribute, uint64_t offset, uint32_t asked, Writer& out) const {
  if (attribute.written) return -EBADF;
  const std::size_t place = out.size();
  out.u32(0);
  const std::size_t at = std::min<uint64_t>(offset, attribute.value.size());
  const std::size_t count = std::min(room(out, asked), attribute.value.size() - at);
  std::copy_n(attribute.value.begin() + static_cast<std::ptrdiff_t>(at), count, out.extend(count));
  out.set_u32(place, static_cast<uint32_t>(count));
  return 0;
}

int Server::write_attribute(Attribute* attribute, uint64_t offset, std::span<const uint8_t> data, Writer& out) {
  // In order, as v9fs does.
  if (!attribute->written || offset != attribute->value.size()) return -EINVAL;
  if (data.size() > attribute->size - attribute->value.size()) return -ENOSPC;
  attribute->value.insert(attribute->value.end(), data.begin(), data.end());
  out.u32(static_cast<uint32_t>(data.size()));
  return 0;
}

// removexattr(2) comes as an empty value that is to replace what is there.
int Server::keep_attribute(const Fid& fid) const {
  const Attribute& attribute = *fid.attribute;
  if (!attribute.written) return 0;
  if (attribute.value.size() != attribute.size) return -EINVAL;
  if (attribute.size == 0 && attribute.flags == XATTR_REPLACE) {
    return folder_->remove_attribute(fid.file, attribute.name);
  }
  return folder_->set_attribute(fid.file, attribute.name, attribute.value, attribute.flags);
}

}  // namespace menura::boards::virtio::ninep
