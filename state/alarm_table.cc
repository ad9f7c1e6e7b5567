#include "state/alarm_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/columns.h"

namespace dcp::state {
namespace {

using model::Alarm;

// So many that a sink did not take are kept to be looked at.
constexpr int64_t kKeptPutAside = 1000;

constexpr char kInsertId[] =
    "INSERT INTO alarm_ids (id, pair, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING";
constexpr char kPruneIds[] =
    "DELETE FROM alarm_ids WHERE sequence IN "
    "(SELECT sequence FROM alarm_ids ORDER BY sequence LIMIT ?) "
    "AND (sequence <= ? OR (sequence <= ? AND at < ?))";
constexpr char kInsertAlarm[] =
    "INSERT INTO alarms (sequence, id, type, check_name, source, target, tables, kinds, resolves, "
    "at, text, json, sum) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr char kSelectAlarm[] =
    "SELECT sequence, id, type, check_name, source, target, tables, kinds, resolves, at, text, "
    "json, sum FROM alarms WHERE sequence = ?";
constexpr char kDeleteAlarm[] =
    "DELETE FROM alarms WHERE sequence = ?1 AND NOT EXISTS "
    "(SELECT 1 FROM deliveries WHERE sequence = ?1)";
constexpr char kReplaceDelivery[] =
    "REPLACE INTO deliveries (sequence, sink, put_aside, sum) VALUES (?, ?, ?, ?)";
// Those of one sink behind its newest ones, at most two.
constexpr char kOldPutAside[] =
    "SELECT sequence FROM deliveries WHERE sink = ? AND put_aside = 1 "
    "ORDER BY sequence DESC LIMIT 2 OFFSET ?";

constexpr char kInsertTold[] =
    "INSERT INTO told (id, type, check_name, target, quiet, text, json, sum, at, bytes_to_here) "
    "VALUES (?,?,?,?,?,?,?,?,?, "
    "ifnull((SELECT bytes_to_here FROM told ORDER BY place DESC LIMIT 1), 0) + ?)";
constexpr char kNewestTold[] = "SELECT place, bytes_to_here FROM told ORDER BY place DESC LIMIT 1";
// The newest one always stays: it tells the sizes of those that follow. Both bounds take a row only
// with all before it: places that are kept have no gaps.
constexpr char kPruneTold[] =
    "DELETE FROM told WHERE place IN (SELECT place FROM told ORDER BY place LIMIT ?1) "
    "AND place < ?2 AND (place <= ?2 - ?3 OR bytes_to_here <= ?4)";

// nullopt: it is not as it was written.
std::optional<Alarm> ReadAlarm(Statement& row) {
  row.ReadInteger();  // sequence
  Alarm alarm;
  alarm.id = row.ReadText();
  const auto type = TypeFromColumn(row.ReadText());
  alarm.check = row.ReadText();
  alarm.source = row.ReadText();
  alarm.target = row.ReadText();
  auto tables = TextsFromColumn(row.ReadText());
  auto kinds = KindsFromColumn(row.ReadText());
  auto resolves = TextsFromColumn(row.ReadText());
  alarm.at = absl::FromUnixNanos(row.ReadInteger());
  alarm.text = row.ReadText();
  alarm.json = row.ReadText();
  if (!row.SumMatches() || !type || !tables || !kinds || !resolves) return std::nullopt;
  alarm.type = *type;
  alarm.tables = std::move(*tables);
  alarm.kinds = std::move(*kinds);
  alarm.resolves = std::move(*resolves);
  return alarm;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AlarmTable>> AlarmTable::Open(Database& db) {
  std::unique_ptr<AlarmTable> table(new AlarmTable(db));
  DCP_RETURN_IF_ERROR(table->Prepare());
  DCP_RETURN_IF_ERROR(table->ReadSinks());
  return table;
}

absl::Status AlarmTable::Prepare() {
  DCP_ASSIGN_OR_RETURN(insert_id_, db_.Prepare(kInsertId));
  DCP_ASSIGN_OR_RETURN(newest_id_, db_.Prepare("SELECT ifnull(max(sequence), 0) FROM alarm_ids"));
  DCP_ASSIGN_OR_RETURN(prune_ids_, db_.Prepare(kPruneIds));
  DCP_ASSIGN_OR_RETURN(insert_told_, db_.Prepare(kInsertTold));
  DCP_ASSIGN_OR_RETURN(newest_told_, db_.Prepare(kNewestTold));
  DCP_ASSIGN_OR_RETURN(prune_told_, db_.Prepare(kPruneTold));
  DCP_ASSIGN_OR_RETURN(insert_alarm_, db_.Prepare(kInsertAlarm));
  DCP_ASSIGN_OR_RETURN(select_alarm_, db_.Prepare(kSelectAlarm));
  DCP_ASSIGN_OR_RETURN(delete_alarm_, db_.Prepare(kDeleteAlarm));
  DCP_ASSIGN_OR_RETURN(insert_sink_,
                       db_.Prepare("INSERT INTO sinks (name, sum, put_aside) VALUES (?, ?, 0)"));
  DCP_ASSIGN_OR_RETURN(replace_delivery_, db_.Prepare(kReplaceDelivery));
  DCP_ASSIGN_OR_RETURN(delete_delivery_,
                       db_.Prepare("DELETE FROM deliveries WHERE sequence = ? AND sink = ?"));
  DCP_ASSIGN_OR_RETURN(count_put_aside_,
                       db_.Prepare("UPDATE sinks SET put_aside = put_aside + 1 WHERE sink = ?"));
  DCP_ASSIGN_OR_RETURN(old_put_aside_, db_.Prepare(kOldPutAside));
  return absl::OkStatus();
}

absl::Status AlarmTable::Damaged(absl::string_view what) const {
  return DamagedError(db_, absl::StrCat(what, " is not what was written"));
}

// Not by their index: what is looked up in a damaged one seems not to be there.
absl::Status AlarmTable::ReadSinks() {
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_.Prepare("SELECT name, sum, sink, put_aside FROM sinks NOT INDEXED"));
  select.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) break;
    std::string name = select.ReadText();
    if (!select.SumMatches()) return Damaged("the name of an alarm sink");
    Sink& sink = sinks_[std::move(name)];
    sink.number = select.ReadInteger();
    sink.put_aside = select.ReadUnsigned();
  }
  Committed();
  return absl::OkStatus();
}

absl::Status AlarmTable::ReadWaiting(const Take& take) {
  std::map<int64_t, std::string> names;
  for (const auto& [name, sink] : sinks_) names[sink.number] = name;
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_.Prepare("SELECT sequence, sink, put_aside, sum FROM deliveries"));
  select.Bind();
  model::AlarmPtr alarm;
  uint64_t read = 0;
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    const uint64_t sequence = select.ReadUnsigned();
    const auto name = names.find(select.ReadInteger());
    const bool put_aside = select.ReadInteger() != 0;
    if (!select.SumMatches() || name == names.end()) return Damaged("the delivery of an alarm");
    if (std::exchange(read, sequence) != sequence) {
      DCP_ASSIGN_OR_RETURN(alarm, Read(sequence));
    }
    if (!put_aside) take({sequence, name->second}, *alarm);
  }
}

absl::StatusOr<int64_t> AlarmTable::NumberOf(const std::string& sink) {
  const auto known = sinks_.find(sink);
  if (known != sinks_.end()) return known->second.number;
  DCP_RETURN_IF_ERROR(insert_sink_.Bind().Text(sink).BindSum().Run());
  return sinks_[sink].number = db_.last_insert_rowid();
}

absl::StatusOr<std::optional<uint64_t>> AlarmTable::Add(const model::Outbox::Addressed& addressed,
                                                        int64_t pair) {
  const Alarm& alarm = *addressed.alarm;
  Statement& id = insert_id_.Bind();
  DCP_RETURN_IF_ERROR(id.Text(alarm.id).Integer(pair).Integer(absl::ToUnixNanos(alarm.at)).Run());
  if (db_.changes() == 0) return std::nullopt;
  const int64_t sequence = db_.last_insert_rowid();
  DCP_RETURN_IF_ERROR(Tell(alarm, addressed.quiet));
  if (!addressed.sinks.empty()) DCP_RETURN_IF_ERROR(Insert(sequence, alarm));
  for (const std::string& sink : addressed.sinks) {
    DCP_ASSIGN_OR_RETURN(const int64_t number, NumberOf(sink));
    DCP_RETURN_IF_ERROR(
        replace_delivery_.Bind().Integer(sequence).Integer(number).Integer(0).BindSum().Run());
  }
  return static_cast<uint64_t>(sequence);
}

absl::Status AlarmTable::Tell(const Alarm& alarm, bool quiet) {
  Statement& to = insert_told_.Bind();
  to.Text(alarm.id).Text(ToString(alarm.type)).Text(alarm.check).Text(alarm.target);
  to.Integer(quiet ? 1 : 0).Text(alarm.text).Text(alarm.json).BindSum();
  to.Integer(absl::ToUnixNanos(alarm.at));
  return to.Integer(static_cast<int64_t>(alarm.text.size() + alarm.json.size())).Run();
}

absl::Status AlarmTable::Insert(int64_t sequence, const Alarm& alarm) {
  Statement& to = insert_alarm_.Bind();
  to.Integer(sequence).Text(alarm.id).Text(ToString(alarm.type)).Text(alarm.check);
  to.Text(alarm.source).Text(alarm.target).Text(ToColumn(alarm.tables));
  to.Text(ToColumn(alarm.kinds)).Text(ToColumn(alarm.resolves));
  to.Integer(absl::ToUnixNanos(alarm.at)).Text(alarm.text).Text(alarm.json);
  return to.BindSum().Run();
}

absl::Status AlarmTable::Delivered(const Delivery& delivery) {
  const auto sink = sinks_.find(delivery.sink);
  if (sink == sinks_.end()) return absl::OkStatus();
  return Drop(delivery.sequence, sink->second.number);
}

absl::Status AlarmTable::Drop(uint64_t sequence, int64_t sink) {
  DCP_RETURN_IF_ERROR(delete_delivery_.Bind().Unsigned(sequence).Integer(sink).Run());
  return delete_alarm_.Bind().Unsigned(sequence).Run();
}

absl::Status AlarmTable::PutAside(const Delivery& delivery) {
  const auto found = sinks_.find(delivery.sink);
  if (found == sinks_.end()) return absl::OkStatus();
  Sink& sink = found->second;
  Statement& to = replace_delivery_.Bind();
  DCP_RETURN_IF_ERROR(
      to.Unsigned(delivery.sequence).Integer(sink.number).Integer(1).BindSum().Run());
  DCP_RETURN_IF_ERROR(count_put_aside_.Bind().Integer(sink.number).Run());
  ++sink.put_aside;
  return PrunePutAside(sink.number);
}

absl::Status AlarmTable::PrunePutAside(int64_t sink) {
  std::vector<uint64_t> old;
  old_put_aside_.Bind().Integer(sink).Integer(kKeptPutAside);
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, old_put_aside_.Step());
    if (!found) break;
    old.push_back(old_put_aside_.ReadUnsigned());
  }
  for (uint64_t sequence : old) DCP_RETURN_IF_ERROR(Drop(sequence, sink));
  return absl::OkStatus();
}

absl::StatusOr<model::AlarmPtr> AlarmTable::Read(uint64_t sequence) {
  select_alarm_.Bind().Unsigned(sequence);
  DCP_ASSIGN_OR_RETURN(const bool found, select_alarm_.Step());
  std::optional<Alarm> alarm;
  if (found) alarm = ReadAlarm(select_alarm_);
  select_alarm_.Bind();
  if (!alarm) return Damaged("an alarm that waits for a sink");
  return std::make_shared<const Alarm>(std::move(*alarm));
}

absl::Status AlarmTable::PruneTold(const Retention& retention, int64_t most) {
  DCP_ASSIGN_OR_RETURN(const bool found, newest_told_.Bind().Step());
  const int64_t newest = found ? newest_told_.ReadInteger() : 0;
  const int64_t bytes = found ? newest_told_.ReadInteger() : 0;
  newest_told_.Bind();
  Statement& to = prune_told_.Bind();
  to.Integer(most).Integer(newest).Integer(retention.max_told);
  return to.Integer(bytes - retention.max_told_bytes).Run();
}

absl::Status AlarmTable::Prune(const Retention& retention, absl::Time now, int64_t most) {
  DCP_RETURN_IF_ERROR(PruneTold(retention, most));
  DCP_RETURN_IF_ERROR(newest_id_.Bind().Step().status());
  const int64_t newest = newest_id_.ReadInteger();
  newest_id_.Bind();
  Statement& to = prune_ids_.Bind();
  to.Integer(most).Integer(newest - retention.max_count).Integer(newest - retention.min_count);
  return to.Integer(absl::ToUnixNanos(now - retention.age)).Run();
}

absl::Status AlarmTable::ForgetSink(const std::string& name) {
  const auto sink = sinks_.find(name);
  if (sink == sinks_.end()) return absl::OkStatus();
  for (const char* sql :
       {"DELETE FROM deliveries WHERE sink = ?", "DELETE FROM sinks WHERE sink = ?"}) {
    DCP_ASSIGN_OR_RETURN(Statement statement, db_.Prepare(sql));
    DCP_RETURN_IF_ERROR(statement.Bind().Integer(sink->second.number).Run());
  }
  sinks_.erase(sink);
  return db_.Execute("DELETE FROM alarms WHERE sequence NOT IN (SELECT sequence FROM deliveries)");
}

absl::Status AlarmTable::ForgetPair(int64_t pair) {
  DCP_ASSIGN_OR_RETURN(Statement statement,
                       db_.Prepare("DELETE FROM alarm_ids WHERE pair = ? AND sequence NOT IN "
                                   "(SELECT sequence FROM alarms)"));
  return statement.Bind().Integer(pair).Run();
}

}  // namespace dcp::state
