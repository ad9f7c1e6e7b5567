#include "model/gtid_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp::model {
namespace {

constexpr size_t kMaxLabelLength = 32;

absl::Status BadSet(absl::string_view part) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", part,
                   "' is not a GTID set (expected uuid:first-last, e.g. "
                   "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5, or MariaDB's 0-1-5)"));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool ParseInterval(absl::string_view text, GtidSet::Interval* interval) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  const absl::string_view first = absl::StripAsciiWhitespace(ends.first);
  const absl::string_view last = absl::StripAsciiWhitespace(ends.second);
  if (!absl::SimpleAtoi(first, &interval->first)) return false;
  interval->last = interval->first;
  if (text.find('-') != absl::string_view::npos && !absl::SimpleAtoi(last, &interval->last)) {
    return false;
  }
  return interval->first >= 1 && interval->first <= interval->last &&
         interval->last < uint64_t{1} << 63;
}

// "domain-server-number" or "domain-server-first..last".
bool ParseMariaDb(absl::string_view text, GtidSource* source, GtidSet::Interval* interval) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &source->domain) ||
      !absl::SimpleAtoi(parts[1], &source->server_id) || source->server_id == 0) {
    return false;
  }
  const std::vector<absl::string_view> ends = absl::StrSplit(parts[2], "..");
  interval->first = 1;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.back(), &interval->last) ||
      (ends.size() == 2 && !absl::SimpleAtoi(ends[0], &interval->first))) {
    return false;
  }
  return interval->first >= 1 && interval->first <= interval->last && interval->last < UINT64_MAX;
}

void AppendMariaDb(const GtidSource& source, const GtidSet::Interval& interval, std::string* text) {
  absl::StrAppend(text, text->empty() ? "" : ",", source.domain, "-", source.server_id, "-");
  if (interval.first != 1) absl::StrAppend(text, interval.first, "..");
  absl::StrAppend(text, interval.last);
}

void AppendMysql(const GtidSource& source, const GtidSet::Intervals& intervals, std::string* text) {
  absl::StrAppend(text, text->empty() ? "" : ",", ToString(source.uuid));
  if (!source.label.empty()) absl::StrAppend(text, ":", source.label);
  for (const GtidSet::Interval& i : intervals) {
    absl::StrAppend(text, ":", i.first);
    if (i.last != i.first) absl::StrAppend(text, "-", i.last);
  }
}

bool IsLabelChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '_' || absl::ascii_isdigit(byte) || absl::ascii_islower(byte);
}

}  // namespace

bool IsGtidLabel(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxLabelLength &&
         !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), IsLabelChar);
}

absl::StatusOr<Uuid> ParseUuid(absl::string_view text) {
  Uuid uuid{};
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') {
      if (i != 8 && i != 13 && i != 18 && i != 23) return BadSet(text);
      continue;
    }
    const int digit = HexDigit(text[i]);
    if (digit < 0 || digits == 32) return BadSet(text);
    uuid[digits / 2] = static_cast<uint8_t>(uuid[digits / 2] * 16 + digit);
    ++digits;
  }
  if (digits != 32) return BadSet(text);
  return uuid;
}

std::string ToString(const Uuid& uuid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid[i] >> 4];
    text += kDigits[uuid[i] & 15];
  }
  return text;
}

std::string ToString(const Gtid& gtid) {
  if (gtid.empty()) return "";
  if (gtid.source.mariadb()) {
    return absl::StrCat(gtid.source.domain, "-", gtid.source.server_id, "-", gtid.number);
  }
  if (gtid.source.label.empty()) return absl::StrCat(ToString(gtid.source.uuid), ":", gtid.number);
  return absl::StrCat(ToString(gtid.source.uuid), ":", gtid.source.label, ":", gtid.number);
}

namespace {

// The pieces of "uuid:1-5:label:1-3". MySQL takes a label without numbers for nothing; here it is
// an error, as whoever wrote it has forgotten something.
bool ParseMysql(const std::vector<absl::string_view>& pieces, GtidSet* set) {
  GtidSource source;
  const auto uuid = ParseUuid(absl::StripAsciiWhitespace(pieces[0]));
  if (!uuid.ok()) return false;
  source.uuid = *uuid;
  bool numbered = false;
  for (size_t i = 1; i < pieces.size(); ++i) {
    const absl::string_view piece = absl::StripAsciiWhitespace(pieces[i]);
    GtidSet::Interval interval;
    if (ParseInterval(piece, &interval)) {
      set->AddInterval(source, interval);
      numbered = true;
      continue;
    }
    source.label = absl::AsciiStrToLower(piece);
    if ((i > 1 && !numbered) || !IsGtidLabel(source.label)) return false;
    numbered = false;
  }
  return numbered;
}

}  // namespace

absl::StatusOr<GtidSet> GtidSet::Parse(absl::string_view text) {
  GtidSet set;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) continue;
    const std::vector<absl::string_view> pieces = absl::StrSplit(part, ':');
    GtidSource source;
    Interval stretch;
    if (ParseMariaDb(part, &source, &stretch)) {
      set.AddInterval(source, stretch);
      continue;
    }
    if (!ParseMysql(pieces, &set)) return BadSet(part);
  }
  return set;
}

std::string GtidSet::ToString() const {
  std::string text;
  for (const auto& [source, intervals] : sources_) {
    if (!source.mariadb()) {
      AppendMysql(source, intervals, &text);
      continue;
    }
    for (const Interval& i : intervals) AppendMariaDb(source, i, &text);
  }
  return text;
}

uint64_t GtidSet::size() const {
  uint64_t count = 0;
  for (const auto& [source, intervals] : sources_) {
    for (const Interval& i : intervals) count += i.last - i.first + 1;
  }
  return count;
}

void GtidSet::AddInterval(const GtidSource& source, Interval interval) {
  Intervals& intervals = sources_[source];
  if (!intervals.empty() && intervals.back().last + 1 == interval.first) {  // the common case
    intervals.back().last = interval.last;
    return;
  }
  auto first =
      std::lower_bound(intervals.begin(), intervals.end(), interval.first,
                       [](const Interval& i, uint64_t number) { return i.last + 1 < number; });
  auto last = first;
  while (last != intervals.end() && last->first <= interval.last + 1) {
    interval.first = std::min(interval.first, last->first);
    interval.last = std::max(interval.last, last->last);
    ++last;
  }
  first = intervals.erase(first, last);
  intervals.insert(first, interval);
}

void GtidSet::Add(const GtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) {
    for (const Interval& i : intervals) AddInterval(source, i);
  }
}

void GtidSet::Subtract(const GtidSet& other) {
  for (const auto& [source, holes] : other.sources_) {
    const auto it = sources_.find(source);
    if (it == sources_.end()) continue;
    Intervals left;
    for (Interval i : it->second) {
      for (const Interval& hole : holes) {
        if (hole.last < i.first) continue;
        if (hole.first > i.last) break;
        if (hole.first > i.first) left.push_back({i.first, hole.first - 1});
        i.first = hole.last + 1;
        if (i.first > i.last) break;
      }
      if (i.first <= i.last) left.push_back(i);
    }
    if (left.empty()) {
      sources_.erase(it);
    } else {
      it->second = std::move(left);
    }
  }
}

bool GtidSet::Contains(const Gtid& gtid) const {
  const auto it = sources_.find(gtid.source);
  if (it == sources_.end()) return false;
  const auto i = std::lower_bound(
      it->second.begin(), it->second.end(), gtid.number,
      [](const Interval& interval, uint64_t number) { return interval.last < number; });
  return i != it->second.end() && i->first <= gtid.number;
}

bool GtidSet::Contains(const GtidSet& other) const {
  GtidSet rest = other;
  rest.Subtract(*this);
  return rest.empty();
}

bool GtidSet::Intersects(const GtidSet& other) const {
  GtidSet rest = *this;
  rest.Subtract(other);
  return rest.size() != size();
}

}  // namespace dcp::model
