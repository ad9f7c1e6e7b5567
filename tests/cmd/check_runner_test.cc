#include "cmd/dcp/check_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/checker/fake_spill_store.h"
#include "tests/checker/streams.h"
#include "tests/support/eventually.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using model::Tag;
using ::testing::Contains;
using ::testing::ElementsAre;

class CollectingSink final : public model::OutcomeSink {
 public:
  absl::Status Put(model::Report& report) override {
    MutexLock lock(mu_);
    if (cancel_next_) {
      cancel_next_ = false;
      came_.NotifyAll();
      return absl::CancelledError("no room");
    }
    while (busy_) came_.Wait(mu_);
    for (const model::Outcome& outcome : report.outcomes) said_.push_back(test::Text(outcome));
    came_.NotifyAll();
    return absl::OkStatus();
  }
  // As long as that is so no report is stored.
  void SetBusy(bool busy) {
    MutexLock lock(mu_);
    busy_ = busy;
    came_.NotifyAll();
  }
  // Of the next report nothing is stored; waits until it has come.
  void CancelNext() {
    MutexLock lock(mu_);
    cancel_next_ = true;
  }
  bool AwaitCancelled() {
    MutexLock lock(mu_);
    for (int i = 0; i < 1000 && cancel_next_; ++i) came_.WaitFor(mu_, absl::Milliseconds(10));
    return !cancel_next_;
  }
  // Waits until `count` outcomes have come.
  std::vector<std::string> Await(size_t count) {
    MutexLock lock(mu_);
    for (int i = 0; i < 1000 && said_.size() < count; ++i) {
      came_.WaitFor(mu_, absl::Milliseconds(10));
    }
    return said_;
  }

 private:
  Mutex mu_;
  CondVar came_;
  bool cancel_next_ ABSL_GUARDED_BY(mu_) = false;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::string> said_ ABSL_GUARDED_BY(mu_);
};

class FixedReader final : public model::RowReader {
 public:
  explicit FixedReader(model::RowAnswer::Kind kind) : kind_(kind) {}
  std::vector<model::RowAnswer> Read(const std::vector<model::RowRequest>& requests) override {
    std::vector<model::RowAnswer> answers(requests.size());
    for (model::RowAnswer& answer : answers) answer.kind = kind_;
    return answers;
  }
  std::optional<uint64_t> target_barrier() const override { return 1; }

 private:
  const model::RowAnswer::Kind kind_;
};

model::ChangeBatchPtr BarrierBatch(uint64_t offset, size_t padding = 0) {
  auto batch = std::make_shared<model::ChangeBatch>();
  model::Mark mark;
  mark.barrier_offset = offset;
  batch->marks.push_back(mark);
  model::Txn txn;
  txn.marks_end = 1;
  if (padding > 0) {
    model::Change change;
    change.key = model::Xxh3("k");
    change.content = {0, static_cast<uint32_t>(padding)};
    batch->bytes.assign(padding, 'x');
    batch->changes.push_back(change);
    txn.changes_end = 1;
    batch->marks[0].at = 1;
  }
  batch->txns.push_back(txn);
  return batch;
}

class CheckRunnerTest : public ::testing::Test {
 protected:
  std::unique_ptr<CheckRunner> MakeRunner(uint64_t max_bytes = 1 << 20,
                                          std::unique_ptr<model::RowReader> reader = nullptr) {
    CheckRunner::Target target;
    target.options.check = "c";
    target.options.source = Tag("src");
    target.options.target = Tag("dst");
    target.options.lateness = 0;
    target.options.confirm = reader != nullptr;
    target.reader = std::move(reader);
    if (spills_) target.source_store = std::make_unique<checker::test::FakeSpillStore>(&control_);
    std::vector<CheckRunner::Target> targets;
    targets.push_back(std::move(target));
    CheckRunner::Options options;
    options.name = "c";
    options.source = Tag("src");
    budget_ = std::make_unique<MemoryBudget>(max_bytes);
    options.memory = budget_.get();
    options.tick = absl::Milliseconds(5);
    if (inputs_spill_) {
      options.inputs =
          std::make_shared<InputSpill>(std::make_unique<checker::test::FakeSpillStore>(&control_));
    }
    auto runner = std::make_unique<CheckRunner>(options, std::move(targets), clock_, &sink_);
    runner->Start();
    EXPECT_OK(runner->Open(Tag("src"), {}));
    EXPECT_OK(runner->Open(Tag("dst"), {}));
    return runner;
  }

  test::SimulatedClock clock_;
  CollectingSink sink_;
  std::unique_ptr<MemoryBudget> budget_;
  bool spills_ = false, inputs_spill_ = false;  // of MakeRunner()
  checker::test::SpillControl control_;         // the worker's, once something is appended
};

TEST_F(CheckRunnerTest, OutcomesReachTheSink) {
  auto runner = MakeRunner();
  for (uint64_t b = 1; b <= 3; ++b) {
    EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b)));
    EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(b)));
  }
  EXPECT_THAT(sink_.Await(2), ElementsAre("same 1..2", "same 2..3"));
}

// Else the next run would begin behind what was never said.
TEST_F(CheckRunnerTest, BehindAReportThatIsNotStoredNoneIsPut) {
  auto runner = MakeRunner();
  const auto both = [&](uint64_t offset) {
    EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(offset)));
    EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(offset)));
  };
  both(1);
  both(2);
  EXPECT_THAT(sink_.Await(1), ElementsAre("same 1..2"));
  sink_.CancelNext();
  both(3);
  ASSERT_TRUE(sink_.AwaitCancelled());
  both(4);
  runner->Stop();
  EXPECT_THAT(sink_.Await(1), ElementsAre("same 1..2"));
}

TEST_F(CheckRunnerTest, TimePassingRaisesATimeout) {
  auto runner = MakeRunner();
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(2)));
  clock_.Advance(absl::Minutes(1));
  // The batch may have been enqueued before the clock moved, never judged late twice.
  EXPECT_THAT(sink_.Await(1), ElementsAre("timeout 1..2 last=1"));
}

TEST_F(CheckRunnerTest, StreamThatIsAheadAndOverItsShareWaitsForTheOther) {
  auto runner = MakeRunner(1000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  std::atomic<uint64_t> appended = 0;
  std::thread source([&] {
    for (uint64_t b = 2; b <= 50; ++b) {
      EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b, 400)));
      appended = b;
    }
  });
  // The target is never held up, and frees the source.
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 400)));
  source.join();
  EXPECT_EQ(appended, 50u);
  EXPECT_THAT(sink_.Await(49), ::testing::SizeIs(49));
}

TEST_F(CheckRunnerTest, AStreamIsNotHeldUpForOneThatHasEnded) {
  auto runner = MakeRunner(1000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  std::thread source([&] {
    for (uint64_t b = 2; b <= 50; ++b) {
      EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b, 400)));
    }
  });
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(2, 400)));
  runner->EndOfStream(Tag("dst"));
  source.join();
  runner->EndOfStream(Tag("src"));
  runner->Stop();
  EXPECT_THAT(sink_.Await(1), ElementsAre("same 1..2"));
  const CheckRunner::TargetStatus status = runner->status()[0];
  EXPECT_EQ(status.pair.last_judged, 2U);
  EXPECT_GT(status.left_out, 40U);
  EXPECT_LT(status.pending_bytes, 2000U);
}

TEST_F(CheckRunnerTest, WhatWaitsGoesToTheStoreAndHoldsNobodyUp) {
  spills_ = true;
  auto runner = MakeRunner(100'000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
  EXPECT_TRUE(test::Eventually([&] { return runner->memory().spilled_segments > 30; }));
  EXPECT_LT(runner->memory().used_bytes, 100'000u);
  EXPECT_EQ(runner->memory().intake_waits, 0u);
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  EXPECT_THAT(sink_.Await(49), ::testing::SizeIs(49));
  EXPECT_TRUE(test::Eventually([&] { return runner->memory().spilled_segments == 0; }));
}

// As storing a million differences keeps it: the streams feed other checks too.
TEST_F(CheckRunnerTest, WhileTheWorkerIsBusyBatchesWaitOnDiskAndHoldNobodyUp) {
  inputs_spill_ = true;
  sink_.SetBusy(true);
  auto runner = MakeRunner();
  for (uint64_t b = 1; b <= 100; ++b) {
    ASSERT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
    ASSERT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  }
  EXPECT_GT(control_.written, 100u);
  sink_.SetBusy(false);
  const std::vector<std::string> said = sink_.Await(99);
  ASSERT_EQ(said.size(), 99u);
  for (uint64_t b = 1; b < 100; ++b) EXPECT_EQ(said[b - 1], absl::StrCat("same ", b, "..", b + 1));
  EXPECT_EQ(control_.held, 0u);
  EXPECT_EQ(runner->memory().intake_waits, 0u);
}

TEST_F(CheckRunnerTest, WhereTheyCannotWaitOnDiskTheyWaitForTheWorker) {
  inputs_spill_ = true;
  control_.write_status = absl::ResourceExhaustedError("full");
  auto runner = MakeRunner();
  for (uint64_t b = 1; b <= 100; ++b) {
    ASSERT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
    ASSERT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  }
  EXPECT_EQ(sink_.Await(99).size(), 99u);
}

TEST_F(CheckRunnerTest, BehindABatchThatDoesNotComeBackNothingIsSaid) {
  inputs_spill_ = true;
  control_.damages = true;
  sink_.SetBusy(true);
  auto runner = MakeRunner();
  for (uint64_t b = 1; b <= 100; ++b) {
    ASSERT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
    ASSERT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  }
  sink_.SetBusy(false);
  ASSERT_TRUE(test::Eventually([&] { return !runner->failure().ok(); }));
  runner->Stop();
  EXPECT_LT(sink_.Await(0).size(), 99u);
}

TEST_F(CheckRunnerTest, WhereTheDiskIsFullTheStreamThatIsAheadWaits) {
  spills_ = true;
  control_.write_status = absl::ResourceExhaustedError("no room");
  auto runner = MakeRunner(100'000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  std::atomic<uint64_t> appended = 0;
  std::thread source([&] {
    for (uint64_t b = 2; b <= 50; ++b) {
      EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
      appended = b;
    }
  });
  EXPECT_TRUE(test::Eventually([&] { return runner->memory().intake_waits > 0; }));
  EXPECT_LT(appended, 50u);
  EXPECT_GT(runner->memory().spill_failures, 0u);
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  source.join();
  EXPECT_THAT(sink_.Await(49), ::testing::SizeIs(49));
}

TEST_F(CheckRunnerTest, WhatDoesNotComeBackEndsTheCheckAndIsSaid) {
  spills_ = true;
  control_.damages = true;
  auto runner = MakeRunner(100'000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(b, 10'000)));
  EXPECT_TRUE(test::Eventually([&] { return runner->memory().spilled_segments > 30; }));
  EXPECT_OK(runner->failure());
  for (uint64_t b = 2; b <= 50; ++b) EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(b, 10'000)));
  EXPECT_TRUE(test::Eventually([&] { return !runner->failure().ok(); }));
  EXPECT_THAT(runner->failure(), test::StatusIs(absl::StatusCode::kDataLoss,
                                                ::testing::HasSubstr("check c: what waited")));
  runner->Stop();
  EXPECT_LT(sink_.Await(0).size(), 20u);
}

TEST_F(CheckRunnerTest, StopWakesABlockedStream) {
  auto runner = MakeRunner(1000);
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  absl::Status last;
  std::thread source([&] {
    for (uint64_t b = 2; last.ok(); ++b) last = runner->Append(Tag("src"), BarrierBatch(b, 400));
  });
  runner->Stop();
  source.join();
  EXPECT_THAT(last, test::HasCode(absl::StatusCode::kCancelled));
}

TEST_F(CheckRunnerTest, DifferenceIsConfirmedBeforeItIsSaid) {
  auto runner =
      MakeRunner(1 << 20, std::make_unique<FixedReader>(model::RowAnswer::Kind::kDifferent));
  model::TableRegistry tables;
  auto batch = std::make_shared<model::ChangeBatch>(*BarrierBatch(2, 1));
  batch->changes[0].table = tables.Intern({"t", {}, false});
  batch->changes[0].after = test::V("a");
  batch->changes[0].key_text = {0, 1};
  EXPECT_OK(runner->Append(Tag("src"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(1)));
  EXPECT_OK(runner->Append(Tag("src"), std::move(batch)));
  EXPECT_OK(runner->Append(Tag("dst"), BarrierBatch(2)));
  EXPECT_THAT(sink_.Await(1), ElementsAre("diff 1..2 x:missing"));
}

TEST_F(CheckRunnerTest, UnknownTagIsNamed) {
  auto runner = MakeRunner();
  ChangeRouter router({runner.get()});
  EXPECT_OK(router.Append(Tag("src"), BarrierBatch(1)));
  EXPECT_THAT(router.Append(Tag("nope"), BarrierBatch(1)),
              test::StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("'nope'")));
}

}  // namespace
}  // namespace dcp::cmd
