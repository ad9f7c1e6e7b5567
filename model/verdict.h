// What the checker says: values only, sent elsewhere by others.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "model/change.h"
#include "model/digest.h"

namespace dcp::model {

enum class DiffKind : uint8_t { kMissing, kStale, kMismatch, kExtra, kHealed, kReordered, kDdl };

// The contract's words: "missing", "stale", ...
const char* ToString(DiffKind kind);

// One side's last change of a differing key.
struct ChangeEvidence {
  Op op = Op::kInsert;
  std::string txn;   // GTID, or id of the pushed message; empty if none
  std::string file;  // empty for pushed
  uint64_t offset = 0;
  int64_t timestamp_micros = 0;
  std::string content;  // see Change::content; empty if not captured
  // See model::Statement; 0 and empty where it is not known.
  std::string statement = {};
  uint64_t statement_size = 0;
};

// A row as it was read from one side when the difference was found.
struct PresentRow {
  bool exists = false;
  std::string content;  // canonical row in binary form, when it exists
};

struct RowDiff {
  DiffKind kind = DiffKind::kMissing;
  const Table* table = nullptr;  // null: pushed on both sides, or kDdl
  std::string table_name;        // kDdl: the table that it ran on
  Digest key;
  std::string key_text;
  std::optional<ChangeEvidence> source;
  std::optional<ChangeEvidence> target;
  std::optional<PresentRow> source_present;
  std::optional<PresentRow> target_present;
  std::string detail;  // for kDdl: what ran on which side
};

// What every outcome has in common. A segment's identity is
// (check, target, epoch, from, to).
struct OutcomeHead {
  std::string check;
  std::string source;  // tag
  std::string target;  // tag
  uint64_t epoch = 1;
  uint64_t from = 0;  // barrier offsets
  uint64_t to = 0;
  absl::Time at;

  friend bool operator==(const OutcomeHead&, const OutcomeHead&) = default;
};

// What a verdict names of the open findings that its segment touched.
inline constexpr size_t kMaxKnownKeys = 10'000;

// The verdict on one segment.
struct Verdict {
  enum class Kind : uint8_t { kSame, kDiff, kUnverified };
  OutcomeHead head;
  Kind kind = Kind::kSame;
  bool late = false;
  uint64_t source_rows = 0;  // changes counted
  uint64_t target_rows = 0;

  // kDiff
  std::vector<RowDiff> diffs;                   // at most max_diff_rows
  uint64_t diff_count = 0;                      // exact
  std::map<std::string, uint64_t> diff_tables;  // diff_count by table; not of pushed keys
  std::string diff_file;                        // has all rows where diffs has not; else empty
  uint64_t known = 0;                           // keys touched whose finding was open already
  std::vector<Digest> known_keys;               // of `known`, at most kMaxKnownKeys
  uint64_t ignored = 0;                         // rows left out of the first three when told

  // What could not be seen whole. With kDiff it may be set too: a difference
  // was found, and something else is unknown.
  std::string unverified_reason;
  std::string unverified_detail;
  std::string unverified_table;
};

// The target has not closed a segment in time.
struct Timeout {
  OutcomeHead head;           // from, to: the oldest segment it has not closed
  uint64_t last_barrier = 0;  // the target's
  absl::Duration lag;
  std::string detail;  // e.g. "sends data but no barrier"
  // It is the source that sends no barrier: last_barrier is its own, and from and to are that.
  bool of_source = false;
};

// Ends earlier alarms.
struct Resolved {
  OutcomeHead head;
  std::vector<std::string> resolves;  // alarm ids
  // Keys whose findings it ends, for the reader; empty for a timeout's.
  std::vector<std::string> keys;
  std::vector<Digest> key_digests = {};  // of `keys`
  bool of_source = false;                // of the timeout that it ends
  std::string job = {};                  // the verification that saw the rows equal; empty: none
};

using Outcome = std::variant<Verdict, Timeout, Resolved>;

}  // namespace dcp::model
