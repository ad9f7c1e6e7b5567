// The identity of an alarm: stable over restart, replay and redelivery, because
// it is made of what the alarm is about and of nothing else.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/digest.h"
#include "model/verdict.h"

namespace dcp::model {

// `type`: "same", "diff", "unverified", "timeout" or "resolved". `extra`
// distinguishes alarms of one type about one segment.
inline std::string AlarmId(const OutcomeHead& head, absl::string_view type,
                           absl::string_view extra = "") {
  // Lengths keep the parts apart, so that no two heads give the same text.
  return ToHex(
      Xxh3(absl::StrCat(type, ";", head.check.size(), ":", head.check, ";", head.target.size(), ":",
                        head.target, ";", head.epoch, ";", head.from, ";", head.to, ";", extra)));
}

// `extra` of a timeout that is of the source itself.
inline constexpr char kOfSource[] = "source";

}  // namespace dcp::model
