#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cmd/dcp/resume.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using collector::StartPoint;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeStates final : public model::PairStates {
 public:
  absl::StatusOr<std::optional<model::StoredPair>> Load(const std::string& check,
                                                        const std::string& target) override {
    const auto it = stored.find({check, target});
    return it == stored.end() ? std::nullopt : std::optional(it->second);
  }
  std::map<ResumePlan::Pair, model::StoredPair> stored;
};

std::string PlaceAt(uint64_t offset, const std::string& file = "bin.000001") {
  collector::StreamPlace place;
  place.server_id = 7;
  place.start.kind = StartPoint::Kind::kPosition;
  place.start.position = {file, offset};
  return place.ToText();
}

class ResumePlanTest : public ::testing::Test {
 protected:
  ResumePlanTest() {
    AddCollector("source", {"src", "src2"});
    AddCollector("replica", {"dst", "dst2"});
    AddCheck("a", "src", "dst");
  }

  void AddCollector(const std::string& name, const std::vector<std::string>& tags) {
    config::MysqlCollectorOptions collector;
    collector.name = name;
    for (const std::string& tag : tags) {
      config::MysqlTagOptions options;
      options.tag = model::Tag(tag);
      options.tables = {{"shop.*", "", {}}};
      collector.tags.push_back(std::move(options));
    }
    config_.mysql_collectors.push_back(std::move(collector));
  }
  void AddCheck(const std::string& name, const std::string& source, const std::string& target) {
    config::CheckOptions check;
    check.name = name;
    check.source = model::Tag(source);
    check.targets = {model::Tag(target)};
    config_.checks.push_back(std::move(check));
  }
  // Of the check `name`, as this configuration stores it.
  model::StoredPair& Store(const std::string& name, const std::string& target,
                           const std::string& source_place, const std::string& target_place) {
    model::StoredPair& stored = states_.stored[{name, target}];
    stored.state.said_to = 20;
    stored.state.run = model::RunState{10, "", false, {}, source_place, target_place};
    for (const config::CheckOptions& check : config_.checks) {
      if (check.name == name) stored.state.rules = RulesOf(config_, check, model::Tag(target));
    }
    return stored;
  }
  ResumePlan Plan() {
    auto plan = PlanResume(config_, states_);
    EXPECT_OK(plan);
    return plan.ok() ? *std::move(plan) : ResumePlan();
  }
  static std::string Lost(const ResumePlan& plan, const std::string& check,
                          const std::string& target) {
    const model::PairState& state = plan.pairs.at({check, target}).state;
    EXPECT_FALSE(state.run.has_value());
    EXPECT_EQ(state.lost_reason, "restart");
    return state.lost_detail;
  }

  config::Config config_;
  FakeStates states_;
};

TEST_F(ResumePlanTest, AnEmptyStateAsksForNothing) {
  const ResumePlan plan = Plan();
  EXPECT_THAT(plan.pairs, IsEmpty());
  EXPECT_THAT(plan.places, IsEmpty());
}

TEST_F(ResumePlanTest, EachCollectorBeginsAtTheEarliestPlaceThatAnyCheckNeeds) {
  AddCheck("b", "src2", "dst2");
  Store("a", "dst", PlaceAt(900), PlaceAt(50));
  Store("b", "dst2", PlaceAt(400), PlaceAt(60));
  const ResumePlan plan = Plan();
  EXPECT_EQ(plan.places.at("source").start.position.offset, 400u);
  EXPECT_EQ(plan.places.at("replica").start.position.offset, 50u);
  EXPECT_TRUE(plan.pairs.at({"a", "dst"}).state.run.has_value());
  EXPECT_TRUE(plan.pairs.at({"b", "dst2"}).state.run.has_value());
}

TEST_F(ResumePlanTest, ACheckWithAPushedSideBeginsAnew) {
  AddCheck("b", "src", "app");
  Store("b", "app", PlaceAt(4), "");
  const ResumePlan plan = Plan();
  EXPECT_THAT(Lost(plan, "b", "app"), HasSubstr("pushed"));
  EXPECT_THAT(plan.places, IsEmpty());
}

TEST_F(ResumePlanTest, AStartOfItsOwnComesBeforeTheRun) {
  Store("a", "dst", PlaceAt(900), PlaceAt(50));
  config_.mysql_collectors[1].start.kind = config::StartPoint::Kind::kNow;
  const ResumePlan plan = Plan();
  EXPECT_THAT(Lost(plan, "a", "dst"), HasSubstr("collector replica has a start of its own"));
  EXPECT_THAT(plan.places, IsEmpty());
  EXPECT_THAT(plan.lines, Contains(HasSubstr("begins anew behind barrier 20")));
}

TEST_F(ResumePlanTest, PlacesThatCannotBeComparedLeaveTheSecondCheckOut) {
  AddCheck("b", "src2", "dst2");
  collector::StreamPlace by_gtid;
  by_gtid.start.kind = StartPoint::Kind::kGtid;
  Store("a", "dst", PlaceAt(900), PlaceAt(50));
  Store("b", "dst2", by_gtid.ToText(), PlaceAt(4));
  const ResumePlan plan = Plan();
  EXPECT_TRUE(plan.pairs.at({"a", "dst"}).state.run.has_value());
  EXPECT_THAT(Lost(plan, "b", "dst2"), HasSubstr("collector source cannot begin"));
  EXPECT_EQ(plan.places.at("replica").start.position.offset, 50u);  // not for b, which is out
}

TEST_F(ResumePlanTest, APlaceThatCannotBeReadIsSaid) {
  Store("a", "dst", "somewhere", PlaceAt(4));
  EXPECT_THAT(Lost(Plan(), "a", "dst"), HasSubstr("place cannot be read"));
}

TEST_F(ResumePlanTest, OtherTablesOrColumnsMakeTheStatesOfFindingsUnknown) {
  model::OpenFinding finding;
  finding.source = finding.target = model::Version::Content({1, 2});
  Store("a", "dst", PlaceAt(4), PlaceAt(4)).findings = {finding};
  EXPECT_EQ(Plan().pairs.at({"a", "dst"}).findings.at(0), finding);
  config_.mysql_collectors[0].tags[0].tables[0].ignore_columns = {"at"};
  const ResumePlan plan = Plan();
  EXPECT_TRUE(plan.pairs.at({"a", "dst"}).state.run.has_value());
  EXPECT_FALSE(plan.pairs.at({"a", "dst"}).findings.at(0).source.known());
  EXPECT_FALSE(plan.pairs.at({"a", "dst"}).findings.at(0).target.known());
}

// A run is kept from as far back as its own rules look.
TEST_F(ResumePlanTest, OtherRulesOfLookingBackBeginAnew) {
  const auto changes = {
      +[](config::CheckOptions* check) { ++check->history; },
      +[](config::CheckOptions* check) { ++check->lateness; },
      +[](config::CheckOptions* check) { check->align = config::Align::kBarrier; },
  };
  for (const auto& change : changes) {
    Store("a", "dst", PlaceAt(4), PlaceAt(4));
    change(&config_.checks[0]);
    const ResumePlan plan = Plan();
    EXPECT_THAT(Lost(plan, "a", "dst"), HasSubstr("align, lateness or history"));
    EXPECT_THAT(plan.places, IsEmpty());
  }
}

}  // namespace
}  // namespace dcp::cmd
