// Alarm: one thing to tell a person or a program, rendered once for all sinks, so
// that it can be stored as it is. docs/alarms.md explains every type and field;
// docs/alarm.schema.json is the JSON's schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "model/alarm_type.h"
#include "model/verdict.h"

namespace dcp::model {

struct Alarm {
  AlarmType type = AlarmType::kSame;
  std::string id = {};    // unique per alarm, stable over redelivery
  std::string json = {};  // one object in one line, without a line end
  std::string text = {};  // one line for people

  // What sinks choose by; all of it is in `json` too.
  std::string check = {};
  std::string source = {};
  std::string target = {};
  std::vector<std::string> tables = {};    // concerned, sorted; empty: none or any
  std::vector<DiffKind> kinds = {};        // of a diff's rows, sorted
  std::vector<std::string> resolves = {};  // ids that a `resolved` ends
  absl::Time at = {};
};

using AlarmPtr = std::shared_ptr<const Alarm>;

}  // namespace dcp::model
