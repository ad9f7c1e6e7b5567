// Findings: differing keys, each from its first `diff` to its `resolved`, and what people
// said of them: that one is known (acknowledged), or that it is not to be told (ignored).
// docs/findings.md has the rules for people.
//
// Values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/digest.h"
#include "model/verdict.h"

namespace dcp::model {

// A finding as it is told: what a report says of it beside OpenFinding, which is the checker's.
struct FindingNote {
  Digest key;
  std::string alarm_id;  // of the `diff` that said it
  DiffKind kind = DiffKind::kMissing;
  std::string table;                      // empty: pushed on both sides
  std::string key_text;                   // as it may be shown
  std::vector<std::string> columns = {};  // that differ; empty: not known
  std::string json = {};                  // as in the alarm's `diffs`; empty: not among its rows
  absl::Time at;
  bool open = true;  // false: over already when it was said
  bool told = true;  // false: it was ignored when it was found, nobody got an alarm of it

  friend bool operator==(const FindingNote&, const FindingNote&) = default;
};

// A finding as it is stored.
struct FindingRecord {
  int64_t number = 0;
  int64_t pair = 0;  // the state's own number of its check and target
  FindingNote note;  // without at, open, told
  absl::Time first_seen, last_seen;
  std::optional<absl::Time> resolved_at;
  uint64_t reopened = 0;
};

// Somebody knows.
struct FindingAck {
  int64_t finding = 0;
  absl::Time at;
  std::string note;
};

// What a rule is asked about.
struct FindingFacts {
  absl::string_view table;
  Digest key;
  absl::Span<const std::string> columns;  // that differ; empty: not known
};

// Findings that are not to be told. What is empty here is not asked for.
struct IgnoreRule {
  int64_t number = 0;
  std::string check, target;  // names
  std::string table;          // with wildcards
  std::optional<Digest> key;  // within check, target
  std::string key_text;       // of `key`, for people
  std::string column;         // every column that differs is one that some rule names
  std::optional<absl::Time> until;
  std::string note;
  absl::Time at;

  friend bool operator==(const IgnoreRule&, const IgnoreRule&) = default;
};

// True if `rules`, of which those of another check or target do not count, take the finding
// out. A finding whose differing columns are not known is not taken out by rules on columns.
bool IsIgnored(absl::Span<const IgnoreRule> rules, absl::string_view check,
               absl::string_view target, const FindingFacts& facts, absl::Time now);

enum class FindingState : uint8_t { kOpen, kAcknowledged, kIgnored, kResolved };

// "open", "acknowledged", "ignored", "resolved".
const char* ToString(FindingState state);
std::optional<FindingState> FindingStateFromText(absl::string_view text);

// What is resolved is that and nothing else; what is ignored and acknowledged is ignored.
FindingState StateOf(bool resolved, bool acknowledged, bool ignored);

}  // namespace dcp::model
