// A finding as JSON, and the times that people name: what `dcp diffs` and the page have in common.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "state/finding_book.h"

namespace dcp::cmd {

// docs/findings.md has the fields. `with_row`: `difference` too.
std::string ToJson(const state::FindingBook::Entry& entry, bool with_row);

// When what lasts for `text` from `now` on ends.
//   kInvalidArgument  it is not a time such as 30m or 12h
absl::StatusOr<absl::Time> EndOf(absl::string_view text, absl::Time now);

}  // namespace dcp::cmd
