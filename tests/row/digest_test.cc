#include "row/digest.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/row/values.h"

namespace dcp::row {
namespace {

TEST(DigestTest, Md5HasTheKnownVectors) {
  EXPECT_EQ(model::ToHex(Md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(model::ToHex(Md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(DigestTest, Xxh3IsThatOfTheBinaryForm) {
  const std::string binary = BinaryOf({Int(1), Text("x")});
  EXPECT_EQ(RowDigester(DigestKind::kXxh3).OfBinary(binary), model::Xxh3(binary));
}

TEST(DigestTest, Md5IsThatOfTheText) {
  const Row row = {Int(1), Text("x"), Bytes("x"), Null()};
  RowDigester digester(DigestKind::kMd5);
  EXPECT_EQ(digester.OfBinary(BinaryOf({Int(2)})), Md5("[2]"));
  EXPECT_EQ(digester.OfBinary(BinaryOf(row)), Md5(R"([1,"x","eA==",null])"));
}

TEST(DigestTest, Md5WorksInManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 100; ++n) {
        EXPECT_EQ(model::ToHex(Md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace dcp::row
