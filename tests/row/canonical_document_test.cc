// docs/canonical-row.md is what clients in other languages are written from: its
// test vectors hold here, all of them.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/digest.h"
#include "row/digest.h"
#include "tests/row/values.h"

namespace dcp::row {
namespace {

std::string CUnescape(absl::string_view text) {
  std::string plain, error;
  EXPECT_TRUE(absl::CUnescape(text, &plain, &error)) << text << ": " << error;
  return plain;
}

// A value as the document writes it: `kind:argument`.
model::Value ParseValue(absl::string_view notation) {
  if (notation == "null") return Null();
  const std::pair<absl::string_view, std::string> parts =
      absl::StrSplit(notation, absl::MaxSplits(':', 1));
  const auto& [kind, argument] = parts;
  if (kind == "int") return Int(std::strtoll(argument.c_str(), nullptr, 10));
  if (kind == "uint") return Uint(std::strtoull(argument.c_str(), nullptr, 10));
  if (kind == "float") return Float(std::strtof(argument.c_str(), nullptr));
  if (kind == "double") return Double(std::strtod(argument.c_str(), nullptr));
  if (kind == "decimal") return OfText(Kind::kDecimal, argument);
  if (kind == "temporal") return OfText(Kind::kTemporal, argument);
  if (kind == "text") return Text(CUnescape(argument));
  if (kind == "json") return OfText(Kind::kJson, CUnescape(argument));
  if (kind == "raw") {
    const std::pair<std::string, std::string> raw =
        absl::StrSplit(argument, absl::MaxSplits(':', 1));
    return OfText(Kind::kRaw, absl::StrCat(raw.first, ":", absl::HexStringToBytes(raw.second)));
  }
  if (kind == "bytes") return Bytes(absl::HexStringToBytes(argument));
  ADD_FAILURE() << "unknown kind in the document: " << notation;
  return {};
}

std::vector<std::string> VectorLines() {
  std::ifstream file(DCP_CANONICAL_ROW_DOC);
  EXPECT_TRUE(file.good()) << DCP_CANONICAL_ROW_DOC;
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "```")) {
      inside = line == "```vectors";
    } else if (inside) {
      lines.push_back(line);
    }
  }
  return lines;
}

TEST(CanonicalDocumentTest, EveryTestVectorHolds) {
  const std::vector<std::string> lines = VectorLines();
  EXPECT_GE(lines.size(), 40u);
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = absl::StrSplit(line, " | ");
    ASSERT_EQ(fields.size(), 3u) << line;
    Row row;
    for (const auto notation : absl::StrSplit(fields[0], ';')) row.push_back(ParseValue(notation));

    EXPECT_EQ(TextOf(row), fields[1]) << line;
    EXPECT_EQ(model::ToHex(Md5(fields[1])), fields[2]) << line;
    EXPECT_EQ(RowDigester(DigestKind::kMd5).OfBinary(BinaryOf(row)), Md5(fields[1])) << line;
  }
}

}  // namespace
}  // namespace dcp::row
