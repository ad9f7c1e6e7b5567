#include "cmd/dcp/handover.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/handover_writer.h"
#include "cmd/dcp/lease_gate.h"
#include "cmd/dcp/term.h"
#include "tests/barrier/fake_lease_server.h"
#include "tests/state/fixture.h"
#include "tests/support/eventually.h"

namespace dcp::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

HandedPair PairAt(uint64_t said_to, uint64_t epoch = 1) {
  HandedPair pair{"orders", "dst", {state::StateAt(said_to), {}}};
  pair.stored.state.epoch = epoch;
  return pair;
}

// With everything that there can be.
HandedPair FullPair() {
  HandedPair pair = PairAt(20, 3);
  model::PairState& state = pair.stored.state;
  state.rules = std::string("\0\xff", 2);
  state.run->is_first = false;
  state.run->judged_ahead =
      *model::GtidSet::Parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:blue:7");
  state.lost_reason = "gap";
  state.lost_detail = "purged";
  state.timeout = state::Head(4, 5);
  state.source_timeout = state::Head(6, 6);
  pair.stored.findings = {state::Finding(1), state::Finding(2)};
  pair.stored.findings[0].kind = model::DiffKind::kDdl;
  pair.stored.findings[1].source = model::Version::Unknown();
  pair.stored.findings[1].keyless = true;
  pair.stored.findings[1].key_text = "\x80 is no UTF-8";
  return pair;
}

TEST(HandoverTest, WhatIsWrittenIsRead) {
  HandedPair lost = PairAt(7);
  lost.check = "other";
  lost.stored.state.run.reset();
  ASSERT_OK_AND_ASSIGN(const auto pairs, FromHandover(ToHandover({FullPair(), lost})));
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].check, "orders");
  EXPECT_EQ(pairs[0].target, "dst");
  EXPECT_EQ(pairs[0].stored.state, FullPair().stored.state);
  EXPECT_EQ(pairs[0].stored.findings, FullPair().stored.findings);
  EXPECT_EQ(pairs[1].check, "other");
  EXPECT_EQ(pairs[1].stored.state, lost.stored.state);
}

TEST(HandoverTest, WhatIsDamagedIsRefused) {
  const std::string whole = ToHandover({FullPair()});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(FromHandover(whole.substr(0, size)).status())) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(FromHandover(damaged).status())) << i;
  }
  EXPECT_THAT(std::string(FromHandover("x").status().message()),
              HasSubstr("DELETE FROM drc.dcp_handover"));
}

// Whole, and yet no dcp's: its findings are one key's.
TEST(HandoverTest, AKeyHasOneFinding) {
  HandedPair pair = PairAt(3);
  pair.stored.findings = {state::Finding(1), state::Finding(1)};
  EXPECT_TRUE(absl::IsDataLoss(FromHandover(ToHandover({pair})).status()));
}

// The check "orders" of src and dst; dst may be pushed.
config::Config Orders(bool pushed) {
  config::Config config;
  config::MysqlCollectorOptions mysql;
  mysql.name = "source";
  mysql.tags.resize(pushed ? 1 : 2);
  mysql.tags[0].tag = model::Tag("src");
  if (!pushed) mysql.tags[1].tag = model::Tag("dst");
  config.mysql_collectors.push_back(mysql);
  config::GrpcCollectorOptions grpc;
  grpc.tags = {model::Tag("dst")};
  if (pushed) config.grpc_collectors.push_back(grpc);
  config::CheckOptions check;
  check.name = "orders";
  check.source = model::Tag("src");
  check.targets = {model::Tag("dst")};
  config.checks.push_back(check);
  config.barriers.emplace_back();
  return config;
}

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class TermTest : public state::StateTest {
 protected:
  TermTest() { Open(); }

  absl::Status Begin(uint64_t previous, const std::vector<HandedPair>& handed,
                     bool pushed = false) {
    config::Config config = Orders(pushed);
    config.state.dir = dir_.path();
    const std::string bytes = handed.empty() ? "" : ToHandover(handed);
    return BeginTerm(config, {previous + 1, previous, bytes}, kNow, *store_);
  }
  model::StoredPair Stored() {
    const auto stored = store_->Load("orders", "dst");
    EXPECT_TRUE(stored.ok() && stored->has_value());
    return stored.ok() && *stored ? **stored : model::StoredPair();
  }
  void Write(const std::string& file) {
    fs::create_directories((fs::path(dir_.path()) / file).parent_path());
    std::ofstream(fs::path(dir_.path()) / file) << "x";
  }
  bool Has(const std::string& file) { return fs::exists(fs::path(dir_.path()) / file); }
};

TEST_F(TermTest, WhatIsFurtherReplacesAllThatIsHere) {
  ASSERT_OK(Append(3));  // said to 4, with finding 3
  ASSERT_OK(Begin(5, {FullPair()}));
  EXPECT_EQ(Stored().state, FullPair().stored.state);
  EXPECT_EQ(Stored().findings, FullPair().stored.findings);
}

// Of a finding that was taken over, nothing here says since when it is open.
TEST_F(TermTest, WhatIsTakenOverIsSeenFromNowOn) {
  ASSERT_OK(Append(3));
  ASSERT_OK(Begin(5, {FullPair()}));
  const std::string now = absl::StrCat(absl::ToUnixNanos(kNow));
  EXPECT_EQ(Query("SELECT min(first_seen) FROM finding_records WHERE resolved_at IS NULL"), now);
  EXPECT_EQ(Query("SELECT min(resolved_at) FROM finding_records"), now);
}

TEST_F(TermTest, WhatIsHereStaysWhereItIsAsFar) {
  ASSERT_OK(Append(20));
  ASSERT_OK(Begin(5, {PairAt(21)}));
  ASSERT_OK(Begin(6, {PairAt(9)}));
  EXPECT_EQ(Stored().state, state::StateAt(21));
  EXPECT_EQ(Stored().findings.size(), 1u);
  // A barrier that began anew is further whatever its number.
  ASSERT_OK(Begin(7, {PairAt(2, 2)}));
  EXPECT_EQ(Stored().state.said_to, 2u);
}

TEST_F(TermTest, NothingOrDamageIsNoReasonToForget) {
  ASSERT_OK(Append(20));
  ASSERT_OK(Begin(5, {}));
  config::Config config = Orders(false);
  config.state.dir = dir_.path();
  ASSERT_OK(BeginTerm(config, {8, 7, "rubbish"}, kNow, *store_));
  EXPECT_EQ(Stored().state, state::StateAt(21));
}

TEST_F(TermTest, WhatIsPushedBeginsAnewBehindAnotherOne) {
  ASSERT_OK(Append(20));
  ASSERT_OK(Begin(0, {}, true));  // nobody was active before
  EXPECT_TRUE(Stored().state.run.has_value());
  Write("intake/dst/1");
  Write("alertmanager-x.json");
  ASSERT_OK(Begin(1, {}, true));  // this one was
  EXPECT_TRUE(Stored().state.run.has_value());
  EXPECT_TRUE(Has("intake/dst/1") && Has("alertmanager-x.json"));
  ASSERT_OK(Begin(3, {}, true));  // another one was
  EXPECT_FALSE(Stored().state.run.has_value());
  EXPECT_EQ(Stored().state.lost_reason, "restart");
  EXPECT_FALSE(Has("intake") || Has("alertmanager-x.json"));
  EXPECT_TRUE(Has("state.db"));
}

TEST_F(TermTest, AHandoverOfPushedTagsIsNoRunToGoOnWith) {
  ASSERT_OK(Begin(3, {PairAt(9)}, true));
  EXPECT_EQ(Stored().state.said_to, 9u);
  EXPECT_FALSE(Stored().state.run.has_value());
}

// A leader of a server that is not there, and what it has to hand over.
class HandoverWriterTest : public TermTest {
 protected:
  HandoverWriterTest() : config_(Orders(false)) {
    barrier::PulseOptions pulse;
    pulse.interval = absl::Milliseconds(5);
    leader_ = std::make_unique<barrier::Leader>(
        pulse, "a", [this] { return server_.Connect(); }, &Clock::Real(), [](absl::string_view) {},
        [](absl::string_view) {});
    leader_->Start();
    EXPECT_TRUE(test::Eventually([&] { return leader_->Holds(1); }));
    HandoverWriter::Options options;
    options.epoch = 1;
    options.interval = pulse.interval;
    writer_ = std::make_unique<HandoverWriter>(options, config_, *store_, *leader_, Clock::Real());
  }

  // What the next one would find.
  std::vector<uint64_t> HandedTo() {
    writer_->Stop();
    leader_->Stop();
    std::string bytes;
    for (const auto& [part, data] : server_.data.handover) bytes += data;
    std::vector<uint64_t> said_to;
    if (bytes.empty()) return said_to;
    const auto pairs = FromHandover(bytes);
    EXPECT_OK(pairs);
    for (const HandedPair& pair : *pairs) said_to.push_back(pair.stored.state.said_to);
    return said_to;
  }
  void Deliver() {
    for (const std::string sink : {"a", "b"}) {
      for (const auto& entry : store_->Next(sink, "orders", 10)) {
        store_->Acknowledge(sink, entry.sequence);
      }
    }
  }

  config::Config config_;
  barrier::FakeLeaseServer server_;
  std::unique_ptr<barrier::Leader> leader_;
  std::unique_ptr<HandoverWriter> writer_;
};

TEST_F(HandoverWriterTest, WhatEverySinkHasGotIsHandedOver) {
  ASSERT_OK(Append(1));
  Deliver();
  writer_->Start();
  EXPECT_TRUE(test::Eventually([&] { return leader_->stored() >= 2; }));
  EXPECT_THAT(HandedTo(), ElementsAre(2));
}

TEST_F(HandoverWriterTest, WhatASinkHasStillToGetIsNot) {
  ASSERT_OK(Append(1));
  Deliver();
  writer_->Finish();
  ASSERT_OK(Append(2));
  store_->Acknowledge("a", store_->NewestWaiting());
  writer_->Finish();
  EXPECT_TRUE(test::Eventually([&] { return leader_->stored() >= 1; }));
  EXPECT_THAT(HandedTo(), ElementsAre(2));
}

TEST_F(HandoverWriterTest, NothingIsHandedOverBeforeThereIsARun) {
  writer_->Start();
  EXPECT_THAT(HandedTo(), IsEmpty());
}

class CountingSink final : public model::OutcomeSink {
 public:
  absl::Status Put(model::Report&) override {
    ++puts;
    return absl::OkStatus();
  }
  int puts = 0;
};

TEST_F(HandoverWriterTest, NothingIsSaidWithoutTheLease) {
  model::Report report;
  CountingSink sink;
  LeaseGate gate(*leader_, 1, sink, Clock::Real());
  EXPECT_TRUE(test::Eventually([&] { return leader_->Valid(1); }));
  EXPECT_OK(gate.Put(report));
  EXPECT_EQ(sink.puts, 1);
  LeaseGate other(*leader_, 2, sink, Clock::Real());
  EXPECT_TRUE(absl::IsCancelled(other.Put(report)));
  leader_->Stop();
  EXPECT_TRUE(absl::IsCancelled(gate.Put(report)));
  EXPECT_EQ(sink.puts, 1);
}

}  // namespace
}  // namespace dcp::cmd
