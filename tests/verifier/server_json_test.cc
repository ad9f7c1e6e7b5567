#include "verifier/server_json.h"

#include <gtest/gtest.h>

namespace dcp::verifier {
namespace {

struct Case {
  const char* name;
  const char* server;
  const char* canonical;
};

class ServerJsonTest : public ::testing::TestWithParam<Case> {};

TEST_P(ServerJsonTest, BecomesCanonical) {
  std::string out = "left over";
  CanonicalOfServerJson(GetParam().server, &out);
  EXPECT_EQ(out, GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(
    , ServerJsonTest,
    ::testing::Values(Case{"Spaces", R"({"a": 1, "b": [1, 2, {}]})", R"({"a":1,"b":[1,2,{}]})"},
                      Case{"SpacesInStringsStay", R"(["a b", "\" , \\", "x"])",
                           R"(["a b","\" , \\","x"])"},
                      Case{"Literals", "[null, true, false]", "[null,true,false]"},
                      Case{"Scalar", "18446744073709551615", "18446744073709551615"},
                      Case{"Negative", "-1", "-1"}, Case{"Double", "[1.0, 0.1]", "[1.0,0.1]"},
                      Case{"Exponent", "1e22", "1e+22"}, Case{"Small", "1.5e-7", "1.5e-07"},
                      Case{"MinusZero", "-0.0", "-0.0"},
                      Case{"DecimalKeepsItsDigits", "12345678901234567890.123456789000",
                           "12345678901234567890.123456789000"},
                      Case{"DecimalKeepsItsScale", "1.50", "1.50"},
                      Case{"OpaqueLosesItsLineBreaks", R"("base64:type15:QUJD\nREVG")",
                           R"("base64:type15:QUJDREVG")"},
                      Case{"LineBreaksOfOthersStay", R"("a\nb")", R"("a\nb")"},
                      Case{"Torn", R"(["abc\)", R"(["abc\)"}, Case{"Empty", "", ""}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::verifier
