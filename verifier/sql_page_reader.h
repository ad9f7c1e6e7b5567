// SqlPageReader: PageReader over one table of a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/value.h"
#include "verifier/key_range.h"
#include "verifier/side_session.h"
#include "verifier/table_plan.h"
#include "verifier/table_scan.h"

namespace dcp::verifier {

// The values of a key in canonical binary form.
//   kDataLoss  `key` is no such form
absl::StatusOr<std::vector<KeyPart>> PartsOfBinaryKey(absl::string_view key);

// The statement that reads a page, as PageReader::ReadPage describes it. Without an index the
// bounds are null.
//   kFailedPrecondition  the table cannot hold a bound
absl::StatusOr<std::string> PageSql(const TablePlan& plan, const TableRead& table,
                                    const std::optional<PagingIndex>& index,
                                    const std::string* after, const std::string* upto,
                                    size_t limit);

class SqlPageReader final : public PageReader {
 public:
  // Without `index` all rows are one page, whatever the limit; more than `max_unpaged` are
  // kFailedPrecondition. `plan`, `table` and `session` outlive this.
  SqlPageReader(const TablePlan& plan, const TableRead& table, std::optional<PagingIndex> index,
                size_t max_unpaged, ScanSession& session);

  absl::Status ReadPage(const std::string* after, const std::string* upto, size_t limit,
                        RowSet* rows) override;

 private:
  absl::Status Stream(const std::string& sql, RowSet* rows);

  const TablePlan& plan_;
  const TableRead& table_;
  const std::optional<PagingIndex> index_;
  const size_t max_unpaged_;
  ScanSession& session_;
  std::vector<uint32_t> content_columns_;
  std::vector<model::Value> values_;
  std::string key_, content_;
};

}  // namespace dcp::verifier
