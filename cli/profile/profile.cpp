#include "cli/profile/profile.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/profile/symbols.h"
#include "ir/text/print.h"

namespace menura::cli {
namespace {

// Regions that the page shows.
constexpr size_t kMostRegions = 30;

// Guest code, which may be gone by now.
std::vector<uint8_t> read_guest(const ir::GuestRange& range) {
  std::vector<uint8_t> bytes(range.end - range.begin);
  const iovec to = {bytes.data(), bytes.size()};
  const iovec from = {reinterpret_cast<void*>(range.begin), bytes.size()};
  const ssize_t count = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
  bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return bytes;
}

}  // namespace

Profile::Profile(std::string path, const ir::Frontend& frontend)
    : path_(std::filesystem::absolute(path)),
      frontend_(frontend),
      process_(getpid()),
      folded_(path_.ends_with(".folded")) {}

Result<std::unique_ptr<Profile>> Profile::open(const std::string& path, const EngineGuest& guest,
                                               const ir::Frontend& frontend) {
  std::unique_ptr<Profile> profile(new Profile(path, frontend));
  if (!std::ofstream(profile->path_)) return Error{"--profile " + path + ": " + std::strerror(errno)};
  if (profile->folded_) return profile;
  Result<std::unique_ptr<Disassembler>> guest_code = guest_disassembler(guest.llvm_triple, guest.llvm_features);
  if (!guest_code) return guest_code.error();
  profile->guest_ = std::move(*guest_code);
  Result<std::unique_ptr<Disassembler>> host_code = host_disassembler();
  if (!host_code) return host_code.error();
  profile->host_ = std::move(*host_code);
  return profile;
}

void Profile::formed(const ir::Region& region, runtime::Gear gear) {
  if (folded_) return;
  const std::lock_guard lock(mutex_);
  Region& entry = regions_[{region.identity.pc, gear}];
  entry.guest.clear();
  for (const ir::GuestRange& range : region.guest) entry.guest.emplace_back(range.begin, read_guest(range));
}

void Profile::optimized(const ir::Region& region, runtime::Gear gear) {
  if (folded_) return;
  std::string text = ir::print(region, frontend_.layout(), frontend_.helpers());
  const std::lock_guard lock(mutex_);
  regions_[{region.identity.pc, gear}].ir = std::move(text);
}

void Profile::compiled(const ir::Region& region, runtime::Gear gear, uint64_t address, std::span<const uint8_t> code) {
  if (folded_) return;
  const std::lock_guard lock(mutex_);
  Region& entry = regions_[{region.identity.pc, gear}];
  entry.address = address;
  entry.host.assign(code.begin(), code.end());
}

void Profile::sampled(const runtime::Sample& sample) {
  std::vector<uint64_t> stack;
  // A return address may be the first byte behind the function.
  for (auto at = sample.returns.rbegin(); at != sample.returns.rend(); ++at) stack.push_back(*at - 1);
  stack.push_back(sample.pc);
  const std::lock_guard lock(mutex_);
  samples_[std::move(stack)][static_cast<size_t>(sample.gear)] += sample.milliseconds;
  if (!folded_) regions_[{sample.region, sample.gear}].milliseconds += sample.milliseconds;
}

Result<void> Profile::write(const std::string& program) {
  if (getpid() != process_) return {};
  const std::lock_guard lock(mutex_);
  Symbols symbols;
  Stacks stacks;
  for (const auto& [addresses, time] : samples_) {
    std::vector<std::string> functions;
    for (const uint64_t address : addresses) functions.push_back(symbols.function(address));
    stacks.add(functions, time);
  }
  std::ofstream out(path_, std::ios::binary);
  out << (folded_ ? stacks.folded() : page(program, stacks, symbols));
  out.close();
  if (!out) return Error{"--profile " + path_ + ": " + std::strerror(errno)};
  return {};
}

std::string Profile::page(const std::string& program, const Stacks& stacks, Symbols& symbols) {
  std::vector<std::pair<RegionKey, const Region*>> hottest;
  for (const auto& [key, region] : regions_) {
    if (region.milliseconds != 0) hottest.emplace_back(key, &region);
  }
  std::stable_sort(hottest.begin(), hottest.end(),
                   [](const auto& a, const auto& b) { return a.second->milliseconds > b.second->milliseconds; });
  hottest.resize(std::min(hottest.size(), kMostRegions));
  std::vector<RegionOnPage> shown;
  for (const auto& [key, region] : hottest) {
    RegionOnPage& entry = shown.emplace_back();
    entry.address = key.first;
    entry.function = symbols.function(key.first);
    entry.gear = key.second;
    entry.milliseconds = region->milliseconds;
    for (const auto& [address, code] : region->guest) entry.guest += guest_->listing(code, address, "");
    entry.ir = region->ir;
    entry.host = host_->listing(region->host, region->address, "");
  }
  return make_page(program, stacks, shown);
}

}  // namespace menura::cli
