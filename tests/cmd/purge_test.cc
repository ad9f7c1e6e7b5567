// A collector that is held up while its real server purges binlogs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cmd/dcp/binlog_opener.h"
#include "cmd/dcp/purge_watcher.h"
#include "collector/mysql/mysql_collector.h"
#include "tests/collector/mysql/fake_server.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using collector::Eventually;
using collector::MysqlCollector;
using collector::PurgeWatch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PurgeTest : public ::testing::TestWithParam<test::Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, test::SharedServers::Fresh(test::PairOf(GetParam())));
    ASSERT_OK(pair_->StopReplication());  // a replica's dump would hold the files too
    server_.port = pair_->source().port();
    server_.user = server_.password = "dcp";
    Run("CREATE DATABASE shop; CREATE TABLE shop.blobs (id INT PRIMARY KEY, b LONGBLOB)");
    Run("FLUSH BINARY LOGS");
    StartCollector();
    StartWatcher();
  }
  void TearDown() override {
    sink_.Release();
    if (watcher_) watcher_->Stop();
    if (collector_) collector_->Stop();
  }

  void Run(const std::string& sql) { ASSERT_OK(pair_->source().Execute(sql)); }

  void StartCollector() {
    collector::MysqlCollectorOptions options;
    options.name = "source";
    options.reconnect = {.first = absl::Milliseconds(20), .cap = absl::Milliseconds(50)};
    collector::MysqlTag tag;
    tag.tag = model::Tag("src");
    tag.tables = {{"shop.*", "", {}}};
    options.groups.tags = {tag};
    options.groups.registry = &registry_;
    const auto wants = [](absl::string_view database, absl::string_view) {
      return database == "shop";
    };
    ASSERT_OK_AND_ASSIGN(
        collector_, MysqlCollector::Create(
                        std::move(options),
                        MakeBinlogOpener({.servers = {server_}, .server_id = 4377, .wants = wants}),
                        &sink_, &Clock::Real()));
    collector_->Start();
    ASSERT_TRUE(Eventually([&] { return collector_->status().connected; }));
  }

  void StartWatcher() {
    PurgeWatcher::Options options;
    options.interval = absl::Milliseconds(50);
    options.log = [this](absl::string_view text) {
      MutexLock lock(mu_);
      warnings_.emplace_back(text);
    };
    std::vector<PurgeWatcher::Subject> subjects;
    subjects.push_back({"source", server_, [this] {
                          const auto status = collector_->status();
                          MutexLock lock(mu_);
                          return PurgeWatch::Place{status.position, status.position_time - age_};
                        }});
    watcher_ = std::make_unique<PurgeWatcher>(options, std::move(subjects), Clock::Real());
    watcher_->Start();
  }

  std::vector<std::string> warnings() {
    MutexLock lock(mu_);
    return warnings_;
  }
  PurgeWatch::State state() { return watcher_->reports()[0].state; }

  // More than sockets hold, over three files.
  void WriteMuch() {
    for (int i = 0; i < 42; ++i) {
      Run(absl::StrCat("INSERT INTO shop.blobs VALUES (", 100 + i, ", REPEAT('x', 500000))"));
      if (i % 14 == 13) Run("FLUSH BINARY LOGS");
    }
  }

  void EndDumps() {
    const auto dumps = pair_->source().Query(pair_->source().words().binlog_dumps);
    ASSERT_OK(dumps);
    for (const auto& row : *dumps) {
      pair_->source().Execute(absl::StrCat("KILL ", row[0].value_or("0"))).IgnoreError();
    }
    ASSERT_TRUE(Eventually([&] {
      const auto left = pair_->source().Query(pair_->source().words().binlog_dumps);
      return left.ok() && left->empty();
    }));
  }

  test::ReplicaPair* pair_ = nullptr;
  model::ConnectionOptions server_;
  model::TableRegistry registry_;
  collector::FakeSink sink_;
  std::unique_ptr<MysqlCollector> collector_;
  std::unique_ptr<PurgeWatcher> watcher_;
  Mutex mu_;
  absl::Duration age_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  std::vector<std::string> warnings_ ABSL_GUARDED_BY(mu_);
};
INSTANTIATE_TEST_SUITE_P(All, PurgeTest, ::testing::ValuesIn(test::kAllFlavours),
                         [](const auto& flavour) {
                           std::string name = test::WordsOf(flavour.param).name;
                           std::erase_if(name, [](char c) { return !std::isalnum(c); });
                           return name;
                         });

TEST_P(PurgeTest, IsSaidBeforeItTakesWhatIsNeededAndIsUnverifiedOnceItHas) {
  sink_.Block();
  Run("INSERT INTO shop.blobs VALUES (1, 'a')");
  ASSERT_TRUE(Eventually([&] { return sink_.blocked(); }));
  WriteMuch();
  const std::string needed = collector_->status().position.file;
  EXPECT_TRUE(Eventually([&] { return watcher_->reports()[0].files_behind == 3; }));
  EXPECT_EQ(state(), PurgeWatch::State::kSafe);
  EXPECT_GT(watcher_->reports()[0].bytes_behind, 20'000'000U);
  EXPECT_THAT(warnings(), IsEmpty());

  Run(absl::StrCat("PURGE BINARY LOGS TO '", needed, "'"));  // all that is not needed
  ASSERT_TRUE(Eventually([&] { return !warnings().empty(); }));
  EXPECT_EQ(state(), PurgeWatch::State::kNear);
  EXPECT_THAT(warnings()[0], HasSubstr(absl::StrCat("the next one is ", needed)));
  EXPECT_THAT(sink_.origins(), SizeIs(1));  // nothing is lost yet

  EndDumps();  // they would hold it
  const auto end = pair_->source().QueryTable(pair_->source().words().binlog_position);
  ASSERT_OK(end);
  ASSERT_TRUE(Eventually([&] {  // MariaDB leaves what its recovery needs
    Run(absl::StrCat("PURGE BINARY LOGS TO '", end->rows[0][0].value_or(""), "'"));
    return warnings().size() >= 2;
  }));
  EXPECT_EQ(state(), PurgeWatch::State::kLost);
  EXPECT_THAT(warnings()[1], HasSubstr(absl::StrCat("has purged ", needed)));

  sink_.Release();
  ASSERT_TRUE(Eventually([&] { return sink_.origins().size() == 2; }));
  EXPECT_EQ(sink_.origins()[1].reason, "gap");
  ASSERT_TRUE(Eventually([&] { return state() != PurgeWatch::State::kLost; }));
}

TEST_P(PurgeTest, ByAgeIsSaidInTime) {
  const bool days = GetParam() == test::Flavour::kMysql56;
  Run(days ? "SET GLOBAL expire_logs_days = 1" : "SET GLOBAL binlog_expire_logs_seconds = 3600");
  sink_.Block();
  Run("INSERT INTO shop.blobs VALUES (1, 'a')");
  ASSERT_TRUE(Eventually([&] { return sink_.blocked(); }));
  Run("FLUSH BINARY LOGS");
  EXPECT_TRUE(Eventually([&] { return watcher_->reports()[0].files_behind == 1; }));
  EXPECT_EQ(state(), PurgeWatch::State::kSafe);
  const absl::Duration kept_for = days ? absl::Hours(24) : absl::Hours(1);
  EXPECT_LE(watcher_->reports()[0].left, kept_for + absl::Seconds(1));  // NOW() has seconds
  EXPECT_GT(watcher_->reports()[0].left, kept_for - absl::Minutes(5));
  EXPECT_THAT(warnings(), IsEmpty());
  {
    MutexLock lock(mu_);
    age_ = kept_for * 0.9;  // as if so much time had gone by
  }
  ASSERT_TRUE(Eventually([&] { return !warnings().empty(); }));
  EXPECT_THAT(warnings()[0], HasSubstr("the server keeps binlogs for"));
}

}  // namespace
}  // namespace dcp::cmd
