#include "backends/llvm/loader.h"

#include <dlfcn.h>

#include <filesystem>
#include <string>

namespace menura::llvmjit {

namespace {

constexpr const char* kModule = "menura-llvm.so";

}  // namespace

std::string find_module() {
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  for (const std::filesystem::path& path : {program / kModule, program / "../lib/menura" / kModule}) {
    if (std::filesystem::exists(path, failed)) return path;
  }
  return {};
}

Result<std::unique_ptr<runtime::Compiler>> load_compiler(const std::string& module, const ir::StateLayout& layout,
                                                         const ir::HelperTable& helpers) {
  if (module.empty()) {
    return Error{"the LLVM compiler cannot be loaded: there is no " + std::string(kModule) + " beside the program"};
  }
  void* const handle = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error{"the LLVM compiler cannot be loaded: " + std::string(dlerror())};
  const auto make = reinterpret_cast<MakeCompiler>(dlsym(handle, kMakeCompiler));
  if (make == nullptr) return Error{"the LLVM compiler cannot be loaded: " + module + " is something else"};
  std::unique_ptr<runtime::Compiler> compiler(make(&layout, &helpers));
  if (compiler == nullptr) return Error{"the LLVM compiler knows no way to make code for this host"};
  return compiler;
}

}  // namespace menura::llvmjit
