// How findings and what people said of them stand in the tables of the database: shared by the
// daemon (finding_table.h) and the command (finding_book.h), which write at the same time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/finding.h"
#include "state/sqlite.h"

namespace dcp::state {

using model::FindingAck;
using model::FindingRecord;  // a row of finding_records

// In the order in which BindRecord() binds and ReadRecord() reads.
inline constexpr char kSelectRecords[] =
    "SELECT pair, key, alarm_id, kind, table_name, key_text, columns, json, sum, number, "
    "first_seen, last_seen, resolved_at, reopened FROM finding_records ";

// What its sum covers, and the sum.
void BindRecord(int64_t pair, const model::FindingNote& note, Statement& to);
// nullopt: it is not as it was written.
std::optional<FindingRecord> ReadRecord(Statement& row);

inline constexpr char kSelectRules[] =
    "SELECT check_name, target, table_name, key, key_text, column_name, until, note, at, sum, rule "
    "FROM finding_ignores NOT INDEXED ORDER BY rule";
inline constexpr char kInsertRule[] =
    "INSERT INTO finding_ignores (check_name, target, table_name, key, key_text, column_name, "
    "until, note, at, sum) VALUES (?,?,?,?,?,?,?,?,?,?)";

void BindRule(const model::IgnoreRule& rule, Statement& to);
std::optional<model::IgnoreRule> ReadRule(Statement& row);
// All of them. kDataLoss: one is not as it was written
absl::StatusOr<std::vector<model::IgnoreRule>> ReadRules(Database& db);

// An acknowledgement: finding, at, note, sum.
inline constexpr char kReplaceAck[] =
    "REPLACE INTO finding_acks (finding, at, note, sum) VALUES (?,?,?,?)";

void BindAck(const FindingAck& ack, Statement& to);
std::optional<FindingAck> ReadAck(Statement& row);

}  // namespace dcp::state
