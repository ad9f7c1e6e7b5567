#include "alarm/masking.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "alarm/diff_files.h"
#include "alarm/grouping.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "ada@example.com";
constexpr char kOther[] = "bob@example.com";

class MaskingTest : public ::testing::Test {
 protected:
  MaskingTest() {
    users_ = registry_.Intern({"crm.users", {"id", "email", "note"}, false, {"id", "email"}});
  }
  Masks Make(MaskRule::How how = MaskRule::How::kStars) const {
    return Masks({{.tables = {"crm.*"}, .columns = {"Email"}, .how = how, .hash_key = "k"}},
                 &registry_);
  }
  // Two rows whose emails differ; the email is part of the key.
  model::RowDiff Diff() const {
    model::RowDiff diff;
    diff.kind = model::DiffKind::kMismatch;
    diff.table = users_;
    diff.key_text = absl::StrCat("crm.users[7,\"", kSecret, "\"]");
    diff.source = Change(model::Op::kUpdate, "uuid:7", Row(kSecret));
    diff.target = Change(model::Op::kUpdate, "uuid:9", Row(kOther));
    diff.source_present = model::PresentRow{true, Row(kSecret)};
    diff.target_present = model::PresentRow{true, Row(kOther)};
    return diff;
  }
  static std::string Row(const char* email) {
    return absl::StrCat("[7,\"", email, "\",\"n, \\\"1\\\"]\"]");
  }
  static std::vector<Alarm> AlarmsOf(const Rendering& rendering, const model::RowDiff& diff) {
    model::Verdict verdict = alarm::Diff({diff, diff, diff, diff});
    verdict.diff_tables = {{"crm.users", 4}};
    std::vector<Alarm> alarms = MakeAlarms(verdict, rendering);
    model::Resolved ended = Ended();
    ended.keys = {diff.key_text};
    for (Alarm& alarm : MakeAlarms(ended, rendering)) alarms.push_back(std::move(alarm));
    for (const Alarm& alarm : alarms) EXPECT_EQ(WrongByManual(alarm.json), "") << alarm.json;
    return alarms;
  }

  const FakeRenderer renderer_{};
  model::TableRegistry registry_;
  const model::Table* users_ = nullptr;
};

TEST_F(MaskingTest, AMaskedValueIsInNoAlarm) {
  for (auto how : {MaskRule::How::kStars, MaskRule::How::kHash}) {
    const Masks masks = Make(how);
    std::vector<model::Outbox::Entry> entries;
    for (const Alarm& alarm : AlarmsOf({renderer_, &masks}, Diff())) {
      EXPECT_THAT(alarm.json, Not(HasSubstr("example.com")));
      EXPECT_THAT(alarm.text, Not(HasSubstr("example.com")));
      entries.push_back({entries.size() + 1, std::make_shared<const Alarm>(alarm)});
      entries.push_back({entries.size() + 1, std::make_shared<const Alarm>(alarm)});
    }
    for (const Group& group : MergeAlarms(entries)) {
      EXPECT_THAT(group.alarm->json, Not(HasSubstr("example.com")));
      EXPECT_THAT(group.alarm->text, Not(HasSubstr("example.com")));
    }
  }
}

TEST_F(MaskingTest, TheRestIsShownAndSoIsThatTheyDiffer) {
  const Masks masks = Make();
  const json diff = json::parse(AlarmsOf({renderer_, &masks}, Diff())[0].json)["diffs"][0];
  EXPECT_EQ(diff["key"], json::parse(R"([7,"***"])"));
  EXPECT_EQ(diff["source"]["row"], json::parse(R"([7,"***","n, \"1\"]"])"));
  EXPECT_EQ(diff["present"]["target"], diff["source"]["row"]);
  EXPECT_EQ(diff["columns"], json::parse(R"(["email"])"));
}

TEST_F(MaskingTest, AHashTellsValuesApartAndIsKeyed) {
  const Masks masks = Make(MaskRule::How::kHash);
  const json diff = json::parse(AlarmsOf({renderer_, &masks}, Diff())[0].json)["diffs"][0];
  EXPECT_EQ(diff["key"][1], diff["source"]["row"][1]);
  EXPECT_NE(diff["source"]["row"][1], diff["target"]["row"][1]);
  const Masks other(
      {{.tables = {"*"}, .columns = {"email"}, .how = MaskRule::How::kHash, .hash_key = "another"}},
      &registry_);
  EXPECT_NE(json::parse(AlarmsOf({renderer_, &other}, Diff())[0].json)["diffs"][0]["key"],
            diff["key"]);
}

TEST_F(MaskingTest, OtherTablesAreAsTheyAre) {
  const Masks masks = Make();
  EXPECT_EQ(MakeAlarms(alarm::Diff({Mismatch()}), {renderer_, &masks})[0].json,
            MakeAlarms(alarm::Diff({Mismatch()}), renderer_)[0].json);
}

TEST_F(MaskingTest, WithoutNamesEverythingOfTheRowIsMasked) {
  const Masks masks = Make();
  const model::Table* nameless = registry_.Intern({"crm.nameless", {}, false, {}});
  model::RowDiff diff = Diff();
  diff.table = nameless;
  diff.key_text = absl::StrCat("crm.nameless[\"", kSecret, "\"]");
  for (const Alarm& alarm : AlarmsOf({renderer_, &masks}, diff)) {
    EXPECT_THAT(alarm.json, Not(HasSubstr("example.com")));
    EXPECT_THAT(alarm.text, Not(HasSubstr("example.com")));
  }
}

TEST_F(MaskingTest, AKeyOfATableThatIsNotKnownIsMaskedWhole) {
  const Masks masks = Make();
  EXPECT_EQ(masks.Key(nullptr, R"(crm.unknown[1,"a"])"), R"(crm.unknown["***","***"])");
  EXPECT_EQ(masks.Key(nullptr, R"(crm.users[1,"a"])"), R"(crm.users[1,"***"])");
  EXPECT_EQ(masks.Key(nullptr, R"(shop.orders[1,"a"])"), R"(shop.orders[1,"a"])");
  EXPECT_EQ(masks.Key(users_, "7 ada@example.com"), R"(crm.users["***"])");
}

TEST_F(MaskingTest, APushedTextThatIsNoRowIsMaskedWhole) {
  const Masks masks = Make();
  EXPECT_EQ(masks.Row(*users_, R"("a text with ada@example.com")"), R"("***")");
  EXPECT_EQ(masks.Row(*users_, "null"), "null");
  EXPECT_EQ(masks.Row(*users_, "[1,2]"), R"(["***","***"])") << "another number of columns";
  EXPECT_EQ(masks.Row(*users_, R"([1,{"a":[1,"}"]},[2,3]])"), R"([1,"***",[2,3]])");
  EXPECT_EQ(masks.Row(*users_, "[]"), "[]");
}

TEST_F(MaskingTest, DiffFilesAreMaskedToo) {
  const test::TestDir dir("dcp-test-mask");
  const Masks masks = Make();
  {
    DiffFiles files({.dir = dir.path()}, {renderer_, &masks}, Clock::Real(),
                    [](Level, absl::string_view) {});
    const std::string path = files.Add("id", Diff());
    std::ifstream in(path);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    EXPECT_THAT(text, HasSubstr("***"));
    EXPECT_THAT(text, Not(HasSubstr("example.com")));
  }
}

}  // namespace
}  // namespace dcp::alarm
