#include "alarm/body_template.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"
#include "tests/support/status_matchers.h"

namespace dcp::alarm {
namespace {

using ::dcp::test::StatusIs;
using nlohmann::json;
using ::testing::HasSubstr;

Alarm Hostile() {
  static const FakeRenderer renderer;
  model::RowDiff diff = Missing();
  diff.key_text = R"(shop.orders["\"}{{id}}"])";
  diff.source->txn = "\"},\n{\\";
  model::Verdict verdict = Diff({diff, Mismatch()});
  verdict.head.check = "\"quoted\"\n\xff";
  return MakeAlarms(verdict, renderer).front();
}

std::string Render(const std::string& text, const Alarm& alarm) {
  auto parsed = BodyTemplate::Parse(text, false);
  EXPECT_OK(parsed);
  return parsed.ok() ? (*parsed)->Render(alarm) : "";
}

TEST(BodyTemplateTest, FieldsAreEscapedForJson) {
  const json body =
      json::parse(Render(R"({"t":"{{text}}","c":"{{check}}","n":{{diff_count}}})", Hostile()));
  EXPECT_EQ(body["t"], Hostile().text);
  EXPECT_EQ(body["n"], 2);
}

TEST(BodyTemplateTest, TheWholeAlarmAsItIs) {
  EXPECT_EQ(Render("{{{json}}}", Hostile()), Hostile().json);
}

TEST(BodyTemplateTest, SectionsGoOverRows) {
  EXPECT_EQ(Render("{{#diffs}}[{{kind}} {{table}}]{{/diffs}}", Hostile()),
            "[missing shop.orders][mismatch shop.orders]");
  EXPECT_EQ(Render("{{#is_diff}}d{{/is_diff}}{{^is_diff}}n{{/is_diff}}", Hostile()), "d");
}

TEST(BodyTemplateTest, SubjectIsWhatIsResolved) {
  static const FakeRenderer renderer;
  const Alarm ended = MakeAlarms(Ended(), renderer).front();
  EXPECT_EQ(Render("{{subject}}", ended), std::string(32, 'a'));
  EXPECT_EQ(Render("{{subject}}", Hostile()), Hostile().id);
}

TEST(BodyTemplateTest, ADiffOfKnownRowsIsKnown) {
  static const FakeRenderer renderer;
  model::Verdict touched = Diff({});
  touched.known = 1;
  const std::string text = "{{#is_known}}k{{/is_known}}{{^is_known}}n{{/is_known}}";
  EXPECT_EQ(Render(text, MakeAlarms(touched, renderer).front()), "k");
  EXPECT_EQ(Render(text, Hostile()), "n");
  EXPECT_EQ(Render(text, MakeAlarms(Ended(), renderer).front()), "n");
}

TEST(BodyTemplateTest, AFieldIsNoTemplate) {
  EXPECT_EQ(Render("{{#diffs}}{{#first}}{{/first}}{{{key_text}}};{{/diffs}}", Hostile()),
            "[\"\\\"}{{id}}\"];[42];");
}

TEST(BodyTemplateTest, WhatIsNotWellFormedIsSaid) {
  EXPECT_THAT(BodyTemplate::Parse("{{#diffs}}", false),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not well-formed")));
  EXPECT_THAT(BodyTemplate::Parse("{{", false),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not well-formed")));
}

TEST(BodyTemplateTest, WhatGivesNoJsonIsSaidWithTheTypeOfAlarm) {
  EXPECT_THAT(BodyTemplate::Parse(R"({"n":{{diff_count}}})", true),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("type 'same'")));
  EXPECT_OK(BodyTemplate::Parse(R"({"n":"{{diff_count}}"})", true));
}

// The samples are told to people by --send-test-alarm: they are alarms like others.
TEST(BodyTemplateTest, SamplesAreValidAlarms) {
  for (const Alarm& sample : SampleAlarms()) {
    EXPECT_EQ(WrongByManual(sample.json), "") << sample.json;
  }
}

// Every example of the page between ```mustache and ```.
TEST(BodyTemplateTest, ExamplesOfThePageGiveJson) {
  std::ifstream in(DCP_SOURCE_DIR "/docs/alarms.md");
  std::string page(std::istreambuf_iterator<char>(in), {});
  int examples = 0;
  for (size_t at = page.find("```mustache\n"); at != std::string::npos;
       at = page.find("```mustache\n", at)) {
    at += 12;
    const std::string text = page.substr(at, page.find("```", at) - at);
    auto parsed = BodyTemplate::Parse(text, true);
    EXPECT_OK(parsed) << text;
    if (!parsed.ok()) continue;
    EXPECT_TRUE(json::accept((*parsed)->Render(Hostile()))) << text;
    ++examples;
  }
  EXPECT_EQ(examples, 3);
}

}  // namespace
}  // namespace dcp::alarm
