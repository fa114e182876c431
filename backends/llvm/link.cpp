#include "backends/llvm/link.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "backends/llvm/stubs.h"

namespace menura::llvmjit {

namespace {

using runtime::HostReg;
using runtime::Relocation;
using runtime::SlotPlace;

constexpr uint32_t kLargestAlignment = 64;  // of code in the cache

class Linker {
 public:
  Linker(const LinkInput& input, runtime::CompiledCode& out) : input_(input), out_(out), stubs_(out, input.low) {}

  bool run() {
    auto file = llvm::object::ObjectFile::createELFObjectFile(
        llvm::MemoryBufferRef({input_.object.data(), input_.object.size()}, "region"));
    if (!file) {
      llvm::consumeError(file.takeError());
      return false;
    }
    file_ = file->get();
    for (const FunctionFrame& frame : input_.facts.frames) {
      if (frame.size > kLargestFrame) return false;
    }
    return place() && find_symbols() && emit_exits() && relocate() && recoveries();
  }

 private:
  // Code first, then constants.
  bool place() {
    for (const bool code : {true, false}) {
      for (const llvm::object::SectionRef& section : file_->sections()) {
        const llvm::object::ELFSectionRef elf(section);
        if ((elf.getFlags() & llvm::ELF::SHF_ALLOC) == 0 || section.getSize() == 0) continue;
        if (section.isText() != code) continue;
        if ((elf.getFlags() & llvm::ELF::SHF_WRITE) != 0) return false;
        if (elf.getType() == llvm::ELF::SHT_X86_64_UNWIND || section.isVirtual()) continue;
        if (expected_name(section).starts_with(".eh_frame")) continue;
        auto contents = section.getContents();
        if (!contents) {
          llvm::consumeError(contents.takeError());
          return false;
        }
        const auto alignment = static_cast<uint32_t>(section.getAlignment().value());
        if (alignment > kLargestAlignment) return false;
        out_.alignment = std::max(out_.alignment, alignment);
        stubs_.align(std::max(alignment, code ? 16U : 1U), 0xcc);
        places_[section.getIndex()] = stubs_.here();
        out_.bytes.insert(out_.bytes.end(), contents->begin(), contents->end());
      }
      if (code) out_.cold = stubs_.here();
    }
    return !places_.empty();
  }

  static llvm::StringRef expected_name(const llvm::object::SectionRef& section) {
    auto name = section.getName();
    if (name) return *name;
    llvm::consumeError(name.takeError());
    return {};
  }

  bool find_symbols() {
    for (const llvm::object::SymbolRef& symbol : file_->symbols()) {
      auto name = symbol.getName();
      auto section = symbol.getSection();
      auto value = symbol.getValue();
      if (!name || !section || !value) {
        if (!name) llvm::consumeError(name.takeError());
        if (!section) llvm::consumeError(section.takeError());
        if (!value) llvm::consumeError(value.takeError());
        return false;
      }
      if (*section == file_->section_end()) continue;
      const auto at = places_.find((*section)->getIndex());
      if (at == places_.end()) continue;
      symbols_[*name] = at->second + static_cast<uint32_t>(*value);
    }
    if (!symbols_.contains(function_name(0))) return false;
    for (unsigned number = 0; symbols_.contains(function_name(number)); ++number) {
      entries_.push_back(symbols_[function_name(number)]);
    }
    return entries_.front() == 0;
  }

  uint32_t continuation(const ExitStub& stub) const {
    return stub.continuation >= 0 ? entries_[static_cast<unsigned>(stub.continuation)] : 0;
  }

  bool emit_exits() {
    stubs_.align(16, 0xcc);
    for (const Room& room : input_.facts.rooms) {
      if (!symbols_.contains(room.symbol)) return false;
      const ExitStub& stub = input_.stubs[room.stub];
      stubs_.emit_in_room(symbols_[room.symbol], stub, continuation(stub));
    }
    return true;
  }

  uint32_t stub_of(unsigned number) {
    const auto known = stub_places_.find(number);
    if (known != stub_places_.end()) return known->second;
    const ExitStub& stub = input_.stubs[number];
    const uint32_t at = stubs_.emit(stub, continuation(stub));
    stub_places_[number] = at;
    return at;
  }

  // Eight bytes that hold the base pc.
  uint32_t base_word() {
    if (base_word_ == 0) {
      stubs_.align(8, 0xcc);
      base_word_ = stubs_.here();
      out_.relocations.push_back({Relocation::Kind::GuestPc64, base_word_, 0});
      out_.bytes.resize(out_.bytes.size() + 8);
    }
    return base_word_;
  }

  // A constant vector of stackmaps.
  uint32_t constant_place(size_t number) {
    uint32_t& place = constants_[number];
    if (place == 0) {
      place = stubs_.here();
      const auto& bytes = input_.facts.constants[number];
      out_.bytes.insert(out_.bytes.end(), bytes.begin(), bytes.end());
    }
    return place;
  }

  template <typename Word>
  void put(uint32_t at, int64_t value) {
    const auto narrow = static_cast<Word>(value);
    std::memcpy(out_.bytes.data() + at, &narrow, sizeof narrow);
  }

  bool relocate() {
    for (const llvm::object::SectionRef& section : file_->sections()) {
      auto relocated = section.getRelocatedSection();
      if (!relocated) {
        llvm::consumeError(relocated.takeError());
        return false;
      }
      if (*relocated == file_->section_end()) continue;
      const auto at = places_.find((*relocated)->getIndex());
      if (at == places_.end()) continue;
      for (const llvm::object::RelocationRef& relocation : section.relocations()) {
        if (!relocate(relocation, at->second + static_cast<uint32_t>(relocation.getOffset()))) return false;
      }
    }
    return true;
  }

  bool relocate(const llvm::object::RelocationRef& relocation, uint32_t at) {
    const auto type = relocation.getType();
    auto addend = llvm::object::ELFRelocationRef(relocation).getAddend();
    const auto symbol = relocation.getSymbol();
    if (!addend || symbol == file_->symbol_end()) {
      if (!addend) llvm::consumeError(addend.takeError());
      return false;
    }
    auto name = symbol->getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      return false;
    }
    unsigned number = 0;
    if (*name == kBasePc) {
      if (type != llvm::ELF::R_X86_64_PC32) return false;
      put<int32_t>(at, int64_t{base_word()} + *addend - at);
      return true;
    }
    if (name->starts_with("h") && !name->drop_front().getAsInteger(10, number)) {
      if (type != llvm::ELF::R_X86_64_32 && type != llvm::ELF::R_X86_64_32S) return false;
      out_.relocations.push_back({Relocation::Kind::Helper, at, number});
      return true;
    }
    if (type != llvm::ELF::R_X86_64_PC32 && type != llvm::ELF::R_X86_64_PLT32) return false;
    if (name->starts_with("x") && !name->drop_front().getAsInteger(10, number)) {
      const ExitStub& stub = input_.stubs[number];
      if (stub.kind == ExitStub::Kind::Link && at % 8 <= 4) {
        stubs_.emit_link_stub(at, stub.target, false);
        return true;
      }
      put<int32_t>(at, int64_t{stub_of(number)} + *addend - at);
      return true;
    }
    // A constant, or code: by symbol or by section.
    uint32_t target = 0;
    if (symbols_.contains(*name)) {
      target = symbols_[*name];
    } else {
      auto section = symbol->getSection();
      auto value = symbol->getValue();
      if (!section || !value || *section == file_->section_end()) return false;
      const auto place = places_.find((*section)->getIndex());
      if (place == places_.end()) return false;
      target = place->second + static_cast<uint32_t>(*value);
    }
    put<int32_t>(at, int64_t{target} + *addend - at);
    return true;
  }

  bool recoveries() {
    for (const FaultPoint& point : input_.facts.points) {
      if (!symbols_.contains(point.symbol)) return false;
      const AccessSite& site = input_.sites[point.site];
      runtime::Recovery recovery;
      recovery.host = symbols_[point.symbol];
      recovery.pc = site.pc;
      recovery.first = static_cast<uint32_t>(out_.places.size());
      size_t operand = 0;
      for (const SiteSlot& slot : site.slots) {
        SlotPlace place;
        place.slot = slot.slot;
        place.value = slot.value;
        place.part = slot.part;
        switch (slot.source) {
          case SiteSlot::Source::Constant:
            place.kind = SlotPlace::Kind::Constant;
            break;
          case SiteSlot::Source::PcRelative:
            place.kind = SlotPlace::Kind::PcRelative;
            break;
          case SiteSlot::Source::Pinned:
            place.kind = SlotPlace::Kind::Register;
            place.reg = HostReg{static_cast<uint8_t>(slot.value), true};
            break;
          case SiteSlot::Source::Operand:
            if (operand >= point.places.size() || !translate(point.places[operand++], slot.bytes, place)) return false;
            break;
        }
        out_.places.push_back(place);
      }
      recovery.count = static_cast<uint32_t>(out_.places.size()) - recovery.first;
      out_.recoveries.push_back(recovery);
    }
    std::sort(out_.recoveries.begin(), out_.recoveries.end(),
              [](const runtime::Recovery& a, const runtime::Recovery& b) { return a.host < b.host; });
    return true;
  }

  bool translate(const Place& from, unsigned bytes, SlotPlace& to) {
    const bool wide = bytes > 8;
    switch (from.kind) {
      case Place::Kind::Register:
      case Place::Kind::Vector:
        to.kind = SlotPlace::Kind::Register;
        to.reg = HostReg{static_cast<uint8_t>(from.number), from.kind == Place::Kind::Vector};
        return true;
      case Place::Kind::Frame:
        if (from.bytes < bytes) return false;
        to.kind = SlotPlace::Kind::Frame;
        to.reg = HostReg{static_cast<uint8_t>(from.number), false};
        to.value = from.value;
        return true;
      case Place::Kind::BasePc:
        to.kind = SlotPlace::Kind::PcRelative;
        return true;
      case Place::Kind::Constant:
        to.kind = wide ? SlotPlace::Kind::Code : SlotPlace::Kind::Constant;
        to.value = wide ? constant_place(static_cast<size_t>(from.value)) : from.value;
        return true;
    }
    return false;
  }

  const LinkInput& input_;
  runtime::CompiledCode& out_;
  Stubs stubs_;
  const llvm::object::ObjectFile* file_ = nullptr;
  std::map<uint64_t, uint32_t> places_;  // of sections, by index
  llvm::StringMap<uint32_t> symbols_;
  std::map<unsigned, uint32_t> stub_places_;
  std::map<size_t, uint32_t> constants_;
  std::vector<uint32_t> entries_;
  uint32_t base_word_ = 0;
};

}  // namespace

bool link(const LinkInput& input, runtime::CompiledCode& out) { return Linker(input, out).run(); }

}  // namespace menura::llvmjit
