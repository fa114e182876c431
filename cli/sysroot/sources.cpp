#include "cli/sysroot/sources.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>
#include <utility>

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

using Field = std::pair<std::string, std::string>;  // name in lower case, value with its continuation lines

// One entry of either format (sources.list(5)).
struct Source {
  bool deb822 = false;
  std::vector<Field> options;  // one-line: what stands in brackets; deb822: all fields
  std::string rest;            // one-line: URI, suite, components
};

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> list;
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

const std::string* find(const Source& source, std::string_view name) {
  for (const Field& field : source.options) {
    if (field.first == name) return &field.second;
  }
  return nullptr;
}

// Whether a list of names, by spaces or commas, has `name`.
bool lists(std::string text, std::string_view name) {
  std::replace(text.begin(), text.end(), ',', ' ');
  const std::vector<std::string> names = words(text);
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool names_architectures(const std::string& field) { return field.starts_with("arch"); }

// Whether apt would look for packages of this architecture there.
bool is_for(const Source& source, std::string_view architecture) {
  for (const Field& field : source.options) {
    const bool only = field.first == "arch" || field.first == "architectures";
    if (only && !lists(field.second, architecture)) return false;
    const bool without = field.first == "arch-" || field.first == "architectures-remove";
    if (without && lists(field.second, architecture)) return false;
  }
  return true;
}

void read_one_line(std::istream& file, std::vector<Source>* sources) {
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    const std::vector<std::string> all = words(line);
    if (all.empty() || all[0] != "deb") continue;
    Source source;
    std::string text = line.substr(line.find("deb") + 3);
    if (const size_t open = text.find_first_not_of(" \t"); open != std::string::npos && text[open] == '[') {
      const size_t close = text.find(']', open);
      if (close == std::string::npos) continue;
      for (const std::string& option : words(text.substr(open + 1, close - open - 1))) {
        const size_t equals = std::min(option.find('='), option.size() - 1);
        source.options.emplace_back(lower(option.substr(0, equals)), option.substr(equals + 1));
      }
      text = text.substr(close + 1);
    }
    for (const std::string& word : words(text)) source.rest += (source.rest.empty() ? "" : " ") + word;
    sources->push_back(std::move(source));
  }
}

void read_deb822(std::istream& file, std::vector<Source>* sources) {
  Source source;
  source.deb822 = true;
  const auto finish = [&] {
    const std::string* const types = find(source, "types");
    const std::string* const enabled = find(source, "enabled");
    const bool off = enabled != nullptr && lists("no false 0 off without disable", words(*enabled + " yes")[0]);
    if (types != nullptr && lists(*types, "deb") && !off) sources->push_back(source);
    source.options.clear();
  };
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      finish();
    } else if ((line[0] == ' ' || line[0] == '\t') && !source.options.empty()) {
      source.options.back().second += "\n" + line;
    } else if (const size_t colon = line.find(':'); colon != std::string::npos) {
      source.options.emplace_back(lower(line.substr(0, colon)), line.substr(colon + 1));
    }
  }
  finish();
}

std::vector<Source> read_sources(const UserSources& user) {
  std::vector<Source> sources;
  if (std::ifstream file(user.list); file) read_one_line(file, &sources);
  std::vector<fs::path> parts;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(user.parts, error)) parts.push_back(entry.path());
  std::sort(parts.begin(), parts.end());
  for (const fs::path& part : parts) {
    std::ifstream file(part);
    if (part.extension() == ".list") read_one_line(file, &sources);
    if (part.extension() == ".sources") read_deb822(file, &sources);
  }
  return sources;
}

void add(const Source& source, std::string_view architecture, SourceTexts* texts) {
  if (source.deb822) {
    for (const auto& [name, value] : source.options) {
      if (name == "types" || names_architectures(name)) continue;
      texts->deb822 += name + ":" + value + "\n";
    }
    texts->deb822 += "types: deb\narchitectures: " + std::string(architecture) + "\n\n";
    return;
  }
  std::string options = "arch=" + std::string(architecture);
  for (const auto& [name, value] : source.options) {
    if (!names_architectures(name)) options += " " + name + "=" + value;
  }
  texts->list += "deb [" + options + "] " + source.rest + "\n";
}

std::string first_word(const std::string& text) {
  const std::vector<std::string> all = words(text);
  return all.empty() ? std::string() : all[0];
}

constexpr const char* kNameMirror =
    "; name one: `menura sysroot arm64 --mirror http://deb.debian.org/debian --suite bookworm python3`";

}  // namespace

std::string SourceChoice::text() const {
  return "mirror " + mirror + "\nsuite " + suite + "\ncomponents " + components + "\nkeyring " + keyring + "\n";
}

SourceChoice SourceChoice::parse(std::string_view text) {
  SourceChoice choice;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string value = line.substr(std::min(space + 1, line.size()));
    for (const auto& [name, field] : {std::pair{"mirror", &choice.mirror},
                                      {"suite", &choice.suite},
                                      {"components", &choice.components},
                                      {"keyring", &choice.keyring}}) {
      if (line.substr(0, space) == name) *field = value;
    }
  }
  return choice;
}

Result<SourceTexts> user_sources(const UserSources& user, std::string_view architecture) {
  const std::vector<Source> sources = read_sources(user);
  const auto fits = [&](const Source& source) { return is_for(source, architecture); };
  const bool all_restricted = std::none_of(sources.begin(), sources.end(), fits);
  SourceTexts texts;
  for (const Source& source : sources) {
    if (all_restricted || fits(source)) add(source, architecture, &texts);
  }
  if (sources.empty()) {
    return Error{"apt has no package sources (" + user.list.string() + ", " + user.parts.string() + ")" + kNameMirror};
  }
  return texts;
}

Result<SourceTexts> chosen_source(const SourceChoice& choice, const UserSources& user, std::string_view architecture,
                                  const std::string& host_suite) {
  std::string mirror = choice.mirror;
  std::string signed_by = choice.keyring;
  std::string components = choice.components;
  const std::vector<Source> sources = read_sources(user);
  if (mirror.empty() && !sources.empty()) {
    const Source& source = sources[0];
    const std::vector<std::string> rest = words(source.rest);
    const auto field = [&](const char* name) {
      const std::string* const value = find(source, name);
      return value != nullptr ? *value : std::string();
    };
    mirror = first_word(source.deb822 ? field("uris") : source.rest);
    if (signed_by.empty()) signed_by = field("signed-by");
    if (components.empty() && source.deb822) components = field("components");
    for (size_t i = 2; choice.components.empty() && i < rest.size(); ++i) components += rest[i] + " ";
  }
  const std::string suite = choice.suite.empty() ? host_suite : choice.suite;
  if (mirror.empty()) return Error{std::string("apt has no package sources to take a mirror from") + kNameMirror};
  if (suite.empty()) return Error{"nothing says which release of the archive is meant; name one with --suite"};
  Source source;
  source.deb822 = true;
  source.options = {{"uris", " " + mirror}, {"suites", " " + suite}};
  source.options.emplace_back("components", " " + (first_word(components).empty() ? "main" : components));
  if (!first_word(signed_by).empty()) source.options.emplace_back("signed-by", " " + signed_by);
  SourceTexts texts;
  add(source, architecture, &texts);
  return texts;
}

}  // namespace menura::cli
