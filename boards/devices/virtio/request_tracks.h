// The requests of a queue on the machine's timeline.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>

#include "boards/devices/virtio/chain.h"
#include "vcpu/timeline.h"

namespace menura::boards::virtio {

class RequestTracks {
 public:
  // `timeline`: nullptr where nobody wants to know; then there is nothing to be told.
  RequestTracks(vcpu::Timeline* timeline, const std::string& name) : timeline_(timeline), name_(name) {
    if (timeline_ != nullptr) tracks_.push_back({timeline_->add_track(name_)});
  }

  bool wanted() const { return timeline_ != nullptr; }

  void notified() { timeline_->instant({"virtio", {"notified"}}, tracks_.front().track); }

  // They are back in the queue.
  void done(std::span<const Chain> chains, bool interrupt) {
    using Value = vcpu::TimelineValue;
    const std::lock_guard lock(mutex_);
    for (const Chain& chain : chains) {
      Track* const track = free_since(chain.taken_at);
      if (track == nullptr) continue;
      timeline_->span({"virtio",
                       {chain.what},
                       {Value::number("bytes written", chain.written()),
                        Value::text("interrupt", interrupt ? "wanted" : "not wanted")}},
                      chain.taken_at, track->track);
      track->free_since = timeline_->now();
    }
  }

 private:
  static constexpr std::size_t kMostTracks = 16;

  struct Track {
    vcpu::Timeline::Track track;
    uint64_t free_since = 0;
  };

  // Requests that overlap are on tracks of their own; nullptr: there are too many of them.
  Track* free_since(uint64_t time) {
    const auto found =
        std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& one) { return one.free_since <= time; });
    if (found != tracks_.end()) return &*found;
    if (tracks_.size() == kMostTracks) return nullptr;
    const std::string name = name_ + ", overlapping " + std::to_string(tracks_.size());
    return &tracks_.emplace_back(Track{timeline_->add_track(name)});
  }

  vcpu::Timeline* const timeline_;
  const std::string name_;
  std::mutex mutex_;
  std::deque<Track> tracks_;  // notified() reads the first without the mutex
};

}  // namespace menura::boards::virtio
