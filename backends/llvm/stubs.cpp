#include "backends/llvm/stubs.h"

#include <cstddef>
#include <cstring>

#include "ir/core/cpu_header.h"
#include "ir/core/exit_kind.h"

namespace menura::llvmjit {

using ir::CpuHeader;
using runtime::Relocation;
using runtime::Thunk;

namespace {

constexpr uint8_t kJne = 0x75;
constexpr uint8_t kJmpShort = 0xeb;
constexpr uint8_t kJmp = 0xe9;
constexpr uint8_t kCall = 0xe8;
constexpr uint8_t kNop = 0x90;

}  // namespace

void Stubs::align(unsigned to, uint8_t fill) {
  while (out_.bytes.size() % to != 0) out_.bytes.push_back(fill);
}

void Stubs::word(uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out_.bytes.push_back(static_cast<uint8_t>(value >> 8 * i));
}

void Stubs::at_state(std::initializer_list<uint8_t> opcode, uint64_t offset) {
  bytes(opcode);
  out_.bytes.push_back(0x24);  // SIB: r12
  word(static_cast<uint32_t>(offset));
}

void Stubs::call_thunk(Thunk thunk) {
  at_state({0x41, 0xff, 0x94}, static_cast<uint64_t>(runtime::thunk_offset(thunk)));
}

void Stubs::jump_thunk(Thunk thunk) {
  at_state({0x41, 0xff, 0xa4}, static_cast<uint64_t>(runtime::thunk_offset(thunk)));
}

void Stubs::enter_frame() {
  at_state({0x49, 0x89, 0xa4}, offsetof(CpuHeader, entry_rsp));          // mov [r12 + entry_rsp], rsp
  at_state({0x49, 0x8d, 0xa4}, offsetof(CpuHeader, spill) + kFrameTop);  // lea rsp, [r12 + ...]
}

void Stubs::leave_frame() { at_state({0x49, 0x8b, 0xa4}, offsetof(CpuHeader, entry_rsp)); }  // mov rsp, [...]

void Stubs::push_guest_pc(int64_t offset) {
  if (low_) {
    bytes({0x68});  // push imm32
    out_.relocations.push_back({Relocation::Kind::GuestPc32, here(), offset});
    word(0);
    return;
  }
  bytes({0x49, 0xba});  // mov r10, imm64
  out_.relocations.push_back({Relocation::Kind::GuestPc64, here(), offset});
  word(0);
  word(0);
  bytes({0x41, 0x52});  // push r10
}

uint32_t Stubs::linkable(uint8_t opcode) {
  while ((here() + 1) % 8 > 4) bytes({kNop});
  bytes({opcode});
  word(0);
  return here() - 4;
}

uint32_t Stubs::short_jump(uint8_t opcode) {
  bytes({opcode, 0});
  return here() - 1;
}

void Stubs::bind(uint32_t jump) { out_.bytes[jump] = static_cast<uint8_t>(here() - jump - 1); }

void Stubs::emit_link_stub(uint32_t displacement, int64_t target, bool is_call) {
  runtime::Link link;
  link.displacement = displacement;
  link.stub = here();
  link.target = target;
  link.is_call = is_call;
  call_thunk(Thunk::Resolve);
  link.stub_end = here();
  const auto distance = static_cast<int32_t>(link.stub - (displacement + 4));
  std::memcpy(out_.bytes.data() + displacement, &distance, sizeof distance);
  out_.links.push_back(link);
}

void Stubs::emit_jump(uint32_t target) {
  bytes({kJmp});
  word(target - (here() + 4));
}

// rax = the target: what backends/x64/exits.cpp does.
void Stubs::probe(bool call) {
  at_state({0x41, 0x83, 0xbc}, offsetof(CpuHeader, stop_request));  // cmp dword [...], 0
  bytes({0});
  const uint32_t stop = short_jump(kJne);
  bytes({0x41, 0x89, 0xc2});                                        // mov r10d, eax
  at_state({0x49, 0x8b, 0x9c}, offsetof(CpuHeader, lookup_table));  // mov rbx, [...]
  static_assert(sizeof(runtime::CodeRecord) == 16 && runtime::kLookupShift == 1);
  bytes({0x41, 0x81, 0xe2});  // and r10d, imm32
  word((runtime::kLookupEntries - 1) << runtime::kLookupShift);
  static_assert(offsetof(runtime::CodeRecord, pc) == 0 && offsetof(runtime::CodeRecord, entry) == 8);
  bytes({0x4a, 0x39, 0x04, 0xd3});  // cmp [rbx + 8 * r10], rax
  const uint32_t miss = short_jump(kJne);
  if (call) {
    bytes({0x42, 0xff, 0x54, 0xd3, 0x08});  // call [rbx + 8 * r10 + 8]
    const uint32_t back = short_jump(kJmpShort);
    bind(miss);
    call_thunk(Thunk::Indirect);
    const uint32_t back_too = short_jump(kJmpShort);
    bind(stop);
    bytes({0x48, 0x83, 0xc4, 0x08});                               // add rsp, 8
    at_state({0x49, 0x89, 0x84}, offsetof(CpuHeader, pc));         // mov [r12 + pc], rax
    at_state({0x41, 0xc7, 0x84}, offsetof(CpuHeader, exit_kind));  // mov dword [...], Stop
    word(static_cast<uint32_t>(ir::ExitKind::Stop));
    jump_thunk(Thunk::Exit);
    bind(back);
    bind(back_too);
  } else {
    bytes({0x42, 0xff, 0x64, 0xd3, 0x08});  // jmp [rbx + 8 * r10 + 8]
    bind(miss);
    jump_thunk(Thunk::Indirect);
    bind(stop);
    at_state({0x49, 0x89, 0x84}, offsetof(CpuHeader, pc));
    at_state({0x41, 0xc7, 0x84}, offsetof(CpuHeader, exit_kind));
    word(static_cast<uint32_t>(ir::ExitKind::Stop));
    jump_thunk(Thunk::Exit);
  }
}

void Stubs::emit_call(const ExitStub& stub, uint32_t continuation) {
  uint32_t call = 0;
  const bool direct = stub.kind == ExitStub::Kind::Call;
  push_guest_pc(stub.return_pc);
  if (direct) {
    call = linkable(kCall);
  } else {
    probe(true);
  }
  // Where a predicted return arrives: the guest's return address is still on the stack.
  bytes({0x48, 0x83, 0xc4, 0x08});
  uint32_t onward = 0;
  if (stub.far_return) {
    push_guest_pc(stub.return_pc);
    bytes({0x58});  // pop rax
    probe(false);
  } else if (stub.continuation < 0) {
    onward = linkable(kJmp);
  } else {
    emit_jump(continuation);
  }
  if (direct) emit_link_stub(call, stub.target, true);
  if (onward != 0) emit_link_stub(onward, stub.return_pc, false);
}

uint32_t Stubs::emit(const ExitStub& stub, bool framed, uint32_t continuation) {
  const uint32_t begin = here();
  if (framed) leave_frame();
  switch (stub.kind) {
    case ExitStub::Kind::Link: {
      const uint32_t jump = linkable(kJmp);
      emit_link_stub(jump, stub.target, false);
      break;
    }
    case ExitStub::Kind::Call:
    case ExitStub::Kind::CallIndirect:
      emit_call(stub, continuation);
      break;
    case ExitStub::Kind::JumpIndirect:
      probe(false);
      break;
    case ExitStub::Kind::Return: {
      bytes({0x48, 0x39, 0x44, 0x24, 0x08});  // cmp [rsp + 8], rax
      const uint32_t miss = short_jump(kJne);
      bytes({0xc3});
      bind(miss);
      jump_thunk(Thunk::ReturnMiss);
      break;
    }
    case ExitStub::Kind::Stop:
      call_thunk(Thunk::Stop);
      out_.pc_stubs.push_back({here(), stub.target});
      break;
    case ExitStub::Kind::Miss:
      call_thunk(Thunk::Miss);
      out_.pc_stubs.push_back({here(), stub.target});
      break;
    case ExitStub::Kind::Exit:
      jump_thunk(Thunk::Exit);
      break;
  }
  return begin;
}

}  // namespace menura::llvmjit
