// apt does the resolving, downloading and signature checking, with a configuration, lists and a state of its own. What
// the user's apt has set up is read (proxies, sources, keys, pins) and never changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/sysroot/child.h"
#include "cli/sysroot/sources.h"
#include "ir/core/result.h"

namespace menura::cli {

// A package that is missing.
struct Download {
  std::string uri;
  std::filesystem::path file;  // where it is once it is downloaded
  bool is_ours = true;         // a copy that can be removed; not a file of an archive on this machine
  uint64_t bytes = 0;
};

class Apt {
 public:
  // `state`: the folder for everything that apt keeps; made if need be. `status`: the sysroot's own list of packages,
  // as dpkg keeps it; empty: none yet. Error: apt is not installed, there are no sources, or the folder cannot be
  // written.
  static Result<Apt> open(const std::filesystem::path& state, const std::string& architecture,
                          const std::filesystem::path& status, const SourceChoice& choice);

  // Fetches the package lists and checks their signatures. Errors: no network, a bad signature, no packages for the
  // architecture.
  Result<void> update() const;

  // What is missing for `packages`. Error: a package is unknown (exit code 127), or does not go with the others.
  Result<std::vector<Download>> plan(const std::vector<std::string>& packages) const;

  // Downloads what plan() said; `percent` is told how far it is.
  Result<void> download(const std::vector<std::string>& packages, const std::function<void(int)>& percent) const;

  // Known packages whose names are like `name`, the likeliest first.
  std::vector<std::string> similar(const std::string& name) const;

  // All names that the lists of an earlier run know.
  static std::vector<std::string> names(const std::filesystem::path& state);

 private:
  Apt(std::filesystem::path state, std::string architecture)
      : state_(std::move(state)), architecture_(std::move(architecture)) {}

  Result<void> write_configuration(const std::filesystem::path& status) const;
  Result<void> write_sources(const SourceChoice& choice) const;
  Result<ChildResult> run(std::vector<std::string> command, const std::function<void(std::string_view)>& on_line) const;
  Error explain(const std::string& what, const std::string& errors) const;

  std::filesystem::path state_;
  std::string architecture_;
};

}  // namespace menura::cli
