#include "collector/mysql/row_writer.h"

#include "row/canonical.h"
#include "row/digest.h"
#include "row/key.h"
#include "row/updated_row.h"

namespace dcp::collector {
namespace {

using model::Change;
using model::Op;
using model::Value;
using model::Version;

bool Has(absl::Span<const Value> row, const std::vector<uint32_t>& columns) {
  for (const uint32_t column : columns) {
    if (row[column].kind == Value::Kind::kAbsent) return false;
  }
  return true;
}

bool SameKey(const RowLayout& layout, absl::Span<const Value> a, absl::Span<const Value> b) {
  for (const uint32_t column : layout.key) {
    if (!row::SameValue(a[column], b[column])) return false;
  }
  return true;
}

}  // namespace

bool RowWriter::Captures() const {
  return capture_ && batch_->here().bytes < limits_.captured_bytes_per_group;
}

void RowWriter::WriteKey(const RowLayout& layout, Row row) {
  if (key_format_ == row::KeyFormat::kGravity && layout.key.size() == 1) {
    row::AppendGravityKey(row[layout.key[0]], &batch_->bytes());
  } else {
    row::AppendKeyText(layout.table->name, row, layout.key, &batch_->bytes());
  }
}

Change RowWriter::Begin(const RowLayout& layout, Row row, Op op) {
  const size_t start = batch_->bytes().size();
  WriteKey(layout, row);
  Change change;
  change.table = layout.table;
  change.op = op;
  change.key_text = batch_->SliceFrom(start);
  change.key = row::KeyDigest(absl::string_view(batch_->bytes()).substr(start));
  return change;
}

// Unknown for a row that is not whole.
RowWriter::Content RowWriter::WriteContent(const RowLayout& layout, Row row) {
  if (!Has(row, layout.compared)) return {Version::Unknown(), {}};
  std::string& bytes = batch_->bytes();
  const size_t start = bytes.size();
  bytes.push_back(model::kCanonicalRow);
  row::AppendBinaryRow(row, layout.compared, &bytes);
  Content content;
  content.version =
      Version::Content(digester_.OfBinary(absl::string_view(bytes).substr(start + 1)));
  content.slice = batch_->SliceFrom(start);
  return content;
}

void RowWriter::SetRelative(Change* change) const {
  change->relative = true;
  change->delta = change->op == Op::kInsert ? row::kOneRow : -row::kOneRow;
  change->before = change->after = Version::Absent();
}

void RowWriter::WriteInsert(const RowLayout& layout, Row row) {
  Change change = Begin(layout, row, Op::kInsert);
  const size_t end_of_key = batch_->bytes().size();
  const bool capture = Captures();
  const Content content = WriteContent(layout, row);
  change.after = content.version;
  if (capture) change.content = content.slice;
  if (!capture) batch_->bytes().resize(end_of_key);
  if (layout.table->keyless) SetRelative(&change);
  batch_->AddChange(change);
}

void RowWriter::WriteDelete(const RowLayout& layout, Row row) {
  Change change = Begin(layout, row, Op::kDelete);
  const size_t end_of_key = batch_->bytes().size();
  const bool capture = Captures();
  const Content content = WriteContent(layout, row);
  change.before = content.version;
  if (capture) change.content = content.slice;
  if (!capture) batch_->bytes().resize(end_of_key);
  if (layout.table->keyless) SetRelative(&change);
  batch_->AddChange(change);
}

void RowWriter::WriteUpdate(const RowLayout& layout, Row before, Row after) {
  Change change = Begin(layout, after, Op::kUpdate);
  const size_t end_of_key = batch_->bytes().size();
  change.before = WriteContent(layout, before).version;
  batch_->bytes().resize(end_of_key);
  const bool capture = Captures();
  change.after = WriteContent(layout, after).version;
  if (capture) {
    if (change.before.known()) {
      row::AddBefore(before, after, layout.compared, end_of_key, &batch_->bytes());
    }
    change.content = batch_->SliceFrom(end_of_key);
  } else {
    batch_->bytes().resize(end_of_key);
  }
  batch_->AddChange(change);
}

bool RowWriter::Insert(const RowLayout& layout, Row row) {
  if (!Has(row, layout.compared) || !Has(row, layout.key)) return false;
  WriteInsert(layout, row);
  return true;
}

bool RowWriter::Delete(const RowLayout& layout, Row row) {
  if (!Has(row, layout.key)) return false;
  WriteDelete(layout, row);
  return true;
}

bool RowWriter::Update(const RowLayout& layout, Row before, Row after) {
  if (!Has(before, layout.key) || !Has(after, layout.key) || !Has(after, layout.compared)) {
    return false;
  }
  if (!layout.table->keyless && SameKey(layout, before, after)) {
    WriteUpdate(layout, before, after);
    return true;
  }
  WriteDelete(layout, before);
  WriteInsert(layout, after);
  return true;
}

}  // namespace dcp::collector
