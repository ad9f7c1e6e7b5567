#include "row/key.h"

#include <gtest/gtest.h>

#include "tests/row/values.h"

namespace dcp::row {
namespace {

std::string KeyText(absl::string_view table, const Row& row) {
  std::string text;
  AppendKeyText(table, row, AllColumns(row), &text);
  return text;
}

std::string GravityKey(const model::Value& value) {
  std::string text;
  AppendGravityKey(value, &text);
  return text;
}

TEST(KeyTest, IsTheTableAndTheArrayOfItsKeyColumns) {
  EXPECT_EQ(KeyText("shop.orders", {Int(42), Text("eu")}), R"(shop.orders[42,"eu"])");
}

TEST(KeyTest, TakesKeyColumnsInKeyOrder) {
  std::string text = "before ";
  AppendKeyText("a.b", {Int(1), Int(2), Int(3)}, {2u, 1u}, &text);
  EXPECT_EQ(text, "before a.b[3,2]");
}

TEST(KeyTest, ValuesThatLookLikeSeparatorsGiveOtherKeys) {
  EXPECT_NE(KeyText("t", {Text("a,b")}), KeyText("t", {Text("a"), Text("b")}));
  EXPECT_NE(KeyText("t", {Text("a\",\"b")}), KeyText("t", {Text("a"), Text("b")}));
  EXPECT_NE(KeyText("t", {Text("1")}), KeyText("t", {Int(1)}));
  EXPECT_NE(KeyText("t", {Text("][")}), KeyText("t[\"]", {Text("")}));
}

TEST(KeyTest, DigestIsXxh3OfTheText) {
  EXPECT_EQ(KeyDigest("shop.orders[42]"), model::Xxh3("shop.orders[42]"));
}

TEST(KeyTest, GravityPrintsNumbersAndTextsBare) {
  EXPECT_EQ(GravityKey(Int(-42)), "-42");
  EXPECT_EQ(GravityKey(Uint(~uint64_t{0})), "18446744073709551615");
  EXPECT_EQ(GravityKey(Text("a \"b\"")), "a \"b\"");
  EXPECT_EQ(GravityKey(Bytes("\x01z")), "\x01z");
  EXPECT_EQ(GravityKey(OfText(Kind::kDecimal, "1.5")), "1.5");
  EXPECT_EQ(GravityKey(Null()), "<nil>");
}

TEST(KeyTest, GravityPrintsRealsAsGoDoes) {
  EXPECT_EQ(GravityKey(Double(100000)), "100000");
  EXPECT_EQ(GravityKey(Double(1000000)), "1e+06");
  EXPECT_EQ(GravityKey(Double(123456789)), "1.23456789e+08");
  EXPECT_EQ(GravityKey(Double(0.0001)), "0.0001");
  EXPECT_EQ(GravityKey(Double(0.00001)), "1e-05");
  EXPECT_EQ(GravityKey(Double(1e100)), "1e+100");
  EXPECT_EQ(GravityKey(Float(0.1f)), "0.1");
}

}  // namespace
}  // namespace dcp::row
