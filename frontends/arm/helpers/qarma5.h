// QARMA5, the architected algorithm of pointer authentication (shared/functions/pac/computepac; R. Avanzi, "The QARMA
// Block Cipher Family", 2016: QARMA-64 with S-box sigma 2 and five rounds).
#pragma once

#include <cstdint>

namespace menura::arm {

// key0 is the key's upper half, key1 its lower one.
uint64_t qarma5(uint64_t data, uint64_t modifier, uint64_t key0, uint64_t key1);

}  // namespace menura::arm
