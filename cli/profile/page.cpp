#include "cli/profile/page.h"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace menura::cli {
namespace {

constexpr const char* kGearNames[runtime::kGearCount] = {"traces", "hot", "tier 2"};

constexpr size_t kMostFunctions = 60;

// Of the flame graph: what is narrower than a thousandth is not drawn.
constexpr double kNarrowest = 0.1;
constexpr int kRowHeight = 18;

constexpr const char* kStyle =
    "body{font:14px sans-serif;margin:1.5em;color:#222}"
    "h2{margin-top:1.6em}"
    "table{border-collapse:collapse}"
    "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left;font-family:monospace}"
    ".flame{position:relative;border:1px solid #ccc;background:#fafafa}"
    ".flame div{position:absolute;height:17px;overflow:hidden;white-space:nowrap;font:11px/17px monospace;"
    "box-sizing:border-box;padding-left:2px;border-right:1px solid #fff}"
    ".code{display:flex;gap:8px}"
    ".code div{flex:1;min-width:0}"
    "pre{max-height:32em;overflow:auto;background:#f6f6f6;padding:6px;font-size:11px}"
    "summary{cursor:pointer;font-family:monospace;margin:4px 0}";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Neither XML nor a reader knows what to do with the others; names are the guest's, and may be anything.
        out += c == '\n' || c == '\t' || (c >= ' ' && c <= '~') ? c : '?';
    }
  }
  return out;
}

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string percent(uint64_t part, uint64_t all) {
  return number("%.1f %%", all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all));
}

class Page {
 public:
  Page(const Stacks& stacks, const std::vector<RegionOnPage>& regions)
      : stacks_(stacks), regions_(regions), all_(sum(stacks.root().total)) {}

  std::string make(const std::string& program) {
    const std::string title = "Profile of " + escaped(program);
    out_ = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/><title>" + title + "</title><style>" +
           kStyle + "</style></head>\n<body>\n<h1>" + title + "</h1>\n<p>" + std::to_string(all_) +
           " ms of compiled code, sampled once a millisecond: ";
    for (unsigned gear = 0; gear < runtime::kGearCount; ++gear) {
      out_ += std::string(gear == 0 ? "" : ", ") + kGearNames[gear] + " " + percent(stacks_.root().total[gear], all_);
    }
    out_ += ".</p>\n";
    functions();
    flame();
    regions();
    return out_ + "</body>\n</html>\n";
  }

 private:
  void functions() {
    std::vector<std::pair<std::string, Stacks::Function>> sorted;
    for (auto& entry : stacks_.functions()) sorted.push_back(entry);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return sum(a.second.self) > sum(b.second.self); });
    sorted.resize(std::min(sorted.size(), kMostFunctions));
    out_ += "<h2>Hot functions</h2>\n<table>\n<tr><th>function</th><th>ms</th><th>share</th><th>with callees</th>";
    for (const char* const name : kGearNames) out_ += std::string("<th>") + name + "</th>";
    out_ += "</tr>\n";
    for (const auto& [name, function] : sorted) {
      const uint64_t self = sum(function.self);
      if (self == 0) continue;
      out_ += "<tr><td>" + escaped(name) + "</td><td>" + std::to_string(self) + "</td><td>" + percent(self, all_) +
              "</td><td>" + percent(sum(function.total), all_) + "</td>";
      for (const uint64_t part : function.self) out_ += "<td>" + percent(part, self) + "</td>";
      out_ += "</tr>\n";
    }
    out_ += "</table>\n";
  }

  void flame() {
    std::string boxes;
    int depth = 0;
    draw(stacks_.root(), 0, 0, boxes, depth);
    out_ += "<h2>Flame graph</h2>\n<div class=\"flame\" style=\"height:" + std::to_string(kRowHeight * depth) +
            "px\">\n" + boxes + "</div>\n";
  }

  // The callees of `node`, from `left` (percent) in row `row` on.
  void draw(const StackNode& node, double left, int row, std::string& boxes, int& depth) const {
    for (const auto& [name, callee] : node.callees) {
      const uint64_t time = sum(callee.total);
      const double width = 100 * static_cast<double>(time) / static_cast<double>(std::max<uint64_t>(all_, 1));
      if (width >= kNarrowest) {
        depth = std::max(depth, row + 1);
        const size_t hue = std::hash<std::string>()(name) % 60;
        const std::string text = escaped(name);
        boxes += "<div style=\"left:" + number("%.3f", left) + "%;width:" + number("%.3f", width) +
                 "%;top:" + std::to_string(kRowHeight * row) + "px;background:hsl(" + std::to_string(hue) +
                 ",80%,70%)\" title=\"" + text + ": " + std::to_string(time) + " ms, " + percent(time, all_) + "\">" +
                 text + "</div>\n";
        draw(callee, left, row + 1, boxes, depth);
      }
      left += width;
    }
  }

  void regions() {
    out_ += "<h2>Hot regions</h2>\n";
    for (const RegionOnPage& region : regions_) {
      char address[32];
      std::snprintf(address, sizeof address, "%#llx", static_cast<unsigned long long>(region.address));
      out_ += "<details><summary>" + percent(region.milliseconds, all_) + " (" + std::to_string(region.milliseconds) +
              " ms), " + kGearNames[static_cast<unsigned>(region.gear)] + ": " + escaped(region.function) + ", " +
              address + "</summary>\n<div class=\"code\">\n";
      for (const auto& [name, text] : {std::pair{"guest code", &region.guest}, std::pair{"IR", &region.ir},
                                       std::pair{"host code", &region.host}}) {
        out_ += std::string("<div>") + name + "<pre>" + escaped(*text) + "</pre></div>\n";
      }
      out_ += "</div></details>\n";
    }
  }

  const Stacks& stacks_;
  const std::vector<RegionOnPage>& regions_;
  const uint64_t all_;
  std::string out_;
};

}  // namespace

std::string make_page(const std::string& program, const Stacks& stacks, const std::vector<RegionOnPage>& regions) {
  return Page(stacks, regions).make(program);
}

}  // namespace menura::cli
