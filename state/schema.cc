#include "state/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"

namespace dcp::state {
namespace {

// "dcp1", in the header of the file.
constexpr int64_t kApplicationId = 0x64637031;

// `at` and the like: nanoseconds since 1970. Barrier offsets are unsigned: from 2^63 on
// they read as negative. `sum`: of the columns before it, see state/sqlite.h. Lists
// have a line end after each text.
constexpr char kVersion1[] = R"sql(
CREATE TABLE pairs (
  pair INTEGER PRIMARY KEY AUTOINCREMENT,
  check_name TEXT NOT NULL,
  target TEXT NOT NULL,
  sum INTEGER NOT NULL,
  UNIQUE (check_name, target)
) STRICT;

-- What a check goes on with after a restart.
CREATE TABLE pair_states (
  pair INTEGER PRIMARY KEY REFERENCES pairs,
  epoch INTEGER NOT NULL,
  said_to INTEGER NOT NULL,
  rules TEXT NOT NULL,
  run_from INTEGER,           -- NULL: there is no run to take up
  run_from_name TEXT,
  run_is_first INTEGER,
  run_judged_ahead TEXT,      -- a GTID set
  run_source_place TEXT,
  run_target_place TEXT,
  lost_reason TEXT NOT NULL,
  lost_detail TEXT NOT NULL,
  timeout_source TEXT,        -- NULL: the target is not late
  timeout_epoch INTEGER,
  timeout_from INTEGER,
  timeout_to INTEGER,
  timeout_at INTEGER,
  source_timeout_source TEXT, -- NULL: the source is not late
  source_timeout_epoch INTEGER,
  source_timeout_from INTEGER,
  source_timeout_to INTEGER,
  source_timeout_at INTEGER,
  sum INTEGER NOT NULL
) STRICT;

-- Differences that were said and are not resolved.
CREATE TABLE findings (
  pair INTEGER NOT NULL REFERENCES pairs,
  key TEXT NOT NULL,
  alarm_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  table_name TEXT NOT NULL,
  keyless INTEGER NOT NULL,
  key_text TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  source TEXT NOT NULL,       -- absent, unknown or a digest
  target TEXT NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (pair, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdicts (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pair INTEGER NOT NULL,
  source TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  from_barrier INTEGER NOT NULL,
  to_barrier INTEGER NOT NULL,
  kind TEXT NOT NULL,
  late INTEGER NOT NULL,
  source_rows INTEGER NOT NULL,
  target_rows INTEGER NOT NULL,
  diff_count INTEGER NOT NULL,
  known INTEGER NOT NULL,
  unverified_reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (pair, epoch, from_barrier, to_barrier)
) STRICT;

-- Of all alarms, delivered or not, so that none is delivered as if it were new.
CREATE TABLE alarm_ids (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  pair INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Those that a sink has still to get, or did not take.
CREATE TABLE alarms (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  check_name TEXT NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  tables TEXT NOT NULL,
  kinds TEXT NOT NULL,
  resolves TEXT NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  json TEXT NOT NULL,
  sum INTEGER NOT NULL
) STRICT;

CREATE TABLE sinks (
  sink INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  sum INTEGER NOT NULL,
  put_aside INTEGER NOT NULL  -- so many it did not take, ever
) STRICT;

CREATE TABLE deliveries (
  sequence INTEGER NOT NULL REFERENCES alarms,
  sink INTEGER NOT NULL REFERENCES sinks,
  put_aside INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (sequence, sink)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_put_aside ON deliveries (sink, sequence) WHERE put_aside = 1;

-- For people.
CREATE VIEW history AS
  SELECT check_name, source, target, epoch, from_barrier, to_barrier, kind, late, source_rows,
         target_rows, diff_count, known, unverified_reason,
         strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS at
  FROM verdicts JOIN pairs USING (pair) ORDER BY number;
CREATE VIEW outbox AS
  SELECT name AS sink, sequence, type, check_name, source, target, id, deliveries.put_aside,
         strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS at, text, json
  FROM deliveries JOIN sinks USING (sink) JOIN alarms USING (sequence) ORDER BY sequence;
CREATE VIEW open_findings AS
  SELECT check_name, pairs.target, kind, table_name, key_text, alarm_id,
         source AS source_state, findings.target AS target_state
  FROM findings JOIN pairs USING (pair);
)sql";

// Findings as people are told them, and what people said of them.
constexpr char kVersion2[] = R"sql(
CREATE TABLE finding_records (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pair INTEGER NOT NULL REFERENCES pairs,
  key TEXT NOT NULL,
  alarm_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  table_name TEXT NOT NULL,
  key_text TEXT NOT NULL,     -- as it may be shown
  columns TEXT NOT NULL,      -- that differ
  json TEXT NOT NULL,         -- as in the alarm; empty: not among its rows
  sum INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  resolved_at INTEGER,        -- NULL: open, and then it is in `findings` too
  told INTEGER NOT NULL,      -- 0: ignored when it was found
  reopened INTEGER NOT NULL,
  UNIQUE (pair, key)
) STRICT;
CREATE INDEX finding_records_resolved ON finding_records (resolved_at)
  WHERE resolved_at IS NOT NULL;
CREATE INDEX finding_records_alarm ON finding_records (alarm_id);
CREATE INDEX finding_records_kept_back ON finding_records (pair, alarm_id) WHERE told = 0;

-- Written by `dcp diffs`, while the daemon runs too.
CREATE TABLE finding_acks (
  finding INTEGER PRIMARY KEY REFERENCES finding_records,
  at INTEGER NOT NULL,
  note TEXT NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE TABLE finding_ignores (
  rule INTEGER PRIMARY KEY AUTOINCREMENT,
  check_name TEXT NOT NULL,   -- empty: any; so too the others
  target TEXT NOT NULL,
  table_name TEXT NOT NULL,
  key TEXT,
  key_text TEXT NOT NULL,
  column_name TEXT NOT NULL,
  until INTEGER,              -- NULL: for ever
  note TEXT NOT NULL,
  at INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
)sql";

// Verification jobs.
constexpr char kVersion3[] = R"sql(
CREATE TABLE jobs (
  job TEXT PRIMARY KEY,
  handled INTEGER NOT NULL,
  open_run INTEGER NOT NULL,  -- 0: none
  begun INTEGER NOT NULL,
  barriers TEXT NOT NULL,     -- check, target and two offsets, again and again
  sum INTEGER NOT NULL
) STRICT;
CREATE TABLE job_runs (
  job TEXT NOT NULL,
  number INTEGER NOT NULL,
  result TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  tables INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  different INTEGER NOT NULL,
  undecided INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  detail TEXT NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE table_proofs (
  check_name TEXT NOT NULL,
  target TEXT NOT NULL,
  table_name TEXT NOT NULL,
  job TEXT NOT NULL,
  barrier INTEGER NOT NULL,
  at INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (check_name, target, table_name)
) STRICT, WITHOUT ROWID;
CREATE TABLE told (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  check_name TEXT NOT NULL,
  target TEXT NOT NULL,
  quiet INTEGER NOT NULL,     -- 1: nothing of it is for people
  text TEXT NOT NULL,
  json TEXT NOT NULL,
  sum INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bytes_to_here INTEGER NOT NULL  -- of texts, all that was ever in it up to this row
) STRICT;
)sql";

// Long reports: state/report_parts.h.
constexpr char kVersion4[] = R"sql(
CREATE TABLE report_parts (
  number INTEGER PRIMARY KEY,
  pair INTEGER NOT NULL REFERENCES pairs,
  changes TEXT NOT NULL,      -- a list
  sum INTEGER NOT NULL
) STRICT;
CREATE INDEX report_parts_pair ON report_parts (pair);
CREATE TABLE sealed_reports (
  pair INTEGER PRIMARY KEY REFERENCES pairs,
  parts INTEGER NOT NULL,     -- that are left
  at INTEGER NOT NULL,
  kept_back TEXT NOT NULL,    -- a list
  sum INTEGER NOT NULL
) STRICT;
)sql";

constexpr const char* kSteps[] = {kVersion1, kVersion2, kVersion3, kVersion4};

absl::Status RunStep(Database& db, const char* step, size_t version) {
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db));
  DCP_RETURN_IF_ERROR(db.Execute(step));
  FaultPoint("state.schema_step");
  DCP_RETURN_IF_ERROR(db.Execute(
      absl::StrCat("PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", version)
          .c_str()));
  return transaction.Commit();
}

}  // namespace

absl::Span<const char* const> SchemaSteps() { return kSteps; }

absl::Status CheckVersion(Database& db, absl::Span<const char* const> steps) {
  DCP_ASSIGN_OR_RETURN(const int64_t id, db.ReadInteger("PRAGMA application_id"));
  DCP_ASSIGN_OR_RETURN(const int64_t version, db.ReadInteger("PRAGMA user_version"));
  if (id != kApplicationId || version <= 0) {
    return absl::DataLossError(
        absl::StrCat(db.path(),
                     " is not a database of dcp, or its head is damaged: move it away, or name "
                     "another directory with dir in [state]"));
  }
  if (static_cast<uint64_t>(version) <= steps.size()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      db.path(), " has version ", version, " of the state, written by a newer dcp; this one knows ",
      steps.size(), ": run the newer one, or name another directory with dir in [state]"));
}

absl::Status Migrate(Database& db, absl::Span<const char* const> steps) {
  DCP_ASSIGN_OR_RETURN(const int64_t stored, db.ReadInteger("PRAGMA user_version"));
  for (auto version = static_cast<size_t>(stored); version < steps.size(); ++version) {
    DCP_RETURN_IF_ERROR(RunStep(db, steps[version], version + 1));
  }
  return absl::OkStatus();
}

}  // namespace dcp::state
