// Every flavour beside every other one, in both directions. They do not replicate: what is written
// to the source while it is compared and repaired is written to the target by its client, a little
// later.
#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "tests/verifier/every_type.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::IsEmpty;

constexpr int kRowsEach = 1000;

// Writes to `live` of one database on both servers, as a client does that has two.
class DoubleWriter {
 public:
  // So long the target may be behind at most: what two servers that do not replicate are compared
  // by is that each has what the other has a second later.
  static constexpr absl::Duration kMostLate = absl::Milliseconds(800);

  DoubleWriter(test::MysqlServer& source, test::MysqlServer& target, const std::string& database)
      : table_(database + ".live") {
    thread_ = std::thread([&] { Write(*source.Connect().value(), *target.Connect().value()); });
  }
  ~DoubleWriter() {
    stop_ = true;
    thread_.join();
    EXPECT_GT(written_, 0);
  }

  // Since the last call the target was never behind for longer than kMostLate.
  bool WasInTime() {
    MutexLock lock(mu_);
    if (!begun_.empty()) most_late_ = std::max(most_late_, Now() - begun_.front());
    return std::exchange(most_late_, absl::ZeroDuration()) < kMostLate;
  }

 private:
  static absl::Duration Now() { return Clock::Real().Monotonic(); }

  void Begin() {
    MutexLock lock(mu_);
    begun_.push_back(Now());
  }
  void End() {
    MutexLock lock(mu_);
    most_late_ = std::max(most_late_, Now() - begun_.front());
    begun_.pop_front();
  }

  // Ids that end in 7 are left alone.
  void Write(test::Session& source, test::Session& target) {
    std::minstd_rand random(20260228);
    std::deque<std::string> late;
    while (!stop_ || !late.empty()) {
      if (!stop_) {
        const int id = std::uniform_int_distribution<int>(0, kRowsEach / 10)(random) * 10 + 2;
        const bool remove = std::uniform_int_distribution<int>(0, 9)(random) == 0;
        late.push_back(remove ? absl::StrCat("DELETE FROM ", table_, " WHERE id = ", id)
                              : absl::StrCat("REPLACE INTO ", table_, " VALUES (", id, ", ",
                                             ++written_, ", 'new')"));
        Begin();
        EXPECT_OK(source.Execute(late.back()));
      }
      if (stop_ || late.size() > 5) {
        EXPECT_OK(target.Execute(late.front()));
        late.pop_front();
        End();
      }
      test::Pause(absl::Milliseconds(5));
    }
  }

  const std::string table_;
  int written_ = 0;
  std::atomic<bool> stop_{false};
  Mutex mu_;
  std::deque<absl::Duration> begun_ ABSL_GUARDED_BY(mu_);  // of those that the target lacks
  absl::Duration most_late_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

// One direction, in a database of its own.
class Direction {
 public:
  Direction(test::MysqlServer& source, test::MysqlServer& target)
      : source_(source),
        target_(target),
        database_(absl::StrCat("from_", test::NameOf(source.options().flavour), "_to_",
                               test::NameOf(target.options().flavour))) {
    options_.source = ConnectionTo(source);
    options_.target = ConnectionTo(target);
    options_.target.user = "root";
    options_.target.password = "";
  }

  void Run() {
    SCOPED_TRACE(database_);
    MakeTables();
    Compare();
    EXPECT_EQ(events_.sync, "none");
    EXPECT_THAT(events_.Found(), IsEmpty());
    DoubleWriter writer(source_, target_, database_);
    Injure();
    EXPECT_EQ(Found(writer), expected_);
    Repair(writer);
    EXPECT_THAT(Found(writer), IsEmpty());
    TakeBack(target_, UndoPath());
    EXPECT_EQ(Found(writer), expected_);
  }

 private:
  std::string Here(const char* sql) const {
    return absl::StrReplaceAll(sql, {{"shop.", database_ + "."}});
  }
  void Execute(test::MysqlServer& server, const std::string& sql) {
    const auto session = server.Connect();
    ASSERT_OK(session);
    ASSERT_OK((*session)->Execute(sql)) << sql;
  }

  void MakeTables() {
    std::string rows;
    for (int i = 1; i <= kRowsEach; ++i) {
      absl::StrAppend(&rows, i == 1 ? "" : ",", "(", i, ",", i, ",'t", i, "')");
    }
    for (test::MysqlServer* const server : {&source_, &target_}) {
      Execute(*server,
              absl::StrCat("CREATE DATABASE ", database_, "; ", Here(kTypes),
                           server == &source_ ? "utf8mb4" : "latin1", "; ", Here(kRows),
                           "; CREATE TABLE ", database_,
                           ".live (id INT PRIMARY KEY, v INT, t VARCHAR(20)) ENGINE=InnoDB; INSERT "
                           "INTO ",
                           database_, ".live VALUES ", rows));
    }
    options_.tables = {{{database_ + ".*", "", {}}, ""}};
    options_.scan.chunk = {.first = 100, .max = 100};
  }

  void Injure() {
    const std::string live = database_ + ".live";
    const std::string types = database_ + ".t";
    Execute(target_, absl::StrCat("UPDATE ", live, " SET v = -1 WHERE id IN (7, 507); DELETE FROM ",
                                  live, " WHERE id IN (17, 997); INSERT INTO ", live,
                                  " VALUES (-7, 0, ''); UPDATE ", types,
                                  " SET d = 0.3, n = 0.000001, v = 'gr\xc3\xbc\xc3\x9f', x = "
                                  "x'02' WHERE a IN (1, 3); DELETE FROM ",
                                  types, " WHERE a = 4294967295"));
    Execute(source_, absl::StrCat("DELETE FROM ", live, " WHERE id = 27"));
    for (const char* const key :
         {"extra .live[-7]", "extra .live[27]", "mismatch .live[507]", "mismatch .live[7]",
          "mismatch .t[\"a\",1]", "mismatch .t[\"b\",3]", "missing .live[17]", "missing .live[997]",
          "missing .t[\"\",4294967295]"}) {
      expected_.push_back(absl::StrReplaceAll(key, {{" .", absl::StrCat(" ", database_, ".")}}));
    }
    std::sort(expected_.begin(), expected_.end());
  }

  void Compare() {
    events_ = CollectedEvents();
    EXPECT_OK(RunVerification(options_, Clock::Real(), VerificationTest::Wait, events_));
    EXPECT_EQ(events_.tables.size(), 2u);
    for (const TableResult& table : events_.tables) {
      EXPECT_EQ(table.skipped, "");
      EXPECT_EQ(table.undecided, 0u) << ::testing::PrintToString(table.reasons);
    }
  }
  // Again where the writer, on a busy machine, did not keep to what it promises.
  std::vector<std::string> Found(DoubleWriter& writer) {
    do {
      writer.WasInTime();
      Compare();
    } while (!writer.WasInTime());
    return events_.Found();
  }

  void Repair(DoubleWriter& writer) {
    absl::StatusOr<RepairReport> report;
    do {
      writer.WasInTime();
      CollectedEvents events;
      report = VerifyForRepair(options_, Clock::Real(), VerificationTest::Wait, events);
      ASSERT_OK(report);
    } while (!writer.WasInTime());
    RepairOptions options;
    options.verification = options_;
    options.execute = true;
    options.per_second = 100'000;
    options.undo_path = UndoPath();
    options.run = "test";
    CollectedRepair repaired;
    ASSERT_OK(RunRepair(options, *report, Clock::Real(), VerificationTest::Wait, repaired));
    EXPECT_THAT(repaired.open, IsEmpty());
    EXPECT_EQ(repaired.tables[database_ + ".live"].repaired, 6u);
    EXPECT_EQ(repaired.tables[database_ + ".t"].repaired, 3u);
  }
  std::string UndoPath() const { return dir_ / "undo.sql"; }

  test::MysqlServer& source_;
  test::MysqlServer& target_;
  const std::string database_;
  const RepairDirectory dir_;
  VerificationOptions options_;
  CollectedEvents events_;
  std::vector<std::string> expected_;
};

// All at the same time: most of it is waiting.
TEST(AcrossTest, EveryFlavourBesideEveryOtherOne) {
  std::vector<test::MysqlServer*> servers;
  for (const test::Flavour flavour : test::kAllFlavours) {
    ASSERT_OK_AND_ASSIGN(test::ReplicaPair* const pair,
                         test::SharedServers::Fresh(test::PairOf(flavour)));
    servers.push_back(&pair->source());
  }
  std::vector<std::thread> directions;
  for (test::MysqlServer* const source : servers) {
    for (test::MysqlServer* const target : servers) {
      if (source == target) continue;
      directions.emplace_back([source, target] { Direction(*source, *target).Run(); });
    }
  }
  for (std::thread& direction : directions) direction.join();
}

}  // namespace
}  // namespace dcp::verifier
