// Short ways to write model::Value in tests, and to see what rows become.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "model/value.h"
#include "row/canonical.h"

namespace dcp::row {

using Kind = model::Value::Kind;

inline model::Value Null() {
  model::Value value;
  value.kind = Kind::kNull;
  return value;
}
inline model::Value Int(int64_t number) {
  model::Value value;
  value.kind = Kind::kInt;
  value.signed_int = number;
  return value;
}
inline model::Value Uint(uint64_t number) {
  model::Value value;
  value.kind = Kind::kUint;
  value.unsigned_int = number;
  return value;
}
inline model::Value Real(Kind kind, double number) {
  model::Value value;
  value.kind = kind;
  value.real = number;
  return value;
}
inline model::Value Float(float number) { return Real(Kind::kFloat, static_cast<double>(number)); }
inline model::Value Double(double number) { return Real(Kind::kDouble, number); }
inline model::Value OfText(Kind kind, std::string text) {
  model::Value value;
  value.kind = kind;
  value.text = std::move(text);
  return value;
}
inline model::Value Text(std::string text) { return OfText(Kind::kText, std::move(text)); }
inline model::Value Bytes(std::string text) { return OfText(Kind::kBytes, std::move(text)); }

using Row = std::vector<model::Value>;

inline std::vector<uint32_t> AllColumns(const Row& row) {
  std::vector<uint32_t> columns(row.size());
  std::iota(columns.begin(), columns.end(), 0u);
  return columns;
}
inline std::string BinaryOf(const Row& row) {
  std::string binary;
  AppendBinaryRow(row, AllColumns(row), &binary);
  return binary;
}
inline std::string TextOf(const Row& row) {
  std::string text;
  AppendTextRow(row, AllColumns(row), &text);
  return text;
}

}  // namespace dcp::row
