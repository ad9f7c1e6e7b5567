#include "collector/mysql/column_agreement.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/wildcard.h"

namespace dcp::collector {
namespace {

using Names = std::vector<std::string>;

bool Contains(const Names& names, absl::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return absl::EqualsIgnoreCase(one, name); });
}

bool Takes(const TablePattern& pattern, absl::string_view table) {
  if (!pattern.as.empty()) return pattern.as == table;
  const absl::string_view match = pattern.match;
  const size_t point = match.find('.'), at = table.find('.');
  if (point == absl::string_view::npos || at == absl::string_view::npos) return false;
  return model::MatchesWildcard(match.substr(0, point), table.substr(0, at)) &&
         model::MatchesWildcard(match.substr(point + 1), table.substr(at + 1));
}

Real RealOf(const TableView& view, absl::string_view name) {
  const ViewedColumn* column = FindAny(view, name);
  return column == nullptr ? Real::kNo : column->real;
}

// The source can leave columns out, but not its key.
bool MayBecomeEqual(const TableView& view, const Encoding& encoding) {
  return view.names_known && encoding.names_known &&
         std::all_of(encoding.key.begin(), encoding.key.end(), [&](const EncodedColumn& column) {
           return FindAny(view, column.name) != nullptr;
         });
}

// True if what changed from `before` to `now` is so in `encoding` too.
bool Explains(const Encoding& encoding, const TableView& before, const TableView& now) {
  const Encoding old_own = OwnEncoding(before), own = OwnEncoding(now);
  return Differences({&old_own, &own}).SameIn(own, encoding);
}

std::string DdlDetail(absl::string_view target, absl::string_view what) {
  return absl::StrCat(
      "the columns of ", target, " ", what,
      "; the rows near this place are not compared, later ones are (verify the table once)");
}

}  // namespace

ColumnAgreement::ColumnAgreement(Options options) : options_(std::move(options)) {
  MutexLock lock(mu_);
  for (const ColumnMember& member : options_.members) members_[member.tag].options = member;
  // A tag follows the source of its first check, unless that follows it already.
  for (const ColumnMember& member : options_.members) {
    std::set<model::Tag> seen = {member.tag};
    const Member* at = &members_[member.tag];
    while (at != nullptr && at->options.source.has_value()) {
      if (!seen.insert(*at->options.source).second) {
        members_[member.tag].options.source.reset();
        break;
      }
      at = Find(*at->options.source);
    }
  }
}

ColumnAgreement::Member* ColumnAgreement::Find(const model::Tag& tag) {
  const auto found = members_.find(tag);
  return found == members_.end() ? nullptr : &found->second;
}

bool ColumnAgreement::Covers(const Member& member, const std::string& table) const {
  const auto& tables = member.options.tables;
  return std::any_of(tables.begin(), tables.end(),
                     [&](const TablePattern& pattern) { return Takes(pattern, table); });
}

// Where targets are sources of others: the first of the chain that has the table.
const model::Tag& ColumnAgreement::LeaderOf(Member& member, const std::string& table) {
  const auto known = member.leaders.find(table);
  if (known != member.leaders.end()) return known->second;
  model::Tag leader = member.options.tag;
  const Member* at = &member;
  while (at->options.source.has_value()) {
    at = Find(*at->options.source);
    if (at == nullptr) break;
    if (Covers(*at, table)) leader = at->options.tag;
  }
  return member.leaders.emplace(table, leader).first->second;
}

// The source has shown so many barriers behind `place` that nothing of before it comes.
bool ColumnAgreement::HasPassed(const Member& source, uint64_t place) const {
  return source.barriers.size() > options_.window && source.barriers.front() > place;
}

ColumnAgreement::Table& ColumnAgreement::TableOf(const model::Tag& leader,
                                                 const std::string& table) {
  return tables_.try_emplace({leader, table}, options_.window).first->second;
}

void ColumnAgreement::Changed() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  changed_.NotifyAll();
}

// ---- at the start ----

void ColumnAgreement::Seed(const model::Tag& tag, const std::string& table, const TableView& view) {
  MutexLock lock(mu_);
  Member* member = Find(tag);
  if (member == nullptr) return;
  const model::Tag& leader = LeaderOf(*member, table);
  Table& shared = TableOf(leader, table);
  if (leader == tag) {
    if (shared.first.empty()) shared.first = view.physical;
    shared.views[view.physical] = view;
  } else {
    shared.followers[{tag, view.physical}].view = view;
  }
}

void ColumnAgreement::Begin() {
  {
    MutexLock lock(mu_);
    for (auto& [key, table] : tables_) {
      if (table.views.empty()) continue;
      const Member& source = *Find(key.first);
      for (auto& [_, follower] : table.followers) Report(table, &follower);
      table.reported = false;
      Update(source, table, true, "");
      for (auto& [of, follower] : table.followers) {
        Say(source, *Find(of.first), key.second, table, &follower);
      }
    }
  }
  LogSaid();
}

// ---- the streams ----

ColumnAgreement::Answer ColumnAgreement::Ask(const model::Tag& tag, const std::string& table,
                                             const TableView& view) {
  Answer answer;
  {
    MutexLock lock(mu_);
    Member* member = Find(tag);
    if (member == nullptr) return answer;
    const model::Tag leader = LeaderOf(*member, table);
    answer = leader == tag ? Lead(*member, TableOf(leader, table), view)
                           : Follow(*member, leader, table, view);
  }
  LogSaid();
  return answer;
}

void ColumnAgreement::Ddl(const model::Tag& tag, const std::string& table) {
  MutexLock lock(mu_);
  Member* member = Find(tag);
  if (member == nullptr || LeaderOf(*member, table) != tag) return;
  TableOf(tag, table).ddl = true;
}

void ColumnAgreement::Barrier(const model::Tag& tag, uint64_t offset) {
  MutexLock lock(mu_);
  Member* member = Find(tag);
  if (member == nullptr || member->place == offset) return;
  const bool back = member->place.has_value() && offset < *member->place;
  member->place = offset;
  if (back) member->barriers.clear();
  member->barriers.push_back(offset);
  if (member->barriers.size() > options_.window + 1) member->barriers.pop_front();
  for (auto it = tables_.lower_bound({tag, ""}); it != tables_.end() && it->first.first == tag;
       ++it) {
    LeaderPassed(*member, it->second, offset, back);
  }
  changed_.NotifyAll();
}

void ColumnAgreement::Ended(const model::Tag& tag) {
  MutexLock lock(mu_);
  Member* member = Find(tag);
  if (member == nullptr) return;
  member->ended = true;
  changed_.NotifyAll();
}

// ---- the source ----

void ColumnAgreement::LeaderPassed(const Member& member, Table& table, uint64_t offset, bool back) {
  if (back) {
    table.history.Restart();
    table.behind = 0;
    for (auto& [_, follower] : table.followers) follower.before.reset();
    Changed();
  }
  table.history.Barrier(offset);
  if (table.marked_barriers > 0 && offset > table.behind) --table.marked_barriers;
  if (!table.reported || table.history.empty()) return;
  table.reported = false;
  Update(member, table, false, "differ between the servers: what is compared changes here");
}

ColumnAgreement::Answer ColumnAgreement::Lead(Member& member, Table& table, const TableView& view) {
  const bool by_ddl = std::exchange(table.ddl, false);
  const bool joins = table.views.find(view.physical) == table.views.end();
  if (table.first.empty()) table.first = view.physical;
  TableView& known = table.views[view.physical];
  if (joins || known != view) {
    known = view;
    Update(member, table, by_ddl && !joins,
           "changed on the source without a statement in its binlog");
  }
  Answer answer;
  if (table.marked_barriers > 0) {
    answer.unverified = table.marked_why;
    answer.settled = false;
  } else if (view.key_known) {
    answer.encoding = table.history.newest();
  }
  return answer;
}

// The source's columns that all tables of both sides have.
Encoding ColumnAgreement::Wanted(const Member& source, const Table& table) const {
  Encoding wanted = OwnEncoding(table.views.at(table.first));
  const auto left_out = [&](const EncodedColumn& column) {
    for (const auto& [_, view] : table.views) {
      if (FindCompared(view, column.name) == nullptr) return true;
    }
    if (source.options.strict) return false;
    return std::any_of(table.followers.begin(), table.followers.end(), [&](const auto& entry) {
      return Contains(entry.second.lacks, column.name);
    });
  };
  if (wanted.names_known) {
    wanted.columns.erase(std::remove_if(wanted.columns.begin(), wanted.columns.end(), left_out),
                         wanted.columns.end());
  }
  const auto narrow = [&](EncodedColumn& column) {
    for (const auto& [_, view] : table.views) {
      if (RealOf(view, column.name) == Real::kFloat) column.real = Real::kFloat;
    }
    for (const auto& [_, follower] : table.followers) {
      if (Contains(follower.floats, column.name)) column.real = Real::kFloat;
    }
  };
  std::for_each(wanted.columns.begin(), wanted.columns.end(), narrow);
  std::for_each(wanted.key.begin(), wanted.key.end(), narrow);
  return wanted;
}

// From the source's present place on its rows are encoded as is wanted now.
void ColumnAgreement::Update(const Member& source, Table& table, bool by_ddl,
                             absl::string_view why) {
  Encoding wanted = Wanted(source, table);
  const bool first = table.history.empty();
  if (!first && wanted == table.history.newest()) return;
  const std::optional<Encoding> before =
      first ? std::nullopt : std::make_optional(table.history.newest());
  const bool full = source.barriers.size() > options_.window;
  table.history.Add(std::move(wanted), full ? source.barriers.front() : 0, by_ddl);
  MarkWhatWasMissed(table, before.has_value() ? &*before : nullptr, by_ddl, why);
  Changed();
}

// A target that is ahead, or whose rows do not tell on which side of the change they
// stand, may have encoded rows in another way than the source does from here on.
void ColumnAgreement::MarkWhatWasMissed(Table& table, const Encoding* before, bool by_ddl,
                                        absl::string_view why) {
  const Encoding& now = table.history.newest();
  bool marks = !by_ddl && before != nullptr;
  for (const auto& [of, follower] : table.followers) {
    const Member& target = *Find(of.first);
    if (!follower.given.has_value() || !target.place.has_value()) continue;
    if (*target.place < table.history.newest_window() || *follower.given == now) continue;
    const Encoding own = OwnEncoding(follower.view);
    // Either it stands before more statements than this one, or its columns tell.
    const bool comes_yet =
        before != nullptr && by_ddl &&
        (*follower.given != *before || !Differences({before, &now}).SameIn(own, now));
    if (comes_yet) continue;
    marks = true;
    table.behind = std::max(table.behind, *target.place);
  }
  if (!marks) return;
  table.marked_barriers = options_.window + 1;
  table.marked_why = DdlDetail(table.first, why.empty() ? "came to be known late" : why);
}

// ---- the target ----

void ColumnAgreement::NoteView(const Member& member, const TableView& view,
                               Follower* follower) const {
  if (follower->view == view) return;
  const bool first = follower->view.physical.empty();
  if (!first) follower->before = std::move(follower->view);
  follower->since = member.place.value_or(0);
  follower->view = view;
}

// The target's table changed, and the source's stream, which may be behind, does not tell
// of it.
bool ColumnAgreement::IsAhead(const Member& source, const Follower& follower,
                              const Encoding* encoding) const {
  if (!follower.before.has_value() || HasPassed(source, follower.since)) return false;
  return encoding == nullptr || !Explains(*encoding, *follower.before, follower.view);
}

bool ColumnAgreement::AwaitSource(Member& member, const Member& source,
                                  std::optional<absl::Duration>* end) {
  if (!member.place.has_value() || member.waited == member.place) return false;
  if (member.options.stream == source.options.stream || source.ended ||
      HasPassed(source, *member.place)) {
    return false;
  }
  const absl::Duration now = options_.clock->Monotonic();
  if (!end->has_value()) *end = now + options_.patience;
  if (now >= **end) {
    member.waited = member.place;
    return false;
  }
  changed_.WaitFor(mu_, **end - now);
  return true;
}

ColumnAgreement::Answer ColumnAgreement::Follow(Member& member, const model::Tag& leader,
                                                const std::string& name, const TableView& view) {
  const Member& source = *Find(leader);
  Table& table = TableOf(leader, name);
  Follower& follower = table.followers[{member.options.tag, view.physical}];
  NoteView(member, view, &follower);
  follower.given.reset();
  std::optional<absl::Duration> end;
  EncodingHistory::Choice choice;
  bool ahead = false;
  do {
    if (table.history.empty()) continue;
    choice = table.history.Choose({&follower.view, follower.before ? &*follower.before : nullptr,
                                   follower.since, member.place.value_or(0)});
    ahead = IsAhead(source, follower, choice.encoding);
  } while ((table.history.empty() || ahead) && AwaitSource(member, source, &end));
  const std::string where = absl::StrCat(view.physical, " of tag ", member.options.tag.value());
  Answer answer;
  if (table.history.empty()) {
    follower.given = OwnEncoding(view);
    return answer;
  }
  answer.settled = choice.settled && !ahead;
  if (choice.encoding == nullptr) {
    answer.unverified = DdlDetail(
        where, "do not tell whether the row is of before or behind a change on the source");
    return answer;
  }
  if (ahead) {
    answer.unverified = DdlDetail(where, "changed, and the source's have not (yet)");
    return answer;
  }
  if (answer.settled) Report(table, &follower);
  const std::string why_not = WhyNot(view, *choice.encoding, source.options.strict);
  if (!why_not.empty()) {
    answer.unverified = absl::StrCat(where, " ", why_not);
    if (!MayBecomeEqual(view, *choice.encoding)) answer.reason = "columns";
    answer.settled = false;
    return answer;
  }
  if (answer.settled) Say(source, member, name, table, &follower);
  if (!view.names_known || !choice.encoding->names_known) return answer;
  answer.encoding =
      source.options.strict ? WithOwnColumns(view, *choice.encoding) : *choice.encoding;
  follower.given = *choice.encoding;
  return answer;
}

// What the source should leave out or round, as the target's table is now.
void ColumnAgreement::Report(Table& table, Follower* follower) {
  if (table.views.empty() || !follower->view.names_known) return;
  Names lacks, floats;
  for (const ViewedColumn& column : table.views.at(table.first).columns) {
    if (column.name.empty()) return;
    const ViewedColumn* own = FindCompared(follower->view, column.name);
    if (own == nullptr && !column.ignored) lacks.push_back(column.name);
    if (RealOf(follower->view, column.name) == Real::kFloat && column.real == Real::kDouble) {
      floats.push_back(column.name);
    }
  }
  if (lacks == follower->lacks && floats == follower->floats) return;
  follower->lacks = std::move(lacks);
  follower->floats = std::move(floats);
  table.reported = true;
}

// ---- for people ----

std::string ColumnAgreement::LeftOutOf(const Member& source, const Member& target,
                                       const Table& table, const Follower& follower) const {
  if (table.views.empty()) return "";
  const TableView& theirs = table.views.at(table.first);
  const TableView& own = follower.view;
  if (!theirs.names_known || !own.names_known) return "";
  Names parts;
  const auto state = [](const ViewedColumn* column) {
    return column == nullptr ? "is not on " : column->ignored ? "is ignored on " : "";
  };
  const auto add = [&](const std::string& name) {
    const ViewedColumn* a = FindAny(theirs, name);
    const ViewedColumn* b = FindAny(own, name);
    const bool in_a = a != nullptr && !a->ignored, in_b = b != nullptr && !b->ignored;
    if (in_a == in_b) return;
    parts.push_back(in_a ? absl::StrCat(name, " (", state(b), target.options.tag.value(), ")")
                         : absl::StrCat(name, " (", state(a), source.options.tag.value(), ")"));
  };
  for (const ViewedColumn& column : theirs.columns) add(column.name);
  for (const ViewedColumn& column : own.columns) {
    if (FindAny(theirs, column.name) == nullptr) add(column.name);
  }
  for (const ViewedColumn& column : theirs.columns) {
    const Real real = RealOf(own, column.name);
    if (FindCompared(own, column.name) == nullptr || column.ignored) continue;
    if ((column.real == Real::kFloat && real == Real::kDouble) ||
        (column.real == Real::kDouble && real == Real::kFloat)) {
      parts.push_back(absl::StrCat(column.name, " (FLOAT beside DOUBLE: compared as FLOAT)"));
    }
  }
  return absl::StrJoin(parts, ", ");
}

std::string ColumnAgreement::LeftOut(const model::Tag& tag, const std::string& table,
                                     const std::string& physical) const {
  MutexLock lock(mu_);
  for (const auto& [key, shared] : tables_) {
    const auto follower = shared.followers.find({tag, physical});
    if (key.second != table || follower == shared.followers.end()) continue;
    const Member& source = members_.at(key.first);
    const std::string text = LeftOutOf(source, members_.at(tag), shared, follower->second);
    if (text.empty() || !source.options.strict) return text;
    return absl::StrCat(text, ": a difference (strict_columns)");
  }
  return "";
}

// Once for each change of what there is to say.
void ColumnAgreement::Say(const Member& source, const Member& target, const std::string& name,
                          const Table& table, Follower* follower) {
  std::string text = LeftOutOf(source, target, table, *follower);
  if (text == follower->said) return;
  follower->said = text;
  if (text.empty()) {
    text = "all columns are compared again";
  } else if (source.options.strict) {
    text = absl::StrCat("columns differ, and so will its rows (strict_columns): ", text);
  } else {
    text =
        absl::StrCat("columns left out: ", text, "; strict_columns = true makes them a difference");
  }
  said_.push_back(absl::StrCat("table ", name, ", ", source.options.tag.value(), " and ",
                               target.options.tag.value(), ": ", text));
}

void ColumnAgreement::LogSaid() {
  std::vector<std::string> said;
  {
    MutexLock lock(mu_);
    said.swap(said_);
  }
  if (!options_.log) return;
  for (const std::string& text : said) options_.log(text);
}

}  // namespace dcp::collector
