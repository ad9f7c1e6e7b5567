#include "cmd/dcp/diffs.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alarm/text.h"
#include "base/status.h"
#include "cmd/dcp/ask.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/finding_json.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/reproduce.h"
#include "state/finding_book.h"

namespace dcp::cmd {
namespace {

using alarm::Readable;
using alarm::Rfc3339;
using model::FindingState;
using state::FindingBook;
using Entry = model::FindingEntry;
using Verb = DiffsCommand::Verb;

std::string ToLine(const Entry& entry) {
  const model::FindingNote& note = entry.record.note;
  std::string line = absl::StrCat(
      "#", entry.record.number, " ", model::ToString(entry.state), " ", model::ToString(note.kind),
      " ", Readable(note.key_text), "  check ", Readable(entry.check), " target ",
      Readable(entry.target), "  first seen ", Rfc3339(entry.record.first_seen), ", last seen ",
      Rfc3339(entry.record.last_seen));
  if (entry.record.reopened > 0) absl::StrAppend(&line, ", reopened ", entry.record.reopened, "x");
  if (entry.ack && !entry.ack->note.empty())
    absl::StrAppend(&line, "  ", Readable(entry.ack->note));
  return line;
}

using Json = nlohmann::json;

// The value number `i` of a row; "" where there is none.
std::string ValueText(const Json& row, size_t i) {
  if (!row.is_array() || i >= row.size()) return "";
  return Readable(row[i].dump(-1, ' ', false, Json::error_handler_t::replace));
}

// What a side's change did with one of its row's values: `"a" -> "b"`, `"a"`, `"a" deleted`.
std::string ChangedValueText(const Json& change, size_t i) {
  const std::string value = ValueText(change.value("row", Json()), i);
  if (change.value("op", "") == "DELETE" && !value.empty()) return value + " deleted";
  const std::string before = ValueText(change.value("before", Json()), i);
  return before.empty() || before == value ? value : absl::StrCat(before, " -> ", value);
}

// `name: source 1 -> 2, target 3; now: source 2, target 3`
std::string ColumnText(const Json& difference, const std::string& name, size_t i) {
  std::vector<std::string> changed, now;
  const Json present = difference.value("present", Json::object());
  for (const std::string side : {"source", "target"}) {
    const Json change = difference.value(side, Json());
    const std::string value = change.is_object() ? ChangedValueText(change, i) : "";
    if (!value.empty()) changed.push_back(absl::StrCat(side, " ", value));
    const std::string read = ValueText(present.value(side, Json()), i);
    if (!read.empty()) now.push_back(absl::StrCat(side, " ", read));
  }
  return absl::StrCat(Readable(name), ": ", absl::StrJoin(changed, ", "),
                      now.empty() ? "" : absl::StrCat(changed.empty() ? "" : "; ", "now: "),
                      absl::StrJoin(now, ", "));
}

// A line for each column whose name is known; those that differ have a mark.
std::string ColumnsText(const Json& difference) {
  const Json names = difference.value("row_columns", Json::array());
  const Json differing = difference.value("columns", Json::array());
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool differs = std::find(differing.begin(), differing.end(), names[i]) != differing.end();
    absl::StrAppend(&text, "\n  ", differs ? "≠ " : "  ",
                    ColumnText(difference, names[i].get<std::string>(), i));
  }
  return text;
}

// "\n  source statement: …" where the binlog of that side told one.
std::string StatementsText(const Json& difference) {
  std::string text;
  for (const char* side : {"source", "target"}) {
    const Json change = difference.value(side, Json());
    if (!change.is_object() || !change.contains("statement")) continue;
    const auto& statement = change["statement"];
    const std::string shown = statement.is_string() ? Readable(statement.get<std::string>(), 2000)
                                                    : "not shown, as values are masked";
    const uint64_t size = change.value("statement_bytes", uint64_t{0});
    absl::StrAppend(&text, "\n  ", side, " statement: ", shown,
                    size > 0 ? absl::StrCat(" … (", size, " bytes)") : "");
  }
  return text;
}

// All of it, one thing per line.
std::string ToText(const Entry& entry) {
  const model::FindingNote& note = entry.record.note;
  std::string text = ToLine(entry);
  absl::StrAppend(&text, "\n  alarm: ", note.alarm_id);
  if (!note.columns.empty()) {
    absl::StrAppend(&text, "\n  differs in: ", Readable(absl::StrJoin(note.columns, ", "), 1000));
  }
  if (entry.record.resolved_at) {
    absl::StrAppend(&text, "\n  resolved: ", Rfc3339(*entry.record.resolved_at));
  }
  if (entry.ack) {
    absl::StrAppend(&text, "\n  acknowledged: ", Rfc3339(entry.ack->at), " ",
                    Readable(entry.ack->note, 1000));
  }
  absl::StrAppend(&text, "\n  row: ",
                  note.json.empty()
                      ? "not kept here: it was not among the rows of its alarm, or is "
                        "too long; see the alarm and its diff_file"
                      : note.json);
  try {
    const Json difference = Json::parse(note.json);
    return text + ColumnsText(difference) + StatementsText(difference);
  } catch (const Json::exception&) {  // none, or another dcp's
    return text;
  }
}

std::string ToLine(const model::IgnoreRule& rule) {
  std::string line = absl::StrCat("rule ", rule.number, ":");
  const auto add = [&](const char* word, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&line, " ", word, " ", Readable(value));
  };
  add("check", rule.check);
  add("target", rule.target);
  add("table", rule.table);
  add("key", rule.key_text);
  add("column", rule.column);
  absl::StrAppend(&line, rule.until ? absl::StrCat("  until ", Rfc3339(*rule.until)) : "  for ever",
                  "  since ", Rfc3339(rule.at));
  if (!rule.note.empty()) absl::StrAppend(&line, "  ", Readable(rule.note));
  return line;
}

class DiffsRun {
 public:
  // `config` may be null.
  DiffsRun(const DiffsCommand& command, const config::Config* config, absl::Time now,
           std::ostream& out, model::FindingDesk& desk)
      : command_(command), config_(config), now_(now), out_(out), desk_(desk) {}

  absl::Status Run() {
    switch (command_.verb) {
      case Verb::kList:
        return List(/*with_row=*/false, command_.json);
      case Verb::kExport:
        return List(/*with_row=*/true, /*json=*/true);
      case Verb::kShow:
        return Show();
      case Verb::kAck:
        return ForEachNamed([&](const Entry& entry) { return Acknowledge(entry); });
      case Verb::kIgnore:
        return Ignore();
    }
    return absl::InternalError("no such verb");
  }

 private:
  model::FindingFilter MakeFilter() const {
    model::FindingFilter filter{command_.check, command_.target, command_.table, {}, 0};
    for (const std::string& word : command_.states) {
      filter.states.push_back(*model::FindingStateFromText(word));
    }
    const bool all = command_.all || command_.verb == Verb::kExport;
    if (filter.states.empty() && !all) {
      filter.states = {FindingState::kOpen, FindingState::kAcknowledged, FindingState::kIgnored};
    }
    return filter;
  }

  absl::Status List(bool with_row, bool json) {
    uint64_t count = 0;
    const auto print = [&](const Entry& entry) {
      ++count;
      out_ << (json ? ToJson(entry, with_row) : ToLine(entry)) << "\n";
      return out_.good();
    };
    DCP_RETURN_IF_ERROR(desk_.List(MakeFilter(), now_, print));
    if (!json && count == 0) out_ << "no findings\n";
    return absl::OkStatus();
  }

  absl::Status Show() {
    return ForEachNamed([&](const Entry& entry) {
      if (command_.json) {
        std::string json = ToJson(entry, /*with_row=*/true);
        json.pop_back();
        out_ << json << ",\"again\":" << alarm::JsonStrings(Lines(entry)) << "}\n";
        return absl::OkStatus();
      }
      out_ << ToText(entry) << "\n";
      for (const std::string& line : Lines(entry)) out_ << "  again: " << line << "\n";
      return absl::OkStatus();
    });
  }

  std::vector<std::string> Lines(const Entry& entry) const {
    if (config_ == nullptr) return {};
    const model::FindingNote& note = entry.record.note;
    return LinesThatShow(*config_, {command_.config, entry.check, entry.target, note.table,
                                    note.key_text, note.json});
  }

  // Nothing is done with any before all are found.
  template <typename Action>
  absl::Status ForEachNamed(const Action& action) {
    std::vector<Entry> entries;
    for (const std::string& name : command_.names) {
      DCP_ASSIGN_OR_RETURN(std::vector<Entry> found, desk_.Find(name, now_));
      for (Entry& entry : found) entries.push_back(std::move(entry));
    }
    for (const Entry& entry : entries) DCP_RETURN_IF_ERROR(action(entry));
    return absl::OkStatus();
  }

  absl::Status Acknowledge(const Entry& entry) {
    const int64_t number = entry.record.number;
    DCP_RETURN_IF_ERROR(command_.undo ? desk_.TakeBackAck(number)
                                      : desk_.Acknowledge({number, now_, command_.note}));
    out_ << "#" << number << (command_.undo ? " is open again: " : " is acknowledged: ")
         << Readable(entry.record.note.key_text) << "\n";
    return absl::OkStatus();
  }

  absl::Status Ignore() {
    if (command_.list_rules) return ListRules();
    if (command_.remove_rule != 0) {
      DCP_RETURN_IF_ERROR(desk_.RemoveRule(command_.remove_rule));
      out_ << "rule " << command_.remove_rule << " is removed\n";
      return absl::OkStatus();
    }
    DCP_ASSIGN_OR_RETURN(const std::optional<absl::Time> until, Until());
    if (command_.names.empty()) return AddRule(until);
    return ForEachNamed([&](const Entry& entry) { return IgnoreOne(entry, until); });
  }

  absl::Status IgnoreOne(const Entry& entry, std::optional<absl::Time> until) {
    const int64_t number = entry.record.number;
    DCP_RETURN_IF_ERROR(desk_.IgnoreFinding(number, until, command_.note, now_));
    out_ << "#" << number << " is ignored" << UntilText(until) << ": "
         << Readable(entry.record.note.key_text) << "\n";
    return absl::OkStatus();
  }

  absl::Status AddRule(std::optional<absl::Time> until) {
    model::IgnoreRule rule;
    rule.check = command_.check;
    rule.target = command_.target;
    rule.table = command_.table;
    rule.column = command_.column;
    rule.until = until;
    rule.note = command_.note;
    rule.at = now_;
    DCP_ASSIGN_OR_RETURN(rule.number, desk_.AddRule(rule));
    out_ << ToLine(rule) << "\n";
    return absl::OkStatus();
  }

  absl::Status ListRules() {
    DCP_ASSIGN_OR_RETURN(const std::vector<model::IgnoreRule> rules, desk_.Rules());
    for (const model::IgnoreRule& rule : rules) {
      out_ << ToLine(rule) << (rule.until && *rule.until <= now_ ? "  (over)" : "") << "\n";
    }
    if (rules.empty()) out_ << "no rules\n";
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<absl::Time>> Until() const {
    std::optional<absl::Time> until;
    if (!command_.for_time.empty()) {
      const auto end = EndOf(command_.for_time, now_);
      if (!end.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--for ", end.status().message()));
      }
      until = *end;
    }
    if (!command_.until.empty()) {
      std::string error;
      if (!absl::ParseTime(absl::RFC3339_full, command_.until, &until.emplace(), &error)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "--until '", command_.until, "' is not a time such as 2030-01-31T06:00:00Z"));
      }
      if (*until <= now_) return absl::InvalidArgumentError("--until is in the past");
    }
    return until;
  }

  static std::string UntilText(std::optional<absl::Time> until) {
    return until ? absl::StrCat(" until ", Rfc3339(*until)) : "";
  }

  const DiffsCommand& command_;
  const config::Config* const config_;
  const absl::Time now_;
  std::ostream& out_;
  model::FindingDesk& desk_;
};

// "", or why this command line does not make sense.
std::string UsageFault(const DiffsCommand& command) {
  if (command.verb != Verb::kIgnore) return "";
  const bool some_rule =
      !command.table.empty() || !command.column.empty() || !command.check.empty();
  const int asked = (command.names.empty() ? 0 : 1) + (some_rule ? 1 : 0) +
                    (command.list_rules ? 1 : 0) + (command.remove_rule != 0 ? 1 : 0);
  if (asked == 1) return "";
  return "ignore needs one of: findings; --table, --column or --check; --list; --remove";
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitError;
}

int DiffsOfServer(const DiffsCommand& command, absl::Time now, std::ostream& out,
                  std::ostream& err) {
  const auto client = Connect(command.server, err);
  if (client == nullptr) return kExitConfig;
  const absl::Status status = DiffsRun(command, nullptr, now, out, *client).Run();
  out.flush();
  if (!status.ok()) err << "dcp: error: " << status.message() << "\n";
  return ExitCodeOfCall(status);
}

int DiffsOfDirectory(const DiffsCommand& command, absl::Time now, std::ostream& out,
                     std::ostream& err) {
  const auto fail = [&](absl::string_view why, int code) {
    err << "dcp: error: " << why << "\n";
    return code;
  };
  std::string dir = command.dir;
  std::optional<config::Config> config;
  if (!command.config.empty()) {
    config = LoadConfig(command.config, err);
    if (!config) return kExitConfig;
    dir = config->state.dir;
  }
  const bool writes = command.verb == Verb::kAck || command.verb == Verb::kIgnore;
  auto book = FindingBook::Open(
      dir, writes ? state::Database::Mode::kExisting : state::Database::Mode::kReadOnly);
  if (!book.ok()) return fail(book.status().message(), kExitConfig);
  const absl::Status status =
      DiffsRun(command, config ? &*config : nullptr, now, out, **book).Run();
  out.flush();
  if (!status.ok()) fail(status.message(), 0);
  return ExitCodeOf(status);
}

}  // namespace

int Diffs(const DiffsCommand& command, absl::Time now, std::ostream& out, std::ostream& err) {
  if (const std::string fault = UsageFault(command); !fault.empty()) {
    err << "dcp: error: " << fault << "\n";
    return kExitUsage;
  }
  return command.server.target.empty() ? DiffsOfDirectory(command, now, out, err)
                                       : DiffsOfServer(command, now, out, err);
}

}  // namespace dcp::cmd
