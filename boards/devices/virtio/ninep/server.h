// Server: the files of a shared folder by 9P2000.L, the protocol of Linux' v9fs.
// After: Plan 9's manual, section 5, and "9P2000.L" (the protocol document of diod, Lawrence Livermore National
// Laboratory). Of extended attributes, those of users (host/shared_folder.h). Not modelled: authentication, locks
// between guests (a lock is always granted).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "boards/devices/virtio/ninep/message.h"
#include "host/shared_folder.h"

namespace menura::boards::virtio::ninep {

class Server {
 public:
  explicit Server(host::SharedFolder* folder) : folder_(folder) {}  // nullptr: there is nothing to attach to

  // One request, complete with its header; the reply is at most `most` bytes. False: it is no request.
  bool handle(std::span<const uint8_t> request, std::size_t most, std::vector<uint8_t>* reply);
  // Forgets all fids.
  void reset() { fids_.clear(); }

  // The largest message that it takes and gives (msize of version(5)).
  static constexpr uint32_t kMostMessage = 512 << 10;

 private:
  static constexpr std::size_t kMostFids = 1 << 16;

  // An extended attribute that is read, or written until its fid goes.
  struct Attribute {
    std::string name;
    uint64_t size = 0;  // what the value will have
    int flags = 0;      // as setxattr(2) has them
    bool written = false;
    std::vector<uint8_t> value;
  };
  struct Fid {
    host::SharedFile file;
    host::Descriptor opened;
    std::unique_ptr<Attribute> attribute;  // nullptr: it is a file's
  };
  struct Row;  // of the table of requests
  static const Row kRows[];

  // Each reads a request's fields and writes its reply's; 0 or -errno.
  int version(Reader& in, Writer& out);
  int attach(Reader& in, Writer& out);
  int walk(Reader& in, Writer& out);
  int clunk(Reader& in, Writer& out);
  int flush(Reader& in, Writer& out);
  int statfs(Reader& in, Writer& out);
  int lopen(Reader& in, Writer& out);
  int lcreate(Reader& in, Writer& out);
  int symlink(Reader& in, Writer& out);
  int mknod(Reader& in, Writer& out);
  int rename(Reader& in, Writer& out);
  int readlink(Reader& in, Writer& out);
  int getattr(Reader& in, Writer& out);
  int setattr(Reader& in, Writer& out);
  int xattrwalk(Reader& in, Writer& out);
  int xattrcreate(Reader& in, Writer& out);
  int readdir(Reader& in, Writer& out);
  int fsync(Reader& in, Writer& out);
  int lock(Reader& in, Writer& out);
  int getlock(Reader& in, Writer& out);
  int link(Reader& in, Writer& out);
  int mkdir(Reader& in, Writer& out);
  int renameat(Reader& in, Writer& out);
  int unlinkat(Reader& in, Writer& out);
  int read(Reader& in, Writer& out);
  int write(Reader& in, Writer& out);
  int remove(Reader& in, Writer& out);

  Fid* find(uint32_t number);
  // The qid of a file that was just made.
  int reply_new(const host::SharedFile& folder, const std::string& name, Writer& out);
  static int qid_of(const host::SharedFile& file, Qid* qid);
  bool has_room_for_attribute() const;
  int read_attribute(const Attribute& attribute, uint64_t offset, uint32_t asked, Writer& out) const;
  static int write_attribute(Attribute* attribute, uint64_t offset, std::span<const uint8_t> data, Writer& out);
  // What was written becomes the file's.
  int keep_attribute(const Fid& fid) const;
  // How many bytes of data a reply may have, of `count` that were asked for.
  std::size_t room(const Writer& out, uint32_t count) const;

  host::SharedFolder* const folder_;
  std::map<uint32_t, Fid> fids_;
  std::size_t most_ = 0;  // of the reply that is being made
};

}  // namespace menura::boards::virtio::ninep
