#include "cmd/dcp/utf8_desk.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "row/json_text.h"

namespace dcp::cmd {
namespace {

using model::FindingEntry;
using model::IgnoreRule;
using row::ToValidUtf8;

FindingEntry Valid(FindingEntry entry) {
  model::FindingNote& note = entry.record.note;
  for (std::string* text :
       {&entry.check, &entry.target, &note.alarm_id, &note.table, &note.key_text, &note.json}) {
    *text = ToValidUtf8(*text);
  }
  for (std::string& column : note.columns) column = ToValidUtf8(column);
  if (entry.ack) entry.ack->note = ToValidUtf8(entry.ack->note);
  return entry;
}

class Utf8Desk final : public model::FindingDesk {
 public:
  explicit Utf8Desk(std::unique_ptr<model::FindingDesk> desk) : desk_(std::move(desk)) {}

  absl::Status List(const model::FindingFilter& filter, absl::Time now,
                    const std::function<bool(const FindingEntry&)>& take) override {
    return desk_->List(filter, now, [&](const FindingEntry& entry) { return take(Valid(entry)); });
  }
  absl::StatusOr<std::vector<FindingEntry>> Find(const std::string& name, absl::Time now) override {
    DCP_ASSIGN_OR_RETURN(std::vector<FindingEntry> found, desk_->Find(name, now));
    for (FindingEntry& entry : found) entry = Valid(std::move(entry));
    return found;
  }
  absl::Status Acknowledge(const model::FindingAck& ack) override {
    return desk_->Acknowledge(ack);
  }
  absl::Status IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                             const std::string& note, absl::Time now) override {
    return desk_->IgnoreFinding(number, until, note, now);
  }
  absl::Status TakeBackAck(int64_t number) override { return desk_->TakeBackAck(number); }
  absl::StatusOr<std::vector<IgnoreRule>> Rules() override {
    DCP_ASSIGN_OR_RETURN(std::vector<IgnoreRule> rules, desk_->Rules());
    for (IgnoreRule& rule : rules) {
      for (std::string* text :
           {&rule.check, &rule.target, &rule.table, &rule.key_text, &rule.column, &rule.note}) {
        *text = ToValidUtf8(*text);
      }
    }
    return rules;
  }
  absl::StatusOr<int64_t> AddRule(const IgnoreRule& rule) override { return desk_->AddRule(rule); }
  absl::Status RemoveRule(int64_t number) override { return desk_->RemoveRule(number); }

 private:
  const std::unique_ptr<model::FindingDesk> desk_;
};

}  // namespace

std::unique_ptr<model::FindingDesk> MakeUtf8Desk(std::unique_ptr<model::FindingDesk> desk) {
  return std::make_unique<Utf8Desk>(std::move(desk));
}

}  // namespace dcp::cmd
