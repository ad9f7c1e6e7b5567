// Jobs by a schedule, with a verification that the test plays and a clock that it owns.
#include "cmd/dcp/job_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alarm/alarm.h"
#include "alarm/masking.h"
#include "row/renderer.h"
#include "tests/state/fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using model::JobRun;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Stores what is said, as the program does.
class StoringSink final : public model::OutcomeSink {
 public:
  explicit StoringSink(state::StateStore& store) : store_(store) {}
  absl::Status Put(model::Report& report) override {
    const MutexLock lock(mu_);
    for (const model::Outcome& outcome : report.outcomes) said_.push_back(Words(outcome));
    return store_.Append(report, {});
  }
  std::vector<std::string> said() const {
    const MutexLock lock(mu_);
    return said_;
  }

 private:
  static std::string Words(const model::Outcome& outcome) {
    if (const auto* resolved = std::get_if<model::Resolved>(&outcome)) {
      return absl::StrCat(resolved->head.to, " resolved ", absl::StrJoin(resolved->keys, " "),
                          " ends ", resolved->resolves.size());
    }
    const auto& verdict = std::get<model::Verdict>(outcome);
    const char* const kinds[] = {"same", "diff", "unverified"};
    std::string words =
        absl::StrCat(verdict.head.to, " ", kinds[static_cast<size_t>(verdict.kind)]);
    for (const model::RowDiff& row : verdict.diffs) {
      absl::StrAppend(&words, " ", model::ToString(row.kind), " ", row.key_text);
    }
    if (verdict.known > 0) absl::StrAppend(&words, " known ", verdict.known);
    if (!verdict.unverified_reason.empty()) {
      absl::StrAppend(&words, " (", verdict.unverified_reason, ")");
    }
    return words;
  }

  state::StateStore& store_;
  mutable Mutex mu_;
  std::vector<std::string> said_ ABSL_GUARDED_BY(mu_);
};

class NoSpill final : public model::DiffSpill {
 public:
  std::string Add(const std::string&, const model::RowDiff&) override {
    ++rows;
    return "file";
  }
  int rows = 0;
};

// What a run finds: rows of shop.t that differ, and what else.
struct Play {
  std::vector<int> different = {};
  uint64_t undecided = 0;
  std::string skipped = {};
  absl::Status status = absl::OkStatus();
};

class JobRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Set("02:59:59");
    options_.job.name = "nightly";
    options_.job.schedule = "0 * * * *";
    options_.job.starts = *model::CronSchedule::Parse("0 * * * *");
    options_.job.zone = absl::UTCTimeZone();
    options_.job.target.port = 3307;
    options_.look_every = absl::Milliseconds(5);
    options_.verify = [this](const verifier::VerificationOptions& options,
                             const verifier::Pause& pause, verifier::VerificationEvents& events) {
      return Verify(options, pause, events);
    };
    options_.barriers = [] { return std::vector<model::SeenBarrier>{{"orders", "dst", 7, 6}}; };
    options_.prove = [](const std::vector<JobFindings::Decided>& decided,
                        const model::JobState& state) {
      std::vector<model::TableProof> proofs;
      for (const JobFindings::Decided& one : decided) {
        if (!one.whole || !one.unequal.empty()) continue;
        proofs.push_back({"orders", "dst", one.task.logical, "nightly",
                          state.barriers.at(0).of_source, state.begun});
      }
      return proofs;
    };
    options_.info = options_.warn = [this](absl::string_view line) {
      const MutexLock lock(mu_);
      log_.emplace_back(line);
    };
    Open();
  }

  void TearDown() override { Close(); }

  void Open() {
    state::StateStore::Options state;
    state.dir = dir_.path();
    ASSERT_OK_AND_ASSIGN(store_, state::StateStore::Open(std::move(state)));
    options_.checkpoint = dir_.path() + "/nightly.checkpoint";
    sink_ = std::make_unique<StoringSink>(*store_);
    runner_ = std::make_unique<JobRunner>(options_, *store_, *sink_, &registry_, &spill_, clock_);
    ASSERT_OK(runner_->Load());
    runner_->Start();
  }
  void Close() {
    runner_.reset();
    sink_.reset();
    store_.reset();
  }

  absl::Status Verify(const verifier::VerificationOptions& options, const verifier::Pause& pause,
                      verifier::VerificationEvents& events) {
    Play play;
    {
      const MutexLock lock(mu_);
      ++begun_;
      if (!plays_.empty()) {
        play = plays_.front();
        plays_.erase(plays_.begin());
      }
    }
    verifier::TableTask task;
    task.logical = "shop.t";
    events.OnStart({task}, "none");
    std::ofstream(options.checkpoint) << "so far\n";
    absl::Status status = options.admit();
    while (status.ok() && hold_) status = pause(absl::Milliseconds(1));
    if (!status.ok()) return status;
    events.OnShape({"shop.t", {"id"}, {"id"}, false});
    for (const int id : play.different) {
      events.OnDifference({"shop.t",
                           absl::StrCat("[", id, "]"),
                           verifier::Difference::Kind::kMissing,
                           {},
                           absl::StrCat("[", id, "]"),
                           "null"});
    }
    verifier::TableResult result;
    result.table = "shop.t";
    result.rows = 10;
    result.different = play.different.size();
    result.undecided = play.undecided;
    result.skipped = play.skipped;
    if (play.undecided > 0) result.reasons = {"it changes all the time"};
    if (!play.status.ok()) return play.status;
    events.OnTable(result);
    std::filesystem::remove(options.checkpoint);
    return absl::OkStatus();
  }

  void Set(const std::string& time) {
    absl::Time then;
    std::string error;
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", "2026-11-21 " + time, &then, &error));
    clock_.Advance(then - clock_.Now());
  }

  // The clock moves on while it waits, so that whoever sleeps by it wakes.
  bool Await(const std::function<bool()>& condition) {
    return test::Eventually([&] {
      clock_.Advance(absl::Milliseconds(10));
      return condition();
    });
  }
  bool AwaitRuns(size_t ended) {
    return Await([&] {
      const auto activity = runner_->activity();
      return !activity.running && activity.last_runs.size() >= ended &&
             activity.last_runs[0].result != JobRun::Result::kRunning;
    });
  }
  JobRun LastRun() const { return runner_->activity().last_runs.at(0); }
  std::string Log() const {
    const MutexLock lock(mu_);
    return absl::StrJoin(log_, "\n");
  }
  int begun() const {
    const MutexLock lock(mu_);
    return begun_;
  }

  const state::StateDir dir_;
  test::SimulatedClock clock_;
  model::TableRegistry registry_;
  NoSpill spill_;
  JobRunner::Options options_;
  std::unique_ptr<state::StateStore> store_;
  std::unique_ptr<StoringSink> sink_;
  std::unique_ptr<JobRunner> runner_;
  std::atomic<bool> hold_{false};
  mutable Mutex mu_;
  std::vector<Play> plays_ ABSL_GUARDED_BY(mu_);
  int begun_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mu_);
};

TEST_F(JobRunnerTest, ARunStartsByItsScheduleAndIsSaidAndKept) {
  EXPECT_EQ(runner_->activity().next_start, clock_.Now() + absl::Seconds(1));
  Set("03:00:00");
  ASSERT_TRUE(AwaitRuns(1));
  EXPECT_EQ(LastRun().result, JobRun::Result::kSame);
  EXPECT_EQ(LastRun().number, 1u);
  EXPECT_EQ(LastRun().rows, 10u);
  EXPECT_THAT(sink_->said(), ElementsAre("1 same"));
  EXPECT_THAT(runner_->proofs(), SizeIs(1));
  Close();
  Open();
  EXPECT_EQ(LastRun().result, JobRun::Result::kSame);
  ASSERT_OK_AND_ASSIGN(const auto proofs, store_->LoadTableProofs());
  ASSERT_THAT(proofs, SizeIs(1));
  EXPECT_EQ(proofs[0].offset, 7u);
  EXPECT_EQ(proofs[0].table, "shop.t");
}

TEST_F(JobRunnerTest, WhatDiffersIsSaidOnceAndResolved) {
  {
    const MutexLock lock(mu_);
    plays_ = {{.different = {1, 2}}, {.different = {2, 3}}, {.undecided = 1}, {}};
  }
  Set("03:00:00");
  ASSERT_TRUE(AwaitRuns(1));
  EXPECT_EQ(LastRun().result, JobRun::Result::kDiff);
  EXPECT_THAT(runner_->proofs(), IsEmpty());
  Set("04:00:00");
  ASSERT_TRUE(AwaitRuns(2));
  Set("05:00:00");
  ASSERT_TRUE(AwaitRuns(3));
  Set("06:00:00");
  ASSERT_TRUE(AwaitRuns(4));
  EXPECT_THAT(sink_->said(), ElementsAre("1 diff missing shop.t[1] missing shop.t[2]",
                                         "2 diff missing shop.t[3] known 1",
                                         "2 resolved shop.t[1] ends 0", "3 unverified (undecided)",
                                         "4 same", "4 resolved shop.t[2] shop.t[3] ends 2"));
}

TEST_F(JobRunnerTest, WhatCannotBeDoneIsUnverified) {
  {
    const MutexLock lock(mu_);
    plays_ = {{.skipped = "no key"}, {.status = absl::UnavailableError("no server")}};
  }
  Set("03:00:00");
  ASSERT_TRUE(AwaitRuns(1));
  EXPECT_EQ(LastRun().result, JobRun::Result::kUnverified);
  EXPECT_THAT(LastRun().detail, HasSubstr("skipped: shop.t: no key"));
  Set("04:00:00");
  ASSERT_TRUE(AwaitRuns(2));
  EXPECT_EQ(LastRun().result, JobRun::Result::kFailed);
  EXPECT_EQ(LastRun().detail, "no server");
  EXPECT_THAT(sink_->said(), ElementsAre("1 unverified (skipped)", "2 unverified (failed)"));
}

TEST_F(JobRunnerTest, ThereIsOneRunAtATimeAndWhatItHeldUpIsMissed) {
  hold_ = true;
  Set("03:00:00");
  ASSERT_TRUE(Await([&] { return runner_->activity().running && begun() == 1; }));
  Set("04:00:00");
  ASSERT_TRUE(Await([&] { return runner_->activity().missed == 1; }));
  EXPECT_EQ(begun(), 1);
  EXPECT_THAT(Log(), HasSubstr("the run before still goes on"));
  EXPECT_THAT(sink_->said(), IsEmpty());
  hold_ = false;
  ASSERT_TRUE(AwaitRuns(2));
  EXPECT_THAT(sink_->said(), ElementsAre("1 same", "2 unverified (missed)"));
  EXPECT_EQ(LastRun().result, JobRun::Result::kMissed);
}

TEST_F(JobRunnerTest, AStoppedRunGoesOnAndStartsWhileDownAreMissed) {
  hold_ = true;
  Set("03:00:00");
  ASSERT_TRUE(Await([&] { return runner_->activity().running && begun() == 1; }));
  Close();
  Set("05:30:00");
  hold_ = false;
  Open();
  ASSERT_TRUE(AwaitRuns(2));
  EXPECT_EQ(begun(), 2);
  EXPECT_THAT(Log(), HasSubstr("run 1 was interrupted and goes on"));
  EXPECT_THAT(sink_->said(), ElementsAre("1 same", "2 unverified (missed)"));
  EXPECT_THAT(LastRun().detail, HasSubstr("2 starts were missed, from 2026-11-21 04:00 to "
                                          "2026-11-21 05:00"));
  const JobRun first = runner_->activity().last_runs.at(1);
  EXPECT_LT(first.started, first.ended - absl::Hours(2));
}

TEST_F(JobRunnerTest, ARunOverItsLongestDurationGoesOnAtTheNextStart) {
  Close();
  options_.job.max_duration = absl::Minutes(10);
  Open();
  hold_ = true;
  Set("03:00:00");
  ASSERT_TRUE(Await([&] { return begun() == 1; }));
  Set("03:11:00");
  ASSERT_TRUE(AwaitRuns(1));
  EXPECT_EQ(LastRun().result, JobRun::Result::kUnfinished);
  EXPECT_THAT(LastRun().detail, HasSubstr("stopped after 10m (max_duration): 0 of 1 tables"));
  hold_ = false;
  Set("04:00:00");
  ASSERT_TRUE(AwaitRuns(2));
  EXPECT_THAT(sink_->said(), ElementsAre("1 unverified (unfinished)", "2 same"));
  // What the first run has read counts from its own start.
  const auto proofs = runner_->proofs();
  ASSERT_THAT(proofs, SizeIs(1));
  EXPECT_LT(proofs[0].at, LastRun().started - absl::Minutes(49));
}

TEST_F(JobRunnerTest, OutsideOfItsWindowARunPausesAndSaysSo) {
  Close();
  options_.job.window = {{absl::Hours(4), absl::Hours(6)}};
  Open();
  Set("03:00:00");
  ASSERT_TRUE(Await([&] { return runner_->activity().paused; }));
  EXPECT_THAT(Log(), HasSubstr("paused: it is outside of its window"));
  Set("03:59:00");
  EXPECT_TRUE(runner_->activity().paused);
  Set("04:00:00");
  ASSERT_TRUE(Await([&] {
    return runner_->activity().last_runs.at(0).result == JobRun::Result::kSame ||
           sink_->said().size() >= 1;
  }));
  EXPECT_THAT(Log(), HasSubstr("goes on: its window is open"));
  EXPECT_EQ(sink_->said().at(0), "1 same");
}

TEST_F(JobRunnerTest, RowsBeyondThoseShownStandInAFile) {
  Play play;
  for (int i = 0; i < 150; ++i) play.different.push_back(i);
  {
    const MutexLock lock(mu_);
    plays_ = {play};
  }
  Set("03:00:00");
  ASSERT_TRUE(AwaitRuns(1));
  EXPECT_EQ(spill_.rows, 150);
  EXPECT_EQ(LastRun().different, 150u);
  ASSERT_OK_AND_ASSIGN(const auto stored, store_->Load("nightly", "127.0.0.1:3307"));
  EXPECT_THAT(stored->findings, SizeIs(150));
}

// What people read of a run.
TEST(JobFindingsTest, AlarmsSpeakOfTheRunAndOfRowsAsTheyAre) {
  model::TableRegistry registry;
  NoSpill spill;
  model::OutcomeHead head;
  head.check = "nightly";
  head.source = "a:1";
  head.target = "b:2";
  head.epoch = model::kJobEpoch;
  head.from = 2;
  head.to = 3;
  model::OpenFinding known;
  known.key_text = "shop.t[2]";
  known.key = model::Xxh3(known.key_text);
  JobFindings findings(head, {known}, &registry, &spill, [](absl::string_view) {});
  verifier::TableTask task;
  task.logical = "shop.t";
  findings.OnStart({task}, "none");
  findings.OnShape({"shop.t", {"id", "v"}, {"id"}, false});
  const auto mismatch = verifier::Difference::Kind::kMismatch;
  findings.OnDifference({"shop.t", "[1]", mismatch, {"v"}, "[1,5]", "[1,6]"});
  findings.OnDifference({"shop.t", "[2]", mismatch, {"v"}, "[2,5]", "[2,6]"});
  verifier::TableResult skipped;
  skipped.table = "shop.t";
  skipped.skipped = "no key";
  findings.OnTable(skipped);
  const row::Renderer renderer;
  std::vector<std::string> texts;
  for (const model::Outcome& outcome : findings.MakeReport(absl::UnixEpoch()).outcomes) {
    for (const alarm::Alarm& one : alarm::MakeAlarms(outcome, alarm::Rendering(renderer))) {
      texts.push_back(one.text);
    }
  }
  EXPECT_THAT(
      texts,
      ElementsAre("DIFF nightly a:1->b:2 run 3: 1 row: mismatch shop.t[1]; now: source [1,5], "
                  "target [1,6]; differs in v; 1 row known to differ not equal yet",
                  "UNVERIFIED nightly a:1->b:2 run 3: table shop.t could not be compared "
                  "(skipped): skipped: shop.t: no key"));
}

// Rows that are equal as far as they are compared.
TEST(JobFindingsTest, WhereColumnsAreLeftOutNothingIsTheSameAndNoFindingEnds) {
  for (const bool all_columns : {true, false}) {
    model::TableRegistry registry;
    NoSpill spill;
    model::OpenFinding known;
    known.table = "shop.t";
    known.key_text = "shop.t[2]";
    known.key = model::Xxh3(known.key_text);
    JobFindings findings({}, {known}, &registry, &spill, [](absl::string_view) {});
    verifier::TableTask task;
    task.logical = "shop.t";
    findings.OnStart({task}, "none");
    verifier::TableResult result;
    result.table = "shop.t";
    result.schema_differences = {"another key"};
    result.all_columns = all_columns;
    findings.OnTable(result);
    EXPECT_EQ(findings.decided().size(), all_columns ? 1u : 0u);
    const model::Report report = findings.MakeReport(absl::UnixEpoch());
    EXPECT_EQ(report.update.closed.size(), all_columns ? 1u : 0u);
    EXPECT_EQ(findings.Summary().result, model::JobRun::Result::kUnverified);
    const auto& verdict = std::get<model::Verdict>(report.outcomes.at(0));
    EXPECT_EQ(verdict.unverified_reason, "schema");
    EXPECT_EQ(verdict.unverified_detail, "definitions differ: shop.t: another key");
    EXPECT_EQ(verdict.unverified_table, "shop.t");
  }
}

// Nothing of a row is told where its table is not known, nor of one that is undecided.
TEST(JobFindingsTest, MaskedValuesStandInNoAlarm) {
  model::TableRegistry registry;
  NoSpill spill;
  model::OutcomeHead head;
  head.check = "nightly";
  head.epoch = model::kJobEpoch;
  const alarm::Masks masks({{.tables = {"shop.*"}, .columns = {"v"}}}, &registry);
  JobFindings findings(
      head, {}, &registry, &spill, [](absl::string_view) {}, /*hides_keys=*/true);
  verifier::TableTask task;
  task.logical = "shop.t";
  findings.OnStart({task}, "none");
  findings.OnDifference(
      {"shop.t", "[\"secret\"]", verifier::Difference::Kind::kMissing, {}, "[\"secret\"]", "null"});
  verifier::TableResult undecided;
  undecided.table = "shop.t";
  undecided.undecided = 1;
  undecided.reasons = {"[\"secret\"]: it changes"};
  undecided.cause = "it changes";
  findings.OnTable(undecided);
  const row::Renderer renderer;
  std::string said;
  for (const model::Outcome& outcome : findings.MakeReport(absl::UnixEpoch()).outcomes) {
    for (const auto& one : alarm::MakeAlarms(outcome, alarm::Rendering(renderer, &masks))) {
      absl::StrAppend(&said, one.text, "\n", one.json, "\n");
    }
  }
  EXPECT_THAT(said, HasSubstr("it changes"));
  EXPECT_THAT(said, HasSubstr(R"(shop.t["***"])"));
  EXPECT_THAT(said, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace dcp::cmd
