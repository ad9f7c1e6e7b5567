#include "server/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Sha256(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return {reinterpret_cast<const char*>(digest), sizeof(digest)};
}

// What stands between the only two tags of that name.
std::string Inside(const std::string& tag) {
  const std::vector<std::string> begin =
      absl::StrSplit(ThePage().html, absl::StrCat("<", tag, ">"));
  EXPECT_EQ(begin.size(), 2u) << tag;
  const std::vector<std::string> end = absl::StrSplit(begin.back(), absl::StrCat("</", tag, ">"));
  EXPECT_EQ(end.size(), 2u) << tag;
  return end.front();
}

TEST(PageTest, ThePolicyAllowsItsOwnScriptAndStyleAndNothingElse) {
  const std::string& policy = ThePage().security_policy;
  for (const char* tag : {"script", "style"}) {
    EXPECT_THAT(policy, HasSubstr(absl::StrCat(tag, "-src 'sha256-",
                                               absl::Base64Escape(Sha256(Inside(tag))), "';")));
  }
  EXPECT_THAT(policy, HasSubstr("default-src 'none';"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST(PageTest, IsWhole) {
  const std::string& html = ThePage().html;
  EXPECT_THAT(html, Not(HasSubstr("%STYLE%")));
  EXPECT_THAT(html, Not(HasSubstr("%SCRIPT%")));
  EXPECT_THAT(html, Not(HasSubstr(" style=")));  // the policy would leave it out
  EXPECT_THAT(html, Not(HasSubstr(" onclick=")));
  EXPECT_THAT(Inside("script"), HasSubstr("uPlot"));
}

std::string ReadFile(const std::string& name) {
  std::ifstream file(absl::StrCat(DCP_SOURCE_DIR, "/server/page/uplot/", name), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

TEST(PageTest, TheChartLibraryIsTheOneThatItsReadmeNames) {
  const std::string readme = ReadFile("README.md");
  for (const char* name : {"uPlot.iife.min.js", "uPlot.min.css"}) {
    EXPECT_THAT(readme,
                HasSubstr(absl::StrCat("| `", name, "` | `",
                                       absl::BytesToHexString(Sha256(ReadFile(name))), "` |")));
  }
  EXPECT_THAT(ReadFile("LICENSE"), HasSubstr("The MIT License"));
}

}  // namespace
}  // namespace dcp::server
