#include "tests/collector/mysql/script.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/gtid_set.h"
#include "row/canonical.h"
#include "row/renderer.h"

namespace dcp::collector {
namespace {

using mysql::BinlogEvent;
using mysql::TableSchema;
using Kind = BinlogEvent::Kind;
using RowOp = BinlogEvent::RowOp;

std::vector<model::Value> Values(const Image& image) {
  std::vector<model::Value> values;
  for (const Cell& cell : image) values.push_back(cell.value);
  return values;
}

RowOp OpOf(const ScriptRow& row) {
  if (row.before.empty()) return RowOp::kInsert;
  return row.after.empty() ? RowOp::kDelete : RowOp::kUpdate;
}

// What versions are, where their digests are those of rows seen in the batch.
class Versions {
 public:
  std::string Name(const model::Version& version) {
    if (version.absent()) return "-";
    if (!version.known()) return "?";
    const auto it = texts_.find(version.digest);
    return it == texts_.end() ? "#" : it->second;
  }
  void Learn(const model::ChangeBatch& batch, const model::Change& change) {
    if (change.content.size == 0 || change.relative) return;
    const auto content = batch.text(change.content);
    const model::Version& version = change.op == model::Op::kDelete ? change.before : change.after;
    texts_[version.digest] = row::Renderer().Json(content);
  }

 private:
  std::map<model::Digest, std::string> texts_;
};

const char* Word(model::Op op) {
  switch (op) {
    case model::Op::kInsert:
      return "insert";
    case model::Op::kUpdate:
      return "update";
    case model::Op::kDelete:
      return "delete";
    case model::Op::kOther:
      return "other";
  }
  return "";
}

std::string DescribeChange(const model::ChangeBatch& batch, const model::Change& change,
                           Versions* versions) {
  const auto key = batch.text(change.key_text);
  EXPECT_EQ(change.key, model::Xxh3(key));
  if (change.relative) {
    const bool plus = change.delta == model::Digest{0, 1};
    EXPECT_TRUE(plus || (change.delta == -model::Digest{0, 1}));
    return absl::StrCat(Word(change.op), " ", key, plus ? " +1" : " -1");
  }
  return absl::StrCat(Word(change.op), " ", key, " ", versions->Name(change.before), " -> ",
                      versions->Name(change.after));
}

std::string DescribeMark(const model::Mark& mark) {
  switch (mark.kind) {
    case model::Mark::Kind::kBarrier:
      return absl::StrCat("barrier ", mark.barrier_offset);
    case model::Mark::Kind::kUnverified:
      return absl::StrCat("unverified ", mark.table.empty() ? "*" : mark.table, " ", mark.reason);
    case model::Mark::Kind::kExecuted:
      return absl::StrCat("executed ", mark.executed.ToString());
    case model::Mark::Kind::kDdl:
      break;
  }
  constexpr const char* kEffects[] = {"kept", "gone", "unknown"};
  return absl::StrCat("ddl ", mark.table, " ", kEffects[static_cast<size_t>(mark.effect)], " ",
                      mark.detail);
}

}  // namespace

Cell::Cell(int number) {
  value.kind = model::Value::Kind::kInt;
  value.signed_int = number;
}
Cell::Cell(const char* text) {
  value.kind = model::Value::Kind::kText;
  value.text = text;
}
Cell Absent() { return Cell(model::Value()); }
Cell NullCell() {
  model::Value value;
  value.kind = model::Value::Kind::kNull;
  return Cell(std::move(value));
}

ScriptRow Insert(Image after) { return {{}, std::move(after)}; }
ScriptRow Update(Image before, Image after) { return {std::move(before), std::move(after)}; }
ScriptRow Delete(Image before) { return {std::move(before), {}}; }

ScriptEvent OfKind(Kind kind) {
  ScriptEvent script;
  script.event.kind = kind;
  return script;
}
ScriptEvent Gtid(uint64_t number) {
  ScriptEvent script = OfKind(Kind::kGroupStart);
  script.event.gtid.source.uuid[15] = 1;
  script.event.gtid.number = number;
  script.event.timestamp_micros = static_cast<int64_t>(number) * 1'000'000;
  return script;
}
ScriptEvent MariaDbGtid(uint64_t number, bool standalone) {
  ScriptEvent script = OfKind(Kind::kGroupStart);
  script.event.gtid = {model::GtidSource::MariaDb(0, 1), number};
  script.event.server_id = 1;
  script.event.group =
      standalone ? mysql::BinlogEvent::Group::kStandalone : mysql::BinlogEvent::Group::kTransaction;
  return script;
}
ScriptEvent AnonymousGtid() { return OfKind(Kind::kGroupStart); }
ScriptEvent Query(const std::string& sql, const std::string& database) {
  ScriptEvent script = OfKind(Kind::kQuery);
  script.event.query = sql;
  script.event.database = database;
  return script;
}
ScriptEvent Begin() { return Query("BEGIN"); }
ScriptEvent Xid() { return OfKind(Kind::kCommit); }
ScriptEvent XaPrepare(const std::string& xid, bool one_phase) {
  ScriptEvent script = OfKind(Kind::kXaPrepare);
  script.event.query = xid;
  script.event.one_phase = one_phase;
  return script;
}
ScriptEvent Rotate(const std::string& file, uint64_t offset) {
  ScriptEvent script = OfKind(Kind::kRotate);
  script.event.end = {file, offset};
  return script;
}
ScriptEvent Heartbeat() { return OfKind(Kind::kHeartbeat); }
ScriptEvent Unreadable(const std::string& what, std::shared_ptr<const TableSchema> table) {
  ScriptEvent script = OfKind(Kind::kUnreadable);
  script.event.error = absl::UnimplementedError(what);
  script.event.table = std::move(table);
  return script;
}

ScriptEvent Rows(std::shared_ptr<const TableSchema> table, std::vector<ScriptRow> rows) {
  ScriptEvent script = OfKind(Kind::kRows);
  script.event.table = std::move(table);
  script.event.op = OpOf(rows.at(0));
  script.rows = std::move(rows);
  return script;
}
ScriptEvent BrokenRows(std::shared_ptr<const TableSchema> table, std::vector<ScriptRow> rows,
                       absl::Status error) {
  ScriptEvent script = Rows(std::move(table), std::move(rows));
  script.rows_error = std::move(error);
  return script;
}
ScriptEvent Barrier(uint64_t offset, int id) {
  const int number = static_cast<int>(offset);
  return Rows(BarrierTable(), {Update({id, number - 1, "t"}, {id, number, "t"})});
}

std::shared_ptr<TableSchema> Schema(const std::string& database, const std::string& name,
                                    std::vector<std::string> columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->database = database;
  schema->name = name;
  for (std::string& column : columns) {
    schema->columns.emplace_back();
    schema->columns.back().name = std::move(column);
  }
  schema->key_kind = TableSchema::KeyKind::kPrimary;
  schema->key_columns = {0};
  return schema;
}
std::shared_ptr<const TableSchema> Orders() {
  static const auto schema = Schema("shop", "orders", {"id", "name"});
  return schema;
}
std::shared_ptr<const TableSchema> Log() {
  static const auto schema = [] {
    auto log = Schema("shop", "log", {"text"});
    log->key_kind = TableSchema::KeyKind::kNone;
    log->key_columns.clear();
    return log;
  }();
  return schema;
}
std::shared_ptr<const TableSchema> BarrierTable() {
  static const auto schema = Schema("drc", "barrier", {"id", "offset", "ts"});
  return schema;
}

void SetPlaces(Script* script) {
  model::BinlogPosition place{"bin.000001", 200};
  for (ScriptEvent& entry : *script) {
    entry.event.start = place;
    if (entry.event.kind == Kind::kRotate) {
      place = entry.event.end;
      continue;
    }
    if (entry.event.kind != Kind::kHeartbeat) place.offset += 100;
    entry.event.end = place;
  }
}

void ScriptRows::Reset(const ScriptEvent* event) {
  event_ = event;
  next_ = 0;
}

absl::StatusOr<bool> ScriptRows::Next(std::vector<model::Value>* before,
                                      std::vector<model::Value>* after) {
  if (next_ == event_->rows.size()) {
    if (event_->rows_error.has_value()) return *event_->rows_error;
    return false;
  }
  *before = Values(event_->rows[next_].before);
  *after = Values(event_->rows[next_].after);
  ++next_;
  return true;
}

std::vector<std::string> Describe(const model::ChangeBatch& batch) {
  Versions versions;
  for (const model::Change& change : batch.changes) versions.Learn(batch, change);
  std::vector<std::string> lines;
  for (const model::Txn& txn : batch.txns) {
    const std::string gtid = model::ToString(txn.gtid);
    lines.push_back(gtid.empty() ? "txn" : absl::StrCat("txn ", txn.gtid.number));
    uint32_t mark = txn.marks_begin;
    for (uint32_t i = txn.changes_begin; i <= txn.changes_end; ++i) {
      while (mark < txn.marks_end && batch.marks[mark].at == i) {
        lines.push_back(DescribeMark(batch.marks[mark++]));
      }
      if (i < txn.changes_end) {
        lines.push_back(DescribeChange(batch, batch.changes[i], &versions));
      }
    }
    EXPECT_EQ(mark, txn.marks_end) << "a mark stands outside its transaction";
  }
  return lines;
}

}  // namespace dcp::collector
