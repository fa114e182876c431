#include "backends/runtime/one_by_one.h"

#include "ir/interp/interpreter.h"

namespace menura::runtime {

namespace {

ir::InterpreterExit run(const OneByOne& engine, ir::CpuHeader& cpu, Turnstile::Member& member, uint64_t instructions,
                        bool first) {
  ir::Interpreter interpreter(engine.frontend, engine.memory,
                              {.count = true,
                               .machine = engine.machine,
                               .late_stops = first ? ~uint32_t{0} : 0,
                               .breakpoints = first ? nullptr : &engine.breakpoints});
  cpu.budget = static_cast<int64_t>(instructions);
  interpreter.attach(cpu);
  ir::InterpreterExit exit = interpreter.run(cpu);
  while (exit.kind == ir::ExitKind::Exclusive) {
    engine.turnstile.begin_alone(member);
    const bool on = interpreter.run_alone(cpu, &exit);
    engine.turnstile.end_alone(member);
    // Alone, all up to the store-conditional has run, which is one step.
    if (on) exit = first ? ir::InterpreterExit{ir::ExitKind::Budget, {}, 0} : interpreter.run(cpu);
  }
  interpreter.detach(cpu);
  return exit;
}

}  // namespace

vcpu::Exit run_one_by_one(const OneByOne& engine, ir::CpuHeader& cpu, Turnstile::Member& member,
                          uint64_t instructions) {
  // The header is the interpreter's meanwhile.
  void* const record = cpu.engine;
  const int64_t budget = cpu.budget;
  const uint64_t retired = cpu.retired;
  engine.turnstile.enter(member);
  ir::InterpreterExit exit = run(engine, cpu, member, 1, true);
  if (instructions > 1 && exit.kind == ir::ExitKind::Budget) exit = run(engine, cpu, member, instructions - 1, false);
  engine.turnstile.leave(member);
  cpu.engine = record;
  cpu.budget = budget;
  cpu.retired = retired;
  return {exit.kind, exit.fault, exit.detail};
}

}  // namespace menura::runtime
