#include "ir/verify/dominators.h"

#include <algorithm>

namespace menura::ir {

namespace {

struct Graph {
  std::vector<std::vector<BlockId>> successors;  // by block, without the edges of calls
  std::vector<BlockId> roots;                    // entered from outside
};

Graph graph_of(const Region& region) {
  Graph graph;
  graph.successors.resize(region.blocks.size());
  graph.roots.push_back(0);
  for (const BlockId block : region.order) {
    const Inst& end = region.terminator(region.blocks[block]);
    for_each_edge(region, end, [&](const Edge& edge) {
      if (info(end.op).attr == Attr::CallTargets) {
        graph.roots.push_back(edge.target);
      } else {
        graph.successors[block].push_back(edge.target);
      }
    });
  }
  return graph;
}

// Post-order without recursion: regions may have many blocks.
std::vector<BlockId> post_order(const Graph& graph) {
  std::vector<BlockId> order;
  std::vector<bool> seen(graph.successors.size());
  std::vector<std::pair<BlockId, std::size_t>> stack;
  for (const BlockId root : graph.roots) {
    if (seen[root]) continue;
    seen[root] = true;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [block, next] = stack.back();
      if (next == graph.successors[block].size()) {
        order.push_back(block);
        stack.pop_back();
        continue;
      }
      const BlockId successor = graph.successors[block][next++];
      if (!seen[successor]) {
        seen[successor] = true;
        stack.emplace_back(successor, 0);
      }
    }
  }
  return order;
}

}  // namespace

// Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm" (2001).
Dominators::Dominators(const Region& region) : number_(region.blocks.size(), 0) {
  const Graph graph = graph_of(region);
  std::vector<BlockId> order = post_order(graph);
  std::reverse(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) number_[order[i]] = static_cast<uint32_t>(i + 1);

  std::vector<std::vector<uint32_t>> predecessors(order.size() + 1);
  for (const BlockId root : graph.roots) predecessors[number_[root]].push_back(0);
  for (const BlockId block : order) {
    for (const BlockId successor : graph.successors[block]) predecessors[number_[successor]].push_back(number_[block]);
  }
  constexpr uint32_t kUnknown = UINT32_MAX;
  parent_.assign(order.size() + 1, kUnknown);
  parent_[0] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t number = 1; number < parent_.size(); ++number) {
      uint32_t dominator = kUnknown;
      for (const uint32_t predecessor : predecessors[number]) {
        if (parent_[predecessor] == kUnknown) continue;
        dominator = dominator == kUnknown ? predecessor : common(dominator, predecessor);
      }
      if (parent_[number] != dominator) {
        parent_[number] = dominator;
        changed = true;
      }
    }
  }
}

uint32_t Dominators::common(uint32_t a, uint32_t b) const {
  while (a != b) {
    if (a > b) {
      a = parent_[a];
    } else {
      b = parent_[b];
    }
  }
  return a;
}

bool Dominators::dominates(BlockId dominator, BlockId block) const {
  const uint32_t wanted = number_[dominator];
  uint32_t number = number_[block];
  if (wanted == 0 || number == 0) return false;
  while (number > wanted) number = parent_[number];
  return number == wanted;
}

}  // namespace menura::ir
