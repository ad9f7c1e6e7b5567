#include "state/history_book.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "state/columns.h"
#include "state/open_database.h"

namespace dcp::state {
namespace {

using model::Proof;
using model::ProofMark;
using model::SaidAlarm;

// So much of an alarm's id stands in a cursor.
constexpr size_t kIdInCursor = 16;

// nullopt: it is not as it was written.
std::optional<SaidAlarm> ReadSaid(Statement& row) {
  SaidAlarm said;
  said.id = row.ReadText();
  const auto type = TypeFromColumn(row.ReadText());
  said.check = row.ReadText();
  said.target = row.ReadText();
  said.quiet = row.ReadInteger() != 0;
  said.text = row.ReadText();
  said.json = row.ReadText();
  if (!row.SumMatches() || !type) return std::nullopt;
  said.type = *type;
  said.place = row.ReadInteger();
  return said;
}

std::string MakeCursor(int64_t place, const std::string& id) {
  return absl::StrCat(place, "-", id.substr(0, kIdInCursor));
}

absl::Status NotKept() {
  return absl::OutOfRangeError(
      "the cursor is too old: alarms behind it are not kept any more; begin anew with the oldest "
      "that are kept, or from now on, and look at dcp diffs list for what is open");
}

absl::Status NoCursor(absl::string_view cursor) {
  return absl::InvalidArgumentError(absl::StrCat(
      "no cursor of this dcp's history: it is of another state directory, or was cut (",
      cursor.size(), " bytes); begin anew with the oldest alarms, or from now on"));
}

struct SegmentVerdict {
  uint64_t from = 0, to = 0;
  bool diff = false, unverified = false;
  std::string reason;
};

// Of the verdicts, newest first.
void Count(std::vector<SegmentVerdict> verdicts, Proof* proof) {
  std::reverse(verdicts.begin(), verdicts.end());
  for (const SegmentVerdict& verdict : verdicts) {
    if (proof->covered_from == 0) proof->covered_from = proof->covered_to = verdict.from;
    if (verdict.from <= proof->covered_to) {
      proof->covered_to = std::max(proof->covered_to, verdict.to);
    }
    proof->diff += verdict.diff ? 1 : 0;
    proof->same += !verdict.diff && !verdict.unverified ? 1 : 0;
    if (verdict.unverified && ++proof->unverified == 1) {
      proof->unverified_from = verdict.from;
      proof->unverified_to = verdict.to;
      proof->unverified_reason = verdict.reason;
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<HistoryBook>> HistoryBook::Open(const std::string& dir) {
  DCP_ASSIGN_OR_RETURN(auto db, OpenPresent(dir, Database::Mode::kReadOnly));
  std::unique_ptr<HistoryBook> book(new HistoryBook(std::move(db)));
  DCP_RETURN_IF_ERROR(book->Prepare());
  return book;
}

absl::Status HistoryBook::Prepare() {
  DCP_ASSIGN_OR_RETURN(
      read_, db_->Prepare("SELECT id, type, check_name, target, quiet, text, json, sum, place FROM "
                          "told WHERE place > ? ORDER BY place LIMIT ?"));
  DCP_ASSIGN_OR_RETURN(id_at_, db_->Prepare("SELECT id FROM told WHERE place = ?"));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> HistoryBook::Newest() {
  return db_->ReadInteger("SELECT ifnull(max(place), 0) FROM told");
}

absl::StatusOr<int64_t> HistoryBook::BeforeOldest() {
  return db_->ReadInteger("SELECT ifnull(min(place), 1) - 1 FROM told");
}

// Places have no gaps: what stands behind a place that is kept, or behind the one before the
// oldest, is whole.
absl::Status HistoryBook::CheckKept(int64_t place) {
  DCP_ASSIGN_OR_RETURN(const int64_t first, BeforeOldest());
  return place < first ? NotKept() : absl::OkStatus();
}

absl::StatusOr<std::vector<SaidAlarm>> HistoryBook::Read(int64_t place, size_t most,
                                                         size_t most_bytes) {
  std::vector<SaidAlarm> page;
  size_t bytes = 0;
  read_.Bind().Integer(place).Integer(static_cast<int64_t>(most));
  absl::Status status;
  while (status.ok() && bytes < most_bytes) {
    const absl::StatusOr<bool> found = read_.Step();
    if (!found.ok()) status = found.status();
    if (!found.ok() || !*found) break;
    std::optional<SaidAlarm> said = ReadSaid(read_);
    if (!said) {
      status = DamagedError(*db_, "an alarm that is kept for who watches is not what was written");
      break;
    }
    bytes += said->json.size() + said->text.size();
    page.push_back(*std::move(said));
  }
  read_.Bind();  // ends the reading
  DCP_RETURN_IF_ERROR(status);
  // Looked at afterwards: what went meanwhile is noticed.
  const bool follows = !page.empty() && page.front().place == place + 1;
  if (!follows) DCP_RETURN_IF_ERROR(CheckKept(place));
  return page;
}

absl::StatusOr<std::string> HistoryBook::IdAt(int64_t place) {
  DCP_ASSIGN_OR_RETURN(const bool found, id_at_.Bind().Integer(place).Step());
  std::string id = found ? id_at_.ReadText() : "";
  id_at_.Bind();
  if (!found) return NotKept();
  return id;
}

absl::StatusOr<std::string> HistoryBook::CursorOf(int64_t place) {
  if (place == 0) return "0";
  DCP_ASSIGN_OR_RETURN(const std::string id, IdAt(place));
  return MakeCursor(place, id);
}

std::string HistoryBook::CursorOf(const SaidAlarm& said) const {
  return MakeCursor(said.place, said.id);
}

absl::StatusOr<int64_t> HistoryBook::PlaceOf(absl::string_view cursor) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(cursor, absl::MaxSplits('-', 1));
  int64_t place = 0;
  if (cursor.size() > 64 || !absl::SimpleAtoi(parts.first, &place) || place < 0) {
    return NoCursor(cursor);
  }
  DCP_ASSIGN_OR_RETURN(const int64_t newest, Newest());
  if (place > newest) return NoCursor(cursor);
  if (place == 0) {
    DCP_RETURN_IF_ERROR(CheckKept(place));
    return parts.second.empty() ? absl::StatusOr<int64_t>(place) : NoCursor(cursor);
  }
  DCP_ASSIGN_OR_RETURN(const std::string id, IdAt(place));
  if (parts.second.empty() || parts.second != id.substr(0, kIdInCursor)) return NoCursor(cursor);
  return place;
}

absl::StatusOr<int64_t> HistoryBook::PairOf(const ProofMark& mark) {
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_->Prepare("SELECT pair FROM pairs WHERE check_name = ? AND target = ?"));
  DCP_ASSIGN_OR_RETURN(const bool found, select.Bind().Text(mark.check).Text(mark.target).Step());
  if (found) return select.ReadInteger();
  return absl::NotFoundError(
      absl::StrCat("nothing was said yet of check ", mark.check, " and target ", mark.target));
}

absl::Status HistoryBook::ReadStand(int64_t pair, uint64_t* epoch, uint64_t* said_to) {
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_->Prepare("SELECT epoch, said_to FROM pair_states WHERE pair = ?"));
  DCP_ASSIGN_OR_RETURN(const bool found, select.Bind().Integer(pair).Step());
  if (!found) return absl::OkStatus();
  *epoch = select.ReadUnsigned();
  *said_to = select.ReadUnsigned();
  return absl::OkStatus();
}

absl::StatusOr<ProofMark> HistoryBook::Stand(const std::string& check, const std::string& target) {
  ProofMark mark{.check = check, .target = target};
  const absl::StatusOr<int64_t> pair = PairOf(mark);
  if (absl::IsNotFound(pair.status())) return mark;
  DCP_RETURN_IF_ERROR(pair.status());
  DCP_RETURN_IF_ERROR(ReadStand(*pair, &mark.epoch, &mark.from));
  return mark;
}

absl::StatusOr<Proof> HistoryBook::Prove(const ProofMark& mark) {
  DCP_RETURN_IF_ERROR(db_->Execute("BEGIN"));
  absl::StatusOr<Proof> proof = ProveNow(mark);
  const absl::Status ended = db_->Execute("COMMIT");
  if (proof.ok() && !ended.ok()) return ended;
  return proof;
}

absl::StatusOr<Proof> HistoryBook::ProveNow(const ProofMark& mark) {
  DCP_ASSIGN_OR_RETURN(const int64_t pair, PairOf(mark));
  Proof proof;
  DCP_RETURN_IF_ERROR(ReadStand(pair, &proof.epoch, &proof.said_to));
  DCP_RETURN_IF_ERROR(ReadVerdicts(pair, mark, &proof));
  DCP_ASSIGN_OR_RETURN(Statement count,
                       db_->Prepare("SELECT count(*) FROM findings WHERE pair = ?"));
  DCP_RETURN_IF_ERROR(count.Bind().Integer(pair).Step().status());
  proof.open_findings = count.ReadUnsigned();
  if (model::StandingOf(mark, proof) == model::Standing::kEqual) {
    DCP_ASSIGN_OR_RETURN(proof.verified_since, VerifiedSince(pair, mark));
  }
  return proof;
}

// By their numbers, which grow as they are said; barriers are compared here, where they have all
// their bits.
absl::Status HistoryBook::ReadVerdicts(int64_t pair, const ProofMark& mark, Proof* proof) {
  DCP_ASSIGN_OR_RETURN(
      Statement select,
      db_->Prepare("SELECT from_barrier, to_barrier, kind, unverified_reason FROM verdicts "
                   "WHERE pair = ? AND epoch = ? ORDER BY number DESC"));
  select.Bind().Integer(pair).Unsigned(mark.epoch);
  std::vector<SegmentVerdict> verdicts;
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) break;
    SegmentVerdict verdict;
    verdict.from = select.ReadUnsigned();
    verdict.to = select.ReadUnsigned();
    const std::string kind = select.ReadText();
    verdict.reason = select.ReadText();
    verdict.diff = kind == "diff";
    verdict.unverified = kind == "unverified" || !verdict.reason.empty();
    if (verdict.to <= mark.from) break;
    if (verdict.from < mark.goal) verdicts.push_back(std::move(verdict));
  }
  Count(std::move(verdicts), proof);
  return absl::OkStatus();
}

// Behind the last segment before the goal that was not verified, or where the first one begins.
absl::StatusOr<uint64_t> HistoryBook::VerifiedSince(int64_t pair, const ProofMark& mark) {
  DCP_ASSIGN_OR_RETURN(
      Statement select,
      db_->Prepare("SELECT from_barrier, to_barrier FROM verdicts WHERE pair = ? AND epoch = ? AND "
                   "(kind = 'unverified' OR unverified_reason <> '') ORDER BY number DESC"));
  select.Bind().Integer(pair).Unsigned(mark.epoch);
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) break;
    const uint64_t from = select.ReadUnsigned();
    const uint64_t to = select.ReadUnsigned();
    if (from < mark.goal) return to;
  }
  DCP_ASSIGN_OR_RETURN(
      Statement first,
      db_->Prepare("SELECT from_barrier FROM verdicts WHERE pair = ? AND epoch = ? ORDER BY number "
                   "LIMIT 1"));
  DCP_ASSIGN_OR_RETURN(const bool found, first.Bind().Integer(pair).Unsigned(mark.epoch).Step());
  return found ? first.ReadUnsigned() : 0;
}

}  // namespace dcp::state
