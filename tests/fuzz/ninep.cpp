// Any bytes as requests of 9P, on a folder that is made anew for each input: replies are whole, and nothing appears or
// changes beside the folder.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "boards/devices/virtio/ninep/server.h"

using namespace menura;
using boards::virtio::ninep::Server;

namespace {

// outside/{secret,shared/{file,folder,link}}
struct Folders {
  Folders() {
    if (::mkdtemp(outside.data()) == nullptr) std::abort();
    shared = outside + "/shared";
    std::ofstream(outside + "/secret") << "secret";
    std::filesystem::create_directories(shared + "/folder");
    std::ofstream(shared + "/file") << "file";
    std::filesystem::create_symlink("../secret", shared + "/link");
  }
  ~Folders() { std::filesystem::remove_all(outside); }
  // Two names and the secret are all that is there.
  bool untouched() const {
    std::size_t names = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(outside)) ++names;
    struct stat info = {};
    return names == 2 && ::stat((outside + "/secret").c_str(), &info) == 0 && info.st_size == 6 && info.st_nlink == 1;
  }

  std::string outside = "/dev/shm/menura-fuzz-9p-XXXXXX";
  std::string shared;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Folders folders;
  auto folder = host::SharedFolder::open(folders.shared, false);
  if (!folder) std::abort();
  Server server(folder->get());
  std::vector<uint8_t> reply;
  // Attached already: fid 0 is the folder.
  const std::vector<uint8_t> attach = {23, 0, 0, 0, 104, 1, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0};
  if (!server.handle(attach, 8192, &reply)) std::abort();
  // Each request: a byte for its length and one for its type, then its fields.
  while (size >= 2) {
    const std::size_t fields = std::min<std::size_t>(data[0], size - 2);
    std::vector<uint8_t> request = {static_cast<uint8_t>(7 + fields), 0, 0, 0, data[1], 7, 0};
    if (7 + fields > 255) request[1] = 1;
    request.insert(request.end(), data + 2, data + 2 + fields);
    data += 2 + fields;
    size -= 2 + fields;
    if (!server.handle(request, 4096, &reply)) std::abort();
    const uint32_t replied = reply[0] | static_cast<uint32_t>(reply[1]) << 8 | static_cast<uint32_t>(reply[2]) << 16;
    if (replied != reply.size() || reply.size() > 4096) std::abort();
  }
  if (!folders.untouched()) std::abort();
  return 0;
}
