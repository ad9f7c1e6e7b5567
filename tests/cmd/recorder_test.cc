// The past that people ask for: from a state as a daemon writes it.
#include "cmd/dcp/recorder.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/page_findings.h"
#include "tests/state/fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/simulated_clock.h"

namespace dcp::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RecorderTest : public state::StateTest {
 protected:
  void SetUp() override {
    Open();
    pair_.check = "orders";
    pair_.target = "dst";
  }
  void Make(Recorder::Options options = {}) {
    options.state_dir = dir_.path();
    auto recorder = Recorder::Create(
        std::move(options), [this] { return Present(); }, clock_);
    ASSERT_OK(recorder);
    recorder_ = *std::move(recorder);
  }
  model::DaemonStatus Present() const {
    model::DaemonStatus status;
    status.pairs = {pair_};
    return status;
  }
  // The pair with its past.
  model::PairActivity Filled() const {
    model::DaemonStatus status = Present();
    recorder_->Fill(&status);
    return status.pairs[0];
  }
  std::vector<uint64_t> Recent() const { return Ends(Filled().recent); }
  std::vector<uint64_t> After(uint64_t number) const {
    return Ends(recorder_->After(number).segments);
  }
  void Say(uint64_t from, uint64_t to) {
    for (uint64_t n = from; n < to; ++n) ASSERT_OK(Append(n));
  }

  test::SimulatedClock clock_;
  model::PairActivity pair_;
  std::unique_ptr<Recorder> recorder_;

 private:
  static std::vector<uint64_t> Ends(const std::vector<model::SegmentActivity>& segments) {
    std::vector<uint64_t> ends;
    for (const auto& segment : segments) ends.push_back(segment.to);
    return ends;
  }
};

TEST_F(RecorderTest, KnowsWhatWasSaidBeforeAndSinceItsStart) {
  Say(1, 4);
  Make();
  EXPECT_THAT(Recent(), ElementsAre(2, 3, 4));
  Say(4, 6);
  recorder_->Look();
  EXPECT_THAT(Recent(), ElementsAre(2, 3, 4, 5, 6));
  const model::SegmentActivity last = Filled().recent.back();
  EXPECT_EQ(last.verdict, "same");
  EXPECT_EQ(last.from, 5u);
  EXPECT_EQ(last.source_rows, 10u);
  EXPECT_EQ(last.target_rows, 9u);
  EXPECT_EQ(last.at, state::Head(5, 6).at);
}

TEST_F(RecorderTest, KeepsSoManyAndNoMore) {
  Say(1, 10);
  Make({.max_segments = 3, .max_history = 5, .max_samples = 2});
  EXPECT_THAT(Recent(), ElementsAre(8, 9, 10));
  Say(10, 30);
  for (int i = 0; i < 4; ++i) {
    recorder_->Look();
    clock_.Advance(absl::Seconds(5));
  }
  EXPECT_THAT(Recent(), ElementsAre(28, 29, 30));
  EXPECT_EQ(Filled().pace.size(), 2u);
  EXPECT_THAT(After(0), ElementsAre(26, 27, 28, 29, 30));
}

TEST_F(RecorderTest, TellsWhetherWhatFollowsIsWhole) {
  Say(1, 10);
  Make({.max_history = 5});
  const auto all = recorder_->After(0);
  EXPECT_FALSE(all.complete);
  const uint64_t oldest = all.segments.front().number, newest = all.segments.back().number;
  EXPECT_TRUE(recorder_->After(oldest - 1).complete);
  EXPECT_FALSE(recorder_->After(oldest - 2).complete);
  EXPECT_TRUE(recorder_->After(newest).complete);
  EXPECT_THAT(After(newest), IsEmpty());
  EXPECT_FALSE(recorder_->After(newest + 1).complete);
  Say(10, 12);
  recorder_->Look();
  EXPECT_FALSE(recorder_->After(oldest - 1).complete);
  EXPECT_THAT(After(newest), ElementsAre(11, 12));
}

TEST_F(RecorderTest, ARestartChangesNoNumber) {
  Say(1, 4);
  Make();
  const uint64_t number = recorder_->After(0).segments.back().number;
  Open();
  Say(4, 5);
  Make();
  EXPECT_THAT(After(number), ElementsAre(5));
}

TEST_F(RecorderTest, SpeedIsOfTheTimeBetweenTwoSamples) {
  Make();
  recorder_->Look();
  EXPECT_EQ(Filled().rows_per_second, 0);
  pair_.source_rows = 50;
  pair_.lag = absl::Seconds(3);
  clock_.Advance(absl::Seconds(4));
  recorder_->Look();
  EXPECT_EQ(Filled().rows_per_second, 0);  // not yet
  clock_.Advance(absl::Seconds(1));
  recorder_->Look();
  EXPECT_EQ(Filled().rows_per_second, 10);
  EXPECT_EQ(Filled().pace.back().lag, absl::Seconds(3));
}

TEST_F(RecorderTest, LooksByItselfAndStops) {
  Make({.tick = absl::Milliseconds(1)});
  Say(1, 2);
  recorder_->Start([] {});
  EXPECT_TRUE(test::Eventually([&] { return Recent().size() == 1; }));
  recorder_->Stop();
  recorder_->Stop();
}

// ---- findings ----

class PageFindingsTest : public RecorderTest {
 protected:
  void SetUp() override {
    RecorderTest::SetUp();
    auto findings = StoredPageFindings::Open(dir_.path(), clock_);
    ASSERT_OK(findings);
    findings_ = *std::move(findings);
  }
  void Find(uint64_t n, const std::string& json = "") {
    model::Report report{"orders", "dst", {state::Same(n, n + 1)}, {}};
    const model::OpenFinding finding = state::Finding(n);
    report.update.findings = {finding};
    report.notes = {state::NoteOf(finding, absl::FromUnixSeconds(5))};
    report.notes[0].json = json;
    ASSERT_OK(store_->Append(report, {}));
  }
  std::string Json() {
    const auto json = findings_->Json();
    EXPECT_OK(json);
    return json.value_or("");
  }

  std::unique_ptr<StoredPageFindings> findings_;
};

TEST_F(PageFindingsTest, AreTheNewestFirst) {
  EXPECT_THAT(Json(), HasSubstr("\"findings\":[],\"more\":false}"));
  Find(1);
  Find(2, R"({"kind":"missing"})");
  const std::string json = Json();
  EXPECT_LT(json.find("shop.orders[2]"), json.find("shop.orders[1]"));
  EXPECT_THAT(json, HasSubstr(R"("difference":{"kind":"missing"})"));
}

TEST_F(PageFindingsTest, MarksAreThoseOfTheCommand) {
  Find(1);
  EXPECT_OK(findings_->Acknowledge(1, "known"));
  EXPECT_THAT(Json(), HasSubstr("\"status\":\"acknowledged\""));
  EXPECT_THAT(Json(), HasSubstr("\"note\":\"known\""));
  EXPECT_OK(findings_->TakeBackAck(1));
  EXPECT_THAT(Json(), HasSubstr("\"status\":\"open\""));
  EXPECT_OK(findings_->Ignore(1, "1h", "until then"));
  EXPECT_THAT(Json(), HasSubstr("\"status\":\"ignored\""));
  clock_.Advance(absl::Hours(2));
  EXPECT_THAT(Json(), HasSubstr("\"status\":\"open\""));
  EXPECT_EQ(findings_->Acknowledge(7, "").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(findings_->TakeBackAck(1).code(), absl::StatusCode::kNotFound);
  for (const char* time : {"soon", "-1h", "0s", "inf"}) {
    EXPECT_EQ(findings_->Ignore(1, time, "").code(), absl::StatusCode::kInvalidArgument) << time;
  }
}

TEST_F(PageFindingsTest, EachChangeIsAnotherRevision) {
  Find(1);
  const std::string before = Json();
  EXPECT_EQ(Json(), before);
  EXPECT_OK(findings_->Acknowledge(1, ""));
  Json();
  EXPECT_OK(findings_->TakeBackAck(1));
  EXPECT_NE(Json(), before);
}

TEST_F(PageFindingsTest, AreBoundedInNumberAndBytes) {
  for (uint64_t n = 1; n <= StoredPageFindings::kMaxFindings + 1; ++n) Find(n);
  EXPECT_THAT(Json(), HasSubstr("\"more\":true}"));
  EXPECT_THAT(Json(), Not(HasSubstr("shop.orders[1]\"")));
  EXPECT_THAT(Json(), HasSubstr("shop.orders[2]\""));
  const std::string large = absl::StrCat("[\"", std::string(60'000, 'x'), "\"]");
  for (uint64_t n = 200; n < 230; ++n) Find(n, large);
  EXPECT_LT(Json().size(), StoredPageFindings::kMaxBytes + 1000);
  EXPECT_THAT(Json(), HasSubstr("\"more\":true}"));
}

}  // namespace
}  // namespace dcp::cmd
