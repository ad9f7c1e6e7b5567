// A source's and a target's stream, each through its assembler, that agree about columns.
#include <gmock/gmock.h>

#include "collector/mysql/group_assembler.h"
#include "mysql/column_type.h"
#include "tests/collector/mysql/script.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;

using SchemaPtr = std::shared_ptr<mysql::TableSchema>;

SchemaPtr Table(std::vector<std::string> columns) {
  return Schema("shop", "t", std::move(columns));
}

Cell Real(double value) {
  model::Value real;
  real.kind = model::Value::Kind::kDouble;
  real.real = value;
  return real;
}

class ColumnPairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ColumnAgreement::Options options;
    options.members = {Member("src"), Member("dst")};
    options.members[1].source = model::Tag("src");
    options.patience = absl::ZeroDuration();
    columns_ = std::make_unique<ColumnAgreement>(std::move(options));
    source_ = Assembler("src");
    target_ = Assembler("dst");
  }

  static ColumnMember Member(const std::string& tag) {
    return {model::Tag(tag), tag, {{"shop.*", "", {}}}, std::nullopt, false};
  }

  std::unique_ptr<GroupAssembler> Assembler(const std::string& name) {
    MysqlTag tag;
    tag.tag = model::Tag(name);
    tag.tables = {{"shop.*", "", {}}};
    GroupAssembler::Options options;
    options.tags = {tag};
    options.registry = &registry_;
    options.columns = columns_.get();
    auto created = GroupAssembler::Create(std::move(options));
    EXPECT_OK(created);
    return *std::move(created);
  }

  // What comes of the events in one transaction, without its line.
  std::vector<std::string> Run(GroupAssembler& groups, Script script) {
    script.insert(script.begin(), Gtid(1));
    script.push_back(Xid());
    SetPlaces(&script);
    for (ScriptEvent& entry : script) {
      rows_.Reset(&entry);
      entry.event.rows = &rows_;
      groups.Add(entry.event);
    }
    std::vector<std::string> lines = Describe(*groups.Take()[0]);
    lines.erase(lines.begin());
    return lines;
  }
  std::vector<std::string> Source(Script script) { return Run(*source_, std::move(script)); }
  std::vector<std::string> Target(Script script) { return Run(*target_, std::move(script)); }
  void Barriers(uint64_t from, uint64_t to) {
    for (uint64_t offset = from; offset <= to; ++offset) {
      Source({Barrier(offset)});
      Target({Barrier(offset)});
    }
  }

  model::TableRegistry registry_;
  std::unique_ptr<ColumnAgreement> columns_;
  std::unique_ptr<GroupAssembler> source_, target_;
  ScriptRows rows_;
};

TEST_F(ColumnPairTest, RowsOfTheTargetAreMadeOfTheSourcesColumns) {
  EXPECT_THAT(Source({Rows(Table({"id", "a"}), {Insert({1, "x"})})}),
              ElementsAre("insert shop.t[1] - -> [1,\"x\"]"));
  EXPECT_THAT(Target({Rows(Table({"my_row_id", "a", "id"}), {Insert({77, "x", 1})})}),
              ElementsAre("insert shop.t[1] - -> [1,\"x\"]"));
}

TEST_F(ColumnPairTest, ADoubleIsRoundedBesideAFloat) {
  const SchemaPtr wide = Table({"id", "p"}), narrow = Table({"id", "p"});
  wide->columns[1].type = mysql::kTypeDouble;
  narrow->columns[1].type = mysql::kTypeFloat;
  EXPECT_THAT(Source({Rows(narrow, {Insert({1, 5})})}), ElementsAre("insert shop.t[1] - -> [1,5]"));
  EXPECT_THAT(
      Target({Rows(wide, {Insert({1, Real(0.10000000149011612)}), Insert({2, Real(1e300)})}),
              Rows(wide, {Update({1, Real(0.1)}, {1, Real(-1e300)})})}),
      ElementsAre("insert shop.t[1] - -> [1,0.1]", "insert shop.t[2] - -> [2,3.4028235e+38]",
                  "update shop.t[1] [1,0.1] -> [1,-3.4028235e+38]"));
}

TEST_F(ColumnPairTest, RowsBeforeAndBehindAStatementInOneTransactionless) {
  Barriers(1, 9);
  const SchemaPtr before = Table({"id", "a"}), behind = Table({"id", "a", "c"});
  const auto play = [&](GroupAssembler& groups) {
    std::vector<std::string> lines = Run(groups, {Rows(before, {Insert({1, "x"})})});
    Run(groups, {Query("ALTER TABLE t ADD COLUMN c INT")});
    for (std::string& line : Run(groups, {Rows(behind, {Insert({2, "y", 3})})})) {
      lines.push_back(std::move(line));
    }
    return lines;
  };
  EXPECT_THAT(play(*source_),
              ElementsAre("insert shop.t[1] - -> [1,\"x\"]", "insert shop.t[2] - -> [2,\"y\",3]"));
  EXPECT_THAT(play(*target_),
              ElementsAre("insert shop.t[1] - -> [1,\"x\"]", "insert shop.t[2] - -> [2,\"y\",3]"));
}

TEST_F(ColumnPairTest, AColumnThatTheTargetLacksIsLeftOutFromABarrierOn) {
  const SchemaPtr all = Table({"id", "a", "b"}), fewer = Table({"id", "b"});
  Barriers(1, 9);
  EXPECT_THAT(Source({Rows(all, {Insert({1, "x", 2})})}),
              ElementsAre("insert shop.t[1] - -> [1,\"x\",2]"));
  EXPECT_THAT(Target({Rows(fewer, {Insert({1, 2}), Insert({2, 2})})}),
              ElementsAre("unverified shop.t ddl"));
  EXPECT_THAT(Source({Rows(all, {Insert({2, "x", 2})}), Barrier(10)}),
              ElementsAre("insert shop.t[2] - -> [2,\"x\",2]", "barrier 10"));
  EXPECT_THAT(Source({Rows(all, {Insert({3, "x", 2})})}), ElementsAre("unverified shop.t ddl"));
  EXPECT_THAT(Target({Barrier(10), Rows(fewer, {Insert({3, 2})})}),
              ElementsAre("barrier 10", "unverified shop.t ddl"));
  Barriers(11, 13);
  EXPECT_THAT(Source({Rows(all, {Insert({4, "x", 2})})}),
              ElementsAre("insert shop.t[4] - -> [4,2]"));
  EXPECT_THAT(Target({Rows(fewer, {Insert({4, 2})})}), ElementsAre("insert shop.t[4] - -> [4,2]"));
}

TEST_F(ColumnPairTest, ABarrierThatIsRolledBackChangesNothing) {
  const SchemaPtr all = Table({"id", "a", "b"}), fewer = Table({"id", "b"});
  Barriers(1, 9);
  Source({Rows(all, {Insert({1, "x", 2})})});
  Target({Rows(fewer, {Insert({1, 2})})});
  Source({Query("SAVEPOINT s"), Barrier(10), Query("ROLLBACK TO s")});
  EXPECT_THAT(Source({Rows(all, {Insert({2, "x", 2})})}),
              ElementsAre("insert shop.t[2] - -> [2,\"x\",2]"));
}

}  // namespace
}  // namespace dcp::collector
