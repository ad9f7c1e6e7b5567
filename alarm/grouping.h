// Grouping: many alarms of one check as few. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "alarm/alarm.h"
#include "model/ports/outbox.h"

namespace dcp::alarm {

// An alarm to deliver, and the outbox's entries that it stands for.
struct Group {
  model::AlarmPtr alarm;
  std::vector<uint64_t> sequences;
};

// Each entry as a group of its own.
std::vector<Group> EachAlone(const std::vector<model::Outbox::Entry>& entries);

// Of one check's `entries`, by sequence: one group per target and type; each
// `unverified` table and reason is told once, and a `diff` that only touches what
// differs already (`known`) apart from others. A group of one is the alarm as it is. One of several
// has
//   id          made of theirs: the same alarms always give the same id
//   merged      their ids
//   from, to    from the first's to the last's
//   severity    the highest
//   late        true if any is
//   rows, known, diff_count, tables   summed up, exact
//   diffs       the first kMaxMergedDiffs, and `diff_files` with the rest
//   common      what the rows of `diffs` have in common
//   resolves                          of all
//   keys                              the first kMaxResolvedKeys (alarm_json.h)
// and otherwise what the last says.
std::vector<Group> MergeAlarms(const std::vector<model::Outbox::Entry>& entries);

inline constexpr size_t kMaxMergedDiffs = 100;

}  // namespace dcp::alarm
