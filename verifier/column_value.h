// One column of a table as SQL reads it: the expression that gives its value
// without loss, and the value in the form in which binlogs are decoded
// (model/value.h), so that the canonical rows of both are the same bytes.
//
// Pure functions. The session is one of mysql::Connection: UTC, utf8mb4.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "model/value.h"
#include "mysql/table_schema.h"
#include "mysql/temporal.h"

namespace dcp::verifier {

//   kUnimplemented  a type that is not known; names it
absl::Status CheckReadable(const mysql::Column& column);

// What to SELECT of the column.
std::string SelectExpression(const mysql::Column& column);

// The value that SelectExpression(column) gave. Replaces `*value`, whose text keeps its capacity.
//   kDataLoss  the text is no value of this type: the column has changed meanwhile
absl::Status ToValue(const mysql::Column& column, const std::optional<absl::string_view>& text,
                     model::Value* value);

// What ExactExpression() (cell.h) gave, told apart by its bytes alone: text where they are UTF-8.
// Replaces `*value` too.
void ToBytesValue(const std::optional<absl::string_view>& bytes, model::Value* value);

// "YYYY-MM-DD[ HH:MM:SS[.f]]", 'T' instead of the blank, 'Z' at the end allowed.
bool ParseDatetime(absl::string_view text, mysql::Civil* civil);
// "[-]H+:MM:SS[.f]"
bool ParseTime(absl::string_view text, mysql::Civil* civil);

// Plain decimal notation with the fraction's trailing zeros and the whole part's
// leading ones cut, "0" for minus zero; false if `text` is no such number.
bool NormaliseDecimal(absl::string_view text, std::string* out);

}  // namespace dcp::verifier
