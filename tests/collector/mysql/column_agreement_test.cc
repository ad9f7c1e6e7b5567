// What the agreement answers at each place of a source's and a target's stream.
#include "collector/mysql/column_agreement.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/eventually.h"

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTable[] = "shop.t";

// "id* a f:float -x": the key's columns have a star, ignored ones a minus.
TableView View(const std::string& text, const std::string& physical = kTable) {
  TableView view;
  view.physical = physical;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, ':');
    ViewedColumn column;
    column.name = parts[0];
    if (column.name[0] == '-') column.ignored = true;
    if (column.ignored) column.name.erase(0, 1);
    if (column.name.back() == '*') {
      column.name.pop_back();
      view.key.push_back(column.name);
    }
    if (parts.size() > 1) column.real = parts[1] == "float" ? Real::kFloat : Real::kDouble;
    view.columns.push_back(column);
  }
  return view;
}

std::string Text(const Encoding& encoding) {
  std::vector<std::string> words;
  for (const EncodedColumn& column : encoding.columns) {
    const char* real = column.real == Real::kFloat    ? ":float"
                       : column.real == Real::kDouble ? ":double"
                                                      : "";
    words.push_back(absl::StrCat(column.name, real));
  }
  std::vector<std::string> key;
  for (const EncodedColumn& column : encoding.key) key.push_back(column.name);
  return absl::StrCat(absl::StrJoin(words, " "), " by ", absl::StrJoin(key, ","));
}

class ColumnAgreementTest : public ::testing::Test {
 protected:
  ColumnAgreementTest() { Use({Member("src"), Member("dst", "src")}); }

  static ColumnMember Member(const std::string& tag, const std::string& source = "") {
    ColumnMember member;
    member.tag = model::Tag(tag);
    member.stream = tag;
    member.tables = {{"shop.*", "", {}}};
    if (!source.empty()) member.source = model::Tag(source);
    return member;
  }

  void Use(std::vector<ColumnMember> members, absl::Duration patience = absl::ZeroDuration()) {
    ColumnAgreement::Options options;
    options.members = std::move(members);
    options.patience = patience;
    options.log = [this](absl::string_view text) { logged_.emplace_back(text); };
    columns_ = std::make_unique<ColumnAgreement>(std::move(options));
  }

  // Both as information_schema shows them.
  void Seed(const std::string& source, const std::string& target) {
    columns_->Seed(model::Tag("dst"), kTable, View(target));
    columns_->Seed(model::Tag("src"), kTable, View(source));
    columns_->Begin();
  }

  void Pass(const std::string& tag, uint64_t offset) { columns_->Barrier(model::Tag(tag), offset); }
  void Pass(uint64_t from, uint64_t to) {
    for (uint64_t offset = from; offset <= to; ++offset) {
      Pass("src", offset);
      Pass("dst", offset);
    }
  }

  // What a row at the present place of the stream is made of: "own", or "?" where it is
  // unverified.
  std::string Row(const std::string& tag, const std::string& view,
                  const std::string& physical = kTable) {
    answer_ = columns_->Ask(model::Tag(tag), kTable, View(view, physical));
    if (!answer_.unverified.empty()) return "?";
    return answer_.encoding.has_value() ? Text(*answer_.encoding) : "own";
  }
  std::string Source(const std::string& view) { return Row("src", view); }
  std::string Target(const std::string& view) { return Row("dst", view); }
  void Ddl() { columns_->Ddl(model::Tag("src"), kTable); }

  std::unique_ptr<ColumnAgreement> columns_;
  ColumnAgreement::Answer answer_;
  std::vector<std::string> logged_;
};

// ---- known at the start ----

TEST_F(ColumnAgreementTest, EqualTablesAreComparedWhole) {
  Seed("id* a", "id* a");
  EXPECT_EQ(Source("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_THAT(logged_, IsEmpty());
}

TEST_F(ColumnAgreementTest, TheTargetsOwnColumnsOrderAndKeyDoNotCount) {
  Seed("id* a b", "rid* b note A id");
  EXPECT_EQ(Source("id* a b"), "id a b by id");
  EXPECT_EQ(Target("rid* b note A id"), "id a b by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("rid (is not on src), note (is not on src)")));
}

TEST_F(ColumnAgreementTest, AColumnThatTheTargetLacksIsLeftOutOnTheSource) {
  Seed("id* a b", "id* b");
  EXPECT_EQ(Source("id* a b"), "id b by id");
  EXPECT_EQ(Target("id* b"), "id b by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("a (is not on dst)")));
}

TEST_F(ColumnAgreementTest, IgnoredOnOneSideIsLeftOutOnBoth) {
  Seed("id* a b", "id* -a b");
  EXPECT_EQ(Source("id* a b"), "id b by id");
  EXPECT_EQ(Target("id* -a b"), "id b by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("a (is ignored on dst)")));
}

TEST_F(ColumnAgreementTest, AnIgnoredColumnMayBeTheKey) {
  Seed("-id* a", "-id* a");
  EXPECT_EQ(Source("-id* a"), "a by id");
  EXPECT_EQ(Target("-id* a"), "a by id");
}

TEST_F(ColumnAgreementTest, FloatBesideDoubleIsFloatOnBoth) {
  Seed("id* p:float q:double r:double", "id* p:double q:float r:double");
  EXPECT_EQ(Source("id* p:float q:double r:double"), "id p:float q:float r:double by id");
  EXPECT_EQ(Target("id* p:double q:float r:double"), "id p:float q:float r:double by id");
}

TEST_F(ColumnAgreementTest, ATargetWithoutTheKeyIsNotComparable) {
  Seed("id* a", "a");
  EXPECT_EQ(Target("a"), "?");
  EXPECT_THAT(answer_.unverified, HasSubstr("lacks the key column id"));
  EXPECT_EQ(answer_.reason, "columns");
}

TEST_F(ColumnAgreementTest, ASourceWithoutAKeyMakesTheTargetKeyless) {
  Seed("id a", "id* a");
  EXPECT_EQ(Target("id* a"), "id a by ");
}

TEST_F(ColumnAgreementTest, StrictLeavesNothingOut) {
  auto source = Member("src");
  source.strict = true;
  Use({source, Member("dst", "src")});
  Seed("id* a b", "id* note b");
  EXPECT_EQ(Source("id* a b"), "id a b by id");
  EXPECT_EQ(Target("id* note b"), "id b note by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("strict_columns")));
}

TEST_F(ColumnAgreementTest, ATagOfNoCheckHasItsOwnColumns) {
  EXPECT_EQ(Row("other", "id* a"), "own");
}

// ---- a column that only the target lacks, seen late ----

TEST_F(ColumnAgreementTest, TheSourceSwitchesAtABarrierWithMarksOnBothSides) {
  Pass(1, 9);
  EXPECT_EQ(Source("id* a b"), "id a b by id");
  EXPECT_EQ(Target("id* b"), "?");
  EXPECT_THAT(answer_.unverified, HasSubstr("lacks column a of the source"));
  EXPECT_EQ(answer_.reason, "ddl");
  EXPECT_EQ(Source("id* a b"), "id a b by id");
  Pass("src", 10);
  EXPECT_EQ(Source("id* a b"), "?");
  Pass("dst", 10);
  EXPECT_EQ(Target("id* b"), "?");
  Pass(11, 12);
  EXPECT_EQ(Source("id* a b"), "?");
  EXPECT_EQ(Target("id* b"), "?");
  Pass(13, 13);
  EXPECT_EQ(Source("id* a b"), "id b by id");
  EXPECT_EQ(Target("id* b"), "id b by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("a (is not on dst)")));
}

TEST_F(ColumnAgreementTest, ALateTargetIsEncodedByItsPlace) {
  Pass(1, 9);
  Source("id* a b");
  Target("id* b");
  for (uint64_t offset = 10; offset < 100; ++offset) Pass("src", offset);
  EXPECT_EQ(Source("id* a b"), "id b by id");
  EXPECT_EQ(Target("id* b"), "?");
  for (uint64_t offset = 10; offset < 13; ++offset) Pass("dst", offset);
  EXPECT_EQ(Target("id* b"), "?");
  Pass("dst", 13);
  EXPECT_EQ(Target("id* b"), "id b by id");
}

TEST_F(ColumnAgreementTest, AColumnThatComesBackIsComparedAgain) {
  Seed("id* a", "id*");
  Pass(1, 9);
  EXPECT_EQ(Source("id* a"), "id by id");
  EXPECT_EQ(Target("id*"), "id by id");
  EXPECT_EQ(Target("id* a"), "?");  // a statement on the source may have given it
  Pass(10, 12);
  EXPECT_EQ(Target("id* a"), "id by id");
  Pass(13, 13);
  EXPECT_EQ(Source("id* a"), "?");
  Pass(14, 16);
  EXPECT_EQ(Source("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("a (is not on dst)"),
                                   HasSubstr("all columns are compared again")));
}

// ---- statements on both sides ----

TEST_F(ColumnAgreementTest, AColumnAddedOnBothSidesIsComparedFromTheStatementOn) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  EXPECT_EQ(Source("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a"), "id a by id");
  Ddl();
  EXPECT_EQ(Source("id* a c"), "id a c by id");
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a c"), "id a c by id");
  Pass(10, 20);
  EXPECT_EQ(Target("id* a c"), "id a c by id");
  EXPECT_THAT(logged_, IsEmpty());
}

TEST_F(ColumnAgreementTest, ADroppedColumnIsComparedUpToTheStatement) {
  Seed("id* a b", "id* a b");
  Pass(1, 9);
  Source("id* a b");
  Target("id* a b");
  Ddl();
  EXPECT_EQ(Source("id* b"), "id b by id");
  EXPECT_EQ(Target("id* a b"), "id a b by id");
  Pass(10, 10);
  EXPECT_EQ(Target("id* a b"), "id a b by id");
  EXPECT_EQ(Target("id* b"), "id b by id");
}

TEST_F(ColumnAgreementTest, SeveralStatementsInOneSegment) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  const std::vector<std::string> views = {"id* a",   "id* a c:float", "id* a d:float",
                                          "d id* a", "id* a d",       "id* d"};
  std::vector<std::string> source;
  for (const std::string& view : views) {
    source.push_back(Source(view));
    Ddl();
  }
  std::vector<std::string> target;
  for (const std::string& view : views) target.push_back(Target(view));
  EXPECT_EQ(source, target);
  EXPECT_THAT(target, testing::Not(testing::Contains("?")));
}

TEST_F(ColumnAgreementTest, ATargetSeveralStatementsBehindIsNoneThatIsAhead) {
  Seed("id* v", "id* v");
  Pass(1, 10);
  EXPECT_EQ(Source("id* v"), "id v by id");
  EXPECT_EQ(Target("id* v"), "id v by id");
  Ddl();
  EXPECT_EQ(Source("id* v w"), "id v w by id");
  Ddl();
  EXPECT_EQ(Source("id* v w f"), "id v w f by id");
  Ddl();  // what it takes away the target does not have yet
  EXPECT_EQ(Source("id* v f"), "id v f by id");
  EXPECT_EQ(Target("id* v"), "id v by id");
  EXPECT_EQ(Target("id* v w"), "id v w by id");
  EXPECT_EQ(Target("id* v w f"), "id v w f by id");
  EXPECT_EQ(Target("id* v f"), "id v f by id");
}

TEST_F(ColumnAgreementTest, ATargetLateByHoursFollowsByItsPlace) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Ddl();
  Source("id* a c");
  for (uint64_t offset = 10; offset < 5000; ++offset) {
    Pass("src", offset);
    if (offset != 2000) continue;
    Ddl();
    EXPECT_EQ(Source("id* c"), "id c by id");
  }
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a c"), "id a c by id");
  Pass("dst", 100);
  EXPECT_EQ(Target("id* a c"), "id a c by id");
  Pass("dst", 2000);
  EXPECT_EQ(Target("id* a c"), "id a c by id");
  EXPECT_EQ(Target("id* c"), "id c by id");
}

TEST_F(ColumnAgreementTest, AColumnThatTheTargetHadAlreadyIsUnclearNearThePlace) {
  Seed("id* a", "id* a c");
  Pass(1, 9);
  Source("id* a");
  EXPECT_EQ(Target("id* a c"), "id a by id");
  Ddl();
  EXPECT_EQ(Source("id* a c"), "?");  // the target's rows of this segment are told without c
  EXPECT_EQ(Target("id* a c"), "?");
  Pass(10, 11);
  EXPECT_EQ(Target("id* a c"), "?");
  Pass(12, 12);
  EXPECT_EQ(Source("id* a c"), "id a c by id");
  EXPECT_EQ(Target("id* a c"), "id a c by id");
}

TEST_F(ColumnAgreementTest, WithoutAStatementInTheBinlogThePlaceIsUnclear) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  EXPECT_EQ(Source("id* a c"), "?");
  EXPECT_EQ(Target("id* a"), "?");
  EXPECT_EQ(Target("id* a c"), "?");
  Pass(10, 12);
  EXPECT_EQ(Source("id* a c"), "id a c by id");
  EXPECT_EQ(Target("id* a c"), "id a c by id");
}

TEST_F(ColumnAgreementTest, AColumnAddedOnTheTargetAloneIsLeftOutOnceTheSourceIsPast) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Target("id* a");
  EXPECT_EQ(Target("id* a note"), "?");
  Pass(10, 11);
  EXPECT_EQ(Target("id* a note"), "?");
  Pass(12, 12);
  EXPECT_EQ(Target("id* a note"), "id a by id");
  EXPECT_EQ(Source("id* a"), "id a by id");
}

TEST_F(ColumnAgreementTest, AColumnDroppedOnTheTargetAloneIsLeftOutLater) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Target("id* a");
  EXPECT_EQ(Target("id*"), "?");
  for (uint64_t offset = 10; offset < 20; ++offset) {
    Pass(offset, offset);
    Target("id*");
  }
  EXPECT_EQ(Source("id* a"), "id by id");
  EXPECT_EQ(Target("id*"), "id by id");
}

TEST_F(ColumnAgreementTest, TheKeyFollowsTheSources) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Target("id* a");
  Ddl();
  EXPECT_EQ(Source("id a*"), "id a by a");
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_EQ(Target("id a*"), "id a by a");
}

// ---- who is ahead ----

TEST_F(ColumnAgreementTest, ATargetAheadWaitsForTheSource) {
  Use({Member("src"), Member("dst", "src")}, absl::Seconds(60));
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Target("id* a");
  ColumnAgreement::Answer told;
  std::thread target([&] { told = columns_->Ask(model::Tag("dst"), kTable, View("id* a c")); });
  Ddl();
  Source("id* a c");
  target.join();
  ASSERT_TRUE(told.encoding.has_value()) << told.unverified;
  EXPECT_EQ(Text(*told.encoding), "id a c by id");
}

TEST_F(ColumnAgreementTest, NobodyWaitsForAStreamThatHasEnded) {
  Use({Member("src"), Member("dst", "src")}, absl::InfiniteDuration());
  Pass(1, 9);
  ColumnAgreement::Answer told;
  std::thread target([&] { told = columns_->Ask(model::Tag("dst"), kTable, View("id* a")); });
  columns_->Ended(model::Tag("src"));
  target.join();
  EXPECT_FALSE(told.encoding.has_value());
}

TEST_F(ColumnAgreementTest, TagsOfOneStreamDoNotWaitForEachOther) {
  auto source = Member("src"), target = Member("dst", "src");
  source.stream = target.stream = "one";
  Use({source, target}, absl::InfiniteDuration());
  Pass(1, 9);
  EXPECT_EQ(Target("id* a"), "own");
}

TEST_F(ColumnAgreementTest, ATargetFarAheadIsMarkedByTheSource) {
  Seed("id* a", "id* a c");
  Pass(1, 9);
  Source("id* a");
  for (uint64_t offset = 10; offset <= 20; ++offset) Pass("dst", offset);
  EXPECT_EQ(Target("id* a c"), "id a by id");
  Ddl();
  EXPECT_EQ(Source("id* a c"), "?");
  for (uint64_t offset = 10; offset <= 22; ++offset) Pass("src", offset);
  EXPECT_EQ(Source("id* a c"), "?");
  Pass("src", 23);
  EXPECT_EQ(Source("id* a c"), "id a c by id");
}

TEST_F(ColumnAgreementTest, ATableThatTheSourceShowsLaterIsMarkedWhereItDiffers) {
  Pass(1, 9);
  EXPECT_EQ(Target("id* a note"), "own");
  EXPECT_EQ(Source("id* a"), "?");
  Pass(10, 12);
  EXPECT_EQ(Source("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a note"), "id a by id");
}

TEST_F(ColumnAgreementTest, ATableThatTheSourceShowsLaterIsFineWhereItIsEqual) {
  Pass(1, 9);
  EXPECT_EQ(Target("id* a"), "own");
  EXPECT_EQ(Source("id* a"), "id a by id");
  EXPECT_EQ(Target("id* a"), "id a by id");
}

TEST_F(ColumnAgreementTest, OffsetsThatGoBackOnTheSourceBeginAnew) {
  Seed("id* a", "id* a");
  Pass(1, 900);
  Source("id* a");
  Ddl();
  Source("id* a c");
  Pass(901, 950);
  Pass(1, 9);
  EXPECT_EQ(Source("id* a c"), "id a c by id");
  EXPECT_EQ(Target("id* a c"), "id a c by id");
}

TEST_F(ColumnAgreementTest, AReplayingTargetIsEncodedAsThen) {
  Seed("id* a", "id* a");
  Pass(1, 9);
  Source("id* a");
  Target("id* a");
  Ddl();
  Source("id* a c");
  Target("id* a c");
  Pass(10, 30);
  Pass("dst", 5);
  EXPECT_EQ(Target("id* a"), "id a by id");
}

// ---- several tables, several tags ----

TEST_F(ColumnAgreementTest, ShardsOfTheSourceAreComparedByWhatAllHave) {
  EXPECT_EQ(Row("src", "id* a b", "shop.t0"), "id a b by id");
  EXPECT_EQ(Row("src", "b id* a", "shop.t1"), "id a b by id");
  Pass(1, 9);
  Ddl();
  EXPECT_EQ(Row("src", "id* a b c", "shop.t0"), "id a b by id");
  Ddl();
  EXPECT_EQ(Row("src", "b id* a c", "shop.t1"), "id a b c by id");
}

TEST_F(ColumnAgreementTest, AChainFollowsItsFirstSource) {
  Use({Member("src"), Member("dst", "src"), Member("far", "dst")});
  columns_->Seed(model::Tag("far"), kTable, View("id* a"));
  Seed("id* a b", "id* note b a");
  EXPECT_EQ(Source("id* a b"), "id a by id");
  EXPECT_EQ(Target("id* note b a"), "id a by id");
  EXPECT_EQ(Row("far", "id* a"), "id a by id");
}

TEST_F(ColumnAgreementTest, InACircleTheFirstCheckDecides) {
  Use({Member("src", "dst"), Member("dst", "src")});
  Seed("id* a b", "id* b note");
  EXPECT_EQ(Source("id* a b"), Target("id* b note"));
  EXPECT_THAT(logged_, testing::SizeIs(1));
}

TEST_F(ColumnAgreementTest, ATargetsTableThatTheFirstOfAChainDoesNotTakeFollowsTheNext) {
  auto source = Member("src");
  source.tables = {{"shop.other", "", {}}};
  Use({source, Member("dst", "src"), Member("far", "dst")});
  columns_->Seed(model::Tag("far"), kTable, View("id* a x"));
  columns_->Seed(model::Tag("dst"), kTable, View("id* a"));
  columns_->Begin();
  EXPECT_EQ(Target("id* a"), "id a by id");
  EXPECT_EQ(Row("far", "id* a x"), "id a by id");
}

// ---- what no server sends ----

TEST_F(ColumnAgreementTest, NamesThatStandTwiceHarmNothing) {
  Pass(1, 9);
  for (const char* view : {"id* a a", "a id* a", "a", "a a a", "id* id* b"}) {
    Ddl();
    Source(view);
    Target(view);
    Target("a b id*");
  }
}

// ---- without names ----

TEST_F(ColumnAgreementTest, WithoutNamesTheNumberOfColumnsDecides) {
  TableView nameless = View("a b");
  for (ViewedColumn& column : nameless.columns) column.name.clear();
  nameless.names_known = false;
  Source("id* a");
  EXPECT_EQ(columns_->Ask(model::Tag("dst"), kTable, nameless).unverified, "");
  nameless.columns.emplace_back();
  EXPECT_THAT(columns_->Ask(model::Tag("dst"), kTable, nameless).unverified,
              HasSubstr("binlog_row_metadata"));
}

}  // namespace
}  // namespace dcp::collector
