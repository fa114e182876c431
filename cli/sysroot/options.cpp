#include "cli/sysroot/options.h"

#include <boost/program_options.hpp>
#include <sstream>

#include "cli/sysroot/architectures.h"

namespace menura::cli {
namespace {

namespace po = boost::program_options;

po::options_description description() {
  po::options_description options("Options", 100, 60);
  auto add = options.add_options();
  add("list", "show the packages of the sysroot; without an architecture, which sysroots there are");
  add("dry-run", "show what would be downloaded, and change nothing");
  add("update", "bring the packages that are there up to date, too");
  add("remove", "remove the whole sysroot");
  add("mirror", po::value<std::string>(), "<url> a Debian archive (default: what apt is set up with)");
  add("suite", po::value<std::string>(), "<name> a release, as in bookworm (default: this system's)");
  add("components", po::value<std::string>(), "<names> parts of the archive, as in \"main non-free\" (default: main)");
  add("keyring", po::value<std::string>(), "<file> the archive's keys (default: apt's, and Debian's)");
  add("help", "this text");
  return options;
}

Error usage(const std::string& what) { return Error{what + "; `menura sysroot --help` explains"}; }

std::string known_names() {
  std::string names;
  for (const Architecture& architecture : architectures()) {
    names += (names.empty() ? "" : " or ") + std::string(architecture.name);
  }
  return names;
}

}  // namespace

Result<SysrootOptions> parse_sysroot_options(const std::vector<std::string>& arguments) {
  SysrootOptions options;
  po::options_description all = description();
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), values);
  } catch (const po::error& error) {
    return usage(error.what());
  }
  options.help = values.count("help") != 0;
  options.list = values.count("list") != 0;
  options.remove = values.count("remove") != 0;
  options.update = values.count("update") != 0;
  options.dry_run = values.count("dry-run") != 0;
  const auto take = [&](const char* name, std::string* to) {
    if (values.count(name) != 0) *to = values[name].as<std::string>();
  };
  take("mirror", &options.source.mirror);
  take("suite", &options.source.suite);
  take("components", &options.source.components);
  take("keyring", &options.source.keyring);
  if (values.count("words") != 0) options.packages = values["words"].as<std::vector<std::string>>();
  if (options.help || (options.list && options.packages.empty())) return options;

  if (options.packages.empty()) {
    return usage("no architecture given; expected `menura sysroot arm64 python3`");
  }
  options.architecture = options.packages[0];
  options.packages.erase(options.packages.begin());
  if (find_architecture(options.architecture) == nullptr) {
    std::string message =
        "'" + options.architecture + "' is no architecture that Menura runs; expected " + known_names();
    for (const Architecture& architecture : architectures()) {
      if (architecture.triplet.starts_with(options.architecture))
        message += ". Debian's name is " + std::string(architecture.name);
    }
    return usage(message);
  }
  for (const std::string& package : options.packages) {
    if (package.starts_with('-') || package.ends_with('-') || package.empty()) {
      return usage("'" + package + "' is no package's name");
    }
  }
  if (!options.packages.empty() && (options.list || options.remove)) {
    return usage(std::string(options.list ? "--list" : "--remove") +
                 " is about the whole sysroot and takes no packages");
  }
  if (options.packages.empty() && !options.list && !options.remove && !options.update) {
    return usage("no packages given; expected `menura sysroot " + options.architecture + " python3`");
  }
  if (std::string& keyring = options.source.keyring; !keyring.empty()) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::canonical(keyring, error);
    if (error) return usage("--keyring " + keyring + ": " + error.message());
    keyring = path.string();  // apt takes absolute paths only
  }
  return options;
}

std::string sysroot_help() {
  std::ostringstream text;
  text << "Downloads Debian's packages of another architecture, with what they depend on, and unpacks them where\n"
          "`menura run` finds them. Nothing is changed on this system.\n"
          "\n"
          "  menura sysroot arm64 python3 git    then: menura run python3\n"
          "  menura sysroot riscv64 --suite trixie python3\n"
          "  menura sysroot arm64 --list\n"
          "\n"
          "Architectures: "
       << known_names()
       << ". The sysroot is $XDG_CACHE_HOME/menura/sysroot/ARCHITECTURE (~/.cache if that is not set).\n\n"
       << description();
  return text.str();
}

}  // namespace menura::cli
