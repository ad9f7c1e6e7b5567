#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/json_string.h"
#include "cmd/dcp/binlog_writer.h"
#include "mysql/bytes.h"
#include "mysql/charset.h"
#include "row/canonical.h"
#include "row/json_text.h"

namespace dcp::cmd {
namespace {

using mysql::TableSchema;
using KeyKind = TableSchema::KeyKind;
using RowOp = mysql::BinlogEvent::RowOp;
using Kind = model::Value::Kind;
using Image = BinlogWriter::Image;

constexpr absl::string_view kAbsent = R"({"absent":true})";
constexpr int64_t kMicrosPerSecond = 1'000'000;

absl::string_view OpName(RowOp op) {
  switch (op) {
    case RowOp::kInsert:
      return "INSERT";
    case RowOp::kUpdate:
      return "UPDATE";
    case RowOp::kDelete:
      return "DELETE";
  }
  return "";
}

bool IsAscii(absl::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t word = 0;
  for (; text.size() >= sizeof(word); text.remove_prefix(sizeof(word))) {
    std::memcpy(&word, text.data(), sizeof(word));
    if ((word & kHighBits) != 0) return false;
  }
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

std::string FormatTimestamp(int64_t micros) {
  const char* const format =
      micros % kMicrosPerSecond == 0 ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%E6SZ";
  return absl::FormatTime(format, absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

void AppendImage(const Image& image, std::string* out) {
  if (image.empty()) {
    out->append("null");
    return;
  }
  char before = '[';
  for (const model::Value& value : image) {
    out->push_back(before);
    before = ',';
    if (value.kind == Kind::kAbsent) {
      out->append(kAbsent.data(), kAbsent.size());
    } else {
      row::AppendText(value, out);
    }
  }
  out->push_back(']');
}

bool IsWhole(const Image& image) {
  return !image.empty() && std::none_of(image.begin(), image.end(), [](const model::Value& value) {
    return value.kind == Kind::kAbsent;
  });
}

// The column's value in the row after the change; a partial after image lacks
// what did not change. Null where neither image has it.
const model::Value* KeyValue(uint32_t column, const Image& before, const Image& after) {
  for (const Image* image : {&after, &before}) {
    if (column < image->size() && (*image)[column].kind != Kind::kAbsent) {
      return &(*image)[column];
    }
  }
  return nullptr;
}

class JsonlWriter final : public BinlogWriter {
 public:
  explicit JsonlWriter(std::string* out) : out_(*out) {}

  void BeginRows(const mysql::BinlogEvent& event, const BinlogGroup& group) override {
    schema_ = event.table;
    head_ = "{\"gtid\":";
    if (group.gtid.empty()) {
      head_ += "null";
    } else {
      absl::StrAppend(&head_, "\"", model::ToString(group.gtid), "\"");
    }
    head_ += ",\"file\":";
    AppendJsonString(event.end.file, &head_);
    absl::StrAppend(
        &head_, ",\"pos\":", event.end.offset, ",\"ts\":\"",
        Timestamp(group.commit_micros != 0 ? group.commit_micros : event.timestamp_micros),
        "\",\"table\":");
    AppendJsonString(absl::StrCat(schema_->database, ".", schema_->name), &head_);
    absl::StrAppend(&head_, ",\"op\":\"", OpName(event.op), "\",\"key\":");
    tail_.clear();
    AppendApproximate();
    tail_ += "}\n";
  }

  void Row(const Image& before, const Image& after) override {
    const size_t start = out_.size();
    out_ += head_;
    AppendKey(before, after);
    out_ += ",\"before\":";
    AppendImage(before, &out_);
    out_ += ",\"row\":";
    AppendImage(after, &out_);
    out_ += tail_;
    MendUtf8(start);
  }

  void Finish() override {}

 private:
  // What the server takes for UTF-8 it does not always check.
  void MendUtf8(size_t start) {
    const absl::string_view line = absl::string_view(out_).substr(start);
    if (IsAscii(line) || mysql::IsValidUtf8(mysql::AsBytes(line))) return;
    const std::string valid = row::ToValidUtf8(line);
    out_.replace(start, std::string::npos, valid);
  }

  const std::string& Timestamp(int64_t micros) {
    if (timestamp_.empty() || micros != timestamp_micros_) {
      timestamp_ = FormatTimestamp(micros);
      timestamp_micros_ = micros;
    }
    return timestamp_;
  }

  // `,"approx":["a",3]`, where there is any.
  void AppendApproximate() {
    absl::string_view before = ",\"approx\":[";
    for (size_t i = 0; i < schema_->columns.size(); ++i) {
      const mysql::Column& column = schema_->columns[i];
      if (!column.approximate) continue;
      tail_.append(before.data(), before.size());
      before = ",";
      if (column.name.empty()) {
        absl::StrAppend(&tail_, i);
      } else {
        AppendJsonString(column.name, &tail_);
      }
    }
    if (before == ",") tail_ += "]";
  }

  void AppendKey(const Image& before, const Image& after) {
    switch (schema_->key_kind) {
      case KeyKind::kUnknown:
        out_ += "null";
        return;
      case KeyKind::kNone: {  // the whole row is the key
        const Image& image = after.empty() ? before : after;
        IsWhole(image) ? AppendImage(image, &out_) : AppendNull();
        return;
      }
      case KeyKind::kPrimary:
      case KeyKind::kUnique:
        AppendKeyColumns(before, after);
        return;
    }
  }

  void AppendKeyColumns(const Image& before, const Image& after) {
    const size_t start = out_.size();
    char separator = '[';
    for (const uint32_t column : schema_->key_columns) {
      const model::Value* const value = KeyValue(column, before, after);
      if (value == nullptr) {
        out_.resize(start);
        return AppendNull();
      }
      out_.push_back(separator);
      separator = ',';
      row::AppendText(*value, &out_);
    }
    if (separator == '[') return AppendNull();
    out_.push_back(']');
  }

  void AppendNull() { out_ += "null"; }

  std::string& out_;
  std::shared_ptr<const TableSchema> schema_;
  std::string head_;  // of every line of the event, up to the key
  std::string tail_;  // and behind the images
  std::string timestamp_;
  int64_t timestamp_micros_ = 0;
};

}  // namespace

std::unique_ptr<BinlogWriter> MakeJsonlWriter(std::string* out) {
  return std::make_unique<JsonlWriter>(out);
}

}  // namespace dcp::cmd
