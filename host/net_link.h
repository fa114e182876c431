// What is behind a guest's network card: a network that this process plays (slirp.h), an interface of the host (tap.h).
// A link has a thread of its own; there it calls the card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace menura::host {

class NetLink {
 public:
  // Ethernet frames, without frame check sequence.
  class Card {
   public:
    virtual ~Card() = default;
    // Frames may be waiting in the card: send() them.
    virtual void transmit() = 0;
    // False: there is no room. It is asked again after wake().
    virtual bool receive(std::span<const uint8_t> frame) = 0;
  };

  virtual ~NetLink() = default;

  // nullptr: none. The card of before is not called any more when this returns.
  void attach(Card* card) {
    {
      const std::lock_guard lock(mutex_);
      card_ = card;
    }
    wake();
  }
  // The card has something to transmit, or room again. Any thread.
  virtual void wake() = 0;
  // From within Card::transmit().
  virtual void send(std::span<const uint8_t> frame) = 0;
  // The largest packet in a frame, bytes.
  virtual unsigned mtu() const = 0;

 protected:
  // For the link's thread.
  void transmit() {
    const std::lock_guard lock(mutex_);
    if (card_ != nullptr) card_->transmit();
  }
  // True also where no card is there: the frame is done with.
  bool receive(std::span<const uint8_t> frame) {
    const std::lock_guard lock(mutex_);
    return card_ == nullptr || card_->receive(frame);
  }

 private:
  std::recursive_mutex mutex_;  // while the card is called; what it sends may be answered at once
  Card* card_ = nullptr;
};

}  // namespace menura::host
