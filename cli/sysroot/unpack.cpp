#include "cli/sysroot/unpack.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/sysroot/child.h"

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kEnglish = {"LC_ALL=C.UTF-8"};

Error damaged(const fs::path& deb, const std::string& errors) {
  const bool full = errors.find("No space left") != std::string::npos;
  return Error{deb.filename().string() + " cannot be unpacked: " + errors.substr(0, errors.find('\n')) +
               (full ? "; make room on the disk, or set XDG_CACHE_HOME to another" : "")};
}

fs::path file_list(const fs::path& tree, const std::string& package) {
  return tree / "var/lib/dpkg/info" / (package + ".list");
}

std::vector<std::string> read_lines(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// "./", "./usr/bin/" and "./usr/bin/x" as dpkg lists them: "/.", "/usr/bin", "/usr/bin/x".
std::string listed(std::string name) {
  if (name.starts_with("./")) name.erase(0, 1);
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return name == "/" ? "/." : name;
}

// `path` is a guest's, absolute.
fs::path inside(const fs::path& tree, const std::string& path) { return tree / fs::path(path).relative_path(); }

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found && !error;
}

// Makes `link` lead to `target`, both guest paths, whatever folder above it is a link.
Result<void> make_link(const fs::path& tree, const std::string& link, const std::string& target) {
  const fs::path at = inside(tree, link);
  std::error_code error;
  fs::create_directories(at.parent_path(), error);
  const fs::path folder =
      fs::path("/") / fs::canonical(at.parent_path(), error).lexically_relative(fs::canonical(tree));
  fs::remove(at, error);
  fs::create_symlink(fs::path(target).lexically_normal().lexically_relative(folder), at, error);
  if (error) return Error{at.string() + ": " + error.message()};
  return {};
}

// A link to an absolute path would lead out of the tree: for later packages, which unpack through it, and for programs.
Result<void> keep_inside(const fs::path& tree, const std::string& name) {
  std::error_code error;
  const fs::path at = inside(tree, name);
  if (!fs::is_symlink(fs::symlink_status(at, error))) return {};
  const fs::path target = fs::read_symlink(at, error);
  return target.is_absolute() ? make_link(tree, name, target.string()) : Result<void>();
}

// What files are called behind the links of the layout: "/lib/x" is "/usr/lib/x".
std::string merged(const std::string& name) {
  for (const char* folder : {"/bin/", "/lib/", "/sbin/"}) {
    if (name.starts_with(folder)) return "/usr" + name;
  }
  return name;
}

// Removes the files of `old` that no package lists any more.
void remove_obsolete(const fs::path& tree, const std::vector<std::string>& old) {
  std::set<std::string> kept = {"/.", "/usr", "/bin", "/lib", "/sbin"};
  std::error_code error;
  for (const fs::directory_entry& list : fs::directory_iterator(file_list(tree, "any").parent_path(), error)) {
    if (list.path().extension() != ".list") continue;
    for (const std::string& name : read_lines(list.path())) kept.insert(merged(name));
  }
  // What is inside of a folder comes before the folder, which only goes if it is empty.
  std::set<std::string, std::greater<>> gone;
  for (const std::string& name : old) {
    if (!kept.contains(merged(name))) gone.insert(merged(name));
  }
  for (const std::string& name : gone) fs::remove(inside(tree, name), error);
}

struct Alternative {
  std::string link;
  std::string target;
  int priority = 0;
};

// The alternatives of a script: `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...`.
std::vector<Alternative> read_alternatives(const std::string& script) {
  std::string text = script;
  for (size_t at = 0; (at = text.find("\\\n", at)) != std::string::npos;) text.replace(at, 2, " ");
  std::vector<Alternative> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find("update-alternatives");
    if (begin == std::string::npos || line.find('$') != std::string::npos) continue;
    std::istringstream stream(line.substr(begin));
    std::vector<std::string> words;
    for (std::string word; stream >> word && word != "||" && word != "&&" && word != ";";) words.push_back(word);
    int priority = 0;
    for (size_t i = 1; i < words.size(); ++i) {
      const bool install = words[i] == "--install" && i + 4 < words.size();
      const bool slave = words[i] == "--slave" && i + 3 < words.size();
      if (!install && !slave) continue;
      if (install) priority = std::atoi(words[i + 4].c_str());
      if (words[i + 1].starts_with('/') && words[i + 3].starts_with('/')) {
        found.push_back({words[i + 1], words[i + 3], priority});
      }
    }
  }
  return found;
}

void remove_empty_folders(const fs::path& folder) {
  std::error_code error;
  if (fs::symlink_status(folder, error).type() != fs::file_type::directory) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.symlink_status().type() == fs::file_type::directory) remove_empty_folders(entry.path());
  }
  fs::remove(folder, error);  // only if it is empty
}

}  // namespace

Result<Package> read_package(const fs::path& deb) {
  const Result<ChildResult> result = run_child({{"dpkg-deb", "-f", deb.string()}, kEnglish, {}, nullptr});
  if (!result) return result.error();
  Package package = Package::parse(result->output);
  if (result->status != 0 || package.name.empty()) return damaged(deb, result->errors);
  return package;
}

Result<void> make_layout(const fs::path& tree) {
  std::error_code error;
  for (const char* name : {"bin", "lib", "sbin"}) {
    fs::create_directories(tree / "usr" / name, error);
    if (!error) fs::create_symlink(fs::path("usr") / name, tree / name, error);
    if (error) return Error{(tree / name).string() + ": " + error.message()};
  }
  fs::create_directories(file_list(tree, "any").parent_path(), error);
  return {};
}

Result<void> unpack(const fs::path& deb, const Package& package, const fs::path& tree) {
  // --keep-directory-symlink: ./lib of a package is /lib, which is a link. Not --same-permissions: no setuid bits.
  const Result<ChildResult> result =
      run_child({{"tar", "-x", "-v", "-f", "-", "-C", tree.string(), "--keep-directory-symlink", "--no-same-owner",
                  "--no-same-permissions", "--warning=no-timestamp", "--delay-directory-restore"},
                 kEnglish,
                 {"dpkg-deb", "--fsys-tarfile", deb.string()},
                 nullptr});
  if (!result) return result.error();
  if (result->status != 0) return damaged(deb, result->errors);

  std::set<std::string> files;
  std::istringstream lines(result->output);
  for (std::string line; std::getline(lines, line);) files.insert(listed(line));
  for (const std::string& name : files) {
    if (auto kept = keep_inside(tree, name); !kept) return kept;
  }
  const fs::path list = file_list(tree, package.name);
  const std::vector<std::string> old = read_lines(list);
  std::error_code error;
  fs::remove(list, error);
  std::ofstream file(list);
  for (const std::string& name : files) file << name << "\n";
  file.close();
  if (!file) return Error{list.string() + ": cannot be written; is the disk full?"};
  if (!old.empty()) remove_obsolete(tree, old);
  return {};
}

Result<void> make_alternatives(const fs::path& deb, const fs::path& tree) {
  const Result<ChildResult> result = run_child({{"dpkg-deb", "-I", deb.string(), "postinst"}, kEnglish, {}, nullptr});
  if (!result) return result.error();
  if (result->status != 0) return {};  // it has none
  // The priorities of the links that are there.
  const fs::path record = tree / "var/lib/menura/alternatives";
  std::map<std::string, std::pair<int, std::string>> known;
  for (const std::string& line : read_lines(record)) {
    std::istringstream fields(line);
    std::string link;
    std::pair<int, std::string> choice;
    if (fields >> link >> choice.first >> choice.second) known[link] = choice;
  }
  bool changed = false;
  for (const Alternative& alternative : read_alternatives(result->output)) {
    const auto best = known.find(alternative.link);
    if (best != known.end() && best->second.first >= alternative.priority &&
        is_there(inside(tree, best->second.second))) {
      continue;
    }
    if (!is_there(inside(tree, alternative.target))) continue;
    if (best == known.end() && is_there(inside(tree, alternative.link))) continue;  // a file of a package
    if (auto made = make_link(tree, alternative.link, alternative.target); !made) return made;
    known[alternative.link] = {alternative.priority, alternative.target};
    changed = true;
  }
  if (!changed) return {};
  std::error_code error;
  fs::create_directories(record.parent_path(), error);
  fs::remove(record, error);
  std::ofstream file(record);
  for (const auto& [link, choice] : known) file << link << " " << choice.first << " " << choice.second << "\n";
  return {};
}

void settle(const fs::path& tree) {
  std::error_code error;
  for (const char* folder : {"proc", "sys", "dev", "run", "tmp", "home", "root", "mnt", "media", "srv", "boot",
                             "var/tmp", "var/run", "var/lock"}) {
    fs::remove_all(tree / folder, error);
  }
  for (const char* folder : {"var", "usr/local", "opt"}) remove_empty_folders(tree / folder);
}

}  // namespace menura::cli
