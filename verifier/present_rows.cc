#include "verifier/present_rows.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "row/canonical.h"
#include "verifier/row_fetch.h"
#include "verifier/sql_page_reader.h"

namespace dcp::verifier {
namespace {

std::vector<SideRow> AllFailed(size_t count, const absl::Status& status) {
  return std::vector<SideRow>(count, SideRow{status, std::nullopt});
}

class ByKey final : public RowLookup {
 public:
  ByKey(const TablePlan& plan, std::string logical, bool is_text, SideSession& source,
        SideSession& target)
      : plan_(plan),
        options_{std::move(logical)},
        is_text_(is_text),
        source_(source),
        target_(target) {}

  std::vector<SideRow> ReadSource(const std::vector<std::string>& keys) override {
    return Read(plan_.source, source_, keys);
  }
  std::vector<SideRow> ReadTarget(const std::vector<std::string>& keys) override {
    return Read(plan_.target, target_, keys);
  }

 private:
  std::vector<SideRow> Read(const std::vector<TableRead>& tables, SideSession& session,
                            const std::vector<std::string>& keys) {
    session.AllowConnecting();
    std::vector<SideRow> rows(keys.size());
    std::vector<Lookup> batch;
    for (size_t i = 0; i < keys.size(); ++i) {
      absl::StatusOr<Lookup> lookup = ToLookup(i, keys[i]);
      if (lookup.ok()) batch.push_back(*std::move(lookup));
      if (!lookup.ok()) rows[i].status = lookup.status();
      if (batch.size() == kRowsPerStatement || i + 1 == keys.size()) {
        ReadBatch(tables, session, batch, &rows);
        batch.clear();
      }
    }
    return rows;
  }

  absl::StatusOr<Lookup> ToLookup(size_t request, const std::string& key) const {
    std::string text = options_.logical;
    if (is_text_) {
      text += key;
    } else {
      DCP_RETURN_IF_ERROR(row::AppendTextOfBinary(key, &text));
    }
    DCP_ASSIGN_OR_RETURN(std::vector<KeyPart> parts, ParseKeyText(options_.logical, text));
    return Lookup{request, std::move(text), std::move(parts)};
  }

  void ReadBatch(const std::vector<TableRead>& tables, SideSession& session,
                 const std::vector<Lookup>& batch, std::vector<SideRow>* rows) {
    std::vector<RowState> states = FetchRows(plan_, tables, options_, session, batch);
    for (size_t i = 0; i < batch.size(); ++i) {
      SideRow& row = (*rows)[batch[i].request];
      row.status = states[i].status;
      if (states[i].row.exists) row.content = std::move(states[i].row.content);
    }
  }

  const TablePlan& plan_;
  const FetchOptions options_;
  const bool is_text_;  // keys are text, not binary
  SideSession& source_;
  SideSession& target_;
};

class WholeRows final : public RowLookup {
 public:
  WholeRows(const TablePlan& plan, size_t max_rows, ScanSession& source, ScanSession& target)
      : plan_(plan), max_rows_(max_rows), source_(source), target_(target) {}

  std::vector<SideRow> ReadSource(const std::vector<std::string>& keys) override {
    return Read(plan_.source, source_, keys);
  }
  std::vector<SideRow> ReadTarget(const std::vector<std::string>& keys) override {
    return Read(plan_.target, target_, keys);
  }

 private:
  std::vector<SideRow> Read(const std::vector<TableRead>& tables, ScanSession& session,
                            const std::vector<std::string>& keys) {
    absl::flat_hash_map<absl::string_view, uint64_t> counts;
    for (const std::string& key : keys) counts[key] = 0;
    for (const TableRead& table : tables) {
      const absl::Status status = Count(table, session, &counts);
      if (!status.ok()) return AllFailed(keys.size(), status);
    }
    std::vector<SideRow> rows(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (counts[keys[i]] > 0) rows[i].content = absl::StrCat(counts[keys[i]]);
    }
    return rows;
  }

  absl::Status Count(const TableRead& table, ScanSession& session,
                     absl::flat_hash_map<absl::string_view, uint64_t>* counts) {
    RowSet rows;
    DCP_RETURN_IF_ERROR(SqlPageReader(plan_, table, std::nullopt, max_rows_, session)
                            .ReadPage(nullptr, nullptr, max_rows_, &rows));
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto found = counts->find(rows.key(i));
      if (found != counts->end()) ++found->second;
    }
    return absl::OkStatus();
  }

  const TablePlan& plan_;
  const size_t max_rows_;
  ScanSession& source_;
  ScanSession& target_;
};

}  // namespace

std::unique_ptr<RowLookup> LookUpByKey(const TableComparison& comparison,
                                       const std::string& logical, SideSession& source,
                                       SideSession& target) {
  return std::make_unique<ByKey>(comparison.plan, logical, /*is_text=*/false, source, target);
}

std::unique_ptr<RowLookup> LookUpByKeyText(const TableComparison& comparison,
                                           const std::string& logical, SideSession& source,
                                           SideSession& target) {
  return std::make_unique<ByKey>(comparison.plan, logical, /*is_text=*/true, source, target);
}

std::unique_ptr<RowLookup> CountWholeRows(const TableComparison& comparison, size_t max_rows,
                                          ScanSession& source, ScanSession& target) {
  return std::make_unique<WholeRows>(comparison.plan, max_rows, source, target);
}

}  // namespace dcp::verifier
