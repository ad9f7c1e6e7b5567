#include "tests/simulation/surroundings.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "alarm/alarm.h"
#include "row/renderer.h"
#include "tests/alarm/json_schema.h"
#include "tests/checker/model/plain_batch.h"

namespace dcp::simulation {

using checker::test::Said;

namespace {
// Validating takes longer than all else.
constexpr uint64_t kReceiptsPerValidated = 16;
}  // namespace

void Ledger::Fail(std::string what) {
  if (failure_.empty()) failure_ = std::move(what);
}

void Ledger::Propose(const model::Report& report) {
  const row::Renderer rows;
  for (const model::Outcome& outcome : report.outcomes) {
    const Said said = checker::test::SaidOf(outcome);
    for (const alarm::Alarm& alarm : alarm::MakeAlarms(outcome, alarm::Rendering(rows))) {
      Propose(alarm.id, said);
    }
  }
}

void Ledger::Propose(const std::string& id, const Said& said) {
  const auto [found, is_new] = proposed_.emplace(id, said);
  if (is_new || found->second == said) return;
  Fail(absl::StrCat("of one id two things are said: ", checker::test::ToString(found->second),
                    " and ", checker::test::ToString(said)));
}

void Ledger::Receive(const model::Alarm& alarm) {
  if (!proposed_.contains(alarm.id)) Fail(absl::StrCat("nobody said ", alarm.text));
  if (++receipts_ % kReceiptsPerValidated == 1) {
    const std::string wrong = alarm::WrongByManual(alarm.json);
    if (!wrong.empty()) Fail(absl::StrCat("not as the manual says: ", wrong, ": ", alarm.json));
  }
  if (received_.insert(alarm.id).second) order_[alarm.check].push_back(alarm.id);
}

std::vector<Said> Ledger::Told(const std::string& check) const {
  std::vector<Said> told;
  const auto ids = order_.find(check);
  if (ids == order_.end()) return told;
  for (const std::string& id : ids->second) {
    const Said& said = proposed_.at(id);
    // A verdict may be two alarms.
    const bool again = said.kind != Said::Kind::kResolved && !told.empty() && told.back() == said;
    if (!again) checker::test::Collect(said, &told);
  }
  return told;
}

}  // namespace dcp::simulation
