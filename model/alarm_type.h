// AlarmType: the `type` of an alarm (docs/alarms.md), and sets of them. Shared by
// config/, which reads them, and alarm/, which filters by them.
#pragma once

#include <array>
#include <cstdint>

namespace dcp::model {

enum class AlarmType : uint8_t { kSame, kDiff, kUnverified, kTimeout, kResolved };

inline constexpr std::array<AlarmType, 5> kAllAlarmTypes = {
    AlarmType::kSame, AlarmType::kDiff, AlarmType::kUnverified, AlarmType::kTimeout,
    AlarmType::kResolved};

// The contract's words: "same", "diff", ...
constexpr const char* ToString(AlarmType type) {
  switch (type) {
    case AlarmType::kSame:
      return "same";
    case AlarmType::kDiff:
      return "diff";
    case AlarmType::kUnverified:
      return "unverified";
    case AlarmType::kTimeout:
      return "timeout";
    case AlarmType::kResolved:
      return "resolved";
  }
  return "unknown";
}

class AlarmTypes {
 public:
  constexpr AlarmTypes() = default;  // none

  // What a sink takes unless it is told: all but `same`.
  static constexpr AlarmTypes Default() {
    AlarmTypes types;
    for (AlarmType type : kAllAlarmTypes) {
      if (type != AlarmType::kSame) types.Add(type);
    }
    return types;
  }

  constexpr void Add(AlarmType type) { bits_ |= Bit(type); }
  constexpr void Add(AlarmTypes types) { bits_ |= types.bits_; }
  constexpr bool Contains(AlarmType type) const { return (bits_ & Bit(type)) != 0; }
  constexpr bool Intersects(AlarmTypes other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  friend bool operator==(AlarmTypes, AlarmTypes) = default;

 private:
  static constexpr uint32_t Bit(AlarmType type) {
    return uint32_t{1} << static_cast<unsigned>(type);
  }

  uint32_t bits_ = 0;
};

}  // namespace dcp::model
