#include "collector/grpc/session_table.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "collector/grpc/intake_place.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::dcp::test::HasCode;

TEST(SessionTableTest, KnowsTheLastNumberAndTheLastWriter) {
  SessionTable table;
  EXPECT_EQ(table.Last("a"), 0u);
  table.Note("a", 7);
  table.Note("b", 2);
  table.Note("a", 5);
  EXPECT_EQ(table.Last("a"), 7u);
  EXPECT_EQ(table.Last("b"), 2u);
  EXPECT_TRUE(table.IsWriter("a"));
  table.Note("", 0);
  EXPECT_FALSE(table.IsWriter("a"));
  EXPECT_FALSE(table.IsWriter(""));
}

TEST(SessionTableTest, ForgetsTheOneThatWasSilentLongest) {
  SessionTable table;
  for (size_t i = 0; i < SessionTable::kMaxSessions; ++i) table.Note(absl::StrCat("s", i), 1);
  table.Note("s0", 2);
  EXPECT_EQ(table.Last("s1"), 1u);
  table.Note("new", 1);
  EXPECT_EQ(table.Last("s0"), 2u);
  EXPECT_EQ(table.Last("s1"), 0u);
  EXPECT_EQ(table.Last("new"), 1u);
}

TEST(SessionTableTest, ComesBackFromItsBytesAndOfNoPartOfThem) {
  SessionTable table;
  table.Note("a", 7);
  table.Note("b", uint64_t{1} << 63);
  const std::string bytes = table.ToBytes();
  ASSERT_OK_AND_ASSIGN(const SessionTable back, SessionTable::Parse(bytes));
  EXPECT_EQ(back.ToBytes(), bytes);
  EXPECT_EQ(back.Last("b"), uint64_t{1} << 63);
  EXPECT_TRUE(back.IsWriter("b"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(SessionTable::Parse(bytes.substr(0, size)), HasCode(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(SessionTable::Parse(bytes + "x"), HasCode(absl::StatusCode::kDataLoss));
}

TEST(IntakePlaceTest, ComesBackFromItsText) {
  const IntakePlace place{0xabc, ~uint64_t{0}, 42};
  EXPECT_EQ(place.ToText(), "intake\n0000000000000abcffffffffffffffff\n42");
  ASSERT_OK_AND_ASSIGN(const IntakePlace back, IntakePlace::Parse(place.ToText()));
  EXPECT_EQ(back.ToText(), place.ToText());
}

TEST(IntakePlaceTest, OtherTextsAreRefused) {
  for (const char* text :
       {"", "intake\n", "intake\n0\n1", "position\n0000000000000abcffffffffffffffff\n42",
        "intake\n0000000000000abcfffffffffffffffg\n42",
        "intake\n0000000000000abcffffffffffffffff\n",
        "intake\n0000000000000abcffffffffffffffff\n42\n"}) {
    EXPECT_THAT(IntakePlace::Parse(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(IntakePlaceTest, TheEarliestIsOfOneLogOnly) {
  const IntakePlace a{1, 2, 7}, b{1, 2, 9}, other{1, 3, 1};
  EXPECT_EQ(Earliest(a, b)->sequence, 7u);
  EXPECT_EQ(Earliest(b, a)->sequence, 7u);
  EXPECT_FALSE(Earliest(a, other).has_value());
}

}  // namespace
}  // namespace dcp::collector
