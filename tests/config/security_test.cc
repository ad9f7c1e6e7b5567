// [[token]], the TLS of what listens, and what may listen where.
#include "tests/config/config_fixture.h"

namespace dcp::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kReader[] = R"(
[[token]]
name = "reader"
token_env = "READ"
roles = ["read"]
)";
constexpr char kTls[] = "tls = { cert = 'c.pem', key = 'k.pem' }\n";

class SecurityTest : public ConfigTest {
 protected:
  SecurityTest() {
    environment_["READ"] = "0123456789abcdef";
    environment_["PUSH"] = "fedcba9876543210";
    environment_["SHORT"] = "0123456789";
    environment_["ODD"] = "0123456789 abcdef";
  }
  std::string Http(const std::string& more) {
    return absl::StrCat(kSource, kTarget, kCheck, "[http]\nlisten = '0.0.0.0:8080'\n", more);
  }
  std::string Control(const std::string& more) {
    return absl::StrCat(kSource, kTarget, kCheck, "[control]\nlisten = '0.0.0.0:9091'\n", more);
  }
  std::string Pushing(const std::string& listen, const std::string& more) {
    return absl::StrCat(
        kSource, kPushedCheck,
        "[[collector]]\ntype = 'grpc'\nname = 'pushed'\ntags = ['cache']\nlisten = '", listen,
        "'\n", more);
  }
  static std::string Token(const std::string& keys) {
    return absl::StrCat("[[token]]\nname = 'one'\n", keys);
  }
  std::vector<std::string> WrongToken(const std::string& keys) {
    return Errors(kSource, kTarget, kCheck, Token(keys));
  }
};

TEST_F(SecurityTest, WhatOthersReachAsksWhoTheyAre) {
  EXPECT_FALSE(Run(Http("")).ok());
  EXPECT_FALSE(Run(Http(kTls)).ok());  // alone it tells nobody from another
  EXPECT_TRUE(Run(Http("insecure = true\n")).ok());
  EXPECT_TRUE(Run(Http("token_env = 'READ'\n")).ok());
  EXPECT_TRUE(Run(Http(kReader)).ok());
  EXPECT_TRUE(Run(Http("tls = { cert = 'c', key = 'k', client_ca = 'a' }\n")).ok());
  const std::string push = Token("token_env = 'PUSH'\nroles = ['push']\n");
  EXPECT_FALSE(Run(Http(push)).ok());  // for another thing
  EXPECT_TRUE(Run(Pushing("0.0.0.0:9090", push)).ok());
  EXPECT_THAT(Errors(Pushing("0.0.0.0:9090", kReader).c_str()),
              ElementsAre(AllOf(HasSubstr("role \"push\""), HasSubstr("insecure = true"))));
}

TEST_F(SecurityTest, ControlAsksWhoTheyAreAsHttpDoes) {
  EXPECT_THAT(Errors(Control("").c_str()),
              ElementsAre(AllOf(HasSubstr("[control] listens on 0.0.0.0"), HasSubstr("\"read\""))));
  EXPECT_FALSE(Run(Control(kTls)).ok());
  EXPECT_TRUE(Run(Control(kReader)).ok());
  EXPECT_TRUE(Run(Control(Token("token_env = 'PUSH'\nroles = ['admin']\n"))).ok());
  EXPECT_TRUE(Run(Control("tls = { cert = 'c', key = 'k', client_ca = 'a' }\n")).ok());
  EXPECT_TRUE(Run(Control("insecure = true\n")).ok());
  EXPECT_FALSE(Run(Control(Token("token_env = 'PUSH'\nroles = ['push']\n"))).ok());
}

TEST_F(SecurityTest, OnlyThisMachineIsThisMachine) {
  for (const char* here : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(Run(Pushing(here, "")).ok()) << here;
  }
  for (const char* elsewhere :
       {"127.example.com:1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "localhost.example.com:1"}) {
    EXPECT_FALSE(Run(Pushing(elsewhere, "")).ok()) << elsewhere;
  }
}

TEST_F(SecurityTest, TokensThatCanBeReadOnTheWayAreWarnedOf) {
  EXPECT_THAT(Warnings(Http("token_env = 'READ'\n").c_str()),
              ElementsAre(HasSubstr("without 'tls'")));
  EXPECT_THAT(Warnings(Http(absl::StrCat(kTls, "token_env = 'READ'\n")).c_str()), IsEmpty());
}

TEST_F(SecurityTest, TokensAreRead) {
  const Loaded loaded = Run(Pushing(
      "127.0.0.1:1", Token("token_env = 'PUSH'\nroles = ['push', 'read']\ntags = ['cache']\n")));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const model::AccessToken& token = loaded->config.tokens.at(0);
  EXPECT_EQ(token.name, "one");
  EXPECT_EQ(token.secret, "fedcba9876543210");
  EXPECT_THAT(token.roles, ElementsAre(model::Role::kPush, model::Role::kRead));
  EXPECT_THAT(token.tags, ElementsAre(model::Tag("cache")));
}

TEST_F(SecurityTest, TokensThatCannotBeAreSaid) {
  EXPECT_THAT(WrongToken("token_env = 'READ'\n"), ElementsAre(HasSubstr("needs 'roles'")));
  EXPECT_THAT(WrongToken("roles = ['read']\n"), ElementsAre(HasSubstr("needs 'token_env'")));
  EXPECT_THAT(WrongToken("token_env = 'NONE'\nroles = ['read']\n"), ElementsAre(HasSubstr("NONE")));
  EXPECT_THAT(WrongToken("token_env = 'READ'\nroles = ['write']\n"),
              ElementsAre(HasSubstr("\"admin\"")));
  EXPECT_THAT(WrongToken("token_env = 'READ'\nroles = ['read']\ntags = ['src']\n"),
              ElementsAre(HasSubstr("has not the role \"push\""), HasSubstr("no [[collector]]")));
  EXPECT_THAT(WrongToken("token_env = 'PUSH'\nroles = ['push']\ntags = ['nope']\n"),
              ElementsAre(HasSubstr("'nope'")));
  const auto odd = WrongToken("token_env = 'ODD'\nroles = ['read']\n");
  EXPECT_THAT(odd, ElementsAre(AllOf(HasSubstr("printable"), Not(HasSubstr("0123")))));
  EXPECT_THAT(
      Errors(kSource, kTarget, kCheck, kReader, Token("token_env='READ'\nroles=['admin']\n")),
      ElementsAre(AllOf(HasSubstr("that of another"), Not(HasSubstr("0123")))));
  EXPECT_THAT(
      Errors(kSource, kTarget, kCheck, kReader, kReader),
      ElementsAre(HasSubstr("that of another"), HasSubstr("another [[token]] named 'reader'")));
}

TEST_F(SecurityTest, ShortTokensAreWarnedOf) {
  EXPECT_THAT(Warnings(kSource, kTarget, kCheck, Token("token_env='SHORT'\nroles=['read']\n")),
              ElementsAre(AllOf(HasSubstr("can be guessed"), Not(HasSubstr("0123")))));
}

TEST_F(SecurityTest, TlsNeedsCertificateAndKey) {
  EXPECT_THAT(Errors(Pushing("127.0.0.1:1", "tls = { cert = 'c' }\n").c_str()),
              ElementsAre(HasSubstr("'key'")));
}

}  // namespace
}  // namespace dcp::config
