// JSON diffs: how PARTIAL_UPDATE_ROWS events say what an UPDATE changed in a JSON
// document (binlog_row_value_options=PARTIAL_JSON).
// Source: sql-common/json_diff.h and libs/mysql/binlog/event/rows_event.h of MySQL.
//
// Pure functions.
#pragma once

#include <string>

#include "mysql/bytes.h"

namespace dcp::mysql {

enum class JsonDiffResult {
  kApplied,
  // A diff has no place in this document, which therefore is not the one that it was made
  // from, or its path is of a form that is not known.
  kRejected,
  kDamaged,
};

// Applies `diffs`, without the length before them, to the document whose canonical text
// (jsonb.h) `*text` is. `*text` is of no use unless kApplied.
JsonDiffResult ApplyJsonDiffs(Bytes diffs, std::string* text);

}  // namespace dcp::mysql
