#include "boards/timeline.h"

namespace menura::boards {

using Value = vcpu::TimelineValue;

vcpu::TimelineEvent TimelineMmio::event(const char* what, uint64_t offset) const {
  const RegisterRow* const row = find_register(kind_, offset);
  return {"mmio", {what, name_, row != nullptr ? row->name : nullptr}, {Value::address("offset", offset)}};
}

uint64_t TimelineMmio::mmio_read(uint64_t offset, unsigned size) {
  vcpu::TimelineSpan span(&timeline_, event("MMIO read", offset));
  const uint64_t value = mmio_.mmio_read(offset, size);
  span.end({Value::number("size", size), Value::address("value", value)});
  return value;
}

void TimelineMmio::mmio_write(uint64_t offset, unsigned size, uint64_t value) {
  vcpu::TimelineSpan span(&timeline_, event("MMIO write", offset));
  mmio_.mmio_write(offset, size, value);
  span.end({Value::number("size", size), Value::address("value", value)});
}

void TimelineWire::tell(Value value) {
  if (!track_) track_ = timeline_.add_track(name_);
  timeline_.span({"wire", {name_}, {value}}, raised_, *track_);
}

void TimelineWire::set_input(unsigned input, bool level) {
  {
    const std::lock_guard lock(mutex_);
    if (level && !high_) {
      raised_ = timeline_.now();
    } else if (!level && high_) {
      tell({});
    }
    high_ = level;
  }
  sink_.set_input(input, level);
}

}  // namespace menura::boards
