#include "backends/x64/assembler.h"

#include <cassert>
#include <cstring>

namespace menura::x64 {

using asmjit::Error;
using asmjit::InstId;
using asmjit::Operand_;
using asmjit::RegType;
using asmjit::x86::Gp;
using asmjit::x86::Mem;
namespace Id = asmjit::x86::Inst;

namespace {

constexpr std::size_t kLongest = 16;  // bytes of an instruction

bool is_gpq(const Operand_& o) { return o.isReg() && o.as<asmjit::BaseReg>().type() == RegType::kX86_Gpq; }
bool is_gpd(const Operand_& o) { return o.isReg() && o.as<asmjit::BaseReg>().type() == RegType::kX86_Gpd; }
bool is_gpb(const Operand_& o) { return o.isReg() && o.as<asmjit::BaseReg>().type() == RegType::kX86_GpbLo; }
unsigned number(const Operand_& o) { return o.id(); }
bool has_label(const Operand_& o) { return o.isMem() && o.as<Mem>().hasBaseLabel(); }
bool is_int8(int64_t value) { return value == static_cast<int8_t>(value); }
bool is_int32(int64_t value) { return value == static_cast<int32_t>(value); }

// Which of the eight arithmetic operations, or -1.
int arithmetic(InstId id) {
  switch (id) {
    case Id::kIdAdd:
      return 0;
    case Id::kIdOr:
      return 1;
    case Id::kIdAnd:
      return 4;
    case Id::kIdSub:
      return 5;
    case Id::kIdXor:
      return 6;
    case Id::kIdCmp:
      return 7;
    default:
      return -1;
  }
}

// The low four bits of a conditional jump's opcode, 16 for jmp, or -1.
int jump_condition(InstId id) {
  switch (id) {
    case Id::kIdJmp:
      return 16;
    case Id::kIdJo:
      return 0;
    case Id::kIdJno:
      return 1;
    case Id::kIdJb:
    case Id::kIdJc:
    case Id::kIdJnae:
      return 2;
    case Id::kIdJae:
    case Id::kIdJnb:
    case Id::kIdJnc:
      return 3;
    case Id::kIdJe:
    case Id::kIdJz:
      return 4;
    case Id::kIdJne:
    case Id::kIdJnz:
      return 5;
    case Id::kIdJbe:
    case Id::kIdJna:
      return 6;
    case Id::kIdJa:
    case Id::kIdJnbe:
      return 7;
    case Id::kIdJs:
      return 8;
    case Id::kIdJns:
      return 9;
    case Id::kIdJp:
    case Id::kIdJpe:
      return 10;
    case Id::kIdJnp:
    case Id::kIdJpo:
      return 11;
    case Id::kIdJl:
    case Id::kIdJnge:
      return 12;
    case Id::kIdJge:
    case Id::kIdJnl:
      return 13;
    case Id::kIdJle:
    case Id::kIdJng:
      return 14;
    case Id::kIdJg:
    case Id::kIdJnle:
      return 15;
    default:
      return -1;
  }
}

}  // namespace

Assembler::Assembler(asmjit::ErrorHandler* errors) {
  code_.init(asmjit::Environment::host());
  code_.setErrorHandler(errors);
  code_.attach(this);
}

void Assembler::restart() {
  setOffset(0);
  labels_.clear();
  fixups_.clear();
  emitted = 0;
}

asmjit::Label Assembler::newLabel() {
  labels_.push_back(kUnbound);
  return asmjit::Label(static_cast<uint32_t>(labels_.size() - 1));
}

Error Assembler::bind(const asmjit::Label& label) {
  labels_[label.id()] = static_cast<uint32_t>(offset());
  return asmjit::kErrorOk;
}

Error Assembler::embed(const void* data, std::size_t size) {
  if (remainingSpace() < size) {
    tell_size();
    return asmjit::x86::Assembler::embed(data, size);
  }
  std::memcpy(_bufferPtr, data, size);
  _bufferPtr += size;
  return asmjit::kErrorOk;
}

Error Assembler::align(asmjit::AlignMode mode, uint32_t alignment) {
  tell_size();
  return asmjit::x86::Assembler::align(mode, alignment);
}

void Assembler::resolve() {
  for (const Fixup& fixup : fixups_) {
    assert(labels_[fixup.label] != kUnbound);
    const auto distance = static_cast<int32_t>(labels_[fixup.label] - fixup.end);
    std::memcpy(_bufferData + fixup.at, &distance, sizeof distance);
  }
}

void Assembler::put32(int32_t value) {
  std::memcpy(_bufferPtr, &value, sizeof value);
  _bufferPtr += sizeof value;
}

void Assembler::encode_reg(bool wide, unsigned opcode, unsigned reg, unsigned rm, bool force_rex) {
  const unsigned rex = (wide ? 8U : 0U) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1);
  if (rex != 0 || force_rex) put(0x40 | rex);
  if (opcode > 0xff) put(opcode >> 8);
  put(opcode & 0xff);
  put(0xc0 | (reg & 7) << 3 | (rm & 7));
}

// False, and nothing written: an address that asmjit must do.
bool Assembler::encode_mem(bool wide, unsigned opcode, unsigned reg, const Mem& mem, bool force_rex) {
  if (mem.baseType() != RegType::kX86_Gpq || mem.hasSegment() || mem.isRegHome()) return false;
  const bool indexed = mem.hasIndex();
  if (indexed && (mem.indexType() != RegType::kX86_Gpq || mem.indexId() == 4)) return false;
  const unsigned base = mem.baseId();
  const unsigned index = indexed ? mem.indexId() : 4;
  const int32_t displacement = mem.offsetLo32();
  const unsigned rex =
      (wide ? 8U : 0U) | (reg >> 3 & 1) << 2 | (indexed ? (index >> 3 & 1) << 1 : 0U) | (base >> 3 & 1);
  if (rex != 0 || force_rex) put(0x40 | rex);
  if (opcode > 0xff) put(opcode >> 8);
  put(opcode & 0xff);
  const unsigned mode = displacement == 0 && (base & 7) != 5 ? 0U : is_int8(displacement) ? 0x40U : 0x80U;
  const bool sib = indexed || (base & 7) == 4;
  put(mode | (reg & 7) << 3 | (sib ? 4U : base & 7));
  if (sib) put(mem.shift() << 6 | (index & 7) << 3 | (base & 7));
  if (mode == 0x40)
    put(static_cast<uint8_t>(displacement));
  else if (mode == 0x80)
    put32(displacement);
  return true;
}

// The commonest forms of the commonest instructions, byte for byte as asmjit does them.
bool Assembler::emit_fast(InstId id, const Operand_& o0, const Operand_& o1) {
  const bool wide = is_gpq(o0) || (o0.isMem() && is_gpq(o1));
  const bool reg0 = is_gpq(o0) || is_gpd(o0);
  const bool reg1 = wide ? is_gpq(o1) : is_gpd(o1);
  const int operation = arithmetic(id);
  if (operation >= 0) {
    const auto opcode = static_cast<unsigned>(operation) << 3;
    if (reg0 && reg1) return encode_reg(wide, opcode | 1, number(o1), number(o0)), true;
    if (reg0 && o1.isMem()) return encode_mem(wide, opcode | 3, number(o0), o1.as<Mem>());
    if (o0.isMem() && reg1) return encode_mem(wide, opcode | 1, number(o1), o0.as<Mem>());
    if (!o1.isImm()) return false;
    const int64_t imm = o1.as<asmjit::Imm>().value();
    const auto digit = static_cast<unsigned>(operation);
    if (o0.isMem() && is_int8(imm)) {
      const unsigned size = o0.as<Mem>().size();
      if ((size != 4 && size != 8) || !encode_mem(size == 8, 0x83, digit, o0.as<Mem>())) return false;
      put(static_cast<uint8_t>(imm));
      return true;
    }
    if (!reg0 || !is_int32(imm)) return false;
    if (is_int8(imm)) {
      encode_reg(wide, 0x83, digit, number(o0));
      put(static_cast<uint8_t>(imm));
      return true;
    }
    if (number(o0) == 0 || id == Id::kIdAnd) return false;  // shorter forms
    encode_reg(wide, 0x81, digit, number(o0));
    put32(static_cast<int32_t>(imm));
    return true;
  }
  switch (id) {
    case Id::kIdMov:
      if (reg0 && reg1) return encode_reg(wide, 0x89, number(o1), number(o0)), true;
      if (reg0 && o1.isMem()) return encode_mem(wide, 0x8b, number(o0), o1.as<Mem>());
      if (o0.isMem() && reg1) return encode_mem(wide, 0x89, number(o1), o0.as<Mem>());
      return false;
    case Id::kIdLea:
      return reg0 && o1.isMem() && encode_mem(wide, 0x8d, number(o0), o1.as<Mem>());
    case Id::kIdTest:
      return reg0 && reg1 && (encode_reg(wide, 0x85, number(o1), number(o0)), true);
    case Id::kIdMovsxd:
      if (!is_gpq(o0)) return false;
      if (is_gpd(o1)) return encode_reg(true, 0x63, number(o0), number(o1)), true;
      return o1.isMem() && encode_mem(true, 0x63, number(o0), o1.as<Mem>());
    case Id::kIdMovzx:
      if (!is_gpd(o0)) return false;
      if (is_gpb(o1)) return encode_reg(false, 0x0fb6, number(o0), number(o1), number(o1) >= 4), true;
      if (!o1.isMem() || (o1.as<Mem>().size() != 1 && o1.as<Mem>().size() != 2)) return false;
      return encode_mem(false, o1.as<Mem>().size() == 1 ? 0x0fb6 : 0x0fb7, number(o0), o1.as<Mem>());
    case Id::kIdShl:
    case Id::kIdShr:
    case Id::kIdSar: {
      if (!reg0 || !o1.isImm()) return false;
      const auto by = static_cast<unsigned>(o1.as<asmjit::Imm>().value());
      const unsigned digit = id == Id::kIdShl ? 4 : id == Id::kIdShr ? 5 : 7;
      encode_reg(wide, by == 1 ? 0xd1 : 0xc1, digit, number(o0));
      if (by != 1) put(by & 0xff);
      return true;
    }
    case Id::kIdCall:
    case Id::kIdJmp:
      return o0.isMem() && o1.isNone() && encode_mem(false, 0xff, id == Id::kIdCall ? 2 : 4, o0.as<Mem>());
    default:
      return false;
  }
}

void Assembler::emit_jump(InstId id, uint32_t label) {
  const int condition = jump_condition(id);
  assert(condition >= 0);
  const auto at = static_cast<uint32_t>(offset());
  if (labels_[label] != kUnbound) {
    const int64_t distance = int64_t{labels_[label]} - (at + 2);
    if (is_int8(distance)) {
      put(condition == 16 ? 0xeb : 0x70 | static_cast<unsigned>(condition));
      put(static_cast<uint8_t>(distance));
      return;
    }
  }
  if (condition == 16) {
    put(0xe9);
  } else {
    put(0x0f);
    put(0x80 | static_cast<unsigned>(condition));
  }
  put32(0);
  const auto end = static_cast<uint32_t>(offset());
  fixups_.push_back({end - 4, end, label});
}

// A constant behind the code: asmjit sees an address relative to rip.
Error Assembler::emit_with_label(InstId id, const Operand_& o0, const Operand_& o1, const Operand_& o2,
                                 const Operand_* rest) {
  Operand_ operands[3] = {o0, o1, o2};
  uint32_t label = 0;
  unsigned immediate = 0;
  for (Operand_& operand : operands) {
    if (operand.isImm()) immediate = 1;
    if (!has_label(operand)) continue;
    label = operand.as<Mem>().baseId();
    operand = asmjit::x86::ptr(asmjit::x86::rip, 0, operand.as<Mem>().size());
  }
  if (rest != nullptr && rest[0].isImm()) immediate = 1;
  const Error error = asmjit::x86::Assembler::_emit(id, operands[0], operands[1], operands[2], rest);
  const auto end = static_cast<uint32_t>(offset());
  fixups_.push_back({end - 4 - immediate, end, label});
  return error;
}

Error Assembler::_emit(InstId id, const Operand_& o0, const Operand_& o1, const Operand_& o2, const Operand_* rest) {
  ++emitted;
  const bool plain = (instOptions() | forcedInstOptions()) == asmjit::InstOptions::kNone && !hasExtraReg();
  if (plain && o2.isNone() && remainingSpace() >= kLongest) {
    if (o0.isLabel()) {
      emit_jump(id, o0.id());
      return asmjit::kErrorOk;
    }
    if (emit_fast(id, o0, o1)) return asmjit::kErrorOk;
  }
  tell_size();
  if (o0.isLabel()) {
    // No room: let asmjit make some.
    const uint32_t at = static_cast<uint32_t>(offset());
    static constexpr uint8_t kNothing[kLongest] = {};
    if (const Error error = embed(kNothing, sizeof kNothing); error != asmjit::kErrorOk) return error;
    setOffset(at);
    emit_jump(id, o0.id());
    return asmjit::kErrorOk;
  }
  if (has_label(o0) || has_label(o1) || has_label(o2)) return emit_with_label(id, o0, o1, o2, rest);
  return asmjit::x86::Assembler::_emit(id, o0, o1, o2, rest);
}

}  // namespace menura::x64
