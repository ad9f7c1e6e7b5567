#include "mysql/schema_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using KeyKind = TableSchema::KeyKind;

TEST(SchemaCatalogTest, LabelsAreUnescaped) {
  std::vector<std::string> labels;
  ASSERT_TRUE(ParseLabels(R"(enum('a','b''c','x,y','','q\\w','n\nl','z\0'))", &labels));
  EXPECT_THAT(labels, ElementsAre("a", "b'c", "x,y", "", "q\\w", "n\nl", std::string("z\0", 2)));
  for (const char* bad : {"enum", "enum(", "enum()", "enum('a'", "enum('a',)", "enum('a'x)",
                          "enum('a\\", "enum('a\\q')", "enum('a')x"}) {
    EXPECT_FALSE(ParseLabels(bad, &labels)) << bad;
  }
}

TEST(SchemaCatalogTest, ColumnsAreAsTableMapsDescribeThem) {
  const auto column = [](ColumnDescription d) { return ToColumn(d); };
  const Column id = column({.name = "id",
                            .data_type = "bigint",
                            .column_type = "bigint unsigned",
                            .nullable = false,
                            .charset = "",
                            .extra = "auto_increment"});
  EXPECT_EQ(id.type, kTypeLonglong);
  EXPECT_TRUE(id.is_unsigned);
  EXPECT_FALSE(id.nullable);
  EXPECT_FALSE(id.generated);
  const Column text = column({.name = "v",
                              .data_type = "varchar",
                              .column_type = "varchar(20)",
                              .octet_length = 80,
                              .charset = "utf8mb4",
                              .collation = 255,
                              .extra = "STORED GENERATED INVISIBLE"});
  EXPECT_EQ(text.type, kTypeVarchar);
  EXPECT_EQ(text.meta, 80);
  EXPECT_EQ(text.collation, 255u);
  EXPECT_TRUE(text.generated);
  EXPECT_TRUE(text.invisible);
  const Column stamp = column({.name = "ts",
                               .data_type = "timestamp",
                               .column_type = "timestamp(3)",
                               .datetime_precision = 3,
                               .charset = "",
                               .extra = "DEFAULT_GENERATED on update CURRENT_TIMESTAMP"});
  EXPECT_EQ(stamp.type, kTypeTimestamp2);
  EXPECT_EQ(stamp.meta, 3);
  EXPECT_FALSE(stamp.generated);
  const Column label = column({.name = "e",
                               .data_type = "enum",
                               .column_type = "enum('a unsigned','b')",
                               .charset = "latin1",
                               .collation = 8,
                               .extra = ""});
  EXPECT_FALSE(label.is_unsigned);
  EXPECT_EQ(label.meta, 1);
  EXPECT_THAT(label.labels, ElementsAre("a unsigned", "b"));
  EXPECT_EQ(column({.name = "x",
                    .data_type = "hologram",
                    .column_type = "hologram",
                    .charset = "",
                    .extra = ""})
                .type,
            kTypeNull);
}

Row IndexRow(const std::string& unique, const std::string& name, const std::string& column,
             const std::string& nullable) {
  return {"t", unique, name, "1", column, "A", "0", std::nullopt, std::nullopt, nullable};
}

class SetKeyTest : public ::testing::Test {
 protected:
  SetKeyTest() {
    schema_.columns.resize(3);
    schema_.columns[0].name = "a";
    schema_.columns[1].name = "b";
    schema_.columns[2].name = "c";
  }
  TableSchema schema_;
};

TEST_F(SetKeyTest, PrimaryKeyInItsOwnOrder) {
  ASSERT_OK(SetKey({IndexRow("0", "u", "a", ""), IndexRow("0", "PRIMARY", "c", ""),
                    IndexRow("0", "PRIMARY", "a", "")},
                   &schema_));
  EXPECT_EQ(schema_.key_kind, KeyKind::kPrimary);
  EXPECT_THAT(schema_.key_columns, ElementsAre(2u, 0u));
}

TEST_F(SetKeyTest, ElseTheFirstUniqueKeyWithoutNulls) {
  ASSERT_OK(SetKey(
      {IndexRow("0", "n", "a", "YES"), IndexRow("1", "i", "a", ""), IndexRow("0", "half", "a", ""),
       IndexRow("0", "half", "b", "YES"), IndexRow("0", "u", "b", ""), IndexRow("0", "w", "c", "")},
      &schema_));
  EXPECT_EQ(schema_.key_kind, KeyKind::kUnique);
  EXPECT_THAT(schema_.key_columns, ElementsAre(1u));
}

TEST_F(SetKeyTest, ElseNone) {
  Row expression = IndexRow("0", "f", "", "");
  expression[4] = std::nullopt;
  ASSERT_OK(SetKey({expression}, &schema_));
  EXPECT_EQ(schema_.key_kind, KeyKind::kNone);
  EXPECT_TRUE(schema_.key_columns.empty());
}

TEST_F(SetKeyTest, AColumnThatIsNotThereMeansTheTableChanged) {
  EXPECT_THAT(SetKey({IndexRow("0", "PRIMARY", "z", "")}, &schema_),
              test::HasCode(absl::StatusCode::kAborted));
}

}  // namespace
}  // namespace dcp::mysql
