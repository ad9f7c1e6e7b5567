// BodyTemplate: what a webhook sends, when its receiver wants a form of its own: a
// Mustache template over the alarm's JSON. docs/alarms.md has the fields and
// examples.
//
// `{{name}}` gives a field with JSON's escapes, to be put between quotes;
// `{{{name}}}` gives it as it is. Immutable; Render is thread-compatible.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "alarm/alarm.h"

namespace dcp::alarm {

class BodyTemplate {
 public:
  //   kInvalidArgument  the template is not well-formed, or, with `json`, what it
  //                     gives for some type of alarm is no JSON
  static absl::StatusOr<std::unique_ptr<BodyTemplate>> Parse(const std::string& text, bool json);
  ~BodyTemplate();

  std::string Render(const Alarm& alarm) const;

 private:
  class Impl;
  explicit BodyTemplate(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

// One alarm of each type, with a row and with quotes and line ends in its texts, to
// try things with.
std::vector<Alarm> SampleAlarms();

}  // namespace dcp::alarm
