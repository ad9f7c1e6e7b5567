#include "mysql/file_sequence.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mysql/binlog_place.h"

namespace dcp::mysql {
namespace {

enum class Answer : uint8_t { kYes, kNo, kUnknown };

absl::string_view StemOf(const std::string& name) {
  return absl::string_view(name).substr(0, name.rfind('.'));
}

bool SameSeries(const FileEnd& end, const FileHead& head) {
  return FileNumber(end.name) != 0 && FileNumber(head.name) != 0 &&
         StemOf(end.name) == StemOf(head.name);
}

// "binlog.000007" for number 7 of binlog.000005.
std::string NameOf(const std::string& of_series, uint64_t number) {
  const std::string stem(StemOf(of_series));
  const size_t digits = of_series.size() - stem.size() - 1;
  std::string text = absl::StrCat(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return absl::StrCat(stem, ".", text);
}

absl::Status Missing(const FileEnd& end, const FileHead& head, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("between ", end.name, " and ", head.name, ": ", what));
}

absl::Status CheckNumbers(const FileEnd& end, const FileHead& head) {
  const uint64_t expected = FileNumber(end.name) + 1, found = FileNumber(head.name);
  if (found == expected) return absl::OkStatus();
  if (found < expected) {
    return Missing(end, head,
                   "they are not in order: give the files of one server by their number");
  }
  const std::string first = NameOf(end.name, expected);
  if (found == expected + 1) return Missing(end, head, absl::StrCat(first, " is missing"));
  return Missing(end, head,
                 absl::StrCat(first, " to ", NameOf(end.name, found - 1), " are missing"));
}

// The last number of each server's row in a MariaDB state has to have been seen: the others
// before it need not exist.
model::GtidSet LastOf(const model::GtidSet& state) {
  model::GtidSet last;
  for (const auto& [source, intervals] : state.sources()) {
    const uint64_t number = intervals.back().last;
    if (source.mariadb()) last.AddInterval(source, {number, number});
    if (source.mariadb()) continue;
    for (const auto& interval : intervals) last.AddInterval(source, interval);
  }
  return last;
}

// Executed before `head`, and not read up to `end`.
model::GtidSet NotRead(const FileEnd& end, const FileHead& head) {
  model::GtidSet missing = LastOf(*head.previous);
  missing.Subtract(*end.executed);
  return missing;
}

}  // namespace

absl::Status CheckFollows(const FileEnd& end, const FileHead& head) {
  const bool series = SameSeries(end, head);
  if (series) {
    const absl::Status numbers = CheckNumbers(end, head);
    if (!numbers.ok()) return numbers;
  }
  if (end.server_id != head.server_id) {
    return Missing(end, head,
                   absl::StrCat("they are of two servers (server_id ", end.server_id, " and ",
                                head.server_id, "): give the files of one server"));
  }
  const bool by_gtid = end.executed.has_value() && head.previous.has_value();
  if (by_gtid) {
    const model::GtidSet missing = NotRead(end, head);
    if (!missing.empty()) {
      return Missing(end, head,
                     absl::StrCat("transactions are missing that were executed before ", head.name,
                                  ", up to ", missing.ToString(),
                                  ": a file was cut off or left out, or the server's GTIDs were "
                                  "set anew"));
    }
    if (!head.previous->empty()) return absl::OkStatus();
  }
  if (!end.closed) {
    return Missing(end, head,
                   absl::StrCat(end.name,
                                " does not end as the server ends a binlog (it crashed, or the "
                                "file was copied while it was written), and no GTIDs tell whether "
                                "something is missing"));
  }
  if (series || end.next == head.name) return absl::OkStatus();
  return Missing(end, head,
                 end.next.empty()
                     ? std::string("nothing tells that the one follows the other: give the files "
                                   "the names that they have on the server")
                     : absl::StrCat("the first says that ", end.next, " follows"));
}

}  // namespace dcp::mysql
