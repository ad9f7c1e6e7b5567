#include "row/pushed.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "row/digest.h"

namespace dcp::row {
namespace {

using model::Op;
using model::Version;

constexpr char kInsert[] = "INSERT [1,\"a\"]";

std::string Md5Hex(absl::string_view text) { return model::ToHex(Md5(text)); }

TEST(PushedTest, AnInsertLeadsFromAbsentToItsRow) {
  const PushedVersions pushed = InterpretPushed(kInsert, "");
  EXPECT_EQ(pushed.op, Op::kInsert);
  EXPECT_EQ(pushed.before, Version::Absent());
  EXPECT_EQ(pushed.after, Version::Content(Md5("[1,\"a\"]")));
}

TEST(PushedTest, AnUpdateDoesNotTellWhereItComesFrom) {
  const PushedVersions pushed = InterpretPushed("UPDATE [1]", "");
  EXPECT_EQ(pushed.op, Op::kUpdate);
  EXPECT_FALSE(pushed.before.known());
  EXPECT_EQ(pushed.after, Version::Content(Md5("[1]")));
}

TEST(PushedTest, InsertAndUpdateOfOneRowGiveOneVersion) {
  EXPECT_EQ(InterpretPushed("INSERT [1]", "").after, InterpretPushed("UPDATE [1]", "").after);
}

TEST(PushedTest, ADeleteLeadsToAbsentWhateverItCarries) {
  for (const char* content : {"DELETE [1]", "DELETE "}) {
    const PushedVersions pushed = InterpretPushed(content, "anything");
    EXPECT_EQ(pushed.op, Op::kDelete);
    EXPECT_FALSE(pushed.before.known());
    EXPECT_EQ(pushed.after, Version::Absent());
  }
}

TEST(PushedTest, OtherContentIsAVersionAsItIs) {
  const PushedVersions pushed = InterpretPushed("{\"a\":1}", "");
  EXPECT_EQ(pushed.op, Op::kOther);
  EXPECT_FALSE(pushed.before.known());
  EXPECT_EQ(pushed.after, Version::Content(Md5("{\"a\":1}")));
}

TEST(PushedTest, AWordCountsOnlyInCapitalsWithItsSpace) {
  for (const char* content : {"INSERT", "insert [1]", "INSERTED [1]", " INSERT [1]", ""}) {
    EXPECT_EQ(InterpretPushed(content, "").op, Op::kOther) << content;
    EXPECT_EQ(InterpretPushed(content, "").after, Version::Content(Md5(content))) << content;
  }
}

TEST(PushedTest, TheMd5OfTheContentAddsNothing) {
  const Version plain = InterpretPushed(kInsert, "").after;
  EXPECT_EQ(InterpretPushed(kInsert, Md5Hex(kInsert)).after, plain);
  EXPECT_EQ(InterpretPushed(kInsert, absl::AsciiStrToUpper(Md5Hex(kInsert))).after, plain);
}

TEST(PushedTest, AnotherChecksumIsTheVersion) {
  const PushedVersions pushed = InterpretPushed(kInsert, "v17");
  EXPECT_EQ(pushed.op, Op::kInsert);
  EXPECT_EQ(pushed.before, Version::Absent());
  EXPECT_EQ(pushed.after, InterpretPushed("UPDATE [2]", "v17").after);
  EXPECT_NE(pushed.after, InterpretPushed(kInsert, "V17").after);
}

TEST(PushedTest, TheMd5OfTheRowAloneIsAnotherChecksum) {
  EXPECT_NE(InterpretPushed(kInsert, Md5Hex("[1,\"a\"]")).after,
            InterpretPushed(kInsert, "").after);
}

TEST(PushedTest, AChecksumWithoutContentIsTheVersion) {
  EXPECT_EQ(InterpretPushed("", "v17").after, InterpretPushed(kInsert, "v17").after);
  // Even the MD5 of nothing, which would else be said to add nothing.
  EXPECT_NE(InterpretPushed("", Md5Hex("")).after, InterpretPushed("", "").after);
}

TEST(PushedTest, AChecksumNeverEqualsAContent) {
  EXPECT_NE(InterpretPushed("", "v17").after, InterpretPushed("v17", "").after);
}

}  // namespace
}  // namespace dcp::row
