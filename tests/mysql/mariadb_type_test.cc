#include "mysql/mariadb_type.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace dcp::mysql {
namespace {

using Form = Column::Form;

std::string Text(Form form, const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  std::string out = "old";
  return FormToText(form, AsBytes(bytes), &out) ? out : "refused";
}

TEST(MariaDbTypeTest, Uuids) {
  EXPECT_EQ(Text(Form::kUuid, "f47ac10b58cc4372a5670e02b2c3d479"),
            "f47ac10b-58cc-4372-a567-0e02b2c3d479");
  EXPECT_EQ(Text(Form::kUuid, ""), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(Text(Form::kUuid, std::string(34, '0')), "refused");
}

TEST(MariaDbTypeTest, Addresses) {
  EXPECT_EQ(Text(Form::kInet4, "7f"), "127.0.0.0");
  EXPECT_EQ(Text(Form::kInet4, "ff000102"), "255.0.1.2");
  EXPECT_EQ(Text(Form::kInet4, "0102030405"), "refused");
}

// What MariaDB 10.11 says of each.
TEST(MariaDbTypeTest, Ipv6AddressesAreShortenedAsMariaDbDoes) {
  EXPECT_EQ(Text(Form::kInet6, ""), "::");
  EXPECT_EQ(Text(Form::kInet6, "00000000000000000000000000000001"), "::1");
  EXPECT_EQ(Text(Form::kInet6, "00000000000000000000000000010000"), "::0.1.0.0");
  EXPECT_EQ(Text(Form::kInet6, "00000000000000000000000001020304"), "::1.2.3.4");
  EXPECT_EQ(Text(Form::kInet6, "00000000000000000000ffff01020304"), "::ffff:1.2.3.4");
  EXPECT_EQ(Text(Form::kInet6, "0001"), "1::");
  EXPECT_EQ(Text(Form::kInet6, "fe800000000000000001000000000001"), "fe80::1:0:0:1");
  EXPECT_EQ(Text(Form::kInet6, "00010000000200030004000500060007"), "1::2:3:4:5:6:7");
  EXPECT_EQ(Text(Form::kInet6, "00000001000000010000cc060000ffff"), "::1:0:1:0:cc06:0:ffff");
  EXPECT_EQ(Text(Form::kInet6, "20010db800010002000300040005abcd"), "2001:db8:1:2:3:4:5:abcd");
  EXPECT_EQ(Text(Form::kInet6, "00010002000300040005000600070000"), "1:2:3:4:5:6:7::");
  EXPECT_EQ(Text(Form::kInet6, std::string(34, '0')), "refused");
}

}  // namespace
}  // namespace dcp::mysql
