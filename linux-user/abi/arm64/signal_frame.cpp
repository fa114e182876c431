// Signal frames: rt_sigframe on the way in and on the way out (arch/arm64/kernel/signal.c as signal(7) and
// Documentation/arm64/ describe it).
#include "linux-user/abi/arm64/signal_frame.h"

#include <cstring>
#include <vector>

#include "frontends/arm/fp_status.h"
#include "linux-user/abi/arm64/guest.h"
#include "linux-user/process.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user::arm64 {
namespace {

constexpr uint64_t kStackAlignment = 16;
constexpr unsigned kFp = 29;
constexpr unsigned kLr = 30;

// ESR_EL1 (D17.2.37): exception classes of faults from EL0, IL, WnR, and data and instruction fault status codes.
constexpr uint64_t kInstructionAbort = uint64_t{0x20} << 26;
constexpr uint64_t kDataAbort = uint64_t{0x24} << 26;
constexpr uint64_t kLongInstruction = uint64_t{1} << 25;
constexpr uint64_t kWrite = uint64_t{1} << 6;
constexpr uint64_t kTranslationFault = 7;  // level 3
constexpr uint64_t kPermissionFault = 15;
constexpr uint64_t kExternalAbort = 16;
constexpr uint64_t kAlignmentFault = 33;

uint64_t syndrome(const ir::Fault& fault) {
  uint64_t esr = kLongInstruction;
  esr |= fault.access == ir::Access::Execute ? kInstructionAbort : kDataAbort;
  if (fault.access == ir::Access::Write) esr |= kWrite;
  switch (fault.kind) {
    case ir::FaultKind::Protection:
      return esr | kPermissionFault;
    case ir::FaultKind::Misaligned:
      return esr | kAlignmentFault;
    case ir::FaultKind::Bus:
      return esr | kExternalAbort;
    default:
      return esr | kTranslationFault;
  }
}

// Appends records to the frame's list.
class RecordWriter {
 public:
  explicit RecordWriter(Mcontext& context) : context_(context) {}
  template <typename Record>
  void add(const Record& record) {
    std::memcpy(context_.records + used_, &record, sizeof record);
    used_ += sizeof record;
  }

 private:
  Mcontext& context_;
  size_t used_ = 0;
};

// Finds the FPSIMD record. The list may go on in an extra space, and may hold records of other extensions, which have
// no state here. False: the list is damaged.
bool find_fpsimd(const Ucontext& context, uint64_t context_at, FpsimdRecord* found) {
  std::vector<uint8_t> extra;
  const uint8_t* data = context.mcontext.records;
  size_t size = sizeof context.mcontext.records;
  uint64_t at = context_at + offsetof(Ucontext, mcontext) + offsetof(Mcontext, records);
  bool has_fpsimd = false;
  bool in_extra = false;
  for (size_t done = 0;;) {
    RecordHead head;
    if (size - done < sizeof head) return false;
    std::memcpy(&head, data + done, sizeof head);
    if (head.magic == 0) {
      if (head.size != 0) return false;
      break;
    }
    if (head.size < sizeof head || head.size > size - done || head.size % kStackAlignment != 0) return false;
    if (head.magic == kFpsimdMagic) {
      if (has_fpsimd || head.size != sizeof *found) return false;
      std::memcpy(found, data + done, sizeof *found);
      has_fpsimd = true;
    } else if (head.magic == kExtraMagic) {
      ExtraRecord record;
      if (in_extra || head.size != sizeof record) return false;
      std::memcpy(&record, data + done, sizeof record);
      // Behind it: the list's end, and then the extra space.
      constexpr uint64_t kEnd = 16;
      if (record.data != at + done + sizeof record + kEnd || record.size % kStackAlignment != 0) return false;
      constexpr uint32_t kMostExtra = 0x10000;  // SIGFRAME_MAXSZ
      if (record.size > kMostExtra) return false;
      extra.resize(record.size);
      if (load_bytes(extra.data(), record.data, record.size) != 0) return false;
      in_extra = true;
      data = extra.data();
      size = extra.size();
      done = 0;
      continue;
    }
    done += head.size;
  }
  return has_fpsimd;
}

}  // namespace

bool Guest::push_frame(Thread& thread, const Delivery& delivery) const {
  ir::CpuHeader& cpu = thread.cpu();
  SignalFrame frame = {};
  frame.info = *delivery.info;
  frame.context.stack = delivery.altstack;
  frame.context.mask = delivery.mask;
  Mcontext& context = frame.context.mcontext;
  for (unsigned n = 0; n < x_.size(); ++n) context.regs[n] = x(cpu, n);
  context.sp = stack_pointer(cpu);
  context.pc = cpu.pc;
  context.pstate = pstate(cpu);
  RecordWriter records(context);
  FpsimdRecord fpsimd = {};
  fpsimd.head = {kFpsimdMagic, sizeof fpsimd};
  fpsimd.fpsr = arm::fpsr(cpu);
  fpsimd.fpcr = arm::fpcr(cpu);
  for (unsigned n = 0; n < v_.size(); ++n) {
    std::memcpy(fpsimd.v[n], reinterpret_cast<const uint8_t*>(&cpu) + v_[n], sizeof fpsimd.v[n]);
  }
  records.add(fpsimd);
  if (delivery.fault != nullptr) {
    context.fault_address = delivery.fault->address;
    records.add(EsrRecord{{kEsrMagic, sizeof(EsrRecord)}, syndrome(*delivery.fault)});
  }
  records.add(RecordHead{0, 0});

  const uint64_t record_at = (delivery.stack - sizeof(FrameRecord)) & ~(kStackAlignment - 1);
  const uint64_t at = record_at - sizeof frame;
  const FrameRecord link = {x(cpu, kFp), x(cpu, kLr)};
  if (at > delivery.stack || store_bytes(thread, record_at, &link, sizeof link) != 0 ||
      store_bytes(thread, at, &frame, sizeof frame) != 0) {
    return false;
  }
  set_stack_pointer(cpu, at);
  set_x(cpu, 0, static_cast<uint64_t>(delivery.signal));
  set_x(cpu, 1, at + offsetof(SignalFrame, info));
  set_x(cpu, 2, at + offsetof(SignalFrame, context));
  set_x(cpu, kFp, record_at);
  set_x(cpu, kLr, delivery.restorer);
  constexpr uint32_t kCall = 2;  // a handler is called: it begins with a landing pad for that (D8.4.5)
  set_branch_type(cpu, kCall);
  cpu.pc = delivery.handler;
  return true;
}

uint64_t Guest::largest_frame() const { return sizeof(SignalFrame) + sizeof(FrameRecord) + kStackAlignment; }

bool Guest::pop_frame(Thread& thread, uint64_t* mask, stack_t* altstack) const {
  ir::CpuHeader& cpu = thread.cpu();
  const uint64_t context_at = stack_pointer(cpu) + offsetof(SignalFrame, context);
  Ucontext context;
  FpsimdRecord fpsimd;
  if (context_at % kStackAlignment != 0 || load_bytes(&context, context_at, sizeof context) != 0 ||
      !find_fpsimd(context, context_at, &fpsimd)) {
    return false;
  }
  for (unsigned n = 0; n < x_.size(); ++n) set_x(cpu, n, context.mcontext.regs[n]);
  set_stack_pointer(cpu, context.mcontext.sp);
  cpu.pc = context.mcontext.pc;
  set_pstate(cpu, context.mcontext.pstate);
  for (unsigned n = 0; n < v_.size(); ++n) {
    std::memcpy(reinterpret_cast<uint8_t*>(&cpu) + v_[n], fpsimd.v[n], sizeof fpsimd.v[n]);
  }
  arm::set_fpsr(cpu, fpsimd.fpsr);
  arm::set_fpcr(cpu, fpsimd.fpcr, features());
  *mask = context.mask;
  *altstack = context.stack;
  return true;
}

}  // namespace menura::linux_user::arm64
