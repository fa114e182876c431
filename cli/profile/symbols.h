// Names of guest functions: from the symbol tables of the ELF files that are mapped into the process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace menura::cli {

class Symbols {
 public:
  // Of the function at a guest address; the file and an offset where the file names none; "[anonymous]" where there is
  // no file. Files are read when an address in them is first asked for.
  std::string function(uint64_t address);

 private:
  struct Symbol {
    uint64_t begin = 0;  // as the file says
    uint64_t size = 0;   // 0: unknown
    std::string name;
  };
  struct File {
    std::string name;             // without folders
    std::vector<Symbol> symbols;  // by address
  };
  struct Mapping {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t bias = 0;  // address - what the file says
    std::shared_ptr<const File> file;
  };

  const Mapping* find(uint64_t address) const;
  void read_mappings();

  std::map<uint64_t, Mapping> mappings_;  // by end
  std::map<std::string, std::shared_ptr<const File>> files_;
};

}  // namespace menura::cli
