#include "mysql/row_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "mysql/column_type.h"
#include "mysql/table_map.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using model::Value;
using test::StatusIs;
using ::testing::HasSubstr;
using Kind = Value::Kind;

Column Col(uint8_t type, uint16_t meta = 0, bool is_unsigned = false, uint32_t collation = 0) {
  Column column;
  column.name = "c";
  column.type = type;
  column.meta = meta;
  column.is_unsigned = is_unsigned;
  column.collation = collation;
  return column;
}

class RowDecoderTest : public ::testing::Test {
 protected:
  void Table(std::vector<Column> columns) {
    auto schema = std::make_shared<TableSchema>();
    schema->database = "d";
    schema->name = "t";
    schema->columns = std::move(columns);
    decoder_ = std::make_unique<RowDecoder>(std::move(schema));
  }

  // Starts on inserts with the columns in `bits` present.
  void Rows(const std::string& bits, const std::string& images) {
    bits_ = bits;
    images_ = images;
    cursor_.Reset(decoder_.get(), {.op = BinlogEvent::RowOp::kInsert,
                                   .before_bits = {},
                                   .after_bits = AsBytes(bits_),
                                   .images = AsBytes(images_)});
  }

  absl::StatusOr<bool> Next() { return cursor_.Next(&before_, &after_); }

  // The only value of one row of one column.
  absl::StatusOr<Value> One(const Column& column, const std::string& bytes) {
    Table({column});
    Rows("\x01", std::string(1, '\0') + bytes);
    auto row = Next();
    if (!row.ok()) return row.status();
    return after_[0];
  }

  int64_t Signed(uint8_t type, const std::string& bytes) {
    auto value = One(Col(type), bytes);
    EXPECT_OK(value);
    EXPECT_EQ(value->kind, Kind::kInt);
    return value->signed_int;
  }
  uint64_t Unsigned(uint8_t type, const std::string& bytes) {
    auto value = One(Col(type, 0, true), bytes);
    EXPECT_OK(value);
    EXPECT_EQ(value->kind, Kind::kUint);
    return value->unsigned_int;
  }
  std::string Text(const Column& column, const std::string& bytes) {
    auto value = One(column, bytes);
    EXPECT_OK(value);
    return value.ok() ? value->text : "";
  }

  std::unique_ptr<RowDecoder> decoder_;
  ImageCursor cursor_;
  std::string bits_, images_;
  std::vector<Value> before_, after_;
};

TEST_F(RowDecoderTest, IntegersAtTheirEdges) {
  const std::pair<uint8_t, size_t> types[] = {
      {kTypeTiny, 1}, {kTypeShort, 2}, {kTypeInt24, 3}, {kTypeLong, 4}, {kTypeLonglong, 8}};
  for (const auto& [type, size] : types) {
    const uint64_t top = uint64_t{1} << (8 * size - 1);
    const uint64_t all = top | (top - 1);
    EXPECT_EQ(Signed(type, Le(0, size)), 0);
    EXPECT_EQ(Signed(type, Le(all, size)), -1);
    EXPECT_EQ(Signed(type, Le(top - 1, size)), static_cast<int64_t>(top - 1));
    EXPECT_EQ(Signed(type, Le(top, size)), -static_cast<int64_t>(top - 1) - 1);
    EXPECT_EQ(Unsigned(type, Le(top, size)), top);
    EXPECT_EQ(Unsigned(type, Le(all, size)), all);
    EXPECT_THAT(One(Col(type), Le(0, size - 1)), test::HasCode(absl::StatusCode::kDataLoss));
  }
}

TEST_F(RowDecoderTest, FloatsKeepTheirExactValue) {
  auto value = One(Col(kTypeFloat, 4), Le(std::bit_cast<uint32_t>(0.1f), 4));
  ASSERT_OK(value);
  EXPECT_EQ(value->kind, Kind::kFloat);
  EXPECT_EQ(value->real, double{0.1f});
}

TEST_F(RowDecoderTest, YearAndBit) {
  EXPECT_EQ(One(Col(kTypeYear), Le(0, 1))->unsigned_int, 0u);
  EXPECT_EQ(One(Col(kTypeYear), Le(255, 1))->unsigned_int, 2155u);
  EXPECT_EQ(One(Col(kTypeBit, 9), "\x01\x02")->unsigned_int, 0x102u);
}

TEST_F(RowDecoderTest, StringsHaveOneLengthByteUpTo255AndTwoBeyond) {
  EXPECT_EQ(Text(Col(kTypeVarchar, 255, false, 45), Le(2, 1) + "ab"), "ab");
  EXPECT_EQ(Text(Col(kTypeVarchar, 256, false, 45), Le(2, 2) + "ab"), "ab");
  EXPECT_EQ(Text(Col(kTypeString, 1020, false, 45), Le(2, 2) + "ab"), "ab");
  EXPECT_EQ(Text(Col(kTypeBlob, 3, false, 45), Le(2, 3) + "ab"), "ab");
}

TEST_F(RowDecoderTest, BinaryLosesItsZerosVarbinaryKeepsThem) {
  const std::string bytes("\x03\x61\x00\x00", 4);
  EXPECT_EQ(Text(Col(kTypeString, 3, false, 63), bytes), "a");
  EXPECT_EQ(Text(Col(kTypeVarchar, 3, false, 63), bytes), std::string("a\0\0", 3));
}

TEST_F(RowDecoderTest, EnumAndSetAreLabels) {
  Column e = Col(kTypeEnum, 1);
  e.labels = {"a", "b"};
  EXPECT_EQ(Text(e, Le(2, 1)), "b");
  EXPECT_EQ(Text(e, Le(0, 1)), "");
  EXPECT_THAT(One(e, Le(3, 1)), test::HasCode(absl::StatusCode::kDataLoss));
  Column s = Col(kTypeSet, 1);
  s.labels = {"a", "b", "c"};
  EXPECT_EQ(Text(s, Le(5, 1)), "a,c");
  EXPECT_EQ(Text(s, Le(0, 1)), "");
  EXPECT_THAT(One(s, Le(8, 1)), test::HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(RowDecoderTest, NullAndAbsentDiffer) {
  Table({Col(kTypeTiny), Col(kTypeTiny), Col(kTypeTiny)});
  Rows("\x05", std::string("\x02\x07", 2));  // columns 0 and 2; the second of them NULL
  ASSERT_OK_AND_ASSIGN(const bool more, Next());
  EXPECT_TRUE(more);
  EXPECT_TRUE(before_.empty());
  EXPECT_EQ(after_[0].signed_int, 7);
  EXPECT_EQ(after_[1].kind, Kind::kAbsent);
  EXPECT_EQ(after_[2].kind, Kind::kNull);
  EXPECT_FALSE(*Next());
}

// What the vectors held of another table must not show.
TEST_F(RowDecoderTest, ReusedVectorsForgetTheirValues) {
  after_.resize(3);
  after_[1].kind = Kind::kText;
  after_[1].text = "old";
  Table({Col(kTypeTiny), Col(kTypeTiny)});
  Rows("\x01", std::string("\x00\x07", 2));
  ASSERT_OK(Next());
  Value seven;
  seven.kind = Kind::kInt;
  seven.signed_int = 7;
  EXPECT_EQ(after_, (std::vector<Value>{seven, Value()}));
}

TEST_F(RowDecoderTest, ManyRowsOneAfterTheOther) {
  Table({Col(kTypeLong), Col(kTypeVarchar, 20, false, 45)});
  std::string images;
  for (uint32_t i = 0; i < 100; ++i) {
    images += std::string(1, i % 2 == 0 ? '\0' : '\2') + Le(i, 4) + (i % 2 == 0 ? "\x01x" : "");
  }
  Rows("\x03", images);
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_OK_AND_ASSIGN(const bool more, Next());
    ASSERT_TRUE(more);
    EXPECT_EQ(after_[0].signed_int, i);
    EXPECT_EQ(after_[1].kind, i % 2 == 0 ? Kind::kText : Kind::kNull);
  }
  EXPECT_FALSE(*Next());
}

TEST_F(RowDecoderTest, RefusalsNameTypeCharsetTableAndColumn) {
  EXPECT_THAT(One(Col(kTypeVarchar, 10, false, 9999), Le(0, 1)),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("VARCHAR in charset unknown (collation 9999) is not supported "
                                 "yet: column c of d.t")));
  EXPECT_THAT(One(Col(kTypeDecimal), "1"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("DECIMAL (before 5.0)")));
  EXPECT_FALSE(Next().ok());  // and stays refused
}

// In each text type: lengths of one to four bytes.
TEST_F(RowDecoderTest, TextOfAnyCharsetIsUtf8) {
  constexpr uint32_t kSjis = 13, kUcs2 = 35, kGb18030 = 248;
  EXPECT_EQ(Text(Col(kTypeVarchar, 40, false, kSjis), "\x04\x82\xa0\xb1z"), "あｱz");
  EXPECT_EQ(Text(Col(kTypeVarchar, 400, false, kUcs2), Le(4, 2) + std::string("\0a\x30\x42", 4)),
            "aあ");
  EXPECT_EQ(Text(Col(kTypeBlob, 4, false, kGb18030), Le(8, 4) + "\x94\x39\xda\x33\x81\x30\x81\x30"),
            "💩\u0080");
  EXPECT_EQ(Text(Col(kTypeString, 200, false, 2304), "\x02é"), "é");  // uca1400
}

TEST_F(RowDecoderTest, TextThatIsNotOfItsCharsetIsKeptApartFromAllText) {
  const auto raw = [&](uint32_t collation, const std::string& bytes) {
    auto value = One(Col(kTypeVarchar, 40, false, collation), Le(bytes.size(), 1) + bytes);
    EXPECT_OK(value);
    return value->kind == Kind::kRaw ? value->text : "text: " + value->text;
  };
  EXPECT_EQ(raw(13, "a\x87\x40"), "sjis:a\x87\x40");  // NEC's; in cp932 only
  EXPECT_EQ(raw(95, "a\x87\x40"), "text: a①");
  EXPECT_EQ(raw(13, "a\x82"), "sjis:a\x82");
  EXPECT_EQ(raw(11, "\xc3\xa9"), "ascii:\xc3\xa9");
  EXPECT_EQ(raw(45, "\xc3\xa9"), "text: é");
  EXPECT_EQ(raw(45, "12345678\xff"), "utf8mb4:12345678\xff");
  EXPECT_EQ(raw(33, "😀"), "utf8mb3:😀");
  EXPECT_EQ(raw(45, "😀"), "text: 😀");
}

TEST_F(RowDecoderTest, LabelsWithoutConversionAreRefused) {
  Column e = Col(kTypeEnum, 1, false, 13);
  e.labels = {"\x87\x40", "b"};
  ConvertLabels(&e);
  EXPECT_THAT(One(e, Le(2, 1)), StatusIs(absl::StatusCode::kUnimplemented,
                                         HasSubstr("column c of d.t, in charset sjis")));
  e.labels = {"\x82\xa0", "b"};
  ConvertLabels(&e);
  EXPECT_EQ(Text(e, Le(1, 1)), "あ");
}

// Rows of a table (INT, JSON, JSON) whose second document is updated by a diff.
class PartialUpdateTest : public RowDecoderTest {
 protected:
  PartialUpdateTest() { Table({Col(kTypeLong), Col(kTypeJson, 4), Col(kTypeJson, 4)}); }

  absl::StatusOr<bool> Read(const std::string& before_bits, const std::string& images) {
    bits_ = before_bits;
    after_bits_ = "\x07";
    images_ = images;
    cursor_.Reset(decoder_.get(), {.op = BinlogEvent::RowOp::kUpdate,
                                   .before_bits = AsBytes(bits_),
                                   .after_bits = AsBytes(after_bits_),
                                   .images = AsBytes(images_),
                                   .partial = true});
    return Next();
  }

  std::string after_bits_;
  // The literals true and false; what makes an empty document of the path "$".
  const std::string true_ = Le(2, 4) + "\x04\x01";
  const std::string false_ = Le(2, 4) + "\x04\x02";
  const std::string before_row_ = std::string(1, '\0') + Le(5, 4) + true_ + true_;
  const std::string after_head_ = std::string(1, '\0') + Le(6, 4) + false_;
  const std::string replace_ = Le(0, 1) + "\x01$\x02\x04\x02";
};

TEST_F(PartialUpdateTest, DiffsAreAppliedToTheBeforeImage) {
  const std::string diffs = Le(replace_.size(), 4) + replace_;
  ASSERT_OK(Read("\x07", before_row_ + "\x01\x02" + after_head_ + diffs));
  EXPECT_EQ(before_[2].text, "true");
  EXPECT_EQ(after_[0].signed_int, 6);
  EXPECT_EQ(after_[1].text, "false");
  EXPECT_EQ(after_[2].text, "false");
  EXPECT_FALSE(*Next());
}

TEST_F(PartialUpdateTest, WithoutOptionsTheImageIsAsAnyOther) {
  ASSERT_OK(Read("\x07", before_row_ + std::string(1, '\0') + after_head_ + true_));
  EXPECT_EQ(after_[2].text, "true");
}

TEST_F(PartialUpdateTest, WhatCannotBeAppliedLeavesTheColumnAbsent) {
  const std::string removal = std::string("\x02\x03$.a", 5);
  const std::string diffs = Le(removal.size(), 4) + removal;
  ASSERT_OK(Read("\x07", before_row_ + "\x01\x02" + after_head_ + diffs));
  EXPECT_EQ(after_[2].kind, Kind::kAbsent);
  EXPECT_EQ(before_[2].kind, Kind::kAbsent);
  // A before image of the key only.
  ASSERT_OK(Read("\x01", std::string(1, '\0') + Le(5, 4) + "\x01\x02" + after_head_ +
                             Le(replace_.size(), 4) + replace_));
  EXPECT_EQ(after_[2].kind, Kind::kAbsent);
}

TEST_F(PartialUpdateTest, DamageAndUnknownOptionsAreNamed) {
  const std::string whole =
      before_row_ + "\x01\x02" + after_head_ + Le(replace_.size(), 4) + replace_;
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(Read("\x07", whole.substr(0, size)), test::HasCode(absl::StatusCode::kDataLoss))
        << size;
  }
  EXPECT_THAT(Read("\x07", before_row_ + "\x02" + after_head_),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("row value options 2 of d.t")));
}

TEST_F(RowDecoderTest, AnImageWithoutColumnsEnds) {
  Table({Col(kTypeTiny)});
  Rows(std::string(1, '\0'), "x");
  EXPECT_THAT(Next(), test::HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace dcp::mysql
