// Where packages come from: the user's own apt sources for another architecture, or the mirror that the command line
// names. The user's files are read, never changed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ir/core/result.h"

namespace menura::cli {

// What the command line says about it; empty: as the user's apt has it.
struct SourceChoice {
  std::string mirror;      // --mirror
  std::string suite;       // --suite
  std::string components;  // --components, separated by spaces
  std::string keyring;     // --keyring, a file

  bool empty() const { return mirror.empty() && suite.empty() && components.empty() && keyring.empty(); }
  // One "name value" a line, and back.
  std::string text() const;
  static SourceChoice parse(std::string_view text);
};

// The user's sources. Paths as apt-config reports them.
struct UserSources {
  std::filesystem::path list;   // sources.list
  std::filesystem::path parts;  // sources.list.d
};

// Sources in apt's two formats.
struct SourceTexts {
  std::string list;    // one-line format
  std::string deb822;  // .sources format
};

// The user's sources as they are for `architecture`: source packages are left out, and so is what is restricted to
// other architectures; unless everything is, then the restrictions are dropped. Error: there is none.
Result<SourceTexts> user_sources(const UserSources& user, std::string_view architecture);

// The single source that `choice` names; what it leaves open comes from the user's first source, the suite from
// `host_suite` (this system's release). Error: nothing says which mirror or suite.
Result<SourceTexts> chosen_source(const SourceChoice& choice, const UserSources& user, std::string_view architecture,
                                  const std::string& host_suite);

}  // namespace menura::cli
