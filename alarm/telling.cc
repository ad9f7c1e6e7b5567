#include "alarm/telling.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "alarm/alarm_json.h"
#include "alarm/evidence.h"
#include "model/alarm_id.h"

namespace dcp::alarm {
namespace {

using model::DiffKind;
using model::FindingNote;
using model::Verdict;

std::string TableOf(const model::RowDiff& row) {
  return row.table != nullptr ? row.table->name : row.table_name;
}

FindingNote NoteOf(const model::RowDiff& row, const model::OutcomeHead& head,
                   const Rendering& rendering) {
  const ShownRows rows = rendering.For(row);
  FindingNote note;
  note.key = row.key;
  note.alarm_id = model::AlarmId(head, "diff");
  note.kind = row.kind;
  note.table = TableOf(row);
  note.key_text = rows.key_text();
  note.columns = DifferingColumns(row, rows);
  note.json = DiffJson(row, rendering);
  note.at = head.at;
  note.open = false;
  return note;
}

class Teller {
 public:
  Teller(const Rendering& rendering, model::FindingMarks* marks, const LogFunction& log,
         model::Report& report)
      : rendering_(rendering), marks_(marks), log_(log), report_(report) {
    if (marks_ != nullptr) rules_ = Or(marks_->IgnoreRules(), {});
  }

  std::vector<Told> Tell() {
    FindOpened();
    for (const model::Outcome& outcome : report_.outcomes) {
      if (const auto* verdict = std::get_if<Verdict>(&outcome)) {
        verdict->kind == Verdict::Kind::kDiff ? TellDiff(*verdict) : Add(outcome, false);
      } else if (const auto* resolved = std::get_if<model::Resolved>(&outcome)) {
        Add(outcome, IsQuiet(*resolved));
      } else {
        Add(outcome, false);
      }
    }
    ShowKeys();
    return std::move(told_);
  }

 private:
  template <typename T>
  T Or(absl::StatusOr<T> answer, T otherwise) {
    if (answer.ok()) return *std::move(answer);
    log_(Level::kWarning, absl::StrCat("check ", report_.check,
                                       ": what is acknowledged or ignored cannot be read, so all "
                                       "is told: ",
                                       absl::string_view(answer.status().message())));
    return otherwise;
  }

  void Add(const model::Outcome& outcome, bool quiet) {
    const auto* verdict = std::get_if<Verdict>(&outcome);
    for (Alarm& alarm : MakeAlarms(outcome, rendering_)) {
      const bool keep = quiet && alarm.type != model::AlarmType::kUnverified;
      const model::Severity severity = rendering_.SeverityOf(alarm.check, alarm.type, verdict);
      told_.push_back({std::move(alarm), keep, severity});
    }
  }

  bool Ignored(const std::string& table, const model::Digest& key,
               const std::vector<std::string>& columns, absl::Time now) const {
    return !rules_.empty() &&
           model::IsIgnored(rules_, report_.check, report_.target, {table, key, columns}, now);
  }

  struct Opened {
    std::string table;
    std::vector<std::string> columns;  // that differ; empty: not known
  };

  // What the report opens is not stored yet when it is told, and what touches it may even stand
  // before its `diff`.
  void FindOpened() {
    if (marks_ == nullptr) return;
    const absl::flat_hash_set<model::Digest> touched = TouchedKeys();
    if (touched.empty()) return;
    absl::flat_hash_set<std::string> said;
    for (const model::Outcome& outcome : report_.outcomes) {
      const auto* verdict = std::get_if<Verdict>(&outcome);
      if (verdict == nullptr || verdict->kind != Verdict::Kind::kDiff) continue;
      said.insert(model::AlarmId(verdict->head, "diff"));
      for (const model::RowDiff& row : verdict->diffs) {
        if (!touched.contains(row.key)) continue;
        opened_[row.key].push_back({TableOf(row), DifferingColumns(row, rendering_.For(row))});
      }
    }
    FindOpenedBeyond(touched, said);
  }

  absl::flat_hash_set<model::Digest> TouchedKeys() const {
    absl::flat_hash_set<model::Digest> touched;
    for (const model::Outcome& outcome : report_.outcomes) {
      const auto* verdict = std::get_if<Verdict>(&outcome);
      if (verdict == nullptr) continue;
      touched.insert(verdict->known_keys.begin(), verdict->known_keys.end());
    }
    return touched;
  }

  // Those that are not among the rows of the alarms `said`. What another report opened and this
  // one only changes is stored.
  void FindOpenedBeyond(const absl::flat_hash_set<model::Digest>& touched,
                        const absl::flat_hash_set<std::string>& said) {
    for (const model::OpenFinding& finding : report_.update.findings) {
      if (!touched.contains(finding.key) || !said.contains(finding.alarm_id)) continue;
      const auto [opened, is_new] = opened_.try_emplace(finding.key);
      if (is_new) opened->second.push_back({finding.table, {}});
    }
  }

  void TellDiff(const Verdict& verdict) {
    Verdict shown = verdict;
    shown.diffs.clear();
    const size_t first_note = report_.notes.size();
    absl::flat_hash_set<model::Digest> among_rows;
    for (const model::RowDiff& row : verdict.diffs) {
      FindingNote note = NoteOf(row, verdict.head, rendering_);
      among_rows.insert(note.key);
      if (Ignored(note.table, note.key, note.columns, note.at)) {
        LeaveOut(note.table, &shown);
      } else {
        shown.diffs.push_back(row);
      }
      report_.notes.push_back(std::move(note));
    }
    MarkOpen(among_rows, first_note);
    LeaveOutBeyond(among_rows, &shown);
    const bool quiet = IsQuiet(shown);
    for (size_t i = first_note; i < report_.notes.size(); ++i) report_.notes[i].told = !quiet;
    if (quiet) report_.kept_back.push_back(model::AlarmId(verdict.head, "diff"));
    Add(shown, quiet);
  }

  // What is not stored as open is over already.
  void MarkOpen(const absl::flat_hash_set<model::Digest>& among_rows, size_t first_note) {
    absl::flat_hash_set<model::Digest> open;
    for (const model::OpenFinding& finding : report_.update.findings) {
      if (among_rows.contains(finding.key)) open.insert(finding.key);
    }
    for (size_t i = first_note; i < report_.notes.size(); ++i) {
      report_.notes[i].open = open.contains(report_.notes[i].key);
    }
  }

  static void LeaveOut(const std::string& table, Verdict* shown) {
    ++shown->ignored;
    --shown->diff_count;
    const auto count = shown->diff_tables.find(table);
    if (count != shown->diff_tables.end() && --count->second == 0) shown->diff_tables.erase(count);
  }

  // Findings that are not among the rows of the alarm: which columns differ is not known.
  void LeaveOutBeyond(const absl::flat_hash_set<model::Digest>& among_rows, Verdict* shown) {
    if (rules_.empty() || among_rows.size() == shown->diff_count + shown->ignored) return;
    const std::string id = model::AlarmId(shown->head, "diff");
    for (const model::OpenFinding& finding : report_.update.findings) {
      if (finding.alarm_id != id || among_rows.contains(finding.key)) continue;
      if (shown->diff_count > 0 && Ignored(finding.table, finding.key, {}, shown->head.at)) {
        LeaveOut(finding.table, shown);
      }
    }
  }

  bool IsQuiet(const Verdict& shown) {
    if (shown.diff_count > 0 || marks_ == nullptr) return false;
    uint64_t quiet = 0;
    std::vector<model::Digest> stored;
    for (const model::Digest& key : shown.known_keys) {
      const auto opened = opened_.find(key);
      if (opened == opened_.end()) {
        stored.push_back(key);
      } else if (AreIgnored(opened->second, key, shown.head.at)) {
        ++quiet;
      }
    }
    if (!stored.empty()) quiet += CountQuiet(stored, shown.head.at);
    return quiet >= shown.known;
  }

  uint64_t CountQuiet(const std::vector<model::Digest>& keys, absl::Time now) {
    return Or<uint64_t>(marks_->CountQuiet(report_.check, report_.target, keys, now), 0);
  }

  // A finding opened in this report is known to nobody: who acknowledged it, meant an older one.
  bool AreIgnored(const std::vector<Opened>& all, const model::Digest& key, absl::Time now) const {
    return std::all_of(all.begin(), all.end(), [&](const Opened& one) {
      return Ignored(one.table, key, one.columns, now);
    });
  }

  // The end of what nobody got an alarm of.
  bool IsQuiet(const model::Resolved& resolved) {
    if (marks_ == nullptr || resolved.key_digests.empty()) return false;
    return std::all_of(resolved.resolves.begin(), resolved.resolves.end(),
                       [&](const std::string& id) { return WasKeptBack(id); }) &&
           WereKeptBack(resolved.key_digests);
  }

  bool WasKeptBack(const std::string& id) {
    return std::find(report_.kept_back.begin(), report_.kept_back.end(), id) !=
               report_.kept_back.end() ||
           Or(marks_->WasKeptBack(report_.check, report_.target, id), false);
  }

  bool WereKeptBack(const std::vector<model::Digest>& keys) {
    std::vector<model::Digest> before;
    for (const model::Digest& key : keys) {
      const auto note = std::find_if(report_.notes.rbegin(), report_.notes.rend(),
                                     [&](const FindingNote& one) { return one.key == key; });
      if (note == report_.notes.rend()) before.push_back(key);
      if (note != report_.notes.rend() && note->told) return false;
    }
    return before.empty() ||
           Or<uint64_t>(marks_->CountKeptBack(report_.check, report_.target, before), 0) ==
               before.size();
  }

  void ShowKeys() {
    for (model::OpenFinding& finding : report_.update.findings) {
      if (finding.kind != DiffKind::kDdl) finding.key_text = rendering_.Key(finding.key_text);
    }
  }

  const Rendering& rendering_;
  model::FindingMarks* const marks_;
  const LogFunction& log_;
  model::Report& report_;
  std::vector<model::IgnoreRule> rules_;
  // Of the keys that the report touches, those that it opens: as often as it does.
  absl::flat_hash_map<model::Digest, std::vector<Opened>> opened_;
  std::vector<Told> told_;
};

}  // namespace

std::vector<Told> Tell(const Rendering& rendering, model::FindingMarks* marks,
                       const LogFunction& log, model::Report* report) {
  return Teller(rendering, marks, log, *report).Tell();
}

}  // namespace dcp::alarm
