#include "row/renderer.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "model/change.h"
#include "row/updated_row.h"
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

// Of an update of all columns.
std::string UpdatedContent(const Row& before, const Row& after) {
  std::string content = RowContent(after);
  std::vector<uint32_t> columns(after.size());
  std::iota(columns.begin(), columns.end(), 0);
  AddBefore(before, after, columns, 0, &content);
  return content;
}

TEST(RendererTest, AnUpdateTellsBothRows) {
  const Row before = {Int(1), Text("a,["), Null(), Text("\""), Int(-7)};
  const Row after = {Int(1), Text("b"), Text("n"), Text("\""), Null()};
  const std::string content = UpdatedContent(before, after);
  EXPECT_EQ(renderer().Json(content), renderer().Json(RowContent(after)));
  EXPECT_EQ(renderer().BeforeJson(content), renderer().Json(RowContent(before)));
  EXPECT_THAT(renderer().DifferingColumns(content, RowContent(before)), ElementsAre(1, 2, 4));
  EXPECT_EQ(renderer().BeforeJson(UpdatedContent(after, after)),
            renderer().Json(RowContent(after)));
}

TEST(RendererTest, TheRowBeforeCostsWhatChanged) {
  const std::string text(1000, 'x');
  const Row row = {Int(1), Text(text), Int(2)};
  Row changed = row;
  changed[2] = Int(3);
  EXPECT_LE(UpdatedContent(changed, row).size(), RowContent(row).size() + 8);
}

TEST(RendererTest, OfAChangeThatIsTooLongTheRowAfterIsKept) {
  const Row after = {Int(1), Text("b")};
  const Row before = {Int(1), Text(std::string(kMaxChanges, 'x'))};
  EXPECT_EQ(UpdatedContent(before, after), RowContent(after));
  EXPECT_EQ(renderer().BeforeJson(RowContent(after)), "");
  EXPECT_EQ(renderer().BeforeJson(""), "");
  EXPECT_EQ(renderer().BeforeJson(Pushed("UPDATE [1]")), "");
}

TEST(RendererTest, ADamagedUpdateIsSaidAtEachByte) {
  const std::string whole =
      UpdatedContent({Int(1), Text("ab"), Int(5)}, {Int(1), Text("c"), Null()});
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const std::string& damaged :
         {whole.substr(0, i), whole.substr(0, i) + '\xff' + whole.substr(i + 1),
          whole.substr(0, i) + '\0' + whole.substr(i + 1)}) {
      const std::string before = renderer().BeforeJson(damaged);
      EXPECT_TRUE(before.empty() || nlohmann::json::accept(before)) << i << " " << before;
      EXPECT_TRUE(nlohmann::json::accept(renderer().Json(damaged))) << i;
    }
  }
  EXPECT_EQ(renderer().Json(std::string(1, model::kUpdatedRow)),
            "\"(the captured row is damaged)\"");
}

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
