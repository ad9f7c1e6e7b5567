#include "model/gtid_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "model/gtid_position.h"
#include "tests/support/status_matchers.h"

namespace dcp::model {
namespace {

constexpr char kA[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kB[] = "4f22fa47-71ca-11e1-9e33-c80aa9429562";

GtidSet Set(const std::string& text) {
  auto set = GtidSet::Parse(text);
  EXPECT_OK(set);
  return set.ok() ? *set : GtidSet();
}

std::string OfA(const std::string& intervals) { return std::string(kA) + ":" + intervals; }

TEST(GtidSetTest, TextRoundTripsInNormalForm) {
  EXPECT_EQ(Set("").ToString(), "");
  EXPECT_EQ(Set(OfA("1-5:7")).ToString(), OfA("1-5:7"));
  EXPECT_EQ(Set(OfA("7:1-3:4-5")).ToString(), OfA("1-5:7"));
  EXPECT_EQ(Set(std::string(kB) + ":1,\n" + OfA(" 2 - 3")).ToString(), OfA("2-3,") + kB + ":1");
  EXPECT_EQ(Set(OfA("1-2:Blue:4")).ToString(), OfA("1-2,") + kA + ":blue:4");
}

TEST(GtidSetTest, SameUuidTwiceIsOneSource) {
  EXPECT_EQ(Set(OfA("1-3,") + OfA("3-9")).ToString(), OfA("1-9"));
}

TEST(GtidSetTest, MariaDbStateIsAllNumbersUpToIt) {
  const GtidSet state = Set("0-1-105, 7-2-9,0-2-7");
  EXPECT_EQ(state.ToString(), "0-1-105,0-2-7,7-2-9");
  EXPECT_TRUE(state.Contains(Gtid{GtidSource::MariaDb(0, 1), 1}));
  EXPECT_TRUE(state.Contains(Gtid{GtidSource::MariaDb(0, 1), 105}));
  EXPECT_FALSE(state.Contains(Gtid{GtidSource::MariaDb(0, 1), 106}));
  EXPECT_FALSE(state.Contains(Gtid{GtidSource::MariaDb(1, 1), 1}));
  EXPECT_EQ(Set("0-1-5..9,0-1-20..20").ToString(), "0-1-5..9,0-1-20..20");
  EXPECT_EQ(Set(OfA("1-5,") + "0-1-3").ToString(), "0-1-3," + OfA("1-5"));
  EXPECT_EQ(ToString(Gtid{GtidSource::MariaDb(3, 2), 7}), "3-2-7");
}

TEST(GtidPositionTest, IsTheLastGtidOfEachDomain) {
  auto position = GtidPosition::Parse("7-2-9, 0-1-105");
  ASSERT_OK(position);
  EXPECT_EQ(position->ToString(), "0-1-105,7-2-9");
  position->Advance(Gtid{GtidSource::MariaDb(0, 3), 100});
  EXPECT_EQ(position->ToString(), "0-3-100,7-2-9");
  EXPECT_EQ(position->Executed().ToString(), "0-3-100,7-2-9");
  EXPECT_TRUE(GtidPosition::Parse("")->empty());
  for (const std::string& text :
       std::vector<std::string>{"0-1", "0-0-5", "0-1-0", "a-1-2", "0-1-2-3", "0-1-5,0-2-6",
                                "4294967296-1-1", "0-1-5..7", OfA("1")}) {
    EXPECT_EQ(GtidPosition::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(GtidSetTest, BadTextIsNamed) {
  for (const std::string text :
       {"x", "3e11fa47:1", kA, "0-1", "0-0-5", "0-1-0", "0-1-7..5", "0-1-1..", "0-1-1..2..3",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:0", "3e11fa47-71ca-11e1-9e33-c80aa9429562:5-3",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:99999999999999999999"}) {
    EXPECT_THAT(GtidSet::Parse(text), test::StatusIs(absl::StatusCode::kInvalidArgument,
                                                     ::testing::HasSubstr("GTID set")))
        << text;
  }
}

TEST(GtidSetTest, LabelsAreAsMySqlsTags) {
  for (const char* text : {"a", "_", "_9", "blue_1", "a_label_of_exactly_32_characters"}) {
    EXPECT_TRUE(IsGtidLabel(text)) << text;
    EXPECT_EQ(Set(OfA(std::string(text) + ":1")).ToString(), OfA(std::string(text) + ":1"));
  }
  for (const char* text :
       {"", "9a", "Blue", "a-b", "a b", "\xc3\xa4", "a:b", "a_label_of_more_than_32_characters"}) {
    EXPECT_FALSE(IsGtidLabel(text)) << text;
  }
  for (const char* text : {"9a:1", "a-b:1", "\xc3\xa4:1", "a_label_of_more_than_32_characters:1",
                           "blue", "1-2:blue", "blue:red:1"}) {
    EXPECT_EQ(GtidSet::Parse(OfA(text)).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(GtidSetTest, TheSameNumberUnderAnotherLabelIsAnotherGtid) {
  const GtidSet set = Set(OfA("1-5:blue:3-4"));
  EXPECT_EQ(set.size(), 7u);
  EXPECT_EQ(set.sources().size(), 2u);
  EXPECT_TRUE(set.Contains(Set(OfA("blue:3"))));
  EXPECT_FALSE(set.Contains(Set(OfA("blue:1"))));
  EXPECT_FALSE(set.Contains(Set(OfA("red:3"))));
  GtidSet rest = set;
  rest.Subtract(Set(OfA("3:blue:4")));
  EXPECT_EQ(rest.ToString(), OfA("1-2:4-5,") + kA + ":blue:3");
  rest.Add(Set(OfA("blue:4-9")));
  EXPECT_EQ(rest.ToString(), OfA("1-2:4-5,") + kA + ":blue:3-9");
}

TEST(GtidSetTest, SetAlgebraAgreesWithPlainSets) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 500; ++round) {
    GtidSet a, b;
    std::set<uint64_t> model_a, model_b;
    const auto fill = [&](GtidSet& set, std::set<uint64_t>& model) {
      for (int i = 0; i < 12; ++i) {
        const uint64_t first = 1 + random() % 40;
        const uint64_t last = first + random() % 5;
        set.AddInterval(GtidSource{}, {first, last});
        for (uint64_t n = first; n <= last; ++n) model.insert(n);
      }
    };
    fill(a, model_a);
    fill(b, model_b);
    GtidSet sum = a, rest = a;
    sum.Add(b);
    rest.Subtract(b);
    for (uint64_t n = 1; n < 50; ++n) {
      const Gtid gtid{GtidSource{}, n};
      ASSERT_EQ(a.Contains(gtid), model_a.count(n) > 0);
      ASSERT_EQ(sum.Contains(gtid), model_a.count(n) + model_b.count(n) > 0);
      ASSERT_EQ(rest.Contains(gtid), model_a.count(n) > 0 && model_b.count(n) == 0);
    }
    ASSERT_EQ(a.size(), model_a.size());
    ASSERT_TRUE(sum.Contains(b));
    ASSERT_EQ(a.Intersects(b), rest.size() != a.size());
    ASSERT_EQ(Set(sum.ToString()), sum);
  }
}

}  // namespace
}  // namespace dcp::model
