#include <asmjit/x86.h>

#include "backends/runtime/thunks_emit.h"
#include "ir/core/exit_kind.h"

namespace menura::runtime {

namespace {

using asmjit::Label;
using namespace asmjit::x86;  // NOLINT: register names, here only

// The region contract (README.md).
constexpr std::array<unsigned, ir::kPinnedInts> kIntPins = {13, 14, 15, 7, 6, 2, 1, 8, 9, 11};
const Gpq kState = r12;

// The C++ ABI of System V: what a call may change beside rax.
constexpr std::array<unsigned, 8> kVolatileInts = {1, 2, 6, 7, 8, 9, 10, 11};

template <typename Member>
Mem header(Member ir::CpuHeader::*member, unsigned size) {
  static const ir::CpuHeader probe;
  const auto offset = reinterpret_cast<const char*>(&(probe.*member)) - reinterpret_cast<const char*>(&probe);
  return ptr(kState, static_cast<int32_t>(offset), size);
}

class Emitter {
 public:
  Emitter(const ir::StateLayout& layout, const ThunkHandlers& handlers) : layout_(layout), handlers_(handlers) {
    holder_.init(asmjit::Environment::host());
    holder_.attach(&a_);
  }

  Thunks emit() {
    has_avx_ = __builtin_cpu_supports("avx") != 0;
    to_cpp_ = a_.newLabel();
    leave_ = a_.newLabel();
    indirect_ = a_.newLabel();
    exit_ = a_.newLabel();
    out_.enter = begin();
    emit_enter();
    emit_to_cpp();
    emit_stub_thunk(Thunk::Resolve, handlers_.resolve);
    emit_stub_thunk(Thunk::Stop, handlers_.stop);
    emit_stop_before();
    emit_stub_thunk(Thunk::Hot, handlers_.hot);
    emit_stub_thunk(Thunk::Budget, handlers_.budget);
    emit_stub_thunk(Thunk::Miss, handlers_.miss);
    emit_indirect();
    emit_return_miss();
    emit_exit();
    emit_helper();
    emit_slow(Thunk::FpSlow, handlers_.fp_slow);
    emit_slow(Thunk::HelperKeep, handlers_.helper);
    emit_slow(Thunk::VectorSlow, handlers_.vector_slow);
    emit_memory();
    out_.code.assign(holder_.textSection()->data(), holder_.textSection()->data() + holder_.codeSize());
    return std::move(out_);
  }

 private:
  uint32_t begin() {
    a_.align(asmjit::AlignMode::kCode, 16);
    return static_cast<uint32_t>(a_.offset());
  }
  void begin(Thunk thunk) { out_.entries[static_cast<unsigned>(thunk)] = begin(); }

  void move_int(unsigned reg, const ir::Slot& slot, bool to_state) {
    const unsigned size = ir::storage_bytes(slot.type);
    const Mem place = ptr(kState, static_cast<int32_t>(slot.offset), size);
    switch (size) {
      case 1:
        to_state ? a_.mov(place, gpb(reg)) : a_.movzx(gpd(reg), place);
        break;
      case 2:
        to_state ? a_.mov(place, gpw(reg)) : a_.movzx(gpd(reg), place);
        break;
      case 4:
        to_state ? a_.mov(place, gpd(reg)) : a_.mov(gpd(reg), place);
        break;
      default:
        to_state ? a_.mov(place, gpq(reg)) : a_.mov(gpq(reg), place);
        break;
    }
  }
  void move_float(unsigned reg, const ir::Slot& slot, bool to_state) {
    const unsigned size = ir::storage_bytes(slot.type);
    const Mem place = ptr(kState, static_cast<int32_t>(slot.offset), size);
    switch (size) {
      case 4:
        to_state ? a_.movss(place, xmm(reg)) : a_.movss(xmm(reg), place);
        break;
      case 8:
        to_state ? a_.movsd(place, xmm(reg)) : a_.movsd(xmm(reg), place);
        break;
      default:
        to_state ? a_.movups(place, xmm(reg)) : a_.movups(xmm(reg), place);
        break;
    }
  }
  void move_pins(bool to_state) {
    for (unsigned rank = 0; rank < ir::kPinnedInts; ++rank) {
      const ir::SlotId slot = layout_.pinned_ints[rank];
      if (slot != ir::StateLayout::kNoSlot) move_int(kIntPins[rank], layout_.slot(slot), to_state);
    }
    for (unsigned rank = 0; rank < ir::kPinnedFloats; ++rank) {
      const ir::SlotId slot = layout_.pinned_floats[rank];
      if (slot != ir::StateLayout::kNoSlot) move_float(rank, layout_.slot(slot), to_state);
    }
  }
  void save_pins() { move_pins(true); }
  void load_pins() { move_pins(false); }

  // Compiled code's MXCSR is the guest's: it is saved in the header while C++ runs.
  void host_mxcsr() {
    a_.stmxcsr(header(&ir::CpuHeader::mxcsr, 4));
    a_.ldmxcsr(header(&ir::CpuHeader::host_mxcsr, 4));
  }
  void guest_mxcsr() { a_.ldmxcsr(header(&ir::CpuHeader::mxcsr, 4)); }
  void to_host_stack() {
    a_.mov(header(&ir::CpuHeader::code_rsp, 8), rsp);
    a_.mov(rsp, header(&ir::CpuHeader::host_rsp, 8));
  }
  template <typename Function>
  void call_cpp(Function function) {
    a_.mov(rax, reinterpret_cast<uint64_t>(function));
    a_.call(rax);
  }

  void emit_enter() {
    a_.push(rbp);
    a_.push(rbx);
    a_.push(r12);
    a_.push(r13);
    a_.push(r14);
    a_.push(r15);
    a_.push(rax);  // rsp is a multiple of 16 now, as handlers need it
    a_.mov(kState, rdi);
    a_.mov(rax, rsi);
    a_.mov(header(&ir::CpuHeader::host_rsp, 8), rsp);
    a_.stmxcsr(header(&ir::CpuHeader::host_mxcsr, 4));
    resume_ = a_.newLabel();
    a_.bind(resume_);  // rax = host code
    guest_mxcsr();
    load_pins();
    a_.mov(rsp, header(&ir::CpuHeader::code_rsp, 8));
    a_.jmp(rax);

    out_.leave = begin();
    a_.bind(leave_);
    a_.mov(rsp, header(&ir::CpuHeader::host_rsp, 8));
    a_.ldmxcsr(header(&ir::CpuHeader::host_mxcsr, 4));
    a_.pop(rax);
    a_.pop(r15);
    a_.pop(r14);
    a_.pop(r13);
    a_.pop(r12);
    a_.pop(rbx);
    a_.pop(rbp);
    a_.ret();
  }

  // rax = argument, r10 = handler
  void emit_to_cpp() {
    begin();
    a_.bind(to_cpp_);
    save_pins();
    to_host_stack();
    host_mxcsr();
    if (has_avx_) a_.vzeroupper();
    a_.mov(rdi, kState);
    a_.mov(rsi, rax);
    a_.call(r10);
    a_.test(rax, rax);
    a_.jnz(resume_);
    a_.jmp(leave_);
  }

  void emit_stub_thunk(Thunk thunk, Handler handler) {
    begin(thunk);
    a_.pop(rax);
    a_.mov(r10, reinterpret_cast<uint64_t>(handler));
    a_.jmp(to_cpp_);
  }

  void emit_stop_before() {
    begin(Thunk::StopBefore);
    a_.mov(header(&ir::CpuHeader::pc, 8), rax);
    a_.pop(rax);
    a_.mov(r10, reinterpret_cast<uint64_t>(handlers_.stop_before));
    a_.jmp(to_cpp_);
  }

  void emit_indirect() {
    begin(Thunk::Indirect);
    a_.bind(indirect_);
    a_.mov(r10, reinterpret_cast<uint64_t>(handlers_.indirect));
    a_.jmp(to_cpp_);
  }

  void emit_return_miss() {
    begin(Thunk::ReturnMiss);
    std::array<Label, kReturnSearch + 1> found;
    for (unsigned up = 1; up <= kReturnSearch; ++up) {
      found[up] = a_.newLabel();
      a_.cmp(rax, qword_ptr(rsp, static_cast<int32_t>(16 * up + 8)));
      a_.je(found[up]);
    }
    out_.bottom = static_cast<uint32_t>(a_.offset());
    // No prediction is right: drop them all, and probe the table as an indirect jump does. Stop requests are looked for
    // as there: returns alone can make a loop.
    const Label stop = a_.newLabel();
    a_.mov(rsp, header(&ir::CpuHeader::code_rsp_base, 8));
    a_.cmp(header(&ir::CpuHeader::stop_request, 4), 0);
    a_.jne(stop);
    a_.mov(ebx, eax);
    a_.shr(ebx, kLookupBits);
    a_.xor_(ebx, eax);
    a_.mov(r10, header(&ir::CpuHeader::lookup_table, 8));
    static_assert(sizeof(CodeRecord) == 16 && kLookupShift == 1);
    a_.and_(ebx, (kLookupEntries - 1) << kLookupShift);
    a_.cmp(rax, qword_ptr(r10, rbx, 3, offsetof(CodeRecord, pc)));
    a_.jne(indirect_);
    a_.jmp(qword_ptr(r10, rbx, 3, offsetof(CodeRecord, entry)));
    a_.bind(stop);
    a_.mov(header(&ir::CpuHeader::pc, 8), rax);
    a_.mov(header(&ir::CpuHeader::exit_kind, 4), static_cast<uint32_t>(ir::ExitKind::Stop));
    a_.jmp(exit_);
    for (unsigned up = 1; up <= kReturnSearch; ++up) {
      a_.bind(found[up]);
      a_.add(rsp, static_cast<int32_t>(16 * up));
      a_.ret();
    }
  }

  void emit_exit() {
    begin(Thunk::Exit);
    a_.bind(exit_);
    save_pins();
    a_.mov(header(&ir::CpuHeader::code_rsp, 8), rsp);
    a_.stmxcsr(header(&ir::CpuHeader::mxcsr, 4));
    if (has_avx_) a_.vzeroupper();
    a_.jmp(leave_);
  }

  void emit_helper() {
    constexpr int32_t kVectors = 8 * 16;  // xmm8-15
    begin(Thunk::Helper);
    save_pins();
    to_host_stack();
    host_mxcsr();
    a_.sub(rsp, kVectors + 16);
    for (unsigned i = 0; i < 8; ++i) a_.movaps(xmmword_ptr(rsp, static_cast<int32_t>(16 * i)), xmm(8 + i));
    a_.mov(qword_ptr(rsp, kVectors), r10);
    a_.mov(rdi, kState);
    a_.mov(esi, eax);
    call_cpp(handlers_.helper);
    for (unsigned i = 0; i < 8; ++i) a_.movaps(xmm(8 + i), xmmword_ptr(rsp, static_cast<int32_t>(16 * i)));
    a_.mov(r10, qword_ptr(rsp, kVectors));
    guest_mxcsr();
    load_pins();
    a_.mov(rsp, header(&ir::CpuHeader::code_rsp, 8));
    a_.ret();
  }

  // A ThunkFrame's, at rsp. LLVM's code may use the upper halves.
  void move_vectors(bool save) {
    for (unsigned i = 0; i < 16; ++i) {
      const Mem place = ptr(rsp, static_cast<int32_t>(offsetof(ThunkFrame, vector) + i * sizeof(ThunkFrame::Vector)));
      if (has_avx_) {
        save ? a_.vmovups(place, ymm(i)) : a_.vmovups(ymm(i), place);
      } else {
        save ? a_.movups(place, xmm(i)) : a_.movups(xmm(i), place);
      }
    }
  }

  void emit_memory() {
    const auto general = [](unsigned i) {
      return qword_ptr(rsp, static_cast<int32_t>(offsetof(ThunkFrame, general) + 8 * i));
    };
    begin(Thunk::Memory);
    // rax is free once it lies in the frame.
    a_.mov(header(&ir::CpuHeader::code_rsp, 8), rsp);
    a_.mov(rsp, header(&ir::CpuHeader::host_rsp, 8));
    a_.sub(rsp, static_cast<int32_t>(sizeof(ThunkFrame)));
    for (unsigned i = 0; i < 16; ++i) {
      if (i != 4) a_.mov(general(i), gpq(i));
    }
    a_.mov(rax, header(&ir::CpuHeader::code_rsp, 8));
    a_.mov(rax, qword_ptr(rax));
    a_.mov(qword_ptr(rsp, offsetof(ThunkFrame, return_address)), rax);
    move_vectors(true);
    if (has_avx_) a_.vzeroupper();
    host_mxcsr();
    a_.mov(rdi, kState);
    a_.mov(rsi, rsp);
    call_cpp(handlers_.memory);
    const Label leaves = a_.newLabel();
    a_.test(eax, eax);
    a_.jz(leaves);
    move_vectors(false);
    for (unsigned i = 0; i < 16; ++i) {
      const bool kept = i == 3 || i == 5 || i >= 12;  // by C++
      if (i != 4 && !kept) a_.mov(gpq(i), general(i));
    }
    guest_mxcsr();
    a_.mov(rsp, header(&ir::CpuHeader::code_rsp, 8));
    a_.ret();
    a_.bind(leaves);
    a_.jmp(leave_);
  }

  void emit_slow(Thunk thunk, uint64_t (*handler)(ir::CpuHeader*, uint64_t)) {
    constexpr auto kVectors = static_cast<int32_t>(sizeof(ThunkFrame::vector));
    begin(thunk);
    to_host_stack();
    host_mxcsr();
    a_.sub(rsp, kVectors + 8 * static_cast<int32_t>(kVolatileInts.size()));
    move_vectors(true);
    if (has_avx_) a_.vzeroupper();
    for (unsigned i = 0; i < kVolatileInts.size(); ++i) {
      a_.mov(qword_ptr(rsp, kVectors + static_cast<int32_t>(8 * i)), gpq(kVolatileInts[i]));
    }
    a_.mov(rdi, kState);
    a_.mov(rsi, rax);
    call_cpp(handler);
    move_vectors(false);
    for (unsigned i = 0; i < kVolatileInts.size(); ++i) {
      a_.mov(gpq(kVolatileInts[i]), qword_ptr(rsp, kVectors + static_cast<int32_t>(8 * i)));
    }
    guest_mxcsr();
    a_.mov(rsp, header(&ir::CpuHeader::code_rsp, 8));
    a_.ret();
  }

  const ir::StateLayout& layout_;
  const ThunkHandlers& handlers_;
  asmjit::CodeHolder holder_;
  Assembler a_;
  Label to_cpp_;
  Label leave_;
  Label indirect_;
  Label exit_;
  Label resume_;
  bool has_avx_ = false;
  Thunks out_;
};

}  // namespace

Thunks emit_thunks(const ir::StateLayout& layout, const ThunkHandlers& handlers) {
  return Emitter(layout, handlers).emit();
}

}  // namespace menura::runtime
