// GroupAssembler makes changes of the events of one server's binlog: exactly those
// that its transactions keep (DESIGN, section 3).
//
// A pure state machine: no thread, no clock, no I/O. Thread-compatible. Add() waits where
// ColumnAgreement::Ask() does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/mysql/column_agreement.h"
#include "collector/mysql/prepared_groups.h"
#include "collector/mysql/row_layout.h"
#include "collector/mysql/row_writer.h"
#include "collector/mysql/sql_statement.h"
#include "collector/mysql/start_point.h"
#include "collector/mysql/table_router.h"
#include "collector/mysql/tag_batch.h"
#include "collector/mysql/tag_options.h"
#include "model/change_batch.h"
#include "model/table.h"
#include "mysql/binlog_reader.h"

namespace dcp::collector {

// Something that an operator may want to read; nothing depends on it.
using LogFunction = std::function<void(absl::string_view)>;

// The grammar of a stream, as kinds of BinlogEvent (queries by what they do):
//
//   stream  = { group | Rotate | Heartbeat | PreviousGtids | Gap | Other }
//   group   = [GroupStart] [BEGIN] body end            a transaction
//           | [GroupStart] BEGIN body XaPrepare        held by its XID
//           | [GroupStart] (XaCommit | XaRollback)     what becomes of it
//           | [GroupStart] statement                   ends by itself: DDL and the like,
//                                                      INCIDENT, an unreadable group
//   body    = { Rows | RowsQuery | StatementContext | DataChange | Unreadable
//               | SAVEPOINT | ROLLBACK TO | DDL | Other }
//   end     = Commit | COMMIT | ROLLBACK | XaPrepare(one_phase)
//
// MariaDB writes no BEGIN: its GroupStart says whether a transaction follows or a statement
// that ends by itself. A group whose statement ends it by itself is closed when the next event
// cannot belong to it any more, or at Pause(); rows can where that statement said that a table was
// found empty (MySQL 5.6 loses the BEGIN and COMMIT around them). A group that the next GroupStart
// or BEGIN finds open was cut off by a crash of its server: it is dropped, as replicas drop it,
// unless what could not be read may have been its end. Behind a Gap the stream has to Begin()
// anew.
class GroupAssembler {
 public:
  struct Options {
    std::vector<MysqlTag> tags;
    model::TableRegistry* registry = nullptr;  // outlives the assembler
    // What all collectors agree about columns in; outlives the assembler. Null: each table's
    // own columns and key count.
    ColumnAgreement* columns = nullptr;
    LogFunction log;  // may be empty
    // In the texts of statements that marks tell; those that made rows are not kept at all.
    bool hide_values = false;
    RowWriter::Limits rows;
    PreparedGroups::Limits prepared;
    // A group that needs more memory on a tag keeps what it has; the tables of
    // its further rows are unverified.
    size_t max_group_bytes = size_t{1} << 30;
    size_t max_statement_bytes = 1024;  // kept of the text of one that made rows
  };

  struct Counters {
    uint64_t groups = 0;
    uint64_t rows = 0;  // decoded, of tables that some tag takes
  };

  // kInvalidArgument: no tag, or as of TableRouter::Create
  static absl::StatusOr<std::unique_ptr<GroupAssembler>> Create(Options options);

  // Never fails: what cannot be read becomes a mark.
  void Add(const mysql::BinlogEvent& event);

  // Nothing has come for a while (long enough that the rest of a group would have):
  // closes a group that has ended by itself.
  void Pause();
  // The connection broke: drops the open group, which comes again. Groups held by XID
  // stay.
  void Disconnect();
  // The stream goes on behind the same GTIDs on another server. REQUIRES: outside()
  void GoOnElsewhere() { resume_.OnOtherServer(); }
  // The stream begins (anew) at a place that `origin` and `position` describe: drops
  // the open group, and what is held by XID.
  void Begin(const model::StreamOrigin& origin, const model::BinlogPosition& position);

  // True between groups.
  bool outside() const { return state_ == State::kOutside; }
  // The server has executed all of `executed` before this place in its stream: becomes a
  // transaction of its own, with a mark and without a GTID. REQUIRES: outside()
  void AddExecuted(const model::GtidSet& executed);

  // From where the stream shows the open group again, or the next one, and all that is held
  // by XID; null: the server has not told. REQUIRES: Begin() was called
  model::Place PlaceNow() const;

  const ResumePoint& resume_point() const { return resume_; }
  const Counters& counters() const { return counters_; }
  // Of the last closed group, as its server's clock said; 0: not told.
  int64_t last_commit_micros() const { return last_commit_micros_; }

  size_t tag_count() const { return tags_.size(); }
  const model::Tag& tag(size_t index) const { return tags_[index]->options.tag; }
  // A closed group has shown a barrier since the last Take().
  bool barrier_closed() const { return barrier_closed_; }
  // Memory of what was not taken yet, the largest of the tags.
  size_t memory() const;
  bool empty() const { return tags_.front()->batch.empty(); }
  // The closed groups, one batch per tag; nulls if there are none. An open group stays.
  std::vector<model::ChangeBatchPtr> Take();

 private:
  enum class State {
    kOutside,
    kStarted,  // behind GroupStart: what the group is, is not known yet
    kBegun,    // in a transaction, which must end by its own word
    kEnded,    // has ended by itself, unless rows follow
  };

  struct TagState {
    TagState(MysqlTag tag, const RowWriter::Limits& limits)
        : options(std::move(tag)), writer(options, limits, &batch) {}
    const MysqlTag options;
    TagBatch batch;
    RowWriter writer;
    uint64_t barriers = 0;  // passed so far
  };

  // One tag's view of a table.
  struct Target {
    size_t tag = 0;
    std::string logical_name;
    absl::StatusOr<RowLayout> layout;
    absl::string_view reason = "event";  // of the mark in place of rows without a layout
    // When the agreement was asked, and whether its answer holds behind the next barrier.
    uint64_t generation = 0, barriers = 0;
    bool settled = true;
  };

  // What is known of one TableSchema.
  struct TableTargets {
    std::shared_ptr<const mysql::TableSchema> schema;  // keeps the map's key alive
    std::vector<Target> targets;
    bool is_barrier = false;
    uint32_t barrier_id = 0, barrier_offset = 0;  // ordinals
  };

  struct Savepoint {
    std::string name;
    std::vector<TagBatch::Place> places;  // per tag
  };

  GroupAssembler(Options options, TableRouter router);

  void Dispatch(const mysql::BinlogEvent& event);

  // Groups
  void StartGroup(const mysql::BinlogEvent& event);
  void Enter(const mysql::BinlogEvent& event);
  void Restart(const mysql::BinlogEvent& event);
  void BeginTransaction();
  void CloseIfEnded();
  void Close();
  void DropContent();
  void Forget();
  void EndByItself();

  // Queries
  void OnQuery(const mysql::BinlogEvent& event);
  void OnBegin(const mysql::BinlogEvent& event);
  void OnDataChange(const mysql::BinlogEvent& event, const SqlStatement& statement);
  bool IsEmptiedTable(const SqlStatement& statement) const;
  void OnSavepoint(const std::string& name);
  void OnRollbackTo(const std::string& name);
  void OnXaPrepare(const mysql::BinlogEvent& event);
  void OnXaCommit(const SqlStatement& statement);
  void OnXaRollback(const SqlStatement& statement);
  void OnDdl(const SqlStatement& statement);
  void MarkDdl(const DdlAction& action, const SqlStatement& statement);
  void MarkDropDatabase(const DdlAction& action, const SqlStatement& statement);
  void AddDdlMark(size_t tag, const std::string& logical_name, const DdlAction& action,
                  const SqlStatement& statement);

  // Rows
  void OnRows(const mysql::BinlogEvent& event);
  void ReadRows(const mysql::BinlogEvent& event, const TableTargets& table);
  void OnRowsQuery(const mysql::BinlogEvent& event);
  void NoteStatement(const TableTargets& table);
  void OnRow(const mysql::BinlogEvent& event, const TableTargets& table);
  void OnBarrierRow(const mysql::BinlogEvent& event, const TableTargets& table);
  void WriteRow(const mysql::BinlogEvent& event, const Target& target);
  bool HasAllColumns(const mysql::BinlogEvent& event) const;
  void CompleteAfterImage();
  const TableTargets& TargetsOf(const std::shared_ptr<const mysql::TableSchema>& schema);
  TableTargets MakeTargets(const std::shared_ptr<const mysql::TableSchema>& schema);
  Target MakeTarget(const mysql::TableSchema& schema, const TableRouter::Route& route);
  bool IsStale(const TableTargets& table) const;
  void PassBarriers();

  // Marks
  void OnUnreadable(const mysql::BinlogEvent& event);
  void OnIncident(const mysql::BinlogEvent& event);
  void OnStatementContext(const mysql::BinlogEvent& event);
  void MarkTable(const TableTargets& table, absl::string_view reason, absl::string_view detail);
  void MarkAll(absl::string_view reason, absl::string_view detail);
  void Log(absl::string_view text) const;

  const Options options_;
  const TableRouter router_;
  std::vector<std::unique_ptr<TagState>> tags_;
  std::unordered_map<const mysql::TableSchema*, TableTargets> tables_;
  // Logical names seen so far, per tag and database: what DROP DATABASE takes away.
  std::vector<std::map<std::string, std::vector<std::string>>> seen_tables_;

  State state_ = State::kOutside;
  bool has_start_ = false;  // the open group began with GroupStart, as the next one will
  model::Gtid gtid_;
  uint32_t server_id_ = 0;
  bool standalone_ = false;      // it has one event
  bool announces_only_ = false;  // its DDL comes in another group
  bool found_empty_ = false;     // its statement says that a table was
  int64_t timestamp_micros_ = 0;
  model::BinlogPosition end_;  // of the open group's last event
  bool uncertain_ = false;     // the group holds an event that could not be read
  bool has_content_ = false;   // behind kStarted: something of the group was seen
  std::vector<Savepoint> savepoints_;
  PreparedGroups prepared_;
  model::Place xa_place_;  // of the open group, where it ends one that was held
  ResumePoint resume_;
  model::Uuid stream_uuid_{};  // the server of the stream
  uint32_t stream_id_ = 0;
  Counters counters_;
  int64_t last_commit_micros_ = 0;
  bool barrier_closed_ = false;
  bool barrier_in_group_ = false;

  std::string statement_;        // that the open group's next rows are of, cut
  uint64_t statement_size_ = 0;  // of the whole; 0: the server does not tell it
  uint64_t statement_number_ = 0;

  std::vector<model::Value> before_, after_;  // reused from row to row
  std::vector<size_t> changes_before_;        // per tag; reused
};

}  // namespace dcp::collector
