// Values too wide for a register: 128-bit integers, vectors of 256 and 512 bits, and the formats that are only moved.
// Each has a fixed place in spill memory, where it is worked on in pieces.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::Op;
using ir::Type;

namespace {
unsigned words_of(Type type) { return ir::storage_bytes(type) / 8; }
}  // namespace

x86::Mem Emitter::wide_memory(Value v, unsigned word) const { return spill_memory(info_[rep(v)].spill + 8 * word); }

// Between two places in memory, 16 bytes at a time.
void Emitter::copy_memory(x86::Mem to, x86::Mem from, unsigned bytes) {
  const Reg t = temp_vec();
  for (unsigned at = 0; at < bytes; at += 16) {
    load_memory(t, from.cloneAdjusted(at), Type::V128);
    store_memory(to.cloneAdjusted(at), t, Type::V128);
  }
  locked_ &= ~mask_of(t);
}

void Emitter::copy_wide(Value to, Value from) {
  copy_memory(wide_memory(to, 0), wide_memory(from, 0), ir::storage_bytes(type_of(to)));
}

// One 64-bit word of an operand, which may itself be narrower: extended.
void Emitter::load_word(Reg to, Value v, unsigned word, bool sign) {
  const Type type = type_of(rep(v));
  if (is_wide(type)) {
    a_.mov(g64(to), wide_memory(v, word));
    return;
  }
  if (word > 0 && !sign) {
    a_.xor_(g32(to), g32(to));
    return;
  }
  load_into(to, v);
  const unsigned bits = ir::bits(type_of(v));
  if (bits == 1) {
    if (sign) a_.neg(g64(to));
  } else {
    extend_in_place(to, bits / 8, sign, Type::I64);
  }
  if (word > 0) a_.sar(g64(to), 63);
}

void Emitter::emit_wide(Value v, const Inst& inst) {
  const Type type = inst.type;
  switch (inst.op) {
    case Op::Param:
    case Op::Copy:
      return;
    case Op::Const: {
      const Reg t = temp_int();
      move_constant(t, static_cast<uint64_t>(inst.imm), Type::I64);
      for (unsigned word = 0; word < words_of(type); ++word) {
        if (word == 1 && type == Type::I128) a_.sar(g64(t), 63);
        a_.mov(wide_memory(v, word), g64(t));
      }
      return;
    }
    case Op::Get:
      return copy_memory(wide_memory(v, 0), slot_memory(static_cast<ir::SlotId>(inst.imm)), ir::storage_bytes(type));
    case Op::Set: {
      const auto slot = static_cast<ir::SlotId>(inst.imm);
      if (homes_.overlaps(slot)) sync_overlapping(slot, true);
      copy_memory(slot_memory(slot), wide_memory(inst.args[0], 0), ir::storage_bytes(type_of(inst.args[0])));
      if (homes_.overlaps(slot)) sync_overlapping(slot, false);
      return;
    }
    case Op::Load:
    case Op::Store:
      return emit_wide_access(v, inst);
    case Op::Atomic:
    case Op::CmpXchg:
      return emit_wide_exchange(v, inst);
    case Op::LoadLinked:
      return emit_wide_load_linked(v, inst);
    case Op::StoreCond:
      return emit_wide_store_cond(v, inst);
    case Op::Select: {
      const Condition c = condition(inst.args[0]);
      const Label other = a_.newLabel();
      const Label done = a_.newLabel();
      a_.emit(x86::Inst::jccFromCond(negate(c).cc), other);
      copy_wide(v, inst.args[1]);
      a_.jmp(done);
      a_.bind(other);
      copy_wide(v, inst.args[2]);
      a_.bind(done);
      return;
    }
    case Op::Concat: {
      if (is_wide(type_of(inst.args[0]))) break;
      a_.mov(wide_memory(v, 0), g64(use(inst.args[0])));
      a_.mov(wide_memory(v, 1), g64(use(inst.args[1])));
      return;
    }
    case Op::Trunc: {
      const Reg dst = dest(v);
      a_.mov(g64(dst), wide_memory(inst.args[0], 0));
      mask_bool(v, dst);
      if (type == Type::I32) a_.mov(g32(dst), g32(dst));
      return define(v, dst);
    }
    case Op::Bitcast: {
      if (is_wide(type_of(inst.args[0])) && is_wide(type)) return copy_wide(v, inst.args[0]);
      if (type == Type::V128) {
        const Reg dst = dest(v);
        load_memory(dst, wide_memory(inst.args[0], 0), Type::V128);
        return define(v, dst);
      }
      return store_memory(wide_memory(v, 0), use(inst.args[0]), Type::V128);
    }
    case Op::VTrunc:
    case Op::VHigh: {
      const unsigned first = inst.op == Op::VHigh ? words_of(type) : 0;
      const x86::Mem from = wide_memory(inst.args[0], first);
      if (is_wide(type)) return copy_memory(wide_memory(v, 0), from, ir::storage_bytes(type));
      const Reg dst = dest(v);
      load_memory(dst, from, type);
      made_zero_ = true;
      return define(v, dst);
    }
    case Op::VZext: {
      const Type from = type_of(inst.args[0]);
      const unsigned copied = std::max(2U, words_of(from));
      if (is_wide(from)) {
        copy_memory(wide_memory(v, 0), wide_memory(inst.args[0], 0), ir::storage_bytes(from));
      } else {
        const Reg low = temp_vec();
        const Reg a = use(inst.args[0]);
        if (from == Type::V128) {
          vec_move(low, a);
        } else {
          vec_zero_above(low, a, ir::bits(from));
        }
        store_memory(wide_memory(v, 0), low, Type::V128);
      }
      const Reg zero = temp_vec();
      vec_zero(zero);
      for (unsigned word = copied; word < words_of(type); word += 2) {
        store_memory(wide_memory(v, word), zero, Type::V128);
      }
      return;
    }
    case Op::VConcat:
      for (unsigned i = 0; i < 2; ++i) {
        const Type half = type_of(inst.args[i]);
        const x86::Mem place = wide_memory(v, i * words_of(half));
        if (is_wide(half)) {
          copy_memory(place, wide_memory(inst.args[i], 0), ir::storage_bytes(half));
        } else {
          store_memory(place, use(inst.args[i]), half);
        }
      }
      return;
    case Op::VSplat: {
      const Reg d = temp_vec();
      vec_splat(ir::unpack<ir::LaneDesc>(inst.aux), d, inst.args[0]);
      for (unsigned word = 0; word < words_of(type); word += 2) store_memory(wide_memory(v, word), d, Type::V128);
      return;
    }
    case Op::VExtract: {
      const auto desc = ir::unpack<ir::LaneDesc>(inst.aux);
      const unsigned bytes = ir::storage_bytes(static_cast<Type>(desc.lane));
      const Reg dst = dest(v);
      load_memory(dst, spill_memory(info_[rep(inst.args[0])].spill + bytes * desc.index),
                  bytes == 1   ? Type::I8
                  : bytes == 2 ? Type::I16
                  : bytes == 4 ? Type::I32
                               : Type::I64);
      extend_in_place(dst, bytes, desc.sign_extend, type);
      mask_bool(v, dst);
      return define(v, dst);
    }
    case Op::VInsert: {
      const auto desc = ir::unpack<ir::LaneDesc>(inst.aux);
      const unsigned bytes = ir::storage_bytes(static_cast<Type>(desc.lane));
      copy_wide(v, inst.args[0]);
      a_.mov(spill_memory(info_[v].spill + bytes * desc.index, bytes), gp(use(inst.args[1]), bytes * 8));
      return;
    }
    default:
      break;
  }
  if (inst.op < Op::VAdd || inst.op > Op::VI2F) return emit_wide_integer(v, inst);
  const bool by_lane = inst.op <= Op::VAddPairs;
  if (!by_lane || !vec_by_parts(v, inst)) emit_vector_slow(v, inst);
}

// An op whose result depends on nothing beyond each 128 bits of its operands.
bool Emitter::vec_by_parts(Value v, const Inst& inst) {
  Reg operands[3] = {kNoReg, kNoReg, kNoReg};
  for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = temp_vec();
  const Reg dst = temp_vec();
  const RegMask before = locked_;
  for (unsigned word = 0; word < words_of(inst.type); word += 2) {
    for (unsigned i = 0; i < inst.arg_count; ++i) {
      load_memory(operands[i], wide_memory(inst.args[i], word), Type::V128);
    }
    if (!vec_op(inst, false, dst, operands[0], operands[1], operands[2])) return false;
    store_memory(wide_memory(v, word), dst, Type::V128);
    locked_ = before;
  }
  return true;
}

// Reads are made whole before anything is written; a write that could fault in its middle is tried at both ends first.
void Emitter::emit_wide_access(Value v, const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const bool load = inst.op == Op::Load;
  const Type type = load ? inst.type : type_of(inst.args[1]);
  const unsigned bytes = desc.size();
  if (bytes < 16 || (desc.big_endian && !ir::is_vector(type) && type != Type::I128)) {
    failed_ = true;  // no frontend narrows or reverses what is only moved
    return;
  }
  const unsigned element = type == Type::I128 ? 4 : desc.element_log2;
  const Reg t = temp_vec();
  if (!load && options_->machine) return emit_wide_store(inst, t, element);
  const x86::Mem memory = translate(locate(inst, 0), inst, runtime::SlowAccess::Kind::Load);
  mark_pc();
  if (!load && bytes > 16) {
    x86::Mem first = memory;
    first.setSize(1);
    a_.lock().or_(first, 0);
    x86::Mem last = memory.cloneAdjusted(bytes - 1);
    last.setSize(1);
    a_.lock().or_(last, 0);
  }
  const Value value = load ? v : inst.args[1];
  for (unsigned at = 0; at < bytes; at += 16) {
    const x86::Mem here_in_guest = memory.cloneAdjusted(at);
    const x86::Mem here_in_spill = wide_memory(value, at / 8);
    load_memory(t, load ? here_in_guest : here_in_spill, Type::V128);
    if (desc.big_endian) swap_elements(t, element);
    store_memory(load ? here_in_spill : here_in_guest, t, Type::V128);
  }
  if (load && bytes < ir::storage_bytes(type)) {
    move_constant(t, 0, Type::V128);
    for (unsigned at = bytes; at < ir::storage_bytes(type); at += 16) {
      store_memory(wide_memory(v, at / 8), t, Type::V128);
    }
  }
}

// In a machine: what is written lies in the header first, so that the thunk finds it there where it has to write it.
void Emitter::emit_wide_store(const Inst& inst, Reg t, unsigned element) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  for (unsigned at = 0; at < desc.size(); at += 16) {
    load_memory(t, wide_memory(inst.args[1], at / 8), Type::V128);
    if (desc.big_endian) swap_elements(t, element);
    store_memory(state(offsetof(ir::CpuHeader, access_value) + at), t, Type::V128);
  }
  const Label done = a_.newLabel();
  const x86::Mem memory = translate_store(locate(inst, 0), inst, {}, done);
  for (unsigned at = 0; at < desc.size(); at += 16) {
    load_memory(t, state(offsetof(ir::CpuHeader, access_value) + at), Type::V128);
    store_memory(memory.cloneAdjusted(at), t, Type::V128);
  }
  a_.bind(done);
}

// 128-bit integers, word by word.
void Emitter::emit_wide_integer(Value v, const Inst& inst) {
  const Reg low = temp_int();
  const Reg high = temp_int();
  const auto keep = [&] {
    a_.mov(wide_memory(v, 0), g64(low));
    a_.mov(wide_memory(v, 1), g64(high));
  };
  const auto both = [&](InstId first, InstId second) {
    load_word(low, inst.args[0], 0, false);
    load_word(high, inst.args[0], 1, false);
    a_.emit(first, g64(low), wide_memory(inst.args[1], 0));
    a_.emit(second, g64(high), wide_memory(inst.args[1], 1));
    keep();
  };
  switch (inst.op) {
    case Op::Add:
      return both(Id::kIdAdd, Id::kIdAdc);
    case Op::Sub:
      return both(Id::kIdSub, Id::kIdSbb);
    case Op::And:
      return both(Id::kIdAnd, Id::kIdAnd);
    case Op::Or:
      return both(Id::kIdOr, Id::kIdOr);
    case Op::Xor:
      return both(Id::kIdXor, Id::kIdXor);
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS: {
      // The second where the first is not less, or is less.
      const bool min = inst.op == Op::MinU || inst.op == Op::MinS;
      const bool is_signed = inst.op == Op::MinS || inst.op == Op::MaxS;
      const Reg t = temp_int();
      load_word(low, inst.args[0], 0, false);
      load_word(high, inst.args[0], 1, false);
      a_.mov(g64(t), g64(high));
      a_.cmp(g64(low), wide_memory(inst.args[1], 0));
      a_.sbb(g64(t), wide_memory(inst.args[1], 1));
      const CondCode other = is_signed ? (min ? CondCode::kGE : CondCode::kL) : (min ? CondCode::kAE : CondCode::kB);
      a_.emit(x86::Inst::cmovccFromCond(other), g64(low), wide_memory(inst.args[1], 0));
      a_.emit(x86::Inst::cmovccFromCond(other), g64(high), wide_memory(inst.args[1], 1));
      return keep();
    }
    case Op::Zext:
    case Op::Sext:
      load_word(low, inst.args[0], 0, inst.op == Op::Sext);
      load_word(high, inst.args[0], 1, inst.op == Op::Sext);
      return keep();
    case Op::Shl:
    case Op::Shr:
    case Op::Sar: {
      if (!is_wide_constant(inst.args[1])) break;
      const auto amount = static_cast<unsigned>(region_->insts[rep(inst.args[1])].imm) & 127;
      load_word(low, inst.args[0], 0, false);
      load_word(high, inst.args[0], 1, false);
      const unsigned part = amount & 63;
      if (inst.op == Op::Shl) {
        if (amount >= 64) {
          a_.mov(g64(high), g64(low));
          a_.xor_(g32(low), g32(low));
          if (part != 0) a_.shl(g64(high), part);
        } else if (part != 0) {
          a_.shld(g64(high), g64(low), part);
          a_.shl(g64(low), part);
        }
      } else {
        const bool arithmetic = inst.op == Op::Sar;
        if (amount >= 64) {
          a_.mov(g64(low), g64(high));
          if (arithmetic) {
            a_.sar(g64(high), 63);
            if (part != 0) a_.sar(g64(low), part);
          } else {
            a_.xor_(g32(high), g32(high));
            if (part != 0) a_.shr(g64(low), part);
          }
        } else if (part != 0) {
          a_.shrd(g64(low), g64(high), part);
          a_.emit(arithmetic ? Id::kIdSar : Id::kIdShr, g64(high), asmjit::Imm(part));
        }
      }
      return keep();
    }
    case Op::SubOverflow: {
      load_word(low, inst.args[0], 0, false);
      load_word(high, inst.args[0], 1, false);
      a_.cmp(g64(low), wide_memory(inst.args[1], 0));
      a_.sbb(g64(high), wide_memory(inst.args[1], 1));
      Condition c;
      c.cc = CondCode::kO;
      return emit_set_condition(v, c, low);
    }
    case Op::ICmp: {
      // Equality by the differences of both halves, order by the borrow out of a subtraction.
      auto cond = static_cast<Cond>(inst.aux);
      Value a = inst.args[0];
      Value b = inst.args[1];
      Condition c;
      if (cond == Cond::Eq || cond == Cond::Ne) {
        load_word(low, a, 0, false);
        load_word(high, a, 1, false);
        a_.xor_(g64(low), wide_memory(b, 0));
        a_.xor_(g64(high), wide_memory(b, 1));
        a_.or_(g64(low), g64(high));
        c.cc = cond == Cond::Eq ? CondCode::kE : CondCode::kNE;
      } else {
        const bool swap = cond == Cond::Ugt || cond == Cond::Ule || cond == Cond::Sgt || cond == Cond::Sle;
        if (swap) std::swap(a, b);
        load_word(low, a, 0, false);
        load_word(high, a, 1, false);
        a_.cmp(g64(low), wide_memory(b, 0));
        a_.sbb(g64(high), wide_memory(b, 1));
        const bool is_signed = cond >= Cond::Slt;
        const bool less = cond == Cond::Ult || cond == Cond::Ugt || cond == Cond::Slt || cond == Cond::Sgt;
        c.cc = is_signed ? (less ? CondCode::kL : CondCode::kGE) : (less ? CondCode::kB : CondCode::kAE);
      }
      return emit_set_condition(v, c, low);
    }
    default:
      break;
  }
  failed_ = true;  // README.md lists what there is
}

bool Emitter::is_wide_constant(Value v) const { return inst_of(v).op == Op::Const; }

}  // namespace menura::x64
