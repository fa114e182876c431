#include "cli/sysroot/apt.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "cli/sysroot/architectures.h"

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

// Settings of the user's that make sense here, too: how to reach the archive, which keys and pins count. Nothing that
// runs commands, and nothing that weakens the checks.
bool is_taken_over(std::string_view line) {
  for (const std::string_view prefix : {"Acquire::Languages", "Acquire::IndexTargets", "Acquire::Allow",
                                        "Dir::Etc::main", "Dir::Etc::parts", "Dir::Etc::source"}) {
    if (line.starts_with(prefix)) return false;
  }
  for (const std::string_view prefix : {"Acquire::", "Dir::Etc", "APT::Default-Release"}) {
    if (line.starts_with(prefix)) return true;
  }
  return false;
}

std::string host_suite() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kName = "VERSION_CODENAME=";
    if (line.starts_with(kName)) return line.substr(kName.size());
  }
  return "";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The first thing that apt complains about, without its letter.
std::string first_complaint(const std::string& errors) {
  for (const std::string_view letter : {"E: ", "W: "}) {
    std::istringstream stream(errors);
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with(letter)) return line.substr(letter.size());
    }
  }
  return errors.substr(0, errors.find('\n'));
}

// How many letters must be inserted, removed, replaced or exchanged with their neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before;
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    std::swap(last, row);
  }
  return last[b.size()];
}

// file:/a%20b or file:///a%20b is /a b.
fs::path file_of(const std::string& uri) {
  std::string path;
  for (size_t i = std::min(uri.find('/'), uri.size()); i < uri.size(); ++i) {
    if (uri[i] == '%' && i + 2 < uri.size()) {
      path += static_cast<char>(std::strtoul(uri.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      path += uri[i];
    }
  }
  return path.substr(path.starts_with("///") ? 2 : 0);
}

Result<ChildResult> run_apt(const fs::path& state, std::vector<std::string> command,
                            const std::function<void(std::string_view)>& on_line) {
  return run_child({std::move(command),
                    {"APT_CONFIG=" + (state / "apt.conf").string(), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"},
                    {},
                    on_line});
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error{path.string() + ": cannot be written; is the disk full, or the folder not yours?"};
  return {};
}

}  // namespace

Result<Apt> Apt::open(const fs::path& state, const std::string& architecture, const fs::path& status,
                      const SourceChoice& choice) {
  for (const char* tool : {"apt-get", "apt-cache", "apt-config", "dpkg-deb", "tar"}) {
    if (!has_program(tool)) {
      return Error{
          std::string("`menura sysroot` needs ") + tool +
          ", which is not in PATH: Debian's packages apt, dpkg and tar have what it needs. On other systems, name "
          "a folder with the guest's libraries with `menura run -L`"};
    }
  }
  std::error_code error;
  for (const char* folder : {"lists/partial", "archives/partial", "cache", "empty/partial", "sources", "trusted"}) {
    fs::create_directories(state / folder, error);
    if (error) return Error{(state / folder).string() + ": " + error.message()};
  }
  Apt apt(state, architecture);
  if (auto written = apt.write_sources(choice); !written) return written.error();
  if (auto written = apt.write_configuration(status); !written) return written.error();
  return apt;
}

Result<void> Apt::write_configuration(const fs::path& status) const {
  const Result<ChildResult> user = run_child({{"apt-config", "dump"}, {"LC_ALL=C.UTF-8"}, {}, nullptr});
  if (!user) return user.error();
  if (user->status != 0) return explain("apt's configuration cannot be read", user->errors);
  std::string text;
  std::istringstream lines(user->output);
  for (std::string line; std::getline(lines, line);) {
    if (is_taken_over(line)) text += line + "\n";
  }
  const std::string state = state_.string();
  const fs::path none = state_ / "no-packages";
  if (auto written = write_file(none, ""); !written) return written;
  text += "Dir::Etc::main \"" + state + "/empty/none\";\n";
  text += "Dir::Etc::parts \"" + state + "/empty\";\n";
  text += "Dir::Etc::sourcelist \"" + state + "/empty/none\";\n";
  text += "Dir::Etc::sourceparts \"" + state + "/sources\";\n";
  if (!fs::is_empty(state_ / "trusted")) text += "Dir::Etc::trustedparts \"" + state + "/trusted\";\n";
  text += "Dir::State \"" + state + "\";\n";
  text += "Dir::State::lists \"" + state + "/lists\";\n";
  text += "Dir::State::status \"" + (status.empty() ? none : status).string() + "\";\n";
  text += "Dir::Cache \"" + state + "/cache\";\n";
  text += "Dir::Cache::archives \"" + state + "/archives\";\n";
  text += "Dir::Log \"" + state + "\";\n";
  text += "APT::Architecture \"" + architecture_ + "\";\n";
  text += "APT::Architectures { \"" + architecture_ + "\"; };\n";
  // These folders are the user's own; apt's helper user cannot write there.
  text += "APT::Sandbox::User \"root\";\n";
  text += "APT::Install-Recommends \"false\";\n";
  text += "APT::Update::Error-Mode \"any\";\n";
  text += "Acquire::Languages \"none\";\n";
  text += "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n";
  text += "Acquire::Retries \"2\";\n";
  return write_file(state_ / "apt.conf", text);
}

Result<void> Apt::write_sources(const SourceChoice& choice) const {
  const Result<ChildResult> user =
      run_child({{"apt-config", "shell", "L", "Dir::Etc::sourcelist/f", "P", "Dir::Etc::sourceparts/d"},
                 {"LC_ALL=C.UTF-8"},
                 {},
                 nullptr});
  if (!user) return user.error();
  UserSources sources;
  std::istringstream lines(user->output);  // L='/etc/apt/sources.list'
  for (std::string line; std::getline(lines, line);) {
    const size_t open = line.find('\'');
    const size_t close = line.rfind('\'');
    if (open == std::string::npos || close <= open) continue;
    (line[0] == 'L' ? sources.list : sources.parts) = line.substr(open + 1, close - open - 1);
  }
  const Result<SourceTexts> texts = choice.empty() ? user_sources(sources, architecture_)
                                                   : chosen_source(choice, sources, architecture_, host_suite());
  if (!texts) return texts.error();
  // Debian's own key counts for a mirror that is named, wherever this release of Debian keeps it.
  std::error_code error;
  fs::remove_all(state_ / "trusted", error);
  fs::create_directories(state_ / "trusted", error);
  if (!choice.mirror.empty() && choice.keyring.empty()) {
    for (const fs::directory_entry& key : fs::directory_iterator("/etc/apt/trusted.gpg.d", error)) {
      fs::create_symlink(key.path(), state_ / "trusted" / key.path().filename(), error);
    }
    constexpr const char* kDebianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    if (fs::exists(kDebianKeys)) {
      fs::create_symlink(kDebianKeys, state_ / "trusted" / "menura-debian-archive-keyring.gpg", error);
    }
  }
  if (auto written = write_file(state_ / "sources" / "menura.list", texts->list); !written) return written.error();
  return write_file(state_ / "sources" / "menura.sources", texts->deb822);
}

Result<ChildResult> Apt::run(std::vector<std::string> command,
                             const std::function<void(std::string_view)>& on_line) const {
  return run_apt(state_, std::move(command), on_line);
}

Error Apt::explain(const std::string& what, const std::string& errors) const {
  std::string message = what + ": " + first_complaint(errors);
  if (has(errors, "NO_PUBKEY") || has(errors, "is not signed") || has(errors, "BADSIG") || has(errors, "EXPKEYSIG") ||
      has(errors, "no longer signed") || has(errors, "signatures were invalid")) {
    message += ". Nothing unsigned is taken: name the file with the archive's key with --keyring, or the right mirror";
  } else if (has(errors, "Could not resolve") || has(errors, "Temporary failure") || has(errors, "Could not connect") ||
             has(errors, "Connection failed") || has(errors, "Unable to connect") ||
             has(errors, "onnection timed out")) {
    message +=
        ". Is the network up? If a proxy is needed, apt's own setting counts (Acquire::http::Proxy); another mirror "
        "can be named with --mirror";
  } else if (has(errors, "No space left") || has(errors, "enough free space")) {
    message += ". Make room on the disk of " + state_.string() + ", or set XDG_CACHE_HOME to another";
  } else if (has(errors, "404") || has(errors, "Hash Sum mismatch") || has(errors, "unexpected size")) {
    message += ". The mirror may be in the middle of an update: try again, or name another with --mirror";
  }
  return Error{message};
}

Result<void> Apt::update() const {
  const Result<ChildResult> result = run({"apt-get", "-q", "update"}, nullptr);
  if (!result) return result.error();
  if (result->status != 0) return explain("the package lists cannot be fetched", result->errors);
  const std::string wanted = "_binary-" + architecture_ + "_Packages";
  for (const fs::directory_entry& entry : fs::directory_iterator(state_ / "lists")) {
    if (has(entry.path().filename().string(), wanted)) return {};
  }
  const Architecture* const known = find_architecture(architecture_);
  return Error{"no package source has packages for " + architecture_ + "; " + known->where + ": `menura sysroot " +
               architecture_ + " --suite " + known->suite + " PACKAGE`, with --mirror if another mirror has it"};
}

Result<std::vector<Download>> Apt::plan(const std::vector<std::string>& packages) const {
  // Against an empty folder, so that what an earlier run has downloaded is listed, too.
  const std::string archives = "Dir::Cache::archives=" + (state_ / "empty").string();
  std::vector<std::string> command = {"apt-get", "-q", "-y", "-o", archives, "--no-remove", "--print-uris", "install"};
  command.insert(command.end(), packages.begin(), packages.end());
  const Result<ChildResult> result = run(command, nullptr);
  if (!result) return result.error();
  if (result->status != 0) {
    for (const std::string& package : packages) {
      const std::string quoted = "package " + package;
      if (!has(result->errors + "\n", quoted + "\n") && !has(result->errors, "'" + package + "' has no")) continue;
      std::string message = "no package '" + package + "' for " + architecture_;
      const std::vector<std::string> names = similar(package);
      for (size_t i = 0; i < names.size(); ++i)
        message += (i == 0 ? "; did you mean " : i + 1 == names.size() ? " or " : ", ") + names[i];
      return Error{message + (names.empty() ? "; `apt-cache search` finds packages by a word" : "?"), 127};
    }
    // What does not go together stands on standard output.
    const size_t unmet = result->output.find("The following packages have unmet dependencies:");
    if (unmet == std::string::npos) return explain("the packages cannot be installed", result->errors);
    return Error{"the packages do not go together:\n" + result->output.substr(unmet)};
  }
  std::vector<Download> downloads;
  std::istringstream lines(result->output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('\'')) continue;  // 'URI' FILE BYTES HASH
    std::istringstream fields(line);
    Download download;
    std::string name;
    fields >> std::quoted(download.uri, '\'') >> name >> download.bytes;
    // apt leaves what is in an archive on this machine where it is.
    download.is_ours = !download.uri.starts_with("file:");
    download.file = download.is_ours ? state_ / "archives" / name : file_of(download.uri);
    downloads.push_back(std::move(download));
  }
  return downloads;
}

Result<void> Apt::download(const std::vector<std::string>& packages, const std::function<void(int)>& percent) const {
  std::vector<std::string> command = {"apt-get",         "-q",     "-y", "-o", "APT::Status-Fd=1", "--no-remove",
                                      "--download-only", "install"};
  command.insert(command.end(), packages.begin(), packages.end());
  const Result<ChildResult> result = run(command, [&](std::string_view line) {
    // dlstatus:FILES:PERCENT:TEXT
    if (!line.starts_with("dlstatus:")) return;
    const size_t second = line.find(':', 9);
    if (second != std::string_view::npos) percent(std::atoi(std::string(line.substr(second + 1)).c_str()));
  });
  if (!result) return result.error();
  if (result->status != 0) return explain("the packages cannot be downloaded", result->errors);
  return {};
}

std::vector<std::string> Apt::names(const fs::path& state) {
  std::vector<std::string> list;
  const auto add = [&](std::string_view line) { list.emplace_back(line); };
  if (!run_apt(state, {"apt-cache", "pkgnames"}, add)) list.clear();
  return list;
}

std::vector<std::string> Apt::similar(const std::string& name) const {
  constexpr size_t kFarthest = 2;
  constexpr size_t kMost = 3;
  std::vector<std::pair<size_t, std::string>> found;
  for (const std::string& known : names(state_)) {
    const size_t far = distance(name, known);
    if (far <= kFarthest && far < name.size()) {
      found.emplace_back(far, known);
    } else if (name.size() > 3 && known.starts_with(name)) {
      found.emplace_back(kFarthest + known.size() - name.size(), known);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> list;
  for (size_t i = 0; i < found.size() && i < kMost; ++i) list.push_back(found[i].second);
  return list;
}

}  // namespace menura::cli
