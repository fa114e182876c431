// WakeEvent: what a thread polls besides its files, so that others can wake it.
#pragma once

namespace menura::host {

class WakeEvent {
 public:
  WakeEvent();
  ~WakeEvent();
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;

  int fd() const { return fd_; }  // readable after set() until clear(); negative: the host has none left
  void set();                     // any thread
  void clear();

 private:
  const int fd_;
};

}  // namespace menura::host
