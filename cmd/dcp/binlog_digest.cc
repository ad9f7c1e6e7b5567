#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cmd/dcp/binlog_tables.h"
#include "cmd/dcp/binlog_writer.h"
#include "model/digest.h"
#include "row/canonical.h"

namespace dcp::cmd {
namespace {

// The tag byte that no value's binary form begins with.
constexpr char kAbsentTag = 0;

void AppendImage(const BinlogWriter::Image& image, std::string* out) {
  for (const model::Value& value : image) {
    if (value.kind == model::Value::Kind::kAbsent) {
      out->push_back(kAbsentTag);
    } else {
      row::AppendBinary(value, out);
    }
  }
}

class DigestWriter final : public BinlogWriter {
 public:
  DigestWriter(std::string* out, std::ostream& notes) : out_(*out), notes_(notes) {}

  void BeginRows(const mysql::BinlogEvent& event, const BinlogGroup& /*group*/) override {
    table_ = &tables_.Of(event.table);
    op_ = static_cast<char>(event.op);
    if (!table_->noted) Note(*event.table);
  }

  // What is hashed is injective: an operation, then all columns of one image, or
  // of both, each ending where its own head says.
  void Row(const Image& before, const Image& after) override {
    binary_.assign(1, op_);
    AppendImage(before, &binary_);
    AppendImage(after, &binary_);
    table_->sum += model::Xxh3(binary_);
    ++table_->rows;
  }

  void Finish() override {
    std::string lines;
    uint64_t rows = 0;
    for (const auto& [name, table] : tables_.all()) {
      absl::StrAppend(&lines, model::ToHex(table.sum), " ", table.rows, " ",
                      TableLabel(name.first, name.second), "\n");
      rows += table.rows;
    }
    absl::StrAppend(&out_, lines, model::ToHex(model::Xxh3(lines)), " ", rows, " total\n");
  }

 private:
  struct Table {
    uint64_t rows = 0;
    model::Digest sum;
    bool noted = false;  // that columns are approximate, if they are
  };

  void Note(const mysql::TableSchema& schema) {
    const auto count =
        std::count_if(schema.columns.begin(), schema.columns.end(),
                      [](const mysql::Column& column) { return column.approximate; });
    if (count == 0) return;
    table_->noted = true;
    notes_ << "note: " << TableLabel(schema.database, schema.name) << ": the types of " << count
           << " of its columns are not told in the file whole (binlog_row_metadata=MINIMAL): its "
              "digest is comparable with those of such files only\n";
  }

  std::string& out_;
  std::ostream& notes_;
  PerTable<Table> tables_;
  Table* table_ = nullptr;
  char op_ = 0;
  std::string binary_;
};

}  // namespace

std::unique_ptr<BinlogWriter> MakeDigestWriter(std::string* out, std::ostream& notes) {
  return std::make_unique<DigestWriter>(out, notes);
}

}  // namespace dcp::cmd
