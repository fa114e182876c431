#include "backends/llvm/stubs.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>

#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

using ir::CpuHeader;
using runtime::Relocation;
using runtime::Thunk;

namespace {

constexpr uint8_t kJmp = 0xe9;
constexpr uint8_t kCall = 0xe8;
constexpr uint8_t kNop = 0x90;

// Lengths, at most.
constexpr unsigned kLinkable = 3 + 5;
constexpr unsigned kProbe = 56;
constexpr unsigned kDropPrediction = 4;

}  // namespace

void Stubs::bytes(std::initializer_list<uint8_t> list) {
  if (at_ == kEnd) {
    out_.bytes.insert(out_.bytes.end(), list);
    return;
  }
  std::copy(list.begin(), list.end(), out_.bytes.begin() + at_);
  at_ += static_cast<uint32_t>(list.size());
}

void Stubs::align(unsigned to, uint8_t fill) {
  while (out_.bytes.size() % to != 0) out_.bytes.push_back(fill);
}

void Stubs::word(uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) bytes({static_cast<uint8_t>(value >> 8 * i)});
}

void Stubs::at_state(std::initializer_list<uint8_t> opcode, uint64_t offset) {
  bytes(opcode);
  bytes({0x24});  // SIB: r12
  word(static_cast<uint32_t>(offset));
}

void Stubs::call_thunk(Thunk thunk) {
  at_state({0x41, 0xff, 0x94}, static_cast<uint64_t>(runtime::thunk_offset(thunk)));
}

void Stubs::jump_thunk(Thunk thunk) {
  at_state({0x41, 0xff, 0xa4}, static_cast<uint64_t>(runtime::thunk_offset(thunk)));
}

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

uint32_t Stubs::jump_if_not_equal() {
  bytes({0x0f, 0x85});
  word(0);
  return here() - 4;
}

void Stubs::bind(uint32_t displacement) {
  const auto distance = static_cast<int32_t>(here() - (displacement + 4));
  std::memcpy(out_.bytes.data() + displacement, &distance, sizeof distance);
}

void Stubs::emit_link_stub(uint32_t displacement, int64_t target, bool is_call) {
  runtime::Link link;
  link.displacement = displacement;
  link.stub = here();
  link.target = target;
  link.is_call = is_call;
  bind(displacement);
  call_thunk(Thunk::Resolve);
  link.stub_end = here();
  out_.links.push_back(link);
}

void Stubs::emit_jump(uint32_t target) {
  bytes({kJmp});
  word(target - (here() + 4));
}

// rax = the target: what backends/x64/exits.cpp does. With `return_pc`, a call.
void Stubs::probe(std::optional<int64_t> return_pc) {
  const bool call = return_pc.has_value();
  at_state({0x41, 0x83, 0xbc}, offsetof(CpuHeader, stop_request));  // cmp dword [...], 0
  bytes({0});
  cold_.push_back({call ? Cold::Kind::StopCall : Cold::Kind::Stop, jump_if_not_equal(), 0, return_pc.value_or(0)});
  bytes({0x41, 0x89, 0xc2});                                        // mov r10d, eax
  bytes({0x41, 0xc1, 0xea, runtime::kLookupBits});                  // shr r10d, imm8
  bytes({0x41, 0x31, 0xc2});                                        // xor r10d, eax
  at_state({0x49, 0x8b, 0x9c}, offsetof(CpuHeader, lookup_table));  // mov rbx, [...]
  static_assert(sizeof(runtime::CodeRecord) == 16 && runtime::kLookupShift == 1);
  bytes({0x41, 0x81, 0xe2});  // and r10d, imm32
  word((runtime::kLookupEntries - 1) << runtime::kLookupShift);
  static_assert(offsetof(runtime::CodeRecord, pc) == 0 && offsetof(runtime::CodeRecord, entry) == 8);
  bytes({0x4a, 0x39, 0x04, 0xd3});  // cmp [rbx + 8 * r10], rax
  cold_.push_back({call ? Cold::Kind::MissCall : Cold::Kind::Miss, jump_if_not_equal()});
  Cold& miss = cold_.back();
  if (call) {
    bytes({0x42, 0xff, 0x54, 0xd3, 0x08});  // call [rbx + 8 * r10 + 8]
    miss.back = here();
  } else {
    bytes({0x42, 0xff, 0x64, 0xd3, 0x08});  // jmp [rbx + 8 * r10 + 8]
  }
}

void Stubs::emit_call(const ExitStub& stub, uint32_t continuation) {
  push_guest_pc(stub.return_pc);
  if (stub.kind == ExitStub::Kind::Call) {
    cold_.push_back({Cold::Kind::CallLink, linkable(kCall), 0, stub.target});
  } else {
    probe(stub.return_pc);
  }
  // Where a predicted return arrives: the guest's return address is still on the stack.
  bytes({0x48, 0x83, 0xc4, 0x08});
  if (stub.far_return) {
    push_guest_pc(stub.return_pc);
    bytes({0x58});  // pop rax
    probe();
  } else if (stub.continuation < 0) {
    cold_.push_back({Cold::Kind::Link, linkable(kJmp), 0, stub.return_pc});
  } else {
    emit_jump(continuation);
  }
}

unsigned Stubs::room(const ExitStub& stub, bool low) {
  const unsigned push = low ? 5 : 12;
  const unsigned go_on = kDropPrediction + (stub.far_return ? push + 1 + kProbe : kLinkable);
  switch (stub.kind) {
    case ExitStub::Kind::Link:
      return kLinkable;
    case ExitStub::Kind::Call:
      return push + kLinkable + go_on;
    case ExitStub::Kind::CallIndirect:
      return push + kProbe + go_on;
    case ExitStub::Kind::JumpIndirect:
      return kProbe;
    case ExitStub::Kind::Return:
      return 12;
    case ExitStub::Kind::Stop:
    case ExitStub::Kind::Miss:
    case ExitStub::Kind::Exit:
      break;
  }
  return 0;
}

void Stubs::emit_often(const ExitStub& stub, uint32_t continuation) {
  switch (stub.kind) {
    case ExitStub::Kind::Link:
      cold_.push_back({Cold::Kind::Link, linkable(kJmp), 0, stub.target});
      break;
    case ExitStub::Kind::Call:
    case ExitStub::Kind::CallIndirect:
      emit_call(stub, continuation);
      break;
    case ExitStub::Kind::JumpIndirect:
      probe();
      break;
    case ExitStub::Kind::Return:
      bytes({0x48, 0x39, 0x44, 0x24, 0x08});  // cmp [rsp + 8], rax
      cold_.push_back({Cold::Kind::ReturnMiss, jump_if_not_equal(), 0, stub.mask});
      bytes({0xc3});
      break;
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
}

void Stubs::emit_seldom() {
  for (const Cold& cold : cold_) {
    switch (cold.kind) {
      case Cold::Kind::Link:
      case Cold::Kind::CallLink:
        emit_link_stub(cold.displacement, cold.value, cold.kind == Cold::Kind::CallLink);
        break;
      case Cold::Kind::Stop:
        bind(cold.displacement);
        call_thunk(Thunk::StopBefore);
        break;
      case Cold::Kind::StopCall:
        bind(cold.displacement);
        bytes({0x48, 0x83, 0xc4, 0x08});  // add rsp, 8
        call_thunk(Thunk::StopBefore);
        out_.pc_stubs.push_back({here(), cold.value});
        break;
      case Cold::Kind::Miss:
        bind(cold.displacement);
        jump_thunk(Thunk::Indirect);
        break;
      case Cold::Kind::MissCall:
        bind(cold.displacement);
        call_thunk(Thunk::Indirect);
        emit_jump(cold.back);
        break;
      case Cold::Kind::ReturnMiss:
        bind(cold.displacement);
        if (cold.value != -1) {
          bytes({0x48, 0x25});  // and rax, imm32
          word(static_cast<uint32_t>(cold.value));
        }
        jump_thunk(Thunk::ReturnMiss);
        break;
    }
  }
  cold_.clear();
}

uint32_t Stubs::emit(const ExitStub& stub, uint32_t continuation) {
  const uint32_t begin = here();
  emit_often(stub, continuation);
  emit_seldom();
  return begin;
}

void Stubs::emit_in_room(uint32_t place, const ExitStub& stub, uint32_t continuation) {
  at_ = place;
  emit_often(stub, continuation);
  assert(at_ <= place + room(stub, low_));
  at_ = kEnd;
  emit_seldom();
}

}  // namespace menura::llvmjit
