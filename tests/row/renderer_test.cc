#include "row/renderer.h"

#include <gmock/gmock.h>

#include "model/change.h"
#include "tests/row/values.h"

namespace dcp::row {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Content(char kind, const std::string& body) {
  std::string content;
  content.push_back(kind);
  content.append(body);
  return content;
}
std::string RowContent(const Row& row) { return Content(model::kCanonicalRow, BinaryOf(row)); }
std::string Pushed(const std::string& text) { return Content(model::kPushedText, text); }

const Renderer& renderer() {
  static const Renderer instance;
  return instance;
}

TEST(RendererTest, ARowIsItsArray) {
  EXPECT_EQ(renderer().Json(RowContent({Int(42), Text("eu"), Null()})), R"([42,"eu",null])");
}

TEST(RendererTest, APushedRowIsItsArrayOnOneLine) {
  EXPECT_EQ(renderer().Json(Pushed("UPDATE [1,\n \"a b\"]")), R"([1,"a b"])");
}

TEST(RendererTest, OtherPushedTextIsAString) {
  EXPECT_EQ(renderer().Json(Pushed("free \"text\"")), R"("free \"text\"")");
  EXPECT_EQ(renderer().Json(Pushed("INSERT [1,")), R"("INSERT [1,")");
  EXPECT_EQ(renderer().Json(Pushed("INSERT {}")), R"("INSERT {}")");
  EXPECT_EQ(renderer().Json(Pushed("")), R"("")");
}

TEST(RendererTest, WhatIsNotUtf8StaysValidJson) {
  EXPECT_EQ(renderer().Json(Pushed("a\xff")), "\"a\uFFFD\"");
  EXPECT_EQ(renderer().Json(RowContent({Text("a\xff")})), "[\"a\uFFFD\"]");
}

TEST(RendererTest, NothingCapturedIsNull) { EXPECT_EQ(renderer().Json(""), "null"); }

TEST(RendererTest, DamageIsSaid) {
  const std::string damaged = Content(model::kCanonicalRow, "\x05\x7f");
  EXPECT_EQ(renderer().Json(damaged), "\"(the captured row is damaged)\"");
  EXPECT_EQ(renderer().Json("\x09"), "\"(the captured row is damaged)\"");
}

TEST(RendererTest, NamesTheColumnsThatDiffer) {
  EXPECT_THAT(renderer().DifferingColumns(RowContent({Int(1), Text("a"), Null()}),
                                          RowContent({Int(1), Text("b"), Text("null")})),
              ElementsAre(1, 2));
}

TEST(RendererTest, ComparesRowsWithPushedRows) {
  EXPECT_THAT(
      renderer().DifferingColumns(RowContent({Int(1), Text("a,[")}), Pushed("UPDATE [2, \"a,[\"]")),
      ElementsAre(0));
}

TEST(RendererTest, NamesNoColumnWhereThereIsNoRow) {
  const std::string row = RowContent({Int(1)});
  EXPECT_THAT(renderer().DifferingColumns(row, ""), IsEmpty());
  EXPECT_THAT(renderer().DifferingColumns(row, Pushed("text")), IsEmpty());
  EXPECT_THAT(renderer().DifferingColumns(row, RowContent({Int(1), Int(2)})), IsEmpty());
}

}  // namespace
}  // namespace dcp::row
