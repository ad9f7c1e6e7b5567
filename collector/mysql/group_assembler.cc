#include "collector/mysql/group_assembler.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "collector/mysql/stream_place.h"
#include "model/digest.h"
#include "row/canonical.h"

namespace dcp::collector {
namespace {

using model::Mark;
using model::Value;
using mysql::BinlogEvent;
using mysql::TableSchema;

// Schemas remembered; each new version of a table's schema is a new one.
constexpr size_t kMaxTables = 4096;

std::string NameOf(const TableSchema& schema) {
  return absl::StrCat(schema.database, ".", schema.name);
}

std::string PlaceOf(const BinlogEvent& event) {
  return absl::StrCat(event.end.file, ":", event.start.offset);
}

// Everything that is compared of a DDL statement, each part behind its length.
model::Digest DdlDigest(const DdlAction& action, absl::string_view table) {
  std::string text;
  const auto add = [&text](absl::string_view part) {
    absl::StrAppend(&text, part.size(), ":", part, ";");
  };
  add(action.verb);
  add(table);
  for (const std::string& partition : action.partitions) add(partition);
  return model::Xxh3(text);
}

uint32_t OrdinalOf(const TableSchema& schema, absl::string_view name, uint32_t otherwise) {
  for (uint32_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].name == name) return i;
  }
  return otherwise;
}

std::optional<uint64_t> NumberIn(const Value& value) {
  if (value.kind == Value::Kind::kUint) return value.unsigned_int;
  // Without metadata the signedness is not known; the columns are unsigned.
  if (value.kind == Value::Kind::kInt) return static_cast<uint64_t>(value.signed_int);
  return std::nullopt;
}

// DOUBLEs of a row, rounded to FLOAT while it lives: another tag may take them as they are.
class Narrowed {
 public:
  Narrowed(const std::vector<uint32_t>& ordinals, std::vector<Value>* before,
           std::vector<Value>* after) {
    for (const uint32_t i : ordinals) {
      for (std::vector<Value>* row : {before, after}) {
        if (i >= row->size() || (*row)[i].kind != Value::Kind::kDouble) continue;
        values_.push_back({&(*row)[i], (*row)[i].real});
        row::NarrowToFloat(&(*row)[i]);
      }
    }
  }
  ~Narrowed() {
    for (const auto& [value, real] : values_) {
      value->kind = Value::Kind::kDouble;
      value->real = real;
    }
  }
  Narrowed(const Narrowed&) = delete;
  Narrowed& operator=(const Narrowed&) = delete;

 private:
  std::vector<std::pair<Value*, double>> values_;
};

std::string ImageDetail(const BinlogEvent& event) {
  return absl::StrCat("a row image of ", NameOf(*event.table), " at ", PlaceOf(event),
                      " lacks columns that are compared or are its key; set "
                      "binlog_row_image = 'FULL' on the server that wrote it");
}

}  // namespace

GroupAssembler::GroupAssembler(Options options, TableRouter router)
    : options_(std::move(options)),
      router_(std::move(router)),
      seen_tables_(options_.tags.size()),
      prepared_(options_.prepared) {
  for (const MysqlTag& tag : options_.tags) {
    tags_.push_back(std::make_unique<TagState>(tag, options_.rows));
  }
}

absl::StatusOr<std::unique_ptr<GroupAssembler>> GroupAssembler::Create(Options options) {
  if (options.tags.empty()) return absl::InvalidArgumentError("the collector feeds no tag");
  DCP_ASSIGN_OR_RETURN(TableRouter router, TableRouter::Create(options.tags));
  return std::unique_ptr<GroupAssembler>(new GroupAssembler(std::move(options), std::move(router)));
}

void GroupAssembler::Add(const BinlogEvent& event) {
  Dispatch(event);
  if (event.ends_statement) statement_size_ = 0;
}

void GroupAssembler::Dispatch(const BinlogEvent& event) {
  using Kind = BinlogEvent::Kind;
  switch (event.kind) {
    case Kind::kGroupStart:
      return StartGroup(event);
    case Kind::kRotate:
      CloseIfEnded();
      if (state_ == State::kOutside) resume_.MovedTo(event.end);
      return;
    case Kind::kHeartbeat:
    case Kind::kPreviousGtids:
      return CloseIfEnded();
    case Kind::kGap:
      CloseIfEnded();
      return Forget();
    case Kind::kRowsQuery:
      return OnRowsQuery(event);
    case Kind::kOther:
      return;
    case Kind::kQuery:
      return OnQuery(event);
    case Kind::kRows:
      return OnRows(event);
    case Kind::kCommit:
      Enter(event);
      return Close();
    case Kind::kXaPrepare:
      return OnXaPrepare(event);
    case Kind::kUnreadable:
      return OnUnreadable(event);
    case Kind::kIncident:
      return OnIncident(event);
    case Kind::kStatementContext:
      return OnStatementContext(event);
  }
}

// ---- groups ----

void GroupAssembler::StartGroup(const BinlogEvent& event) {
  CloseIfEnded();
  if (state_ == State::kStarted && has_content_) Close();
  // An event that could not be read may have been the end of the group.
  if (state_ == State::kBegun && uncertain_) Close();
  Restart(event);
  has_start_ = true;
  gtid_ = event.gtid;
  announces_only_ = event.announces_only;
  standalone_ = event.group == BinlogEvent::Group::kStandalone;
  if (event.group == BinlogEvent::Group::kTransaction) state_ = State::kBegun;
}

// Opens a group without content at `event`, whatever was open.
void GroupAssembler::Restart(const BinlogEvent& event) {
  Forget();
  state_ = State::kStarted;
  server_id_ = event.server_id;
  timestamp_micros_ = event.timestamp_micros;
  end_ = event.end;
}

// `event` belongs to the open group, or begins one without GroupStart.
void GroupAssembler::Enter(const BinlogEvent& event) {
  if (state_ == State::kOutside) return Restart(event);
  end_ = event.end;
  if (timestamp_micros_ == 0) timestamp_micros_ = event.timestamp_micros;
}

void GroupAssembler::BeginTransaction() {
  state_ = State::kBegun;
  has_content_ = true;
}

void GroupAssembler::EndByItself() {
  has_content_ = true;
  if (state_ == State::kStarted && standalone_) return Close();
  if (state_ == State::kStarted) state_ = State::kEnded;
}

void GroupAssembler::CloseIfEnded() {
  if (state_ == State::kEnded) Close();
}

void GroupAssembler::Close() {
  model::Txn txn;
  txn.gtid = gtid_;
  txn.server_id = server_id_;
  txn.timestamp_micros = timestamp_micros_;
  txn.end_offset = end_.offset;
  PassBarriers();
  for (const auto& tag : tags_) tag->batch.EndGroup(txn, end_.file);
  resume_.GroupEnded(gtid_, end_);
  ++counters_.groups;
  if (timestamp_micros_ != 0) last_commit_micros_ = timestamp_micros_;
  barrier_closed_ = barrier_closed_ || barrier_in_group_;
  Forget();
}

void GroupAssembler::DropContent() {
  for (const auto& tag : tags_) tag->batch.TruncateTo({});
  savepoints_.clear();
  barrier_in_group_ = false;
  xa_place_.reset();
}

// Leaves the open group, with whatever it still holds.
void GroupAssembler::Forget() {
  DropContent();
  state_ = State::kOutside;
  has_start_ = false;
  gtid_ = {};
  server_id_ = 0;
  standalone_ = false;
  announces_only_ = false;
  found_empty_ = false;
  timestamp_micros_ = 0;
  uncertain_ = false;
  has_content_ = false;
  statement_size_ = 0;
}

void GroupAssembler::Pause() { CloseIfEnded(); }

void GroupAssembler::Disconnect() { Forget(); }

void GroupAssembler::Begin(const model::StreamOrigin& origin,
                           const model::BinlogPosition& position) {
  Forget();
  prepared_.Clear();
  resume_.Start(origin, position);
  stream_uuid_ = origin.server_uuid;
  stream_id_ = origin.server_id;
}

model::Place GroupAssembler::PlaceNow() const {
  if (model::Place held = prepared_.oldest_place()) return held;
  StreamPlace place{stream_uuid_, stream_id_, resume_.Get()};
  const bool by_gtid = place.start.kind == StartPoint::Kind::kGtid;
  if (!by_gtid && place.start.position.file.empty()) return nullptr;
  return std::make_shared<const std::string>(place.ToText());
}

void GroupAssembler::AddExecuted(const model::GtidSet& executed) {
  model::Txn txn;
  txn.end_offset = resume_.position().offset;
  for (const auto& tag : tags_) {
    Mark mark;
    mark.kind = Mark::Kind::kExecuted;
    mark.executed = executed;
    tag->batch.AddMark(std::move(mark));
    tag->batch.EndGroup(txn, resume_.position().file);
  }
}

size_t GroupAssembler::memory() const {
  size_t largest = 0;
  for (const auto& tag : tags_) largest = std::max(largest, tag->batch.memory());
  return largest;
}

std::vector<model::ChangeBatchPtr> GroupAssembler::Take() {
  barrier_closed_ = false;
  std::vector<model::ChangeBatchPtr> batches;
  for (const auto& tag : tags_) batches.push_back(tag->batch.Take());
  return batches;
}

// ---- queries ----

void GroupAssembler::OnQuery(const BinlogEvent& event) {
  using Kind = SqlStatement::Kind;
  const SqlStatement statement = ParseStatement(event.query, event.database, options_.hide_values);
  // Where groups have no start of their own, another statement is another group.
  if (!has_start_ && statement.kind != Kind::kCommit) CloseIfEnded();
  Enter(event);
  switch (statement.kind) {
    case Kind::kBegin:
      return OnBegin(event);
    case Kind::kCommit:
      return Close();
    case Kind::kRollback:
      DropContent();
      return Close();
    case Kind::kSavepoint:
      return OnSavepoint(statement.name);
    case Kind::kRollbackTo:
      return OnRollbackTo(statement.name);
    case Kind::kXaCommit:
      return OnXaCommit(statement);
    case Kind::kXaRollback:
      return OnXaRollback(statement);
    case Kind::kDdl:
      if (!announces_only_) OnDdl(statement);
      return EndByItself();
    case Kind::kHarmless:
      return EndByItself();
    case Kind::kDataChange:
      return OnDataChange(event, statement);
  }
}

void GroupAssembler::OnBegin(const BinlogEvent& event) {
  // (Its GroupStart may have begun this transaction already.)
  if (state_ == State::kBegun && (has_content_ || !has_start_)) {  // the group before was cut off
    if (uncertain_) Close();
    Restart(event);
  }
  BeginTransaction();
}

// Statements that change rows stand in transactions. But what is not understood may
// be a statement of another kind: then the next group finds this one open.
void GroupAssembler::OnDataChange(const BinlogEvent& event, const SqlStatement& statement) {
  if (IsEmptiedTable(statement)) {
    OnDdl(statement);
    found_empty_ = true;
    return EndByItself();
  }
  uncertain_ = uncertain_ || state_ != State::kBegun;
  MarkAll("statement",
          absl::StrCat("a statement at ", PlaceOf(event),
                       " changed data without rows (set binlog_format = 'ROW'): ", statement.text));
  BeginTransaction();
}

// A MEMORY table that was found empty after a restart: TRUNCATE, by other words.
bool GroupAssembler::IsEmptiedTable(const SqlStatement& statement) const {
  const bool outside_transaction =
      state_ == State::kStarted || (state_ == State::kEnded && found_empty_);
  return !statement.actions.empty() && outside_transaction && !gtid_.source.mariadb();
}

void GroupAssembler::OnSavepoint(const std::string& name) {
  BeginTransaction();
  // A savepoint of the same name is moved.
  savepoints_.erase(std::remove_if(savepoints_.begin(), savepoints_.end(),
                                   [&](const Savepoint& s) { return s.name == name; }),
                    savepoints_.end());
  Savepoint savepoint{name, {}};
  for (const auto& tag : tags_) savepoint.places.push_back(tag->batch.here());
  savepoints_.push_back(std::move(savepoint));
}

void GroupAssembler::OnRollbackTo(const std::string& name) {
  BeginTransaction();
  const auto savepoint = std::find_if(savepoints_.begin(), savepoints_.end(),
                                      [&](const Savepoint& s) { return s.name == name; });
  if (savepoint == savepoints_.end()) {
    MarkAll("event", absl::StrCat("ROLLBACK TO a savepoint \"", name, "\" that was not seen"));
    return;
  }
  for (size_t i = 0; i < tags_.size(); ++i) tags_[i]->batch.TruncateTo(savepoint->places[i]);
  // The savepoint itself stays, those set after it are gone.
  savepoints_.erase(savepoint + 1, savepoints_.end());
}

void GroupAssembler::OnXaPrepare(const BinlogEvent& event) {
  Enter(event);
  if (event.one_phase) return Close();
  std::vector<GroupContent> contents;
  for (const auto& tag : tags_) contents.push_back(tag->batch.Cut());
  barrier_in_group_ = false;
  const std::string xid = NormalXid(event.query);
  for (const std::string& forgotten : prepared_.Hold(xid, std::move(contents), PlaceNow())) {
    Log(absl::StrCat("too many prepared XA transactions are open; forgot the oldest, ", forgotten,
                     ": its commit will be unverified"));
  }
  Close();
}

void GroupAssembler::OnXaCommit(const SqlStatement& statement) {
  if (statement.one_phase && state_ == State::kBegun) return Close();
  xa_place_ = PlaceNow();
  const auto contents = prepared_.Release(statement.name);
  if (contents.has_value()) {
    for (size_t i = 0; i < tags_.size(); ++i) tags_[i]->batch.Paste((*contents)[i]);
    barrier_in_group_ = true;  // there may be one inside
  } else {
    MarkAll("event", absl::StrCat("XA COMMIT of ", statement.name,
                                  ", whose XA PREPARE stands before the start of this stream"));
  }
  Close();
}

void GroupAssembler::OnXaRollback(const SqlStatement& statement) {
  prepared_.Release(statement.name);
  DropContent();
  Close();
}

void GroupAssembler::OnDdl(const SqlStatement& statement) {
  for (const DdlAction& action : statement.actions) {
    if (action.table.empty()) {
      MarkDropDatabase(action, statement);
    } else {
      MarkDdl(action, statement);
    }
  }
}

void GroupAssembler::MarkDdl(const DdlAction& action, const SqlStatement& statement) {
  for (const TableRouter::Route& route : router_.RoutesOf(action.database, action.table)) {
    AddDdlMark(route.tag, route.logical_name, action, statement);
  }
}

void GroupAssembler::MarkDropDatabase(const DdlAction& action, const SqlStatement& statement) {
  for (size_t tag = 0; tag < tags_.size(); ++tag) {
    std::set<std::string> names;
    for (std::string& name : router_.ExactTablesIn(action.database, tag)) {
      names.insert(std::move(name));
    }
    const auto seen = seen_tables_[tag].find(action.database);
    if (seen != seen_tables_[tag].end()) names.insert(seen->second.begin(), seen->second.end());
    for (const std::string& name : names) AddDdlMark(tag, name, action, statement);
  }
}

void GroupAssembler::AddDdlMark(size_t tag, const std::string& logical_name,
                                const DdlAction& action, const SqlStatement& statement) {
  Mark mark;
  mark.kind = Mark::Kind::kDdl;
  mark.table = logical_name;
  mark.detail = statement.text;
  mark.ddl = DdlDigest(action, logical_name);
  mark.effect = action.effect;
  tags_[tag]->batch.AddMark(std::move(mark));
  if (options_.columns != nullptr) options_.columns->Ddl(tags_[tag]->options.tag, logical_name);
}

// ---- rows ----

void GroupAssembler::OnRows(const BinlogEvent& event) {
  Enter(event);
  if (state_ != State::kEnded || !found_empty_) BeginTransaction();
  if (event.table == nullptr || event.rows == nullptr) {
    return MarkAll("event", absl::StrCat("rows of an unknown table at ", PlaceOf(event)));
  }
  if (event.table->is_sequence) return;
  const TableTargets& table = TargetsOf(event.table);
  if (table.targets.empty() && !table.is_barrier) return;
  changes_before_.clear();
  for (const auto& tag : tags_) changes_before_.push_back(tag->batch.here().changes);
  ReadRows(event, table);
  if (statement_size_ > 0) NoteStatement(table);
}

// Cut between two characters, where it is UTF-8.
void GroupAssembler::OnRowsQuery(const BinlogEvent& event) {
  ++statement_number_;
  statement_size_ = event.query.size();
  statement_.clear();
  if (options_.hide_values) return;
  size_t size = std::min(event.query.size(), options_.max_statement_bytes);
  const auto continues = [&](size_t i) {
    return i < event.query.size() && (static_cast<unsigned char>(event.query[i]) & 0xc0) == 0x80;
  };
  for (int i = 0; i < 3 && size > 0 && continues(size); ++i) --size;
  statement_.assign(event.query, 0, size);
}

void GroupAssembler::NoteStatement(const TableTargets& table) {
  for (const Target& target : table.targets) {
    TagState& tag = *tags_[target.tag];
    if (!tag.options.capture_rows) continue;
    tag.batch.NoteStatement(changes_before_[target.tag], statement_number_, statement_,
                            statement_size_);
  }
}

void GroupAssembler::ReadRows(const BinlogEvent& event, const TableTargets& table) {
  while (true) {
    const absl::StatusOr<bool> more = event.rows->Next(&before_, &after_);
    if (!more.ok()) return MarkTable(table, "event", std::string(more.status().message()));
    if (!*more) return;
    if (!HasAllColumns(event)) {
      return MarkTable(table, "event",
                       absl::StrCat("a row of ", NameOf(*event.table), " at ", PlaceOf(event),
                                    " has fewer columns than its table"));
    }
    OnRow(event, table);
  }
}

bool GroupAssembler::HasAllColumns(const BinlogEvent& event) const {
  using RowOp = BinlogEvent::RowOp;
  const size_t columns = event.table->columns.size();
  return (event.op == RowOp::kInsert || before_.size() >= columns) &&
         (event.op == RowOp::kDelete || after_.size() >= columns);
}

void GroupAssembler::OnRow(const BinlogEvent& event, const TableTargets& table) {
  if (event.op == BinlogEvent::RowOp::kUpdate) CompleteAfterImage();
  if (table.is_barrier) OnBarrierRow(event, table);
  if (!table.targets.empty()) ++counters_.rows;
  for (const Target& target : table.targets) WriteRow(event, target);
}

// An update leaves a column that its after image lacks as the before image has it.
void GroupAssembler::CompleteAfterImage() {
  const size_t columns = std::min(before_.size(), after_.size());
  for (size_t i = 0; i < columns; ++i) {
    if (after_[i].kind == Value::Kind::kAbsent) after_[i] = before_[i];
  }
}

void GroupAssembler::OnBarrierRow(const BinlogEvent& event, const TableTargets& table) {
  if (event.op == BinlogEvent::RowOp::kDelete) return;
  const auto id = NumberIn(after_[table.barrier_id]);
  const auto offset = NumberIn(after_[table.barrier_offset]);
  if (!id.has_value() || !offset.has_value()) {
    return Log(absl::StrCat("a row of drc.barrier at ", PlaceOf(event),
                            " has no id or offset; set binlog_row_image = 'FULL'"));
  }
  for (const auto& tag : tags_) {
    if (tag->options.barrier_id != *id) continue;
    Mark mark;
    mark.kind = Mark::Kind::kBarrier;
    mark.barrier_offset = *offset;
    tag->batch.AddMark(std::move(mark));
    barrier_in_group_ = true;
  }
}

void GroupAssembler::WriteRow(const BinlogEvent& event, const Target& target) {
  using RowOp = BinlogEvent::RowOp;
  TagState& tag = *tags_[target.tag];
  if (!target.layout.ok()) {
    return tag.batch.AddUnverified(target.logical_name, target.reason,
                                   std::string(target.layout.status().message()));
  }
  const TagBatch::Place place = tag.batch.here();
  const RowLayout& layout = *target.layout;
  const Narrowed narrowed(layout.narrowed, &before_, &after_);
  const bool fits = tag.batch.group_memory() <= options_.max_group_bytes;
  const bool whole = !fits                        ? true
                     : event.op == RowOp::kInsert ? tag.writer.Insert(layout, after_)
                     : event.op == RowOp::kDelete ? tag.writer.Delete(layout, before_)
                                                  : tag.writer.Update(layout, before_, after_);
  if (!whole) return tag.batch.AddUnverified(target.logical_name, "image", ImageDetail(event));
  if (fits && tag.batch.bytes().size() <= TagBatch::kMaxBytes) return;
  tag.batch.TruncateTo(place);
  tag.batch.AddUnverified(
      target.logical_name, "event",
      absl::StrCat("the transaction at ", PlaceOf(event), " needs more than ",
                   options_.max_group_bytes, " bytes; the rest of its rows is not compared"));
}

const GroupAssembler::TableTargets& GroupAssembler::TargetsOf(
    const std::shared_ptr<const TableSchema>& schema) {
  const auto it = tables_.find(schema.get());
  if (it != tables_.end()) {
    if (IsStale(it->second)) it->second = MakeTargets(schema);
    return it->second;
  }
  if (tables_.size() >= kMaxTables) tables_.clear();
  return tables_.emplace(schema.get(), MakeTargets(schema)).first->second;
}

GroupAssembler::TableTargets GroupAssembler::MakeTargets(
    const std::shared_ptr<const TableSchema>& schema) {
  TableTargets table;
  table.schema = schema;
  table.is_barrier = schema->database == barrier::kDatabase && schema->name == barrier::kTable;
  table.barrier_id = OrdinalOf(*schema, barrier::kIdColumn, barrier::kIdOrdinal);
  table.barrier_offset = OrdinalOf(*schema, barrier::kOffsetColumn, barrier::kOffsetOrdinal);
  if (table.is_barrier &&
      std::max(table.barrier_id, table.barrier_offset) >= schema->columns.size()) {
    table.is_barrier = false;
    Log("drc.barrier has fewer than two columns; its rows are no barriers");
  }
  for (const TableRouter::Route& route : router_.RoutesOf(schema->database, schema->name)) {
    table.targets.push_back(MakeTarget(*schema, route));
    auto& seen = seen_tables_[route.tag][schema->database];
    if (std::find(seen.begin(), seen.end(), route.logical_name) == seen.end()) {
      seen.push_back(route.logical_name);
    }
  }
  return table;
}

// ---- columns ----

GroupAssembler::Target GroupAssembler::MakeTarget(const TableSchema& schema,
                                                  const TableRouter::Route& route) {
  const TagState& tag = *tags_[route.tag];
  Target target{route.tag, route.logical_name, absl::StatusOr<RowLayout>()};
  ColumnAgreement::Answer answer;
  if (options_.columns != nullptr) {
    target.generation = options_.columns->generation();
    target.barriers = tag.barriers;
    answer =
        options_.columns->Ask(tag.options.tag, route.logical_name, ViewOf(schema, *route.pattern));
    target.settled = answer.settled;
  }
  if (answer.unverified.empty()) {
    target.layout = MakeRowLayout(schema, route, answer.encoding, options_.registry);
  } else {
    target.layout = absl::FailedPreconditionError(answer.unverified);
    target.reason = answer.reason;
  }
  return target;
}

// What was agreed about some tag's columns may be another thing here.
bool GroupAssembler::IsStale(const TableTargets& table) const {
  if (options_.columns == nullptr) return false;
  const uint64_t generation = options_.columns->generation();
  return std::any_of(table.targets.begin(), table.targets.end(), [&](const Target& target) {
    return target.generation != generation ||
           (!target.settled && target.barriers != tags_[target.tag]->barriers);
  });
}

// The group that ends here, and is kept, may hold barriers.
void GroupAssembler::PassBarriers() {
  if (!barrier_in_group_) return;
  const model::Place place = xa_place_ != nullptr ? xa_place_ : PlaceNow();
  for (const auto& tag : tags_) tag->batch.SetBarrierPlace(place);
  if (options_.columns == nullptr) return;
  for (const auto& tag : tags_) {
    const std::optional<uint64_t> offset = tag->batch.group_barrier();
    if (!offset.has_value()) continue;
    ++tag->barriers;
    options_.columns->Barrier(tag->options.tag, *offset);
  }
}

// ---- marks ----

void GroupAssembler::OnUnreadable(const BinlogEvent& event) {
  Enter(event);
  uncertain_ = true;
  const std::string detail = absl::StrCat("event of type ", static_cast<int>(event.type_code),
                                          " at ", PlaceOf(event), ": ", event.error.message());
  if (event.table == nullptr) {
    MarkAll("event", detail);
  } else {
    MarkTable(TargetsOf(event.table), "event", detail);
  }
  EndByItself();
}

void GroupAssembler::OnIncident(const BinlogEvent& event) {
  Enter(event);
  uncertain_ = true;  // what is missing may be the end of the group
  MarkAll("event", absl::StrCat("the server says at ", PlaceOf(event),
                                " that events are missing in its binlog (INCIDENT)"));
  EndByItself();
}

void GroupAssembler::OnStatementContext(const BinlogEvent& event) {
  Enter(event);
  has_content_ = true;
  MarkAll("statement", absl::StrCat("data was changed by a statement without rows at ",
                                    PlaceOf(event), "; set binlog_format = 'ROW'"));
}

void GroupAssembler::MarkTable(const TableTargets& table, absl::string_view reason,
                               absl::string_view detail) {
  for (const Target& target : table.targets) {
    tags_[target.tag]->batch.AddUnverified(target.logical_name, reason, detail);
  }
  if (table.is_barrier) Log(absl::StrCat("a barrier cannot be read: ", detail));
}

void GroupAssembler::MarkAll(absl::string_view reason, absl::string_view detail) {
  for (const auto& tag : tags_) tag->batch.AddUnverified("", reason, detail);
}

void GroupAssembler::Log(absl::string_view text) const {
  if (options_.log) options_.log(text);
}

}  // namespace dcp::collector
