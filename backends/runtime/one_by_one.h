// Guest code executed one instruction after the other, for debuggers (vcpu::Engine::interpret), whatever the engine.
#pragma once

#include "backends/runtime/turnstile.h"
#include "ir/api/breakpoints.h"
#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"
#include "vcpu/exit.h"

namespace menura::runtime {

// What an engine has for it.
struct OneByOne {
  const ir::Frontend& frontend;
  ir::MemoryPort& memory;
  Turnstile& turnstile;
  const ir::Breakpoints& breakpoints;
  bool machine;
};

// As vcpu::Engine::interpret says. Nothing is kept: code may change as it likes between two calls.
vcpu::Exit run_one_by_one(const OneByOne& engine, ir::CpuHeader& cpu, Turnstile::Member& member, uint64_t instructions);

}  // namespace menura::runtime
