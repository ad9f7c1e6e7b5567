// What the text of a Query event does, as far as a stream of rows must know:
// transaction control, DDL on tables, harmless administration, or a change of
// data that shows no rows.
//
// Thread-safe, no state.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/change_batch.h"

namespace dcp::collector {

// What a DDL statement does to one table.
struct DdlAction {
  std::string verb;      // "TRUNCATE", "DROP", "CREATE", "CREATE OR REPLACE", "ALTER",
                         // "RENAME FROM", "RENAME TO", "EXCHANGE", "DROP DATABASE"
  std::string database;  // the statement's default database where it names none
  std::string table;     // empty for DROP DATABASE
  std::vector<std::string> partitions;
  model::Mark::DdlEffect effect = model::Mark::DdlEffect::kNone;
};

struct SqlStatement {
  enum class Kind {
    kBegin,  // BEGIN, START TRANSACTION, XA START
    kCommit,
    kRollback,
    kSavepoint,   // `name`
    kRollbackTo,  // `name`
    kXaCommit,    // `name`: the XID; `one_phase`
    kXaRollback,  // `name`: the XID
    kDdl,         // `actions`, `text`
    kHarmless,    // changes no row of a table
    kDataChange,  // anything else: what it touches is not known. With `actions`: a DELETE of
                  // all rows, which outside a transaction a server has written of itself
  };

  Kind kind = Kind::kHarmless;
  std::string name;  // savepoint in lower case, or XID as NormalXid gives it
  bool one_phase = false;
  std::vector<DdlAction> actions;  // of kDdl; see kDataChange
  std::string text;  // one line without comments, at most 1000 bytes; for kDdl and kDataChange
};

// Never fails: what it does not understand is kDataChange. `hide_values`: literals in `text` are
// shown as `?`.
SqlStatement ParseStatement(absl::string_view sql, absl::string_view default_database,
                            bool hide_values = false);

// An XID in one spelling, whichever it was written in: `X'61',X'',1`, `'a'`,
// `0x61,'',1` are all "61,,1". Empty if `xid` is none.
std::string NormalXid(absl::string_view xid);

}  // namespace dcp::collector
