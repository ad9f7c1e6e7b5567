#include "row/canonical.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "tests/row/values.h"
#include "tests/support/status_matchers.h"

namespace dcp::row {
namespace {

using test::StatusIs;
using ::testing::HasSubstr;

std::string TextOfBinary(const std::string& binary) {
  std::string text;
  EXPECT_OK(AppendTextOfBinary(binary, &text));
  return text;
}

TEST(CanonicalTest, AnIntegerIsTheSameWhateverItsTypeWas) {
  EXPECT_EQ(BinaryOf({Int(5)}), BinaryOf({Uint(5)}));
  EXPECT_EQ(BinaryOf({Int(5)}), BinaryOf({Double(5)}));
  EXPECT_EQ(BinaryOf({Int(5)}), BinaryOf({Float(5)}));
}

TEST(CanonicalTest, AnUnsignedHighBitIsNotANegativeNumber) {
  EXPECT_NE(BinaryOf({Uint(~uint64_t{0})}), BinaryOf({Int(-1)}));
}

TEST(CanonicalTest, FloatAndDoubleOfTheSameTextAreTheSame) {
  EXPECT_EQ(BinaryOf({Float(0.1f)}), BinaryOf({Double(0.1)}));
  EXPECT_NE(BinaryOf({Float(0.1f)}), BinaryOf({Double(static_cast<double>(0.1f))}));
}

TEST(CanonicalTest, ALargeDoubleIsTheIntegerThatItsTextSays) {
  // 2^60, printed with 16 digits and zeros behind.
  EXPECT_EQ(BinaryOf({Double(1152921504606846976.0)}), BinaryOf({Int(1152921504606847000)}));
  EXPECT_EQ(BinaryOf({Double(-1152921504606846976.0)}), BinaryOf({Int(-1152921504606847000)}));
  EXPECT_EQ(BinaryOf({Float(123456784.0f)}), BinaryOf({Int(123456780)}));
  // Beyond 64 bits there is no such integer.
  EXPECT_EQ(TextOf({Double(1e20)}), "[100000000000000000000]");
  EXPECT_EQ(BinaryOf({Float(1e20f)}), BinaryOf({Double(1e20)}));
}

TEST(CanonicalTest, MinusZeroIsZero) {
  EXPECT_EQ(BinaryOf({Double(-0.0)}), BinaryOf({Int(0)}));
  EXPECT_EQ(BinaryOf({Float(-0.0f)}), BinaryOf({Int(0)}));
}

TEST(CanonicalTest, NullIsNoValue) {
  EXPECT_NE(BinaryOf({Null()}), BinaryOf({Text("")}));
  EXPECT_NE(BinaryOf({Null()}), BinaryOf({Text("null")}));
  EXPECT_NE(BinaryOf({Null()}), BinaryOf({OfText(Kind::kJson, "null")}));
  EXPECT_NE(BinaryOf({Null()}), BinaryOf({Int(0)}));
}

TEST(CanonicalTest, AbsentIsNotNull) { EXPECT_NE(BinaryOf({model::Value()}), BinaryOf({Null()})); }

TEST(CanonicalTest, SeparatorsInsideValuesDoNotMoveTheirBorders) {
  EXPECT_NE(BinaryOf({Text("a,b"), Text("c")}), BinaryOf({Text("a"), Text("b,c")}));
  EXPECT_NE(BinaryOf({Text("a\",\"b")}), BinaryOf({Text("a"), Text("b")}));
  EXPECT_NE(TextOf({Text("a\",\"b")}), TextOf({Text("a"), Text("b")}));
}

TEST(CanonicalTest, ColumnsAreTakenInTheOrderAsked) {
  const Row row = {Int(1), Int(2), Int(3)};
  std::string text;
  AppendTextRow(row, {2u, 0u}, &text);
  EXPECT_EQ(text, "[3,1]");
  EXPECT_EQ(TextOf({}), "[]");
}

TEST(CanonicalTest, DoublesThatAreNotNumbersAreStrings) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(TextOf({Double(infinity), Double(-infinity), Double(std::nan(""))}),
            R"(["Infinity","-Infinity","NaN"])");
}

TEST(CanonicalTest, BytesThatAreNoTextAreEqualToNothingElse) {
  const auto raw = [](const char* text) { return OfText(Kind::kRaw, text); };
  EXPECT_EQ(TextOf({raw("sjis:\x87\x40")}), R"([{"sjis":"h0A="}])");
  EXPECT_EQ(TextOfBinary(BinaryOf({raw("sjis:\x87\x40"), Int(1)})), R"([{"sjis":"h0A="},1])");
  for (const model::Value& other :
       {Text("sjis:\x87\x40"), Bytes("\x87\x40"), Bytes("sjis:\x87\x40"), raw("cp932:\x87\x40"),
        raw("sjis:\x87\x41"), OfText(Kind::kJson, R"({"sjis":"h0A="})"), Text("h0A=")}) {
    EXPECT_NE(BinaryOf({other}), BinaryOf({raw("sjis:\x87\x40")}));
    EXPECT_NE(TextOf({other}), TextOf({raw("sjis:\x87\x40")}));
  }
}

TEST(CanonicalTest, EveryTruncationOfABinaryRowIsDamageOrAShorterRow) {
  const std::string binary = BinaryOf({Int(-300), Double(0.5), Text("text"), Bytes("bytes")});
  const std::string whole = TextOfBinary(binary);
  int shorter_rows = 0;
  for (size_t size = 0; size < binary.size(); ++size) {
    std::string text = "kept";
    const absl::Status status = AppendTextOfBinary(binary.substr(0, size), &text);
    if (status.ok()) {
      ++shorter_rows;
      EXPECT_NE(text, "kept" + whole);
    } else {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(text, "kept");
    }
  }
  EXPECT_EQ(shorter_rows, 4);  // cut at the four borders of values, the start included
}

TEST(CanonicalTest, AnUnknownTagIsDamage) {
  std::string text;
  EXPECT_THAT(AppendTextOfBinary("\x08", &text),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("binary form")));
  EXPECT_THAT(AppendTextOfBinary("\xff", &text), test::HasCode(absl::StatusCode::kDataLoss));
}

TEST(CanonicalTest, ALengthBeyondTheRowIsDamage) {
  std::string text;
  EXPECT_THAT(
      AppendTextOfBinary(std::string("\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), &text),
      test::HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(AppendTextOfBinary(std::string(12, '\xff').replace(0, 1, "\x02"), &text),
              test::HasCode(absl::StatusCode::kDataLoss));  // a number that never ends
}

// Values that like to collide: neighbours, powers of two and ten, halves, raw bits.
class RandomValues {
 public:
  explicit RandomValues(uint32_t seed) : random_(seed) {}

  model::Value Next() {
    switch (random_() % 8) {
      case 0:
        return Int(static_cast<int64_t>(Integer()));
      case 1:
        return Uint(Integer());
      case 2:
        return Double(static_cast<double>(static_cast<int64_t>(Integer())));
      case 3:
        return Float(static_cast<float>(static_cast<int64_t>(Integer())));
      case 4:
        return Finite(Double(std::bit_cast<double>(random_())));
      case 5:
        return Finite(Float(std::bit_cast<float>(static_cast<uint32_t>(random_()))));
      case 6:
        return Double(static_cast<double>(random_() % 2000) / 100.0);
      default:
        return Float(static_cast<float>(random_() % 2000) / 100.0f);
    }
  }

 private:
  uint64_t Integer() { return (random_() >> (random_() % 64)) + random_() % 3 - 1; }
  static model::Value Finite(model::Value value) {
    return std::isfinite(value.real) ? value : Null();
  }

  std::mt19937_64 random_;
};

TEST(CanonicalTest, EqualTextsAndEqualBinaryFormsAreTheSameThing) {
  constexpr uint32_t kSeed = 20261121;
  RandomValues values(kSeed);
  std::map<std::string, std::string> binary_of_text, text_of_binary;
  for (int i = 0; i < 100'000; ++i) {
    const Row row = {values.Next()};
    const std::string text = TextOf(row);
    const std::string binary = BinaryOf(row);
    EXPECT_EQ(TextOfBinary(binary), text) << "seed " << kSeed << ", row " << i;
    EXPECT_EQ(binary_of_text.emplace(text, binary).first->second, binary) << text;
    EXPECT_EQ(text_of_binary.emplace(binary, text).first->second, text) << text;
  }
  EXPECT_LT(binary_of_text.size(), 99'000u);  // collisions were tried
}

}  // namespace
}  // namespace dcp::row
