#include "boards/arm/virt.h"
#include "boards/board.h"
#include "boards/riscv/virt.h"

namespace menura::boards {

std::span<const Board* const> boards() {
  static const Board* const kBoards[] = {&riscv::kVirt, &arm::kVirt, &arm::kVirtGicV2};
  return kBoards;
}

const Board* find_variant(const Board& board, std::string_view property, std::string_view value) {
  for (const BoardChoice& choice : board.choices) {
    if (property == choice.property && value == choice.value) return choice.board;
  }
  return nullptr;
}

const Board* find_board(std::string_view name, std::string_view guest) {
  for (const Board* const board : boards()) {
    if (name == board->name && guest == board->guest) return board;
  }
  return nullptr;
}

}  // namespace menura::boards
