#include "tests/state/fixture.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace dcp::state {

// In memory where there is such a place: SQLite waits for the disk when it creates a database.
StateDir::StateDir()
    : root_("dcp-test-state", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ""),
      path_(root_ / "state") {}

model::OutcomeHead Head(uint64_t from, uint64_t to) {
  return {.check = "orders",
          .source = "src",
          .target = "dst",
          .epoch = 1,
          .from = from,
          .to = to,
          .at = absl::FromUnixSeconds(1'700'000'000 + static_cast<int64_t>(to))};
}

model::Verdict Same(uint64_t from, uint64_t to) {
  model::Verdict verdict;
  verdict.head = Head(from, to);
  verdict.source_rows = 10;
  verdict.target_rows = 9;
  return verdict;
}

model::OpenFinding Finding(uint64_t n) {
  return {.key = {n, ~n},
          .alarm_id = absl::StrCat("alarm-", n),
          .kind = model::DiffKind::kMissing,
          .table = "shop.orders",
          .keyless = false,
          .key_text = absl::StrCat("shop.orders[", n, "]"),
          .not_before = n + 1,
          .source = model::Version::Content({n, 7}),
          .target = model::Version::Absent()};
}

model::FindingNote NoteOf(const model::OpenFinding& finding, absl::Time at) {
  return {.key = finding.key,
          .alarm_id = finding.alarm_id,
          .kind = finding.kind,
          .table = finding.table,
          .key_text = finding.key_text,
          .at = at};
}

model::PairState StateAt(uint64_t said_to) {
  model::PairState state;
  state.said_to = said_to;
  state.rules = "rules";
  model::RunState run;
  run.from = said_to;
  run.from_name = absl::StrCat("uuid:", said_to);
  run.source_place = "a:1";
  run.target_place = "b:2";
  state.run = run;
  return state;
}

model::AlarmPtr DiffAlarm(const std::string& id) {
  auto alarm = std::make_shared<model::Alarm>();
  alarm->type = model::AlarmType::kDiff;
  alarm->id = id;
  alarm->json = absl::StrCat("{\"id\":\"", id, "\"}");
  alarm->text = "diff " + id;
  alarm->check = "orders";
  alarm->source = "src";
  alarm->target = "dst";
  alarm->at = absl::FromUnixSeconds(1'700'000'000);
  return alarm;
}

// Every report closes the finding of the one before the last.
model::Report ReportOf(uint64_t n) {
  model::Report report{"orders", "dst", {Same(n, n + 1)}, {}};
  report.update.state = StateAt(n + 1);
  report.update.findings = {Finding(n)};
  if (n >= 2) report.update.closed = {Finding(n - 2).key};
  return report;
}

std::vector<model::Outbox::Addressed> AlarmsOf(uint64_t n) {
  return {{DiffAlarm(absl::StrCat("alarm-", n)), {"a", "b"}}};
}

absl::Status StateTest::TryOpen() {
  store_.reset();
  absl::StatusOr<std::unique_ptr<StateStore>> store = StateStore::Open(options_);
  if (store.ok()) store_ = *std::move(store);
  return store.status();
}

absl::Status StateTest::AppendAlarm(const std::string& id, std::vector<std::string> sinks) {
  return store_->Append({"orders", "dst", {}, {}}, {{DiffAlarm(id), std::move(sinks)}});
}

std::vector<std::string> StateTest::Waiting(const std::string& sink) {
  std::vector<std::string> ids;
  for (const auto& head : store_->Heads(sink)) {
    for (const auto& entry : store_->Next(sink, head.check, 1'000'000)) {
      ids.push_back(entry.alarm->id);
    }
  }
  return ids;
}

model::StoredPair StateTest::Load() {
  const auto stored = store_->Load("orders", "dst");
  EXPECT_OK(stored);
  EXPECT_TRUE(stored.ok() && stored->has_value());
  return stored.ok() ? stored->value_or(model::StoredPair()) : model::StoredPair();
}

std::string StateTest::Query(const std::string& sql) {
  const auto db = Database::Open(dir_.db(), Database::Mode::kExisting);
  EXPECT_OK(db);
  if (!db.ok()) return "";
  auto statement = (*db)->Prepare(sql);
  EXPECT_OK(statement);
  if (!statement.ok()) return "";
  const auto row = statement->Bind().Step();
  EXPECT_OK(row);
  return row.ok() && *row ? statement->ReadText() : "";
}

int64_t StateTest::Count(const std::string& table) {
  return std::stoll(Query("SELECT count(*) FROM " + table));
}

}  // namespace dcp::state
