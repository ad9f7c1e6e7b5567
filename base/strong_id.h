// StrongId<T, Phantom>: a T that does not mix with other ids of the same T.
#pragma once

#include <ostream>
#include <utility>

namespace dcp {

template <typename T, typename Phantom>
class StrongId {
 public:
  using value_type = T;

  StrongId() = default;
  explicit StrongId(T value) : value_(std::move(value)) {}

  const T& value() const { return value_; }

  friend bool operator==(const StrongId&, const StrongId&) = default;
  friend auto operator<=>(const StrongId&, const StrongId&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, const StrongId& id) {
    return out << id.value_;
  }

 private:
  T value_{};
};

}  // namespace dcp
