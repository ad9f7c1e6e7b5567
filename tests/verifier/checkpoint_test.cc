// Verifications that are stopped, or whose file ends anywhere as after a kill, and gone on with.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "absl/strings/str_join.h"
#include "tests/support/eventually.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CheckpointTest : public VerificationTest {
 protected:
  void SetUp() override {
    VerificationTest::SetUp();
    std::vector<std::string> values;
    for (int i = 1; i <= 3000; ++i) values.push_back(absl::StrCat("(", i, ",'v", i, "')"));
    const std::string all = absl::StrJoin(values, ",");
    OnBoth("CREATE TABLE shop.a (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO shop.a VALUES " +
           all);
    // Another order on the target: rows are met in other chunks there.
    OnSourceOnly("CREATE TABLE shop.b (id VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY)");
    OnTarget("CREATE TABLE shop.b (id VARCHAR(9) COLLATE utf8mb4_0900_as_cs PRIMARY KEY)");
    std::vector<std::string> words;
    for (int i = 0; i < 600; ++i)
      words.push_back(absl::StrCat("('", i % 2 == 0 ? "a" : "B", i, "')"));
    OnEach("INSERT INTO shop.b VALUES " + absl::StrJoin(words, ","),
           "INSERT INTO shop.b VALUES " + absl::StrJoin(words, ","));
    OnTarget(
        "UPDATE shop.a SET v = 'x' WHERE id % 500 = 3; DELETE FROM shop.a WHERE id % 700 = 1; "
        "INSERT INTO shop.a VALUES (-1, ''), (9999, ''); DELETE FROM shop.b WHERE id IN ('a10', "
        "'B595'); INSERT INTO shop.b VALUES ('extra')");
    options_.scan.chunk = {.first = 100, .max = 100};
    options_.scan.max_suspects = 50;
    options_.sync.kind = SyncKind::kGtid;  // writes nothing
    options_.recheck.first_pause = options_.recheck.last_pause = absl::Milliseconds(1);
    Run();
    expected_ = Told();
    ASSERT_THAT(events_.differences, SizeIs(::testing::Ge(16)));
    options_.checkpoint = File();
  }

  std::string File() const { return dir_ / "checkpoint"; }

  // Everything that a run says of what it found, but for the time.
  std::string Told() const {
    std::string told;
    for (const std::string& found : events_.Found()) absl::StrAppend(&told, found, "\n");
    std::vector<std::string> tables;
    for (const TableResult& table : events_.tables) {
      tables.push_back(absl::StrCat(table.table, " ", table.rows, " ", table.chunks, " ",
                                    table.different, " ", table.undecided));
    }
    std::sort(tables.begin(), tables.end());
    return told + absl::StrJoin(tables, "\n");
  }

  // Runs, and stops behind so many chunks at the latest. Returns the rows that were read.
  absl::StatusOr<uint64_t> RunFor(int chunks) {
    events_ = CollectedEvents();
    rows_read_ = 0;
    int read = 0;
    CountingEvents events(events_, [&](uint64_t rows) {
      rows_read_ += rows;
      ++read;
    });
    const Pause pause = [&](absl::Duration time) -> absl::Status {
      return read >= chunks ? absl::CancelledError("stopped") : Wait(time);
    };
    const absl::Status status = RunVerification(options_, Clock::Real(), pause, events);
    if (!status.ok()) return status;
    return rows_read_;
  }

  class CountingEvents final : public VerificationEvents {
   public:
    CountingEvents(CollectedEvents& events, std::function<void(uint64_t)> on_rows)
        : events_(events), on_rows_(std::move(on_rows)) {}
    void OnStart(const std::vector<TableTask>& tables, const std::string& sync) override {
      events_.OnStart(tables, sync);
    }
    void OnWarning(const std::string& text) override { events_.OnWarning(text); }
    void OnRows(const std::string&, uint64_t rows) override { on_rows_(rows); }
    void OnDifference(const Difference& d) override { events_.OnDifference(d); }
    void OnTable(const TableResult& result) override { events_.OnTable(result); }

   private:
    CollectedEvents& events_;
    std::function<void(uint64_t)> on_rows_;
  };

  std::string ReadFile() const {
    std::ifstream file(File(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteFile(const std::string& text) const {
    std::ofstream(File(), std::ios::binary | std::ios::trunc) << text;
  }

  RepairDirectory dir_;
  std::string expected_;
  uint64_t rows_read_ = 0;
};

TEST_F(CheckpointTest, AnUndisturbedRunLeavesNoFile) {
  Run();
  EXPECT_EQ(Told(), expected_);
  EXPECT_FALSE(std::filesystem::exists(File()));
}

TEST_F(CheckpointTest, ARunThatIsStoppedAgainAndAgainTellsTheSame) {
  std::minstd_rand random(20261122);
  int stops = 0;
  while (true) {
    const auto ended = RunFor(std::uniform_int_distribution<int>(2, 9)(random));
    if (ended.ok()) break;
    ASSERT_THAT(ended, test::StatusIs(absl::StatusCode::kCancelled, HasSubstr("stopped")));
    ASSERT_LT(++stops, 200) << "it does not come forward";
  }
  EXPECT_GE(stops, 3);
  EXPECT_EQ(Told(), expected_);
  EXPECT_FALSE(std::filesystem::exists(File()));
}

// As a kill leaves it: every byte of the file may be the last.
TEST_F(CheckpointTest, AFileThatEndsAnywhereGivesTheSame) {
  ASSERT_FALSE(RunFor(30).ok());
  const std::string whole = ReadFile();
  ASSERT_GT(whole.size(), 1000u);
  std::minstd_rand random(20261123);
  for (int i = 0; i < 5; ++i) {
    const size_t size = std::uniform_int_distribution<size_t>(0, whole.size())(random);
    SCOPED_TRACE(size);
    WriteFile(whole.substr(0, size));
    Run();
    EXPECT_EQ(Told(), expected_);
  }
}

TEST_F(CheckpointTest, WhatIsFinishedIsNotReadAgain) {
  ASSERT_FALSE(RunFor(20).ok());
  // Of a row that was compared before, nothing is seen any more; of a later one it is.
  OnTarget("UPDATE shop.a SET v = 'later' WHERE id IN (5, 2995)");
  Run();
  EXPECT_THAT(events_.Found(), ::testing::Contains("mismatch shop.a[2995]"));
  EXPECT_THAT(events_.Found(), ::testing::Not(::testing::Contains("mismatch shop.a[5]")));
}

// Sessions that wait for a lock run.
TEST_F(CheckpointTest, ABusyServerIsLeftAloneUntilItIsIdle) {
  constexpr int kWaiting = 12;
  options_.load = {.threads_running = 8, .ask_every = absl::Milliseconds(20)};
  ASSERT_OK_AND_ASSIGN(const auto holder, pair().replica().Connect());
  ASSERT_OK(holder->Query("SELECT GET_LOCK('held', 0)"));
  std::vector<std::thread> waiting;
  for (int i = 0; i < kWaiting; ++i) {
    waiting.emplace_back([this] {
      const auto session = pair().replica().Connect();
      EXPECT_OK(session);
      if (session.ok()) {
        EXPECT_OK((*session)->Query("SELECT GET_LOCK('held', 600), RELEASE_LOCK('held')"));
      }
    });
  }
  EXPECT_TRUE(test::Eventually([&] {
    const auto threads = pair().replica().Query("SHOW GLOBAL STATUS LIKE 'Threads_running'");
    return threads.ok() && std::atoi((*threads)[0][1].value_or("0").c_str()) > kWaiting;
  }));
  events_.on_note = [&] { EXPECT_OK(holder->Query("SELECT RELEASE_ALL_LOCKS()")); };
  Run();
  for (std::thread& each : waiting) each.join();
  ASSERT_THAT(events_.notes, SizeIs(::testing::Ge(2)));
  EXPECT_THAT(events_.notes[0], HasSubstr("threads running, more than 8"));
  EXPECT_THAT(events_.notes[1], HasSubstr("goes on after"));
  EXPECT_EQ(Told(), expected_);
}

TEST_F(CheckpointTest, AnotherJobOrDefinitionIsRefused) {
  ASSERT_FALSE(RunFor(5).ok());
  options_.tables[0].where = "id <> 0";
  EXPECT_THAT(TryRun(), test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("the job is another one")));
  options_.tables[0].where = "";
  OnTarget("ALTER TABLE shop.a MODIFY v VARCHAR(10)");
  EXPECT_THAT(TryRun(), test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("the definition of shop.a has changed")));
  WriteFile("{}\n");
  EXPECT_THAT(TryRun(), test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("line 1 is none of a checkpoint")));
  EXPECT_THAT(events_.tables, IsEmpty());
}

}  // namespace
}  // namespace dcp::verifier
