// Fills in the right sides of ISA vectors by running them on the guest's reference (README.md).
//   usage: record [--all] FILE...
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/isa/guest.h"
#include "tests/isa/vector.h"

namespace menura::tests {
namespace {

// As job.h has them.
struct Job {
  uint64_t code_bytes = 0;
  uint8_t code[256] = {};
  std::vector<Value> registers;
  uint64_t data[kPageBytes / 8] = {};
};

struct Result {
  uint64_t signal = 0;
  uint64_t address = 0;
  uint64_t pc = 0;
  std::vector<Value> registers;
  uint64_t data[kPageBytes / 8] = {};
};

// The reference program under the emulator, with a pipe each way.
class Reference {
 public:
  explicit Reference(const Guest& guest) {
    program_ = std::filesystem::temp_directory_path() / ("menura-record-" + std::to_string(getpid()));
    const std::string build = guest.reference_compiler() + " -O1 -static -fno-stack-protector -o " + program_.string() +
                              " " MENURA_SOURCE_DIR "/" + guest.reference_source();
    if (std::system(build.c_str()) != 0) throw std::runtime_error("could not build the reference program: " + build);
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      std::vector<std::string> words = guest.reference_command();
      words.push_back(program_.string());
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execvp(arguments[0], arguments.data());
      std::fprintf(stderr, "record: %s cannot be run: tools/install-packages installs it\n", arguments[0]);
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    out_ = fdopen(to[1], "wb");
    in_ = fdopen(from[0], "rb");
  }
  ~Reference() {
    std::fclose(out_);
    std::fclose(in_);
    waitpid(child_, nullptr, 0);
    std::filesystem::remove(program_);
  }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  Result run(const Job& job) {
    send(&job.code_bytes, sizeof job.code_bytes + sizeof job.code);
    send(job.registers.data(), job.registers.size() * sizeof(Value));
    send(job.data, sizeof job.data);
    std::fflush(out_);
    Result result;
    result.registers.resize(job.registers.size());
    receive(&result.signal, 3 * sizeof(uint64_t));
    receive(result.registers.data(), result.registers.size() * sizeof(Value));
    receive(result.data, sizeof result.data);
    return result;
  }

 private:
  void send(const void* data, size_t size) {
    if (std::fwrite(data, size, 1, out_) != 1) throw std::runtime_error("the reference ended early");
  }
  void receive(void* data, size_t size) {
    if (std::fread(data, size, 1, in_) != 1) throw std::runtime_error("the reference ended early");
  }

  std::filesystem::path program_;
  pid_t child_ = -1;
  std::FILE* out_ = nullptr;
  std::FILE* in_ = nullptr;
};

End end_of(uint64_t signal) {
  switch (signal) {
    case SIGTRAP:
      return End::Breakpoint;
    case SIGILL:
      return End::Illegal;
    case SIGBUS:
      return End::Misaligned;
    default:
      return End::Fault;
  }
}

void record(Guest& guest, Reference& reference, Vector& vector) {
  const std::vector<uint8_t> code = guest.assemble(vector.assembly);
  const std::vector<std::string> names = guest.registers();
  Job job;
  if (code.size() > sizeof job.code) throw std::runtime_error(vector.assembly + ": too long");
  job.code_bytes = code.size();
  std::memcpy(job.code, code.data(), code.size());
  job.registers.resize(names.size());
  for (const auto& [name, value] : vector.input.registers) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw std::runtime_error("'" + name + "' is no register");
    job.registers[found - names.begin()] = value;
  }
  for (const auto& [offset, value] : vector.input.data) job.data[offset / 8] = value;
  const Result result = reference.run(job);
  vector.recorded = true;
  vector.output = {};
  vector.output.end = end_of(result.signal);
  vector.output.pc = result.pc;
  if (vector.output.end == End::Fault) vector.output.address = result.address;
  for (size_t i = 0; i < names.size(); ++i) {
    if (result.registers[i] != job.registers[i]) vector.output.registers[names[i]] = result.registers[i];
  }
  for (size_t i = 0; i < kPageBytes / 8; ++i) {
    if (result.data[i] != job.data[i]) vector.output.data[8 * i] = result.data[i];
  }
}

// Lines after "# by hand" are left as they are: the reference does not know their instructions.
void record_file(const std::string& path, bool all) {
  const auto guest = make_guest(std::filesystem::absolute(path).parent_path().filename());
  Reference reference(*guest);
  std::vector<Line> lines = read_vectors(path);
  std::string text;
  unsigned count = 0;
  bool by_hand = false;
  for (Line& line : lines) {
    by_hand |= line.text.rfind("# by hand", 0) == 0;
    if (line.is_vector && !by_hand && (all || !line.vector.recorded)) {
      record(*guest, reference, line.vector);
      line.text = format(line.vector, static_cast<unsigned>(guest->assemble(line.vector.assembly).size()));
      ++count;
    }
    text += line.text + "\n";
  }
  std::ofstream(path) << text;
  std::printf("%s: %u lines recorded\n", path.c_str(), count);
}

}  // namespace
}  // namespace menura::tests

int main(int argc, char** argv) {
  bool all = false;
  int files = 0;
  try {
    for (int i = 1; i < argc; ++i) {
      if (std::string_view(argv[i]) == "--all") {
        all = true;
      } else {
        menura::tests::record_file(argv[i], all);
        ++files;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "record: %s\n", error.what());
    return 1;
  }
  if (files == 0) std::fprintf(stderr, "usage: record [--all] tests/isa/<guest>/<file>.txt...\n");
  return files == 0 ? 2 : 0;
}
