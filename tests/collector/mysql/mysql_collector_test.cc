#include "collector/mysql/mysql_collector.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "tests/collector/mysql/fake_server.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MysqlCollectorTest : public ::testing::Test {
 protected:
  MysqlCollectorTest() {
    MysqlTag tag;
    tag.tag = model::Tag("src");
    tag.tables = {{"shop.*", "", {}}};
    options_.name = "source";
    options_.groups.tags = {tag};
    options_.groups.registry = &registry_;
    options_.flush_delay = absl::Milliseconds(1);
    options_.pause = absl::Milliseconds(2);
    options_.reconnect = {absl::Milliseconds(1), absl::Milliseconds(2)};
    options_.log = [this](absl::string_view text) {
      MutexLock lock(mu_);
      logged_.emplace_back(text);
    };
  }

  void Serve(Script script, bool has_gtids = true) {
    server_ = std::make_unique<FakeServer>(std::move(script), has_gtids);
  }

  void Start() {
    auto created = MysqlCollector::Create(options_, server_->opener(), &sink_, clock_);
    ASSERT_OK(created);
    collector_ = *std::move(created);
    collector_->Start();
  }

  // Waits for `lines` lines, and what comes within the time of a stop.
  std::vector<std::string> Lines(size_t lines) {
    EXPECT_TRUE(Eventually([&] { return sink_.lines().size() >= lines; }));
    collector_->Stop();
    return sink_.lines();
  }

  std::vector<std::string> logged() {
    MutexLock lock(mu_);
    return logged_;
  }

  model::TableRegistry registry_;
  MysqlCollectorOptions options_;
  std::unique_ptr<FakeServer> server_;
  FakeSink sink_;
  const Clock* clock_ = &Clock::Real();
  Mutex mu_;
  std::vector<std::string> logged_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<MysqlCollector> collector_;
};

Script OneInsert(uint64_t number) {
  return {Gtid(number), Begin(), Rows(Orders(), {Insert({static_cast<int>(number), "a"})}), Xid()};
}

Script Joined(std::vector<Script> parts) {
  Script whole;
  for (Script& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

TEST_F(MysqlCollectorTest, OpensItsTagsAndDeliversTransactions) {
  Serve(OneInsert(1));
  Start();
  EXPECT_THAT(Lines(3), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(MysqlCollectorTest, TheOriginTellsServerAndExecutedSet) {
  Serve(OneInsert(1));
  server_->SetServerUuid(7);
  options_.start.kind = StartPoint::Kind::kGtid;
  options_.start.executed.Add(Gtid(1).event.gtid);
  options_.start_reason = "restart";
  Start();
  EXPECT_THAT(Lines(1), ElementsAre("open: restart"));
  const model::StreamOrigin origin = sink_.origins().at(0);
  EXPECT_EQ(origin.server_uuid[15], 7);
  EXPECT_EQ(origin.executed.size(), 1u);
  EXPECT_TRUE(origin.has_gtids);
}

TEST_F(MysqlCollectorTest, ABarrierIsHandedOnAtOnce) {
  options_.flush_delay = absl::Hours(1);
  Serve(Joined({OneInsert(1), {Gtid(2), Begin(), Barrier(9), Xid()}}));
  Start();
  EXPECT_THAT(Lines(5), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]",
                                    "txn 2", "barrier 9"));
  EXPECT_EQ(sink_.batches(), 1u);
}

TEST_F(MysqlCollectorTest, ABatchThatHasGrownIsHandedOn) {
  options_.flush_delay = absl::Hours(1);
  options_.batch_bytes = 1;
  Serve(Joined({OneInsert(1), OneInsert(2)}));
  Start();
  Lines(5);
  EXPECT_EQ(sink_.batches(), 2u);
}

TEST_F(MysqlCollectorTest, AStatementIsHandedOnWhenTheStreamPauses) {
  Serve({Gtid(1), Query("TRUNCATE orders")});
  Start();
  EXPECT_THAT(Lines(3), ElementsAre("open", "txn 1", "ddl shop.orders gone TRUNCATE orders"));
}

// A script with a group of every shape.
Script EveryShape() {
  return Joined({OneInsert(1),
                 {Gtid(2), Query("XA START 'a'"), Rows(Orders(), {Insert({20, "x"})}),
                  Query("XA END 'a'"), XaPrepare("X'61',X'',1")},
                 {Gtid(3), Query("TRUNCATE orders")},
                 OneInsert(4),
                 {Rotate("bin.000002", 4)},
                 {Gtid(5), Begin(), Rows(Orders(), {Insert({50, "x"})}), Barrier(5),
                  Rows(Orders(), {Insert({51, "x"}), Insert({52, "x"})}), Xid()},
                 {Gtid(6), Query("XA COMMIT 'a'")},
                 {Gtid(7), Begin(), Rows(Orders(), {Insert({70, "x"})}), Query("ROLLBACK")},
                 {Gtid(8), Begin(), Xid()},
                 {Heartbeat()},
                 OneInsert(9)});
}

std::vector<std::string> LinesOfEveryShape() {
  return {"open",
          "txn 1",
          "insert shop.orders[1] - -> [1,\"a\"]",
          "txn 2",
          "txn 3",
          "ddl shop.orders gone TRUNCATE orders",
          "txn 4",
          "insert shop.orders[4] - -> [4,\"a\"]",
          "txn 5",
          "insert shop.orders[50] - -> [50,\"x\"]",
          "barrier 5",
          "insert shop.orders[51] - -> [51,\"x\"]",
          "insert shop.orders[52] - -> [52,\"x\"]",
          "txn 6",
          "insert shop.orders[20] - -> [20,\"x\"]",
          "txn 7",
          "txn 8",
          "txn 9",
          "insert shop.orders[9] - -> [9,\"a\"]"};
}

class MysqlCollectorCutTest : public MysqlCollectorTest,
                              public ::testing::WithParamInterface<bool> {};

TEST_P(MysqlCollectorCutTest, ACutAtAnyEventLosesAndRepeatsNothing) {
  const size_t events = EveryShape().size();
  for (size_t cut = 0; cut <= events; ++cut) {
    FakeServer server(EveryShape(), GetParam());
    FakeSink sink;
    server.PlanSession(cut, absl::UnavailableError("cut"));
    auto collector = MysqlCollector::Create(options_, server.opener(), &sink, &Clock::Real());
    ASSERT_OK(collector);
    (*collector)->Start();
    const std::vector<std::string> expected = LinesOfEveryShape();
    EXPECT_TRUE(Eventually([&] { return sink.lines().size() >= expected.size(); }));
    EXPECT_TRUE(Eventually([&] { return server.opened_at().size() == 2; }));
    (*collector)->Stop();
    EXPECT_EQ(sink.lines(), expected) << "cut after " << cut << " events";
    EXPECT_EQ((*collector)->status().gaps, 0u);
  }
}

TEST_P(MysqlCollectorCutTest, ManyCutsLoseAndRepeatNothing) {
  FakeServer server(EveryShape(), GetParam());
  FakeSink sink;
  // Each session reaches a little further: at first none is long enough for the
  // longest group.
  for (size_t cut = 0; cut < 8; ++cut) {
    server.PlanSession(cut, absl::UnavailableError("cut"));
    server.PlanRefusal(absl::UnavailableError("not yet"));
  }
  auto collector = MysqlCollector::Create(options_, server.opener(), &sink, &Clock::Real());
  ASSERT_OK(collector);
  (*collector)->Start();
  const std::vector<std::string> expected = LinesOfEveryShape();
  EXPECT_TRUE(Eventually([&] { return sink.lines().size() >= expected.size(); }));
  (*collector)->Stop();
  EXPECT_EQ(sink.lines(), expected);
}

INSTANTIATE_TEST_SUITE_P(, MysqlCollectorCutTest, ::testing::Values(true, false),
                         [](const auto& p) { return p.param ? "ByGtid" : "ByPosition"; });

TEST_F(MysqlCollectorTest, GoesOnByGtidsWhereThereAreSome) {
  Serve(Joined({OneInsert(1), OneInsert(2)}));
  server_->PlanSession(6, absl::UnavailableError("cut"));
  Start();
  Lines(5);
  const auto opened = server_->opened_at();
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[1].kind, StartPoint::Kind::kGtid);
  EXPECT_EQ(opened[1].executed.size(), 1u);
}

TEST_F(MysqlCollectorTest, APurgedPlaceIsAGap) {
  Serve(Joined({OneInsert(1), OneInsert(2), OneInsert(3)}));
  server_->PlanSession(4, absl::UnavailableError("cut"));
  server_->PlanRefusal(absl::FailedPreconditionError("the source purged required binary logs"));
  server_->SetNow(0);
  Start();
  ASSERT_TRUE(Eventually([&] { return sink_.lines().size() >= 3; }));
  EXPECT_THAT(Lines(10), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]",
                                     "open: gap", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]",
                                     "txn 2", "insert shop.orders[2] - -> [2,\"a\"]", "txn 3",
                                     "insert shop.orders[3] - -> [3,\"a\"]"));
  EXPECT_EQ(server_->opened_at().back().kind, StartPoint::Kind::kNow);
  EXPECT_THAT(sink_.origins().back().detail, HasSubstr("purged"));
  EXPECT_EQ(collector_->status().gaps, 1u);
}

TEST_F(MysqlCollectorTest, ARefusalForOtherReasonsIsTriedAgain) {
  Serve(OneInsert(1));
  server_->PlanRefusal(absl::FailedPreconditionError("log_bin is off; set log_bin = ON"));
  Start();
  EXPECT_THAT(Lines(3), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
  EXPECT_THAT(logged(), Contains(HasSubstr("log_bin is off")));
}

TEST_F(MysqlCollectorTest, DamageOfTheConnectionIsReadAgain) {
  Serve(OneInsert(1));
  server_->PlanSession(2, absl::DataLossError("bad checksum"));
  Start();
  EXPECT_THAT(Lines(3), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(MysqlCollectorTest, DamageThatStaysIsSaidAndLeftBehind) {
  Serve(OneInsert(1));
  for (int i = 0; i < 3; ++i) server_->PlanSession(2, absl::DataLossError("bad checksum"));
  server_->SetNow(0);
  Start();
  EXPECT_THAT(Lines(4),
              ElementsAre("open", "open: event", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

class MysqlCollectorFailoverTest : public MysqlCollectorTest {
 protected:
  // The first connection is to one server, all later ones are to another with the same script.
  std::vector<std::string> LinesAfterFailover(FakeServer& other, size_t lines) {
    other.PlanSession(4, absl::UnavailableError("failover"));
    bool first = true;
    const BinlogOpener opener = [&](const StartPoint& point) {
      if (!std::exchange(first, false)) other.SetServerUuid(9);
      return other.opener()(point);
    };
    auto collector = MysqlCollector::Create(options_, opener, &sink_, &Clock::Real());
    EXPECT_OK(collector);
    (*collector)->Start();
    EXPECT_TRUE(Eventually([&] { return sink_.lines().size() >= lines; }));
    (*collector)->Stop();
    return sink_.lines();
  }
};

TEST_F(MysqlCollectorFailoverTest, AnotherServerWithTheSameGtidsGoesOn) {
  FakeServer other(Joined({OneInsert(1), OneInsert(2)}));
  EXPECT_THAT(LinesAfterFailover(other, 5),
              ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]", "txn 2",
                          "insert shop.orders[2] - -> [2,\"a\"]"));
  EXPECT_EQ(other.opened_at().back().kind, StartPoint::Kind::kGtid);
}

TEST_F(MysqlCollectorFailoverTest, AnotherServerByPositionIsAGap) {
  FakeServer other(Joined({OneInsert(1), OneInsert(2)}), false);
  LinesAfterFailover(other, 4);
  ASSERT_EQ(sink_.origins().size(), 2u);
  EXPECT_EQ(sink_.origins()[1].reason, "gap");
  EXPECT_EQ(sink_.origins()[1].server_uuid[15], 9);
}

TEST_F(MysqlCollectorTest, AFileThatTheServerCannotReadIsSaidAndLeftBehind) {
  Serve(OneInsert(1));
  for (int i = 0; i < 3; ++i) {
    server_->PlanSession(2, absl::FailedPreconditionError(
                                "event read from binlog did not pass crc check (error 1236)"));
  }
  server_->SetNow(0);
  Start();
  EXPECT_THAT(Lines(4),
              ElementsAre("open", "open: event", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(MysqlCollectorTest, AServerIdThatIsTakenIsSaidAndNotFoughtOver) {
  options_.server_id_taken = {absl::Hours(1), absl::Hours(1)};
  Serve(OneInsert(1));
  server_->PlanSession(
      2, absl::FailedPreconditionError("A slave with the same server_uuid/server_id as this slave "
                                       "has connected to the master (error 1236)"));
  Start();
  EXPECT_TRUE(Eventually([&] { return !collector_->status().last_error.empty(); }));
  collector_->Stop();
  EXPECT_EQ(server_->opened_at().size(), 1u);
}

// What it takes to ask would put off the moment at which the reader finds a dead link.
TEST_F(MysqlCollectorTest, AServerWhoseStreamIsSilentIsNotAskedByTheSide) {
  test::SimulatedClock clock;
  clock_ = &clock;
  options_.executed_watch = {.interval = absl::Seconds(1), .rest = absl::Seconds(1)};
  Serve(OneInsert(1));
  server_->AnswerProbes(absl::Seconds(5));
  Start();
  for (size_t asked = 1; asked <= 10; ++asked) {  // up to 9 s of silence
    EXPECT_TRUE(Eventually([&] { return server_->asked() == asked; })) << asked;
    clock.Advance(absl::Seconds(asked == 10 ? 1.5 : 1));
  }
  const size_t reads = server_->reads();
  EXPECT_TRUE(Eventually([&] { return server_->reads() > reads + 3; }));
  EXPECT_EQ(server_->asked(), 10u);
  server_->Append({Heartbeat()});
  EXPECT_TRUE(Eventually([&] { return server_->asked() == 11; }));
  collector_->Stop();
}

TEST_F(MysqlCollectorTest, TheEndOfAFileIsTheEnd) {
  Serve(OneInsert(1));
  server_->PlanSession(4, absl::OutOfRangeError("end"));
  Start();
  EXPECT_TRUE(Eventually([&] { return collector_->status().finished; }));
  EXPECT_THAT(sink_.lines(), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
  EXPECT_EQ(server_->opened_at().size(), 1u);
}

TEST_F(MysqlCollectorTest, ATagThatNobodyChecksIsLeftOut) {
  options_.groups.tags.push_back(options_.groups.tags[0]);
  options_.groups.tags[1].tag = model::Tag("unused");
  sink_.Refuse("unused", absl::NotFoundError("no check uses tag \"unused\""));
  Serve(OneInsert(1));
  Start();
  EXPECT_THAT(Lines(3), ElementsAre("open", "txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
  EXPECT_THAT(sink_.lines("unused"), IsEmpty());
  EXPECT_THAT(logged(), Contains(HasSubstr("no check uses tag")));
}

TEST_F(MysqlCollectorTest, ASinkThatStopsEndsIt) {
  Serve(OneInsert(1));
  sink_.Refuse("src", absl::CancelledError("the checker is stopping"));
  Start();
  EXPECT_TRUE(Eventually([&] { return collector_->status().finished; }));
}

TEST_F(MysqlCollectorTest, StopsWhileItReads) {
  options_.pause = absl::Hours(1);
  Serve({});
  Start();
  EXPECT_TRUE(Eventually([&] { return collector_->status().connected; }));
  collector_->Stop();
  collector_->Stop();
  EXPECT_TRUE(collector_->status().finished);
  EXPECT_FALSE(collector_->status().connected);
}

TEST_F(MysqlCollectorTest, StopsWhileItWaitsToReconnect) {
  options_.reconnect = {absl::Hours(1), absl::Hours(1)};
  Serve({});
  server_->PlanRefusal(absl::UnavailableError("connection refused"));
  Start();
  EXPECT_TRUE(Eventually([&] { return !collector_->status().last_error.empty(); }));
  EXPECT_THAT(collector_->status().last_error, HasSubstr("connection refused"));
  collector_->Stop();
}

TEST_F(MysqlCollectorTest, StopsBehindABlockedSinkOnceThatIsReleased) {
  Serve(OneInsert(1));
  sink_.Block();
  Start();
  EXPECT_TRUE(Eventually([&] { return sink_.blocked(); }));
  sink_.Release();
  collector_->Stop();
  EXPECT_TRUE(collector_->status().finished);
}

TEST_F(MysqlCollectorTest, StopWithoutStartIsFine) {
  Serve({});
  auto created = MysqlCollector::Create(options_, server_->opener(), &sink_, &Clock::Real());
  ASSERT_OK(created);
  (*created)->Stop();
}

TEST_F(MysqlCollectorTest, TheStatusTellsPlaceAndRows) {
  Serve(Joined({OneInsert(1), OneInsert(2)}));
  Start();
  Lines(5);
  const MysqlCollectorStatus status = collector_->status();
  EXPECT_EQ(status.groups, 2u);
  EXPECT_EQ(status.rows, 2u);
  EXPECT_EQ(status.position, (model::BinlogPosition{"bin.000001", 1000}));
  EXPECT_EQ(status.connections, 1u);
  EXPECT_GT(status.last_event, absl::UnixEpoch());
}

TEST_F(MysqlCollectorTest, AnUnusableConfigurationIsAnError) {
  Serve({});
  options_.groups.tags[0].tables[0].match = "orders";
  EXPECT_THAT(MysqlCollector::Create(options_, server_->opener(), &sink_, &Clock::Real()),
              test::HasCode(absl::StatusCode::kInvalidArgument));
  options_.groups.tags.clear();
  EXPECT_THAT(MysqlCollector::Create(options_, server_->opener(), &sink_, &Clock::Real()),
              test::HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace dcp::collector
