#include "backends/runtime/store/fingerprint.h"

#include <elf.h>
#include <link.h>
#include <sys/platform/x86.h>

#include <cstring>

#include "backends/runtime/store/checksum.h"
#include "backends/runtime/translator_engine.h"

namespace menura::runtime {

namespace {

constexpr uint32_t kFormat = 3;  // of entries and segments

// The first object that the dynamic linker names is the program itself.
int find_build_id(dl_phdr_info* info, std::size_t, void* result) {
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const uint8_t*>(info->dlpi_addr + segment.p_vaddr);
    const uint8_t* const end = at + segment.p_memsz;
    while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const uint8_t* const name = at + sizeof note;
      const uint8_t* const id = name + ((note.n_namesz + 3) & ~3U);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
        *static_cast<std::span<const uint8_t>*>(result) = {id, note.n_descsz};
        return 1;
      }
      at = id + ((note.n_descsz + 3) & ~3U);
    }
  }
  return 1;
}

}  // namespace

Fingerprint::Fingerprint() { add(kFormat); }

void Fingerprint::add(std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  bytes_.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes_.append(text);
}

// As the C library knows it: in a virtual machine each cpuid instruction costs tens of microseconds.
void Fingerprint::add_host() {
  for (unsigned leaf = CPUID_INDEX_1; leaf <= CPUID_INDEX_14_ECX_0; ++leaf) {
    for (unsigned reg = 0; reg < 4; ++reg) {
      // The number of the core that it happens to run on.
      if (leaf == CPUID_INDEX_1 && reg == 1) continue;
      add(__x86_get_cpuid_feature_leaf(leaf)->cpuid_array[reg]);
    }
  }
}

void Fingerprint::add(const ir::Frontend& frontend) {
  const ir::StateLayout& layout = frontend.layout();
  add(layout.size);
  for (const ir::Slot& slot : layout.slots) {
    add(slot.name);
    add(slot.type);
    add(slot.offset);
    add(slot.pin_rank);
    add(slot.transient);
  }
  for (const ir::Helper& helper : frontend.helpers().helpers) {
    add(helper.name);
    add(helper.result);
    add(helper.arg_count);
    for (const ir::Type type : helper.args) add(type);
    add(helper.effects.reads_state);
    add(helper.effects.writes_state);
    add(helper.effects.fp_flags);
    add(helper.effects.memory);
  }
}

void Fingerprint::add(const EngineOptions& options) {
  add(options.machine);
  add(options.hot_threshold > 0);
  add(options.trace.instructions);
  add(options.hot.instructions);
  add(options.hot.blocks);
  add(options.trace_level);
  add(options.hot_level);
  add(options.tier2 != nullptr);
  add(options.tier2_foreground);
  add(options.tier2_limits.instructions);
  add(options.tier2_limits.blocks);
}

Fingerprint::Value Fingerprint::value() const {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size());
  return {checksum(bytes, 1), checksum(bytes, 2)};
}

std::span<const uint8_t> own_build_id() {
  std::span<const uint8_t> id;
  dl_iterate_phdr(find_build_id, &id);
  return id;
}

}  // namespace menura::runtime
