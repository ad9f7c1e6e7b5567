#include "mysql/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "mysql/bytes.h"

namespace dcp::mysql {
namespace {

std::string Inflated(const std::string& value) {
  std::string out = "old";
  return InflateColumn(AsBytes(value), 65535, &out) ? out : "refused";
}

// `text` as MariaDB stores it with column_compression_zlib_wrap=ON, the length in two bytes.
std::string Wrapped(const std::string& text) {
  std::string value(compressBound(text.size()), '\0');
  uLongf size = value.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(value.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  value.resize(size);
  return std::string("\x82") + static_cast<char>(text.size() >> 8) +
         static_cast<char>(text.size() & 0xff) + value;
}

TEST(InflateColumnTest, EmptyStoredAndCompressed) {
  EXPECT_EQ(Inflated(""), "");
  EXPECT_EQ(Inflated(std::string("\0abc", 4)), "abc");
  EXPECT_EQ(Inflated(std::string(1, '\0')), "");
  EXPECT_EQ(Inflated(Wrapped(std::string(1000, 'x'))), std::string(1000, 'x'));
  std::string bare = Wrapped(std::string(1000, 'x'));
  bare[0] = '\x8a';
  bare.erase(3, 2);              // zlib's head
  bare.resize(bare.size() - 4);  // and checksum
  EXPECT_EQ(Inflated(bare), std::string(1000, 'x'));
}

TEST(InflateColumnTest, DamageIsRefused) {
  const std::string whole = Wrapped(std::string(300, 'x') + "yz");
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Inflated(whole.substr(0, size)), "refused") << size;
  }
  std::string longer = whole;
  ++longer[2];  // than it unpacks to
  EXPECT_EQ(Inflated(longer), "refused");
  std::string shorter = whole;
  --shorter[2];
  EXPECT_EQ(Inflated(shorter), "refused");
  std::string out;
  EXPECT_FALSE(InflateColumn(AsBytes(whole), 301, &out));
  EXPECT_TRUE(InflateColumn(AsBytes(whole), 302, &out));
  EXPECT_EQ(Inflated("\x92" + whole.substr(1)), "refused");  // no such method
  EXPECT_EQ(Inflated("\x87\xff\xff\xff\xff\xff\xff\xff" + whole.substr(3)), "refused");
}

}  // namespace
}  // namespace dcp::mysql
