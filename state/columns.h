// Values of the model as they stand in columns: readable, and read back exactly.
// nullopt: the text is not what the writer gives.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/alarm_type.h"
#include "model/verdict.h"
#include "model/version.h"

namespace dcp::state {

// "absent", "unknown", or the digest's hexadecimal digits.
std::string ToColumn(const model::Version& version);
std::optional<model::Version> VersionFromColumn(absl::string_view text);

std::optional<model::DiffKind> KindFromColumn(absl::string_view text);
std::optional<model::AlarmType> TypeFromColumn(absl::string_view text);

// Each text, then a line end; a backslash stands before one that is part of a text,
// and before a backslash.
std::string ToColumn(absl::Span<const std::string> texts);
std::optional<std::vector<std::string>> TextsFromColumn(absl::string_view text);

std::string ToColumn(absl::Span<const model::DiffKind> kinds);
std::optional<std::vector<model::DiffKind>> KindsFromColumn(absl::string_view text);

}  // namespace dcp::state
