// Rows, JSON, JSON diffs, DECIMAL, charsets, compressed columns.
#include <memory>
#include <string>
#include <vector>

#include "mysql/charset.h"
#include "mysql/decimal.h"
#include "mysql/inflate.h"
#include "mysql/json_diff.h"
#include "mysql/jsonb.h"
#include "mysql/row_decoder.h"
#include "mysql/schema_merge.h"
#include "mysql/table_map.h"
#include "tests/fuzz/targets.h"

namespace dcp::fuzz {
namespace {

using namespace mysql;  // NOLINT(google-build-using-namespace): what is under test
using Kind = model::Value::Kind;

void CheckValue(const model::Value& value) {
  if (value.kind == Kind::kRaw) {
    CheckThat(value.text.find(':') != std::string::npos, "raw text names its charset");
  } else if (value.kind == Kind::kJson) {
    std::string again = value.text;
    CheckThat(ApplyJsonDiffs({}, &again) == JsonDiffResult::kApplied && again == value.text,
              "a JSON value is canonical text");
  }
}

}  // namespace

void FuzzRows(Bytes input) {
  ByteReader reader(input);
  const uint8_t flags = reader.U8();
  const Bytes body = reader.Take(reader.U16());
  const auto head = reader.ok() ? ParseTableMapHead(body, 6) : absl::DataLossError("no table map");
  if (!head.ok()) return;
  auto map = ParseTableMap(*head, (flags & 8) != 0);
  if (!map.ok()) return;
  auto schema = CompleteSchema(*std::move(map), nullptr);
  CheckThat(schema.ok(), "without a catalog every table map gives a schema");
  const RowDecoder decoder(std::make_shared<const TableSchema>(*std::move(schema)));
  const size_t bitmap = (decoder.columns().size() + 7) / 8;
  const std::vector<uint8_t> all(bitmap, 0xff), some(bitmap, 0x55);
  const Bytes bits = (flags & 4) != 0 ? Bytes(some) : Bytes(all);
  ImageCursor cursor;
  cursor.Reset(&decoder, {.op = BinlogEvent::RowOp::kUpdate,
                          .before_bits = (flags & 1) != 0 ? bits : Bytes(),
                          .after_bits = Bytes(all),
                          .images = reader.rest(),
                          .partial = (flags & 2) != 0});
  std::vector<model::Value> before, after;
  while (true) {
    const auto row = cursor.Next(&before, &after);
    if (!row.ok() || !*row) return;
    for (const model::Value& value : after) CheckValue(value);
  }
}

void FuzzJson(Bytes input) {
  std::string text;
  if (!JsonbToText(input, &text)) return;
  std::string again = text;
  CheckThat(ApplyJsonDiffs({}, &again) == JsonDiffResult::kApplied, "the text is read back");
  CheckThat(again == text, "the text read back is the same");
}

void FuzzJsonDiff(Bytes input) {
  ByteReader reader(input);
  const Bytes document = reader.Take(reader.U16());
  std::string text;
  if (!reader.ok() || !JsonbToText(document, &text)) return;
  if (ApplyJsonDiffs(reader.rest(), &text) != JsonDiffResult::kApplied) return;
  std::string again = text;
  CheckThat(ApplyJsonDiffs({}, &again) == JsonDiffResult::kApplied, "the text is read back");
  CheckThat(again == text, "the text read back is the same");
}

void FuzzDecimal(Bytes input) {
  ByteReader reader(input);
  const uint8_t precision = reader.U8();
  const uint8_t scale = reader.U8();
  if (precision == 0 || precision > kMaxPackedPrecision || scale > precision ||
      reader.left() < PackedDecimalSize(precision, scale)) {
    return;
  }
  std::string normal, scaled;
  const bool ok =
      DecimalToText(reader.position(), precision, scale, DecimalText::kNormalised, &normal);
  CheckThat(
      ok == DecimalToText(reader.position(), precision, scale, DecimalText::kAsScaled, &scaled),
      "both forms agree about what is a DECIMAL");
  if (!ok) return;
  CheckThat(scaled.find(normal) == 0 || normal == "0", "one form is the other without zeros");
  CheckThat(normal != "-0" && scaled.substr(0, 2) != "-.", "there is no minus zero");
}

void FuzzCharset(Bytes input) {
  ByteReader reader(input);
  const Charset charset = CharsetOfCollation(reader.U16());
  const auto text = ToUtf8(charset, AsText(reader.rest()));
  if (text.has_value()) CheckThat(IsValidUtf8(AsBytes(*text)), "what is converted is UTF-8");
}

void FuzzCompressedColumn(Bytes input) {
  std::string out;
  if (InflateColumn(input, 65535, &out)) {
    CheckThat(out.size() <= 65535, "a value is not longer than its limit");
  }
}

}  // namespace dcp::fuzz
