// Who may do what, against the program as it listens: TLS, certificates of clients, tokens and
// their roles, for gRPC and HTTP; and what is never told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/certificates.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/program.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPushDst[] = "push-dst-5f1d0c2b9a";
constexpr char kPushAll[] = "push-all-77e3a90b41";
constexpr char kReader[] = "reader-2c9d84f0e1b6";
constexpr char kAdmin[] = "admin-a8b3c6d9e0f172";

const std::vector<std::string> kSecrets = {
    absl::StrCat("T_DST=", kPushDst), absl::StrCat("T_ALL=", kPushAll),
    absl::StrCat("T_READ=", kReader), absl::StrCat("T_ADMIN=", kAdmin)};

constexpr char kTokens[] = R"(
[[token]]
name = "dst applier"
token_env = "T_DST"
roles = ["push"]
tags = ["dst"]
[[token]]
name = "all"
token_env = "T_ALL"
roles = ["push"]
[[token]]
name = "prometheus"
token_env = "T_READ"
roles = ["read"]
[[token]]
name = "oncall"
token_env = "T_ADMIN"
roles = ["admin"]
)";

class SecuredTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(certificates_.Make()); }

  std::string Tls(const std::string& more = "") const {
    return absl::StrCat("tls = { cert = \"", certificates_.server(), "\", key = \"",
                        certificates_.server_key(), "\"", more, " }\n");
  }
  // Two pushed tags and a check of them.
  std::string Config(const std::string& tls, const std::string& more) const {
    return absl::StrCat("[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", grpc_,
                        "\"\ntags = [\"src\", \"dst\"]\n", tls,
                        "[[check]]\nname = \"orders\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                        "[http]\nlisten = \"", http_, "\"\n", tls, "[control]\nlisten = \"",
                        control_, "\"\n", tls, more);
  }
  void Start(const std::string& tls, const std::string& more = kTokens) {
    ASSERT_OK_AND_ASSIGN(dcp_, DcpProcess::Start(Config(tls, more), kSecrets));
  }

  // `dcp push` with a token and options, a barrier each.
  ProgramResult Push(const std::string& tag, uint64_t barrier, const std::string& token,
                     const std::string& options) {
    const auto result =
        RunInShell(absl::StrCat("echo '{\"barrier\":", barrier, "}' | DCP_TOKEN=", token,
                                " dcp push --target ", grpc_, " --tag ", tag, " ", options));
    EXPECT_OK(result);
    return result.ok() ? *result : ProgramResult();
  }
  // `dcp VERB --server` with a token and options.
  ProgramResult Control(const std::string& verb, const std::string& token,
                        const std::string& options, int seconds = 50) {
    const auto result = RunInShell(absl::StrCat("DCP_TOKEN=", token, " timeout ", seconds, " dcp ",
                                                verb, " --server ", control_, " ", options));
    EXPECT_OK(result);
    return result.ok() ? *result : ProgramResult();
  }
  std::string TrustUs() const { return absl::StrCat("--tls-ca ", certificates_.ca()); }
  // "200 …", or why there was no answer.
  std::string Ask(const std::string& method, const std::string& path, const std::string& token,
                  const std::vector<std::string>& options) {
    std::vector<std::string> argv = {absl::StrCat(DCP_SOURCE_DIR, "/tests/cmd/https_ask"), method,
                                     std::vector<std::string>(absl::StrSplit(http_, ':'))[1], path};
    argv.insert(argv.end(), options.begin(), options.end());
    if (!token.empty()) argv.insert(argv.end(), {"--token", token});
    const auto result = RunProgram(argv);
    EXPECT_OK(result);
    return result.ok() ? result->output : "";
  }
  std::string AskTrusting(const std::string& method, const std::string& path,
                          const std::string& token) {
    return Ask(method, path, token, {"--ca", certificates_.ca()});
  }

  const TestDir dir_{"dcp-certificates"};
  const Certificates certificates_{dir_.path(), "one"};
  const std::string grpc_ = FreeAddress(), http_ = FreeAddress(), control_ = FreeAddress();
  std::unique_ptr<DcpProcess> dcp_;
};

TEST_F(SecuredTest, TokensAreBoundToRolesAndTags) {
  Start(Tls());
  EXPECT_THAT(Push("dst", 1, "", TrustUs()).output, HasSubstr("role \"push\""));
  EXPECT_THAT(Push("dst", 1, "not-a-token-at-all", TrustUs()).output, HasSubstr("not known"));
  EXPECT_THAT(Push("dst", 1, kReader, TrustUs()).output, HasSubstr("\"prometheus\" does not have"));
  EXPECT_THAT(Push("src", 1, kPushDst, TrustUs()).output, HasSubstr("may not push tag \"src\""));
  EXPECT_EQ(Push("dst", 1, kPushDst, TrustUs()).exit_code, 0);
  EXPECT_EQ(Push("src", 1, kPushAll, TrustUs()).exit_code, 0);
  for (const char* path : {"/metrics", "/status"}) {
    EXPECT_THAT(AskTrusting("GET", path, ""), StartsWith("401 "));
    EXPECT_THAT(AskTrusting("GET", path, "not-a-token-at-all"), StartsWith("401 "));
    EXPECT_THAT(AskTrusting("GET", path, kPushAll), StartsWith("403 "));
    EXPECT_THAT(AskTrusting("GET", path, kReader), StartsWith("200 "));
    EXPECT_THAT(AskTrusting("GET", path, kAdmin), StartsWith("200 "));
  }
  EXPECT_THAT(AskTrusting("GET", "/healthz", ""), StartsWith("200 "));
  EXPECT_THAT(AskTrusting("POST", "/reset?check=orders", ""), StartsWith("401 "));
  EXPECT_THAT(AskTrusting("POST", "/reset?check=orders", kReader), StartsWith("403 "));
  EXPECT_THAT(AskTrusting("GET", "/reset?check=orders", kAdmin), StartsWith("405 "));
  EXPECT_THAT(AskTrusting("POST", "/reset", kAdmin), StartsWith("400 "));
  EXPECT_THAT(AskTrusting("POST", "/reset?check=none", kAdmin), StartsWith("404 "));
}

TEST_F(SecuredTest, ControlIsForReadersAndChangesAreForAdmins) {
  Start(Tls());
  const std::string us = TrustUs();
  EXPECT_THAT(Control("status", "", us).output, HasSubstr("role \"read\""));
  EXPECT_EQ(Control("status", "", us).exit_code, 78);
  EXPECT_EQ(Control("status", "not-a-token-at-all", us).exit_code, 78);
  EXPECT_EQ(Control("status", kPushAll, us).exit_code, 78);
  EXPECT_THAT(Control("status", kReader, us).output, HasSubstr("orders"));
  EXPECT_EQ(Control("status", kAdmin, us).exit_code, 0);
  EXPECT_EQ(Control("diffs list", kReader, us).exit_code, 0);
  EXPECT_EQ(Control("diffs list", kPushAll, us).exit_code, 78);
  const std::string ignore = "diffs ignore --table 'shop.*' --note 'known for long'";
  EXPECT_THAT(Control(ignore, kReader, us).output, HasSubstr("role \"admin\""));
  EXPECT_EQ(Control(ignore, kAdmin, us).exit_code, 0);
  EXPECT_THAT(Control("diffs ignore --list", kReader, us).output, HasSubstr("known for long"));
  EXPECT_EQ(Control("watch --oldest --count 1", kPushAll, us).exit_code, 78);
  EXPECT_EQ(Control("wait --check orders --barrier 1 --timeout 1s", kPushAll, us).exit_code, 78);
  // One who may watch does so until he is ended.
  EXPECT_EQ(Control("watch", kReader, us, 3).exit_code, 124);
  // A token's file, of which the first line counts.
  const std::string file = dir_ / "token";
  WriteFile(file, absl::StrCat(kReader, "\nof the on-call people\n"));
  EXPECT_EQ(Control("status", "", us + " --token-file " + file).exit_code, 0);
  EXPECT_THAT(Control("status", "", us + " --token-file /nonexistent").output,
              HasSubstr("--token-file"));
}

TEST_F(SecuredTest, NothingIsSaidWithoutTls) {
  Start(Tls());
  // gRPC tries again until its time is over.
  EXPECT_THAT(Push("dst", 1, kPushAll, "").output, HasSubstr("cannot connect"));
  EXPECT_THAT(Ask("GET", "/status", kReader, {}), HasSubstr("no answer"));
  EXPECT_THAT(Control("status", kReader, "").output, HasSubstr("cannot be reached"));
  EXPECT_EQ(Push("dst", 1, kPushAll, TrustUs()).exit_code, 0);
}

TEST_F(SecuredTest, ClientsNeedACertificateWhereOneIsAskedFor) {
  const Certificates other(dir_.path(), "other");
  ASSERT_OK(other.Make());
  Start(Tls(absl::StrCat(", client_ca = \"", certificates_.ca(), "\"")), "");
  const auto showing = [&](const Certificates& mine) {
    return absl::StrCat(TrustUs(), " --tls-cert ", mine.client(), " --tls-key ", mine.client_key());
  };
  EXPECT_EQ(Push("dst", 1, "", showing(certificates_)).exit_code, 0);
  EXPECT_EQ(Push("dst", 2, "", TrustUs()).exit_code, 1);
  EXPECT_EQ(Push("dst", 2, "", showing(other)).exit_code, 1);
  EXPECT_EQ(Control("status", "", showing(certificates_)).exit_code, 0);
  EXPECT_EQ(Control("diffs ignore --table 'a.b'", "", showing(certificates_)).exit_code, 0);
  EXPECT_EQ(Control("status", "", showing(other)).exit_code, 78);
  EXPECT_EQ(Control("status", "", TrustUs()).exit_code, 78);
  const auto asking = [&](const Certificates& mine) {
    return Ask("GET", "/status", "",
               {"--ca", certificates_.ca(), "--cert", mine.client(), "--key", mine.client_key()});
  };
  EXPECT_THAT(asking(certificates_), StartsWith("200 "));
  EXPECT_THAT(asking(other), HasSubstr("no answer"));
  EXPECT_THAT(AskTrusting("GET", "/status", ""), HasSubstr("no answer"));
}

TEST_F(SecuredTest, CertificatesThatAreReplacedAreUsed) {
  Start(Tls());
  EXPECT_EQ(Push("dst", 1, kPushAll, TrustUs()).exit_code, 0);
  const Certificates next(dir_.path(), "next");
  ASSERT_OK(next.Make());
  WriteFile(certificates_.server_key(), ReadFile(next.server_key()));
  WriteFile(certificates_.server(), ReadFile(next.server()));
  const auto works = [&](const Certificates& trusted) {
    return absl::StartsWith(Ask("GET", "/status", kReader, {"--ca", trusted.ca()}), "200 ");
  };
  EXPECT_TRUE(Eventually([&] { return works(next); })) << dcp_->log();
  EXPECT_FALSE(works(certificates_));
  EXPECT_TRUE(
      Eventually([&] { return Push("dst", 2, kPushAll, "--tls-ca " + next.ca()).exit_code == 0; }));
}

TEST_F(SecuredTest, ThePythonClientIsLetIn) {
  Start(Tls());
  const auto push = [&](const std::string& token) {
    return RunInShell(absl::StrCat("echo '{\"id\":\"1\",\"barrier\":1}' | DCP_TOKEN=", token,
                                   " /usr/bin/python3 ", DCP_SOURCE_DIR,
                                   "/docs/clients/dcp_push.py --target ", grpc_,
                                   " --tag dst --patience 20 ", TrustUs()));
  };
  ASSERT_OK_AND_ASSIGN(const ProgramResult good, push(kPushDst));
  EXPECT_EQ(good.exit_code, 0) << good.output;
  ASSERT_OK_AND_ASSIGN(const ProgramResult bad, push(kReader));
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("PERMISSION_DENIED"));
}

TEST_F(SecuredTest, NoSecretIsTold) {
  Start(Tls());
  EXPECT_EQ(Push("dst", 1, kPushDst, TrustUs()).exit_code, 0);
  Push("src", 1, kPushDst, TrustUs());
  const std::string everything = absl::StrCat(
      dcp_->log(), AskTrusting("GET", "/status", kReader), AskTrusting("GET", "/metrics", kReader),
      Control("status --json", kReader, TrustUs()).output,
      ReadFile(absl::StrCat("/proc/", dcp_->pid(), "/cmdline")));
  for (const char* secret : {kPushDst, kPushAll, kReader, kAdmin}) {
    EXPECT_THAT(everything, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace dcp::test
