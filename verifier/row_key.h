// From a row's key text back to the SQL that finds the row.
//
// A condition finds every row that has the key, and, under a collation that takes
// different texts for equal, some that have another: whoever reads compares the key
// texts of what comes back.
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysql/table_schema.h"

namespace dcp::verifier {

struct KeyPart {
  enum class Kind : uint8_t {
    kNumber,  // `text`: as in JSON
    kText,    // `text`: characters; binary columns in base64
    kRaw,     // a value of unknown kind: digits, characters or bytes as they are
  };
  Kind kind = Kind::kText;
  std::string text;

  friend bool operator==(const KeyPart&, const KeyPart&) = default;
};

// The values in `shop.orders[42,"eu"]`, of the logical table `shop.orders`.
//   kInvalidArgument  `key_text` is no key of this table
absl::StatusOr<std::vector<KeyPart>> ParseKeyText(absl::string_view table,
                                                  absl::string_view key_text);

// `part` as an SQL literal to compare `column` with; nullopt: no value of the
// column can be `part` (its charset lacks a character).
//   kInvalidArgument  `part` is not of the column's type
//   kUnimplemented    columns of this type are no keys
absl::StatusOr<std::optional<std::string>> KeyLiteral(const mysql::Column& column,
                                                      const KeyPart& part);

}  // namespace dcp::verifier
