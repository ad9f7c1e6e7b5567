// ChangeBatch: some consecutive transactions of one tag's stream, in the order
// of that stream. A transaction is never split over two batches. Built by one
// collector thread, immutable afterwards and shared by the checks that read it.
//
// Flat vectors instead of objects per transaction: a batch costs a handful of
// allocations whatever it holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/change.h"
#include "model/gtid.h"
#include "model/gtid_set.h"
#include "model/place.h"

namespace dcp::model {

// Something in the stream that is not a row: it stands before the change with
// index `at` (at == changes.size(): behind all).
struct Mark {
  enum class Kind : uint8_t {
    // The barrier row was seen with `barrier_offset`. Inserted, updated, and
    // repeated rows give one each; a deleted barrier row gives none.
    kBarrier,
    // Something could not be read whole: what it touched is unknown from here.
    // `table` empty: any table may be concerned. `reason` is one of the words of
    // docs/alarms.md (image, event, statement, ...), `detail` is for the reader.
    kUnverified,
    // A DDL statement on `table`. `ddl` is the digest of what is compared of it
    // (verb, table and partition names).
    kDdl,
    // The server has executed all of `executed` before this place, also where its
    // stream shows nothing of it: MariaDB logs no group that changed nothing.
    kExecuted,
  };
  // What a DDL statement does to the rows of its table.
  enum class DdlEffect : uint8_t { kNone, kRowsGone, kRowsUnknown };

  Kind kind = Kind::kBarrier;
  uint32_t at = 0;
  uint64_t barrier_offset = 0;
  Place place;  // of a barrier: shows it again, and all that stands behind it
  std::string table;
  std::string reason;
  std::string detail;  // for kDdl: the normalised statement, for the reader
  Digest ddl;
  DdlEffect effect = DdlEffect::kNone;
  GtidSet executed;
};

struct Txn {
  Gtid gtid;                     // empty: anonymous, or a pushed message
  uint32_t server_id = 0;        // of the server that it was first written on; 0: pushed
  std::string pushed_id;         // Message.id of a pushed message, else empty
  int64_t timestamp_micros = 0;  // commit time as the stream tells it, Unix time; 0 if not told
  uint32_t file = 0;             // index in ChangeBatch::files
  uint64_t end_offset = 0;       // position after the transaction; 0 for pushed
  // Half-open ranges in `changes` and `marks`; consecutive and complete.
  uint32_t changes_begin = 0, changes_end = 0;
  uint32_t marks_begin = 0, marks_end = 0;
};

// The statement that made some consecutive changes of one transaction, as its server's binlog
// tells it: `binlog_rows_query_log_events`, `binlog_annotate_row_events`. Once for all of them.
struct Statement {
  uint32_t begin = 0, end = 0;  // of the changes, half open
  Slice text;                   // its beginning, in its client's charset
  uint64_t size = 0;            // of the whole; with an empty text it is not to be told
};

struct ChangeBatch {
  std::vector<Txn> txns;
  std::vector<Change> changes;
  std::vector<Mark> marks;
  std::vector<std::string> files;
  std::string bytes;
  std::vector<Statement> statements;  // those that are known, in order

  absl::string_view text(Slice slice) const {
    return absl::string_view(bytes).substr(slice.offset, slice.size);
  }

  // Of the changes of `txn`.
  absl::Span<const Statement> StatementsOf(const Txn& txn) const {
    const auto starts_before = [](const Statement& one, uint32_t at) { return one.begin < at; };
    const auto begin =
        std::lower_bound(statements.begin(), statements.end(), txn.changes_begin, starts_before);
    const auto end = std::lower_bound(begin, statements.end(), txn.changes_end, starts_before);
    return {statements.data() + (begin - statements.begin()), static_cast<size_t>(end - begin)};
  }
  // Null: it is not known.
  const Statement* StatementOf(uint32_t change) const {
    const auto behind =
        std::upper_bound(statements.begin(), statements.end(), change,
                         [](uint32_t at, const Statement& one) { return at < one.begin; });
    if (behind == statements.begin() || change >= (behind - 1)->end) return nullptr;
    return &*(behind - 1);
  }
};

using ChangeBatchPtr = std::shared_ptr<const ChangeBatch>;

// Where a stream begins, or begins anew.
struct StreamOrigin {
  // The server behind the stream; zero for pushed tags. MariaDB has no uuid.
  Uuid server_uuid{};
  uint32_t server_id = 0;
  // Transactions executed before the first one that the stream will give, where
  // the stream has GTIDs.
  GtidSet executed;
  bool has_gtids = false;
  Place place;  // where it begins
  // Of a stream that begins anew on a tag: why continuity is lost, e.g.
  // "restart", "gap". Everything between is unknown.
  std::string reason;
  std::string detail;
};

}  // namespace dcp::model
