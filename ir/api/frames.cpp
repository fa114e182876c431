#include "ir/api/frames.h"

namespace menura::ir {

namespace {

constexpr uint64_t kPage = 4096;

}  // namespace

bool find_frames(const Frontend& frontend, MemoryPort& memory, Identity* identity, Fault* fault) {
  if (!memory.code_frame(identity->pc, &identity->frame, fault)) return false;
  identity->next_frame = 0;
  const auto room = static_cast<unsigned>(kPage - identity->pc % kPage);
  if (room >= frontend.max_length()) return true;
  const std::span<const uint8_t> bytes = memory.fetch(identity->pc, room, fault);
  if (bytes.empty()) return false;
  if (frontend.scan(identity->pc, bytes, identity->mode).length != 0) return true;
  if (!memory.code_frame(identity->pc + room, &identity->next_frame, fault)) return false;
  identity->next_frame |= kCrosses;
  return true;
}

}  // namespace menura::ir
