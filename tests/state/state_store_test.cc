// What a StateStore keeps, over a restart too.
#include "state/state_store.h"

#include <filesystem>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/state/fixture.h"
#include "tests/support/outbox_contract.h"

namespace dcp::test {

INSTANTIATE_TEST_SUITE_P(StateStore, OutboxContract, ::testing::Values([](size_t max_bytes) {
                           // An empty one each time, whose directory ends with it.
                           struct Owner final : model::Outbox {
                             explicit Owner(size_t bytes) {
                               auto opened = state::StateStore::Open(
                                   {.dir = dir.path(), .max_bytes_per_sink = bytes});
                               EXPECT_OK(opened);
                               store = *std::move(opened);
                             }
                             absl::Status Append(const model::Report& report,
                                                 const std::vector<Addressed>& alarms) override {
                               return store->Append(report, alarms);
                             }
                             std::vector<Head> Heads(const std::string& sink) const override {
                               return store->Heads(sink);
                             }
                             std::vector<Entry> Next(const std::string& sink,
                                                     const std::string& check,
                                                     size_t max) override {
                               return store->Next(sink, check, max);
                             }
                             void Acknowledge(const std::string& sink, uint64_t sequence) override {
                               store->Acknowledge(sink, sequence);
                             }
                             void PutAside(const std::string& sink, uint64_t sequence) override {
                               store->PutAside(sink, sequence);
                             }
                             Counts CountsOf(const std::string& sink) const override {
                               return store->CountsOf(sink);
                             }

                             state::StateDir dir;
                             std::unique_ptr<state::StateStore> store;
                           };
                           return std::make_unique<Owner>(max_bytes);
                         }));

}  // namespace dcp::test

namespace dcp::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class StateStoreTest : public StateTest {
 protected:
  StateStoreTest() { EXPECT_OK(TryOpen()); }

  absl::Status Update(model::PairUpdate update) {
    return store_->Append({"orders", "dst", {}, std::move(update)}, {});
  }
  static model::PairUpdate State(model::PairState state,
                                 std::vector<model::OpenFinding> findings = {}) {
    return {std::move(state), std::move(findings), {}};
  }
  static model::PairUpdate Findings(std::vector<model::OpenFinding> findings,
                                    std::vector<model::Digest> closed = {}) {
    return {{}, std::move(findings), std::move(closed)};
  }
  absl::Status Say(std::vector<model::Outcome> outcomes) {
    return store_->Append({"orders", "dst", std::move(outcomes), {}}, {});
  }
};

TEST_F(StateStoreTest, BeginsEmptyAndThenNot) {
  EXPECT_TRUE(store_->is_new());
  Open();
  EXPECT_FALSE(store_->is_new());
}

TEST_F(StateStoreTest, NothingIsStoredOfAPairThatNothingWasSaidOf) {
  ASSERT_OK_AND_ASSIGN(auto stored, store_->Load("orders", "dst"));
  EXPECT_EQ(stored, std::nullopt);
  ASSERT_OK(Say({Same(1, 2)}));
  ASSERT_OK_AND_ASSIGN(stored, store_->Load("orders", "dst"));
  EXPECT_EQ(stored, std::nullopt);
}

TEST_F(StateStoreTest, StateComesBackInEveryField) {
  model::PairState state;
  state.epoch = ~uint64_t{0};
  state.said_to = uint64_t{1} << 63;
  state.rules = "converge\nlateness 1";
  ASSERT_OK_AND_ASSIGN(const auto ahead,
                       model::GtidSet::Parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7"));
  model::RunState run;
  run.from = 5;
  run.from_name = std::string("uuid\0:7", 7);
  run.is_first = false;
  run.judged_ahead = ahead;
  run.source_place = "bin.1:4";
  state.run = run;
  state.lost_reason = "gap";
  state.lost_detail = "binlog \xff purged";
  state.timeout = Head(7, 9);
  state.timeout->at = absl::FromUnixNanos(1'714'564'800'123'456'789);
  state.source_timeout = Head(8, 8);
  ASSERT_OK(Update(State(state)));
  EXPECT_EQ(Load().state, state);
  Open();
  EXPECT_EQ(Load().state, state);
}

TEST_F(StateStoreTest, AbsentPartsOfAStateStayAbsent) {
  ASSERT_OK(Update(State(StateAt(4))));
  model::PairState state;
  state.lost_reason = "restart";
  ASSERT_OK(Update(State(state)));
  EXPECT_EQ(Load().state, state);
}

TEST_F(StateStoreTest, AnUpdateWithoutStateLeavesItAsItIs) {
  ASSERT_OK(Update(State(StateAt(4))));
  ASSERT_OK(Update(Findings({Finding(1)})));
  EXPECT_EQ(Load().state, StateAt(4));
}

TEST_F(StateStoreTest, FindingsAreAddedReplacedAndClosed) {
  ASSERT_OK(Update(Findings({Finding(1), Finding(2), Finding(3)})));
  model::OpenFinding changed = Finding(2);
  changed.kind = model::DiffKind::kMismatch;
  changed.keyless = true;
  changed.table = "";
  changed.source = model::Version::Unknown();
  ASSERT_OK(Update(Findings({changed}, {Finding(1).key, Finding(9).key})));
  EXPECT_THAT(Load().findings, UnorderedElementsAre(changed, Finding(3)));
  Open();
  EXPECT_THAT(Load().findings, UnorderedElementsAre(changed, Finding(3)));
}

TEST_F(StateStoreTest, PairsDoNotShareFindingsOrStates) {
  ASSERT_OK(store_->Append({"a", "x", {}, State(StateAt(1), {Finding(1)})}, {}));
  ASSERT_OK(store_->Append({"a", "y", {}, State(StateAt(2), {Finding(1)})}, {}));
  ASSERT_OK(store_->Append({"a", "x", {}, Findings({}, {Finding(1).key})}, {}));
  ASSERT_OK_AND_ASSIGN(const auto x, store_->Load("a", "x"));
  ASSERT_OK_AND_ASSIGN(const auto y, store_->Load("a", "y"));
  EXPECT_EQ(x->state, StateAt(1));
  EXPECT_THAT(x->findings, IsEmpty());
  EXPECT_EQ(y->state, StateAt(2));
  EXPECT_THAT(y->findings, ElementsAre(Finding(1)));
}

TEST_F(StateStoreTest, AVerdictHasOneLineInTheHistory) {
  model::Verdict verdict = Same(12, 13);
  verdict.kind = model::Verdict::Kind::kDiff;
  verdict.late = true;
  verdict.diff_count = 3;
  verdict.known = 2;
  verdict.unverified_reason = "gap";
  ASSERT_OK(Say({verdict, Same(13, 14), model::Timeout{Head(14, 15), 14, absl::Seconds(3), ""}}));
  ASSERT_OK(Say({Same(12, 13)}));  // said before
  EXPECT_EQ(Count("verdicts"), 2);
  EXPECT_EQ(Query("SELECT concat_ws FROM (SELECT check_name || ' ' || source || ' ' || target || "
                  "' ' || epoch || ' ' || from_barrier || ' ' || to_barrier || ' ' || kind || ' ' "
                  "|| late || ' ' || source_rows || ' ' || target_rows || ' ' || diff_count || ' ' "
                  "|| known || ' ' || unverified_reason || ' ' || at AS concat_ws FROM history)"),
            "orders src dst 1 12 13 diff 1 10 9 3 2 gap 2023-11-14T22:13:33.000Z");
}

TEST_F(StateStoreTest, OldVerdictsAndIdsGoByAge) {
  options_.retention = {.age = absl::Seconds(100), .min_count = 10, .max_count = 1000};
  Open();
  for (uint64_t n = 0; n < 300; ++n) ASSERT_OK(Append(n));
  // The last 100 seconds, and of the alarms, which are all of the beginning, the newest.
  EXPECT_EQ(Count("verdicts"), 101);
  EXPECT_EQ(Query("SELECT min(from_barrier) FROM verdicts"), "199");
  EXPECT_EQ(Count("alarm_ids"), 10);
}

TEST_F(StateStoreTest, OldVerdictsGoByCount) {
  options_.retention = {.age = absl::Hours(1000), .min_count = 10, .max_count = 50};
  Open();
  for (uint64_t n = 0; n < 200; ++n) ASSERT_OK(Append(n));
  EXPECT_EQ(Count("verdicts"), 50);
  EXPECT_EQ(Count("alarm_ids"), 50);
  EXPECT_EQ(Query("SELECT min(from_barrier) FROM verdicts"), "150");
}

TEST_F(StateStoreTest, AClockThatJumpsDoesNotDeleteTheNewest) {
  options_.retention = {.age = absl::Seconds(100), .min_count = 10, .max_count = 1000};
  Open();
  for (uint64_t n = 0; n < 50; ++n) ASSERT_OK(Append(n));
  model::Verdict late = Same(50, 51);
  late.head.at += absl::Hours(24 * 365);
  for (int i = 0; i < 30; ++i) ASSERT_OK(Say({late}));
  EXPECT_EQ(Count("verdicts"), 10);
}

TEST_F(StateStoreTest, WaitingAlarmsComeBackAfterARestart) {
  ASSERT_OK(AppendAlarm("1", {"a", "b"}));
  ASSERT_OK(AppendAlarm("2", {"a"}));
  store_->Acknowledge("b", store_->Heads("b").at(0).sequence);
  Open();
  EXPECT_THAT(Waiting("a"), ElementsAre("1", "2"));
  EXPECT_THAT(Waiting("b"), IsEmpty());
  ASSERT_OK(AppendAlarm("3", {"b"}));
  EXPECT_GT(store_->Heads("b").at(0).sequence, store_->Heads("a").at(0).sequence + 1);
}

TEST_F(StateStoreTest, SequencesGrowOverRestartsThoughNothingWaits) {
  ASSERT_OK(AppendAlarm("1"));
  const uint64_t first = store_->Heads("a").at(0).sequence;
  store_->Acknowledge("a", first);
  Open();
  ASSERT_OK(AppendAlarm("2"));
  EXPECT_GT(store_->Heads("a").at(0).sequence, first);
}

TEST_F(StateStoreTest, AnAlarmThatWaitsIsNotStoredAgain) {
  ASSERT_OK(AppendAlarm("1"));
  ASSERT_OK(AppendAlarm("1"));
  EXPECT_EQ(store_->CountsOf("a").waiting, 1u);
}

TEST_F(StateStoreTest, AnAlarmThatWasDeliveredIsNotStoredAgain) {
  ASSERT_OK(AppendAlarm("1"));
  store_->Acknowledge("a", store_->Heads("a").at(0).sequence);
  Open();
  ASSERT_OK(AppendAlarm("1"));
  EXPECT_EQ(store_->CountsOf("a").waiting, 0u);
  EXPECT_EQ(Count("alarms"), 0);
}

TEST_F(StateStoreTest, WhatAllSinksHaveGotLeavesOnlyItsId) {
  ASSERT_OK(AppendAlarm("1", {"a", "b"}));
  store_->Acknowledge("a", store_->Heads("a").at(0).sequence);
  EXPECT_EQ(Count("alarms"), 1);
  store_->Acknowledge("b", store_->Heads("b").at(0).sequence);
  EXPECT_EQ(Count("alarms"), 0);
  EXPECT_EQ(Count("deliveries"), 0);
  EXPECT_EQ(Count("alarm_ids"), 1);
}

TEST_F(StateStoreTest, PutAsideStaysSoAfterARestart) {
  ASSERT_OK(AppendAlarm("1"));
  ASSERT_OK(AppendAlarm("2"));
  store_->PutAside("a", store_->Heads("a").at(0).sequence);
  Open();
  EXPECT_EQ(store_->CountsOf("a").put_aside, 1u);
  EXPECT_THAT(Waiting("a"), ElementsAre("2"));
  EXPECT_EQ(Query("SELECT id FROM outbox WHERE put_aside = 1"), "1");
}

TEST_F(StateStoreTest, OnlyTheNewestThatWerePutAsideAreKept) {
  for (int i = 0; i < 1010; ++i) {
    ASSERT_OK(AppendAlarm(absl::StrCat(i)));
    store_->PutAside("a", store_->Heads("a").at(0).sequence);
  }
  EXPECT_EQ(store_->CountsOf("a").put_aside, 1010u);
  EXPECT_EQ(Count("deliveries"), 1000);
  EXPECT_EQ(Count("alarms"), 1000);
  EXPECT_EQ(Query("SELECT min(sequence) FROM outbox"), "11");
}

TEST_F(StateStoreTest, WhatIsGivenUpIsGoneAfterARestart) {
  options_.max_bytes_per_sink = 3 * model::BytesOf(*DiffAlarm("1"));
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_OK(AppendAlarm(absl::StrCat(i)));
  EXPECT_THAT(Waiting("a"), ElementsAre("2", "3", "4"));
  EXPECT_EQ(store_->CountsOf("a").lost, 2u);
  Open();
  EXPECT_THAT(Waiting("a"), ElementsAre("2", "3", "4"));
  EXPECT_EQ(store_->CountsOf("a").lost, 0u);
  EXPECT_EQ(Count("alarms"), 3);
}

TEST_F(StateStoreTest, ASmallerBoundHoldsAfterARestart) {
  for (int i = 0; i < 5; ++i) ASSERT_OK(AppendAlarm(absl::StrCat(i)));
  options_.max_bytes_per_sink = 2 * model::BytesOf(*DiffAlarm("1"));
  Open();
  EXPECT_THAT(Waiting("a"), ElementsAre("3", "4"));
  EXPECT_EQ(store_->CountsOf("a").lost, 3u);
}

TEST_F(StateStoreTest, ForgottenSinksAreToldWithWhatTheyDoNotGet) {
  ASSERT_OK(AppendAlarm("1", {"a", "b"}));
  ASSERT_OK(AppendAlarm("2", {"b"}));
  ASSERT_OK_AND_ASSIGN(auto forgotten, store_->ForgetSinksExcept({"a", "c"}));
  ASSERT_THAT(forgotten, SizeIs(1));
  EXPECT_EQ(forgotten[0].name, "b");
  EXPECT_EQ(forgotten[0].waiting, 2u);
  EXPECT_THAT(Waiting("a"), ElementsAre("1"));
  EXPECT_THAT(Waiting("b"), IsEmpty());
  EXPECT_EQ(Count("alarms"), 1);
  Open();
  ASSERT_OK_AND_ASSIGN(forgotten, store_->ForgetSinksExcept({"a", "c"}));
  EXPECT_THAT(forgotten, IsEmpty());
}

TEST_F(StateStoreTest, AForgottenPairBeginsAnew) {
  ASSERT_OK(Append(1));
  ASSERT_OK(store_->Append({"orders", "other", {Same(1, 2)}, State(StateAt(2))}, {}));
  store_->Acknowledge("a", store_->Heads("a").at(0).sequence);
  store_->Acknowledge("b", store_->Heads("b").at(0).sequence);
  ASSERT_OK_AND_ASSIGN(auto forgotten, store_->ForgetPairsExcept({{"orders", "other"}}));
  EXPECT_THAT(forgotten, ElementsAre(StateStore::Pair("orders", "dst")));
  ASSERT_OK_AND_ASSIGN(auto stored, store_->Load("orders", "dst"));
  EXPECT_EQ(stored, std::nullopt);
  EXPECT_EQ(Count("verdicts"), 1);
  Open();
  ASSERT_OK_AND_ASSIGN(stored, store_->Load("orders", "other"));
  EXPECT_EQ(stored->state, StateAt(2));
  ASSERT_OK(Append(1));  // its alarm is a new one
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1"));
}

TEST_F(StateStoreTest, WhatWaitsOfAForgottenPairIsDelivered) {
  ASSERT_OK(Append(1));
  ASSERT_OK(store_->ForgetPairsExcept({}));
  Open();
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1"));
}

TEST_F(StateStoreTest, DirectoryAndFilesAreForTheirOwnerOnly) {
  ASSERT_OK(Append(1));
  EXPECT_EQ(fs::status(dir_.path()).permissions(), fs::perms::owner_all);
  for (const char* name : {"/state.db", "/state.db-wal", "/lock"}) {
    EXPECT_EQ(fs::status(dir_.path() + name).permissions(),
              fs::perms::owner_read | fs::perms::owner_write)
        << name;
  }
}

TEST_F(StateStoreTest, ChecksAppendWhileSinksTake) {
  constexpr uint64_t kReports = 50;
  const std::vector<std::string> checks = {"x", "y"}, sinks = {"a", "b", "c"};
  std::vector<std::thread> threads;
  for (const std::string& check : checks) {
    threads.emplace_back([&, check] {
      for (uint64_t n = 1; n <= kReports; ++n) {
        auto alarm = std::make_shared<model::Alarm>(*DiffAlarm(absl::StrCat(check, n)));
        alarm->check = check;
        EXPECT_OK(store_->Append({check, "dst", {Same(n, n + 1)}, State(StateAt(n))},
                                 {{std::move(alarm), sinks}}));
      }
    });
  }
  for (const std::string& sink : sinks) {
    threads.emplace_back([&, sink] {
      std::map<std::string, uint64_t> got;  // by check, in order
      while (got["x"] < kReports || got["y"] < kReports) {
        for (const auto& head : store_->Heads(sink)) {
          for (const auto& entry : store_->Next(sink, head.check, 2)) {
            EXPECT_EQ(entry.alarm->id, absl::StrCat(head.check, ++got[head.check]));
            store_->Acknowledge(sink, entry.sequence);
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Count("verdicts"), static_cast<int64_t>(2 * kReports));
  EXPECT_EQ(Count("alarms"), 0);
}

TEST_F(StateStoreTest, WhatIsMadeDurableNeedsNoLog) {
  ASSERT_OK(Append(1));
  ASSERT_OK(store_->MakeDurable());
  ASSERT_OK(Append(2));
  const StateDir other;
  fs::create_directory(other.path());
  fs::copy_file(dir_.db(), other.db());
  ASSERT_OK_AND_ASSIGN(const auto copy, StateStore::Open({.dir = other.path()}));
  ASSERT_OK_AND_ASSIGN(const auto stored, copy->Load("orders", "dst"));
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->state, StateAt(2));
}

TEST_F(StateStoreTest, WhileAnotherProgramReadsNothingIsSaidToBeDurable) {
  ASSERT_OK(Append(1));
  ASSERT_OK_AND_ASSIGN(const auto other, Database::Open(dir_.db(), Database::Mode::kExisting));
  ASSERT_OK(other->Execute("BEGIN; SELECT count(*) FROM verdicts"));
  ASSERT_OK(Append(2));
  EXPECT_THAT(store_->MakeDurable(),
              test::StatusIs(absl::StatusCode::kUnavailable, HasSubstr("reads")));
  ASSERT_OK(other->Execute("COMMIT"));
  EXPECT_OK(store_->MakeDurable());
}

TEST_F(StateStoreTest, TellsWhatSinksHaveStillToGet) {
  EXPECT_EQ(store_->NewestWaiting(), 0u);
  ASSERT_OK(Append(1));
  const uint64_t first = store_->NewestWaiting();
  ASSERT_OK(Append(2));
  const uint64_t second = store_->NewestWaiting();
  EXPECT_LT(first, second);
  for (const uint64_t sequence : {first, second}) {
    EXPECT_TRUE(store_->Waits(sequence));
    store_->Acknowledge("a", sequence);
    EXPECT_TRUE(store_->Waits(sequence));  // b has not got it
    store_->Acknowledge("b", sequence);
    EXPECT_FALSE(store_->Waits(sequence));
  }
  EXPECT_EQ(store_->NewestWaiting(), 0u);
}

TEST_F(StateStoreTest, ReadersOfOtherProgramsDoNotDisturb) {
  ASSERT_OK(Append(1));
  ASSERT_OK_AND_ASSIGN(const auto other, Database::Open(dir_.db(), Database::Mode::kExisting));
  ASSERT_OK(other->Execute("BEGIN; SELECT count(*) FROM verdicts"));
  for (uint64_t n = 2; n < 10; ++n) ASSERT_OK(Append(n));
  EXPECT_EQ(Load().state, StateAt(10));
}

TEST_F(StateStoreTest, JobsAndWhatTheyHaveProvenAreKept) {
  model::JobState job;
  job.handled = absl::FromUnixSeconds(1'700'000'000);
  job.open_run = 3;
  job.begun = absl::FromUnixSeconds(1'699'999'000);
  job.barriers = {{"orders", "d\ns\\t", uint64_t{1} << 63, 0}, {"", "", 1, 2}};
  model::JobRun run;
  run.number = 2;
  run.result = model::JobRun::Result::kUnfinished;
  run.started = job.begun;
  run.rows = 77;
  run.detail = "stopped";
  const model::TableProof proof = {"orders", "dst", "shop.orders", "nightly", 9, job.begun};
  ASSERT_OK(store_->SaveJob("nightly", job, &run, {proof}));
  run.number = 3;
  run.result = model::JobRun::Result::kRunning;
  ASSERT_OK(store_->SaveJob("nightly", job, &run));
  run.result = model::JobRun::Result::kSame;
  run.ended = job.handled;
  ASSERT_OK(store_->SaveJob("nightly", job, &run));
  Close();
  Open();
  ASSERT_OK_AND_ASSIGN(const auto loaded, store_->LoadJob("nightly"));
  EXPECT_EQ(loaded, job);
  ASSERT_OK_AND_ASSIGN(const auto runs, store_->LoadJobRuns("nightly"));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0], run);
  EXPECT_EQ(runs[1].ended, absl::InfinitePast());
  EXPECT_EQ(*store_->LoadTableProofs(), std::vector<model::TableProof>{proof});
  EXPECT_EQ(*store_->LoadJob("other"), std::nullopt);
}

TEST_F(StateStoreTest, TheLastRunsOfAJobAreKept) {
  model::JobRun run;
  for (run.number = 1; run.number <= 150; ++run.number) {
    ASSERT_OK(store_->SaveJob("nightly", {}, &run));
  }
  ASSERT_OK_AND_ASSIGN(const auto runs, store_->LoadJobRuns("nightly"));
  EXPECT_EQ(runs.size(), 100u);
  EXPECT_EQ(runs.front().number, 150u);
}

TEST_F(StateStoreTest, AJobThatIsDamagedIsNamed) {
  ASSERT_OK(store_->SaveJob("nightly", {}, nullptr));
  {
    ASSERT_OK_AND_ASSIGN(const auto other, Database::Open(dir_.db(), Database::Mode::kExisting));
    ASSERT_OK(other->Execute("UPDATE jobs SET open_run = 7"));
  }
  EXPECT_THAT(store_->LoadJob("nightly"), test::HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace dcp::state
