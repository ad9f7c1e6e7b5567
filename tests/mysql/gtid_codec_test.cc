#include "mysql/gtid_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "mysql/serialization.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

constexpr char kUuid[] = "cfc1c598-e58b-11f1-8c3d-02fc00000001";

model::GtidSet Set(const std::string& text) {
  auto set = model::GtidSet::Parse(text);
  EXPECT_OK(set);
  return set.value_or(model::GtidSet());
}

std::string Id(const std::string& rest) { return std::string(kUuid) + ":" + rest; }

TEST(GtidCodecTest, SetsRoundTripInBothFormats) {
  for (const std::string& text :
       {std::string(), Id("1"), Id("1-5:7-9"), Id("1-9223372036854775806"), Id("blue:3"),
        Id("1-5:blue:1-2:a_long_label_of_exactly_32_chars:9"),
        Id("1,") + "dfc1c598-e58b-11f1-8c3d-02fc00000001:2-4"}) {
    auto back = DecodeGtidSet(AsBytes(EncodeGtidSet(Set(text))));
    ASSERT_OK(back) << text;
    EXPECT_EQ(*back, Set(text)) << text;
  }
}

TEST(GtidCodecTest, UntaggedBytesAreAsMySqlWritesThem) {
  EXPECT_EQ(EncodeGtidSet(Set(Id("1-5"))),
            Le(1, 8) +
                std::string("\xcf\xc1\xc5\x98\xe5\x8b\x11\xf1\x8c\x3d\x02\xfc\0\0\0\x01", 16) +
                Le(1, 8) + Le(1, 8) + Le(6, 8));
}

TEST(GtidCodecTest, CutAtEveryByteIsRefused) {
  for (const std::string& text : {Id("1-5:7-9"), Id("1-5:blue:1-2")}) {
    const std::string bytes = EncodeGtidSet(Set(text));
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_THAT(DecodeGtidSet(AsBytes(bytes.substr(0, size))),
                  test::HasCode(absl::StatusCode::kDataLoss))
          << size;
    }
    EXPECT_THAT(DecodeGtidSet(AsBytes(bytes + "x")), test::HasCode(absl::StatusCode::kDataLoss));
  }
}

TEST(GtidCodecTest, ImpossibleCountsAndIntervalsAreRefused) {
  const std::string uuid(16, 'u');
  for (const std::string& bytes :
       {Le(uint64_t{1} << 55, 8), Le(uint64_t{2} << 56, 8), Le(1, 8) + uuid + Le(~uint64_t{0}, 8),
        Le(1, 8) + uuid + Le(1, 8) + Le(0, 8) + Le(5, 8),
        Le(1, 8) + uuid + Le(1, 8) + Le(5, 8) + Le(5, 8),
        Le(1, 8) + uuid + Le(1, 8) + Le(1, 8) + Le(~uint64_t{0}, 8)}) {
    EXPECT_THAT(DecodeGtidSet(AsBytes(bytes)), test::HasCode(absl::StatusCode::kDataLoss));
  }
}

// What no text of a set could say: the set would not survive its text.
TEST(GtidCodecTest, LabelsThatBeginWithADigitAreRefused) {
  std::string bytes = EncodeGtidSet(Set(Id("blue:1-2")));
  const size_t label = bytes.find("blue");
  ASSERT_OK(DecodeGtidSet(AsBytes(bytes)));
  bytes[label + 1] = '4';
  EXPECT_OK(DecodeGtidSet(AsBytes(bytes)));
  bytes[label] = '4';
  EXPECT_THAT(DecodeGtidSet(AsBytes(bytes)), test::HasCode(absl::StatusCode::kDataLoss));
}

TEST(GtidCodecTest, LabelsLongerThanTagsAreRefused) {
  const std::string longest(32, 'a');
  std::string bytes = EncodeGtidSet(Set(Id(longest + ":1")));
  ASSERT_OK(DecodeGtidSet(AsBytes(bytes)));
  const size_t label = bytes.find(longest);
  bytes.insert(label, "a");
  bytes[label - 1] = static_cast<char>(bytes[label - 1] + 2);  // its length, in the upper 7 bits
  EXPECT_THAT(DecodeGtidSet(AsBytes(bytes)), test::HasCode(absl::StatusCode::kDataLoss));
}

TEST(SerializationTest, VariableLengthIntegersRoundTrip) {
  std::mt19937_64 random(20261121);
  for (int bits = 0; bits <= 64; ++bits) {
    for (int round = 0; round < 20; ++round) {
      const uint64_t value = bits == 0 ? 0 : random() >> (64 - bits);
      std::string bytes;
      AppendVarlenUint(value, &bytes);
      ByteReader reader(AsBytes(bytes));
      EXPECT_EQ(ReadVarlenUint(&reader), value);
      EXPECT_TRUE(reader.ok());
      EXPECT_EQ(reader.left(), 0u);
    }
  }
}

}  // namespace
}  // namespace dcp::mysql
