// Which code is guarded (FEAT_BTI, D8.4.5): the GP bit of its page, PROT_BTI of its mapping. Whoever knows the mappings
// answers.
#pragma once

#include <cstdint>

namespace menura::arm {

class CodeGuard {
 public:
  virtual ~CodeGuard() = default;
  virtual bool is_guarded(uint64_t pc) const = 0;
};

}  // namespace menura::arm
