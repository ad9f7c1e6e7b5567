// ColumnAgreement: which columns of a logical table are compared between the tags of a
// configuration, and what is its key: the source's, by name, on every tag
// (docs/columns.md).
//
// Collectors read their streams independently of each other, so what a row is encoded with is
// chosen by its place in its stream (the last barrier before it), never by what is newest.
// Columns that one side lacks are left out on both; the source does so from a barrier on. Where
// it cannot be told how the other side's rows are encoded, the rows are not comparable: they
// become marks `unverified`, on either side.
//
// Thread-safe. No I/O; its clock only bounds how long Ask() waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "collector/mysql/encoding_history.h"
#include "collector/mysql/table_view.h"
#include "collector/mysql/tag_options.h"
#include "model/tag.h"

namespace dcp::collector {

// One tag fed from MySQL.
struct ColumnMember {
  model::Tag tag;
  std::string stream;                // the collector: tags of one are read by one thread
  std::vector<TablePattern> tables;  // what the tag takes
  std::optional<model::Tag> source;  // of the first check that the tag is a target of
  bool strict = false;               // some check of this source has strict_columns
};

class ColumnAgreement {
 public:
  struct Options {
    std::vector<ColumnMember> members;
    // Barriers that a row may overtake or be overtaken by in an applier, and one more.
    size_t window = 2;
    // How long Ask() waits for the source to show what the target's rows tell already.
    absl::Duration patience = absl::Seconds(5);
    std::function<void(absl::string_view)> log;  // may be empty; called with no lock held
    const Clock* clock = &Clock::Real();
  };

  struct Answer {
    // The rows are made of these columns; none: of the table's own.
    std::optional<Encoding> encoding;
    std::string unverified;  // not empty: they are not comparable here, and why
    // Of the mark: "ddl" near a change, "columns" where the tables cannot be matched.
    absl::string_view reason = "ddl";
    // The answer stays as it is until generation() changes; else it may be another one
    // behind the tag's next barrier.
    bool settled = true;
  };

  explicit ColumnAgreement(Options options);

  // Before any stream: `table` of `tag` as its server describes it now. All of them, then
  // Begin().
  void Seed(const model::Tag& tag, const std::string& table, const TableView& view)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Begin() ABSL_LOCKS_EXCLUDED(mu_);

  // A row of `table`, of columns as `view` says, stands at the present place of the tag's
  // stream: how is it encoded? On a target that shows columns which the source's stream does not
  // tell yet, waits for the source's collector, options.patience at most per barrier.
  Answer Ask(const model::Tag& tag, const std::string& table, const TableView& view)
      ABSL_LOCKS_EXCLUDED(mu_);
  // The tag's stream has a DDL statement on `table` here.
  void Ddl(const model::Tag& tag, const std::string& table) ABSL_LOCKS_EXCLUDED(mu_);
  // The tag's stream has passed a barrier.
  void Barrier(const model::Tag& tag, uint64_t offset) ABSL_LOCKS_EXCLUDED(mu_);

  // The tag's stream has ended: nobody has to wait for it any more.
  void Ended(const model::Tag& tag) ABSL_LOCKS_EXCLUDED(mu_);

  // Grows when answers given before may have changed.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // What is left out of the comparison of a target's table with its source's, for people;
  // empty: nothing. `physical` is the table's name on its server.
  std::string LeftOut(const model::Tag& tag, const std::string& table,
                      const std::string& physical) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Member {
    ColumnMember options;
    std::optional<uint64_t> place;   // the last barrier of the stream
    std::deque<uint64_t> barriers;   // the last window + 1
    bool ended = false;              // the stream has
    std::optional<uint64_t> waited;  // at this place Ask() waited in vain
    std::map<std::string, model::Tag> leaders;
  };
  using TableKey = std::pair<model::Tag, std::string>;  // of the source, logical name

  // One physical table of a target.
  struct Follower {
    TableView view;
    std::optional<TableView> before;
    uint64_t since = 0;
    std::optional<Encoding> given;  // what its last rows were encoded with, unmarked
    // Columns of the source that it lacks, and that are DOUBLE there and FLOAT here.
    std::vector<std::string> lacks, floats;
    std::string said;
  };
  // A logical table of a source.
  struct Table {
    explicit Table(size_t window) : history(window) {}
    std::map<std::string, TableView> views;  // by physical table
    std::string first;                       // the physical one whose order counts
    EncodingHistory history;
    bool ddl = false;       // a statement since the last row
    bool reported = false;  // some follower's lacks changed
    // Rows are marked until the source has passed `behind`, and then so many barriers.
    uint64_t behind = 0;
    size_t marked_barriers = 0;
    std::string marked_why;
    std::map<std::pair<model::Tag, std::string>, Follower> followers;
  };

  Member* Find(const model::Tag& tag) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  const model::Tag& LeaderOf(Member& member, const std::string& table)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Covers(const Member& member, const std::string& table) const;
  bool HasPassed(const Member& source, uint64_t place) const;
  Table& TableOf(const model::Tag& leader, const std::string& table)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // The source's side.
  Answer Lead(Member& member, Table& table, const TableView& view)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Encoding Wanted(const Member& source, const Table& table) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Update(const Member& source, Table& table, bool by_ddl, absl::string_view why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void MarkWhatWasMissed(Table& table, const Encoding* before, bool by_ddl, absl::string_view why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LeaderPassed(const Member& member, Table& table, uint64_t offset, bool back)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // The target's.
  Answer Follow(Member& member, const model::Tag& leader, const std::string& table,
                const TableView& view) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void NoteView(const Member& member, const TableView& view, Follower* follower) const;
  bool IsAhead(const Member& source, const Follower& follower, const Encoding* encoding) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AwaitSource(Member& member, const Member& source, std::optional<absl::Duration>* end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Report(Table& table, Follower* follower) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string LeftOutOf(const Member& source, const Member& target, const Table& table,
                        const Follower& follower) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Say(const Member& source, const Member& target, const std::string& name, const Table& table,
           Follower* follower) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LogSaid() ABSL_LOCKS_EXCLUDED(mu_);

  const Options options_;
  std::atomic<uint64_t> generation_{1};

  mutable Mutex mu_;
  CondVar changed_;
  std::map<model::Tag, Member> members_ ABSL_GUARDED_BY(mu_);
  std::map<TableKey, Table> tables_ ABSL_GUARDED_BY(mu_);  // nodes stay where they are
  std::vector<std::string> said_ ABSL_GUARDED_BY(mu_);     // to be logged
};

}  // namespace dcp::collector
