// RowWriter turns decoded rows of one tag into changes in its batch.
//
// Thread-compatible. Allocates nothing per row in the steady state.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "collector/mysql/row_layout.h"
#include "collector/mysql/tag_batch.h"
#include "collector/mysql/tag_options.h"
#include "model/change.h"
#include "model/value.h"

namespace dcp::collector {

class RowWriter {
 public:
  struct Limits {
    // Beyond it a group's rows are digested but their contents not kept.
    size_t captured_bytes_per_group = size_t{256} << 20;
  };

  RowWriter(const MysqlTag& tag, const Limits& limits, TagBatch* batch)
      : key_format_(tag.key_format),
        capture_(tag.capture_rows),
        limits_(limits),
        batch_(batch),
        digester_(tag.digest) {}

  using Row = absl::Span<const model::Value>;

  // Each REQUIRES that the row has a value at every ordinal of the layout (which
  // may be absent), and returns false where the rows lack what a change must have;
  // nothing is added then:
  //   Insert  a compared or key column
  //   Delete  a key column (of a table without a key: any compared column)
  //   Update  the same of `before`, and a compared or key column of `after`
  // A before image that lacks other columns gives an unknown before version.
  bool Insert(const RowLayout& layout, Row row);
  bool Delete(const RowLayout& layout, Row row);
  // An update that changes the key is a delete of the old and an insert of the new.
  bool Update(const RowLayout& layout, Row before, Row after);

 private:
  struct Content {
    model::Version version;
    model::Slice slice;
  };

  void WriteKey(const RowLayout& layout, Row row);
  Content WriteContent(const RowLayout& layout, Row row);
  void WriteInsert(const RowLayout& layout, Row row);
  void WriteDelete(const RowLayout& layout, Row row);
  void WriteUpdate(const RowLayout& layout, Row before, Row after);
  model::Change Begin(const RowLayout& layout, Row row, model::Op op);
  void SetRelative(model::Change* change) const;
  bool Captures() const;

  const row::KeyFormat key_format_;
  const bool capture_;
  const Limits limits_;
  TagBatch* const batch_;
  row::RowDigester digester_;
};

}  // namespace dcp::collector
