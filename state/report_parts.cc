#include "state/report_parts.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/columns.h"

namespace dcp::state {
namespace {

using model::OpenFinding;

constexpr char kInsert[] = "INSERT INTO report_parts (pair, changes, sum) VALUES (?, ?, ?)";
constexpr char kSeal[] =
    "REPLACE INTO sealed_reports (pair, parts, at, kept_back, sum) VALUES (?, ?, ?, ?, ?)";
constexpr char kSelectSeal[] =
    "SELECT pair, parts, at, kept_back, sum FROM sealed_reports WHERE pair = ?";
constexpr char kNext[] =
    "SELECT pair, changes, sum, number, (SELECT count(*) FROM report_parts WHERE pair = ?1) "
    "FROM report_parts WHERE pair = ?1 ORDER BY number LIMIT 1";
constexpr char kDropUnsealed[] =
    "DELETE FROM report_parts WHERE pair NOT IN (SELECT pair FROM sealed_reports)";

constexpr size_t kTextsPerFinding = 9;

void AddTexts(const OpenFinding& finding, std::vector<std::string>* to) {
  to->push_back(model::ToHex(finding.key));
  to->push_back(finding.alarm_id);
  to->emplace_back(model::ToString(finding.kind));
  to->push_back(finding.table);
  to->push_back(finding.keyless ? "1" : "0");
  to->push_back(finding.key_text);
  to->push_back(absl::StrCat(finding.not_before));
  to->push_back(ToColumn(finding.source));
  to->push_back(ToColumn(finding.target));
}

// nullopt: it is not as it was written.
std::optional<OpenFinding> FindingFrom(absl::Span<std::string> texts) {
  OpenFinding finding;
  const auto key = model::FromHex(texts[0]);
  const auto kind = KindFromColumn(texts[2]);
  const auto source = VersionFromColumn(texts[7]);
  const auto target = VersionFromColumn(texts[8]);
  const bool number = absl::SimpleAtoi(texts[6], &finding.not_before);
  if (!key || !kind || !source || !target || !number) return std::nullopt;
  finding.key = *key;
  finding.alarm_id = std::move(texts[1]);
  finding.kind = *kind;
  finding.table = std::move(texts[3]);
  finding.keyless = texts[4] == "1";
  finding.key_text = std::move(texts[5]);
  finding.source = *source;
  finding.target = *target;
  return finding;
}

// How many findings, then these, then the closed keys.
std::string Encode(absl::Span<const OpenFinding> findings, absl::Span<const model::Digest> closed) {
  std::vector<std::string> texts = {absl::StrCat(findings.size())};
  for (const OpenFinding& finding : findings) AddTexts(finding, &texts);
  for (const model::Digest& key : closed) texts.push_back(model::ToHex(key));
  return ToColumn(texts);
}

bool Decode(absl::string_view changes, ReportParts::Part* part) {
  std::optional<std::vector<std::string>> texts = TextsFromColumn(changes);
  size_t count = 0;
  if (!texts || texts->empty() || !absl::SimpleAtoi(texts->front(), &count)) return false;
  if (count > (texts->size() - 1) / kTextsPerFinding) return false;
  absl::Span<std::string> rest = absl::MakeSpan(*texts).subspan(1);
  for (; count > 0; --count, rest.remove_prefix(kTextsPerFinding)) {
    std::optional<OpenFinding> finding = FindingFrom(rest.first(kTextsPerFinding));
    if (!finding) return false;
    part->findings.push_back(*std::move(finding));
  }
  for (const std::string& text : rest) {
    const auto key = model::FromHex(text);
    if (!key) return false;
    part->closed.push_back(*key);
  }
  return true;
}

absl::Status Damaged(const Database& db) {
  return DamagedError(db, "a part of a report is not what was written");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReportParts>> ReportParts::Open(Database& db) {
  std::unique_ptr<ReportParts> parts(new ReportParts(db));
  DCP_RETURN_IF_ERROR(parts->Prepare());
  return parts;
}

absl::Status ReportParts::Prepare() {
  DCP_ASSIGN_OR_RETURN(insert_, db_.Prepare(kInsert));
  DCP_ASSIGN_OR_RETURN(seal_, db_.Prepare(kSeal));
  DCP_ASSIGN_OR_RETURN(select_seal_, db_.Prepare(kSelectSeal));
  DCP_ASSIGN_OR_RETURN(next_, db_.Prepare(kNext));
  DCP_ASSIGN_OR_RETURN(remove_, db_.Prepare("DELETE FROM report_parts WHERE number = ?"));
  DCP_ASSIGN_OR_RETURN(drop_parts_, db_.Prepare("DELETE FROM report_parts WHERE pair = ?"));
  DCP_ASSIGN_OR_RETURN(drop_seal_, db_.Prepare("DELETE FROM sealed_reports WHERE pair = ?"));
  return absl::OkStatus();
}

absl::Status ReportParts::Add(int64_t pair, absl::Span<const OpenFinding> findings,
                              absl::Span<const model::Digest> closed) {
  return insert_.Bind().Integer(pair).Text(Encode(findings, closed)).BindSum().Run();
}

absl::Status ReportParts::SealAll(int64_t pair, const Seal& seal) {
  Statement& to = seal_.Bind().Integer(pair).Unsigned(seal.parts);
  to.Integer(absl::ToUnixNanos(seal.at)).Text(ToColumn(seal.kept_back));
  return to.BindSum().Run();
}

absl::StatusOr<std::vector<int64_t>> ReportParts::Sealed() {
  std::vector<int64_t> pairs;
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_.Prepare("SELECT pair FROM sealed_reports ORDER BY pair"));
  select.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return pairs;
    pairs.push_back(select.ReadInteger());
  }
}

absl::StatusOr<std::optional<ReportParts::Seal>> ReportParts::SealOf(int64_t pair) {
  DCP_ASSIGN_OR_RETURN(const bool found, select_seal_.Bind().Integer(pair).Step());
  if (!found) return std::nullopt;
  Seal seal;
  select_seal_.ReadInteger();  // pair
  seal.parts = select_seal_.ReadUnsigned();
  seal.at = absl::FromUnixNanos(select_seal_.ReadInteger());
  auto kept_back = TextsFromColumn(select_seal_.ReadText());
  const bool whole = select_seal_.SumMatches() && kept_back.has_value();
  select_seal_.Bind();
  if (!whole) return Damaged(db_);
  seal.kept_back = *std::move(kept_back);
  return seal;
}

absl::StatusOr<ReportParts::Part> ReportParts::Next(int64_t pair, const Seal& seal) {
  DCP_ASSIGN_OR_RETURN(const bool found, next_.Bind().Integer(pair).Step());
  if (!found) return Damaged(db_);
  next_.ReadInteger();  // pair
  Part part;
  const bool whole = Decode(next_.ReadText(), &part) && next_.SumMatches();
  part.number = next_.ReadInteger();
  const bool all = next_.ReadUnsigned() == seal.parts;
  next_.Bind();
  if (!whole || !all) return Damaged(db_);
  return part;
}

absl::Status ReportParts::Remove(int64_t pair, const Part& part, Seal seal) {
  DCP_RETURN_IF_ERROR(remove_.Bind().Integer(part.number).Run());
  if (--seal.parts > 0) return SealAll(pair, seal);
  return drop_seal_.Bind().Integer(pair).Run();
}

absl::Status ReportParts::Drop(int64_t pair) {
  DCP_RETURN_IF_ERROR(drop_parts_.Bind().Integer(pair).Run());
  return drop_seal_.Bind().Integer(pair).Run();
}

absl::Status ReportParts::DropUnsealed() { return db_.Execute(kDropUnsealed); }

}  // namespace dcp::state
