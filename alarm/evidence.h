// What the JSON and the line for people both take from a RowDiff.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/ports/row_renderer.h"
#include "model/verdict.h"

namespace dcp::alarm {

// "INSERT", "UPDATE", "DELETE", or "" for pushed content that says none.
const char* OpWord(model::Op op);

// The key, shown as `key_text`, as a JSON array: `[42,"eu"]` of `shop.orders[42,"eu"]`, `["ddl"]`
// of `shop.orders[ddl]`, `["<key text>"]` of anything else.
std::string KeyJson(const model::RowDiff& diff, absl::string_view key_text);

// Names (or indexes as text, where names are not known) of the columns in which
// the sides differ; empty where not both rows are known. The rows that the changes
// left are compared; where one left none or was not captured, the present ones.
std::vector<std::string> DifferingColumns(const model::RowDiff& diff,
                                          const model::RowRenderer& renderer);

}  // namespace dcp::alarm
