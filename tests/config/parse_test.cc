// What one section says by itself: keys, types, ranges, words, secrets.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_replace.h"
#include "tests/config/config_fixture.h"
#include "tests/support/test_dir.h"

namespace dcp::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ParseTest : public ConfigTest {};

TEST_F(ParseTest, DefaultsAreTheContracts) {
  const Loaded loaded = Run(kSource, kTarget, kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  const CheckOptions& check = loaded->config.checks.at(0);
  EXPECT_EQ(check.timeout, absl::Seconds(30));
  EXPECT_EQ(check.align, Align::kAuto);
  EXPECT_EQ(check.compare, Compare::kConverge);
  EXPECT_EQ(check.lateness, 1u);
  EXPECT_EQ(check.history, 100u);
  EXPECT_TRUE(check.confirm);
  EXPECT_EQ(check.capture, Capture::kRow);
  EXPECT_EQ(check.digest, Digest::kXxh3);
  EXPECT_FALSE(check.strict_columns);
  EXPECT_EQ(check.origin, Origin::kAny);
  EXPECT_EQ(check.ddl, Ddl::kCompare);
  EXPECT_EQ(check.max_diff_rows, 100u);
  EXPECT_EQ(loaded->config.mysql_collectors.at(0).start.kind, StartPoint::Kind::kResume);
  EXPECT_EQ(loaded->config.mysql_collectors.at(0).connection.port, 3306);
  EXPECT_EQ(loaded->config.state.dir, "dcp-state");
  EXPECT_EQ(loaded->config.state.memory_bytes, uint64_t{512} << 20);
  EXPECT_TRUE(loaded->config.barriers.empty());
}

TEST_F(ParseTest, FailoverServersAreReachedAsTheFirst) {
  const Loaded loaded = Run(kSource,
                            "port = 3307\ncompress = true\nsemi_sync = true\n"
                            "failover = ['db3', 'db4:3308']\n",
                            kTarget, kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const MysqlCollectorOptions& source = loaded->config.mysql_collectors.at(0);
  EXPECT_TRUE(source.semi_sync);
  ASSERT_EQ(source.failover.size(), 2u);
  EXPECT_EQ(model::Describe(source.failover[0]), "dcp@db3:3307");
  EXPECT_EQ(model::Describe(source.failover[1]), "dcp@db4:3308");
  EXPECT_TRUE(source.failover[1].compress);
  EXPECT_FALSE(loaded->config.mysql_collectors.at(1).semi_sync);
}

TEST_F(ParseTest, FailoverServersAreHostsAndPorts) {
  for (const char* wrong : {"db3:0", "db3:x", "u@db3", "db3:3306/x", ""}) {
    EXPECT_THAT(Errors(kSource, "failover = ['", wrong, "']\n", kTarget, kCheck),
                Contains(HasSubstr("failover")))
        << wrong;
  }
}

TEST_F(ParseTest, WithoutAlarmThereIsALogSinkForAllButSame) {
  const Loaded loaded = Run(kSource, kTarget, kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->config.alarms.size(), 1u);
  EXPECT_EQ(loaded->config.alarms[0].type, AlarmOptions::Type::kLog);
  EXPECT_FALSE(loaded->config.alarms[0].types.Contains(model::AlarmType::kSame));
  EXPECT_TRUE(loaded->config.alarms[0].types.Contains(model::AlarmType::kResolved));
}

TEST_F(ParseTest, TypesReplaceTheDefault) {
  const Loaded loaded =
      Run(kSource, kTarget, kCheck, "[[alarm]]\ntype = 'log'\ntypes = ['same', 'timeout']\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const model::AlarmTypes types = loaded->config.alarms.at(0).types;
  EXPECT_TRUE(types.Contains(model::AlarmType::kSame));
  EXPECT_TRUE(types.Contains(model::AlarmType::kTimeout));
  EXPECT_FALSE(types.Contains(model::AlarmType::kDiff));
}

TEST_F(ParseTest, UnknownKeySaysWhereAndWhatWasMeant) {
  EXPECT_THAT(Errors("[state]\n  dri = 'x'\n", kSource, kTarget, kCheck),
              ElementsAre("dcp.toml:2:3: unknown key 'dri' in [state]; did you mean 'dir'?"));
}

TEST_F(ParseTest, UnknownSectionIsAnError) {
  EXPECT_THAT(Errors("[barier]\nhost = 'x'\n", kSource, kTarget, kCheck),
              ElementsAre("dcp.toml:1:2: unknown key 'barier' in the file; did you mean "
                          "'barrier'?"));
}

TEST_F(ParseTest, UnknownKeyInsideATagIsAnError) {
  EXPECT_THAT(Errors("[[collector]]\ntype = 'mysql'\nname = 'a'\nhost = 'h'\nuser = 'u'\n"
                     "server_id = 3\ntags = [{ tag = 't', tabels = ['a.b'] }]\n"),
              Contains("dcp.toml:7:22: unknown key 'tabels' in a tag of [[collector]]; did you "
                       "mean 'tables'?"));
}

TEST_F(ParseTest, MisspeltRequiredKeyIsSaidOnce) {
  EXPECT_THAT(Errors("[[check]]\nnmae = 'x'\nsource = 'a'\n"),
              ElementsAre("dcp.toml:1:1: [[check]] needs 'targets'",
                          "dcp.toml:2:1: unknown key 'nmae' in [[check]]; did you mean 'name'?",
                          HasSubstr("no [[collector]] feeds tag 'a'")));
}

TEST_F(ParseTest, SyntaxErrorHasAPlace) {
  const std::vector<std::string> errors = Errors("[state]\ndir = \n");
  EXPECT_THAT(errors, ElementsAre(StartsWith("dcp.toml:2:")));
}

TEST_F(ParseTest, SyntaxErrorNeverShowsAPassword) {
  for (const char* line : {"password = thunter2", "password = 12hunter2", "password = \"hunter2",
                           "passwd = inhunter2", "PASSWORD = {hunter2"}) {
    for (const std::string& error : Errors("[barrier]\n", line, "\n")) {
      EXPECT_THAT(error, Not(HasSubstr("hunt"))) << line;
      EXPECT_THAT(error, StartsWith("dcp.toml:2:")) << line;
    }
  }
}

TEST_F(ParseTest, AllErrorsAreSaidInOrder) {
  const std::vector<std::string> errors =
      Errors(kSource, kTarget, kCheck, "timeout = 30\nhistory = 0\nalign = 'gtdi'\nfoo = 1\n");
  EXPECT_THAT(
      errors,
      ElementsAre(HasSubstr("'timeout' in [[check]] must be a duration such as \"30s\" or "
                            "\"500ms\", not an integer"),
                  HasSubstr("'history' in [[check]] must be between 1 and 200000, not 0"),
                  HasSubstr("'align' in [[check]] must be one of \"auto\", \"gtid\", \"barrier\", "
                            "not \"gtdi\"; did you mean 'gtid'?"),
                  HasSubstr("unknown key 'foo' in [[check]]")));
}

TEST_F(ParseTest, StatusHasOneLinePerError) {
  const Loaded loaded = Run(kSource, kTarget, kCheck, "timeout = 30\nhistory = 0\n");
  const std::string message(loaded.status().message());
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 1) << message;
}

struct BadLine {
  const char* name;
  const char* line;
  const char* error;
};
class BadCheckLineTest : public ConfigTest, public ::testing::WithParamInterface<BadLine> {};

TEST_P(BadCheckLineTest, IsRefused) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, GetParam().line, "\n"),
              ElementsAre(AllOf(StartsWith("dcp.toml:22:"), HasSubstr(GetParam().error))));
}

INSTANTIATE_TEST_SUITE_P(
    , BadCheckLineTest,
    ::testing::Values(
        BadLine{"TimeoutWithoutUnit", "timeout = '30'", "must be a duration"},
        BadLine{"TimeoutTooShort", "timeout = '1ms'", "must be between 10ms and 168h"},
        BadLine{"TimeoutInfinite", "timeout = 'inf'", "must be a duration"},
        BadLine{"LatenessNegative", "lateness = -1", "must be between 0 and 1000, not -1"},
        BadLine{"LatenessReal", "lateness = 1.5", "must be an integer, not a float"},
        BadLine{"HistoryHuge", "history = 9223372036854775807", "must be between"},
        BadLine{"ConfirmAsText", "confirm = 'true'", "must be true or false, not a string"},
        BadLine{"CaptureWord", "capture = 'rows'", "did you mean 'row'?"},
        BadLine{"CaptureDate", "capture = 2024-01-01", "must be one of \"row\", \"key\""},
        BadLine{"MaxDiffRows", "max_diff_rows = 0", "must be between 1"},
        BadLine{"Digest", "digest = 'sha'", "must be one of \"auto\", \"xxh3\", \"md5\""}),
    [](const auto& c) { return c.param.name; });

TEST_F(ParseTest, MysqlCollectorSaysEverythingItNeeds) {
  EXPECT_THAT(Errors("[[collector]]\ntype = 'mysql'\n[[job]]\n"),
              AllOf(Contains("dcp.toml:1:1: [[collector]] of type mysql needs 'name'"),
                    Contains("dcp.toml:1:1: [[collector]] of type mysql needs 'server_id'"),
                    Contains("dcp.toml:1:1: [[collector]] of type mysql needs 'tags'"),
                    Contains("dcp.toml:1:1: [[collector]] of type mysql needs 'user'"),
                    Contains("dcp.toml:1:1: [[collector]] of type mysql needs 'host' (or "
                             "'socket')"),
                    Contains("dcp.toml:3:1: [[job]] needs 'tables'")));
}

TEST_F(ParseTest, CollectorTypeIsNeededAndChecked) {
  EXPECT_THAT(Errors("[[collector]]\nname = 'x'\n", kJob),
              ElementsAre("dcp.toml:1:1: [[collector]] needs 'type': \"mysql\" or \"grpc\""));
  EXPECT_THAT(Errors("[[collector]]\ntype = 'mysq'\n", kJob),
              ElementsAre(EndsWith("did you mean 'mysql'?")));
}

TEST_F(ParseTest, KeyOfTheOtherTypeIsUnknown) {
  EXPECT_THAT(Errors(kSource, "listen = '127.0.0.1:1'\n", kTarget, kCheck),
              ElementsAre(HasSubstr("unknown key 'listen' in [[collector]] of type mysql")));
}

TEST_F(ParseTest, ServerIdHas32Bits) {
  const auto with = [](const char* id) {
    return absl::StrCat("[[collector]]\ntype = 'mysql'\nname = 'c'\nhost = 'h'\nuser = 'u'\n",
                        "tags = [{ tag = 't', tables = ['a.b'] }]\nserver_id = ", id, "\n", kJob);
  };
  for (const char* id : {"0", "-1", "4294967296"}) {
    EXPECT_THAT(Errors("", with(id)),
                ElementsAre(HasSubstr("must be between 1 and 4294967295, not ")))
        << id;
  }
  const Loaded loaded = Run(with("4294967295"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.mysql_collectors.at(0).server_id, 4294967295u);
}

TEST_F(ParseTest, SectionOfWrongShapeSaysHowToWriteIt) {
  EXPECT_THAT(Errors("[check]\nname = 'x'\n"), ElementsAre(HasSubstr("write [[check]]")));
  EXPECT_THAT(Errors("[[state]]\ndir = 'x'\n", kJob),
              ElementsAre(HasSubstr("[state] must be a table, not an array")));
  EXPECT_THAT(Errors("barrier = 3\n", kJob),
              ElementsAre(HasSubstr("[barrier] must be a table, not an integer")));
  EXPECT_THAT(Errors("check = [1]\n", kJob),
              ElementsAre(HasSubstr("[[check]] must be a table, not an integer")));
}

TEST_F(ParseTest, TablesAreStringsOrRules) {
  const Loaded loaded =
      Run("[[collector]]\ntype = 'mysql'\nname = 'c'\nhost = 'h'\nuser = 'u'\nserver_id = 1\n"
          "tags = [{ tag = 't', tables = ['a.b', { match = 'a.b_*', as = 'a.b', ignore_columns = "
          "['x', 'y'] }] }]\n",
          kJob);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->config.mysql_collectors.at(0).tags.at(0).tables,
              ElementsAre(TableRule{"a.b", "", {}}, TableRule{"a.b_*", "a.b", {"x", "y"}}));
}

TEST_F(ParseTest, BadTablesAreRefused) {
  const auto with = [](const char* tables) {
    return absl::StrCat(
        "[[collector]]\ntype = 'mysql'\nname = 'c'\nhost = 'h'\nuser = 'u'\nserver_id = 1\n",
        "tags = [{ tag = 't', tables = ", tables, " }]\n", kJob);
  };
  EXPECT_THAT(Errors("", with("[]")), ElementsAre(HasSubstr("must not be empty")));
  EXPECT_THAT(Errors("", with("'a.b'")), ElementsAre(HasSubstr("must be an array")));
  EXPECT_THAT(Errors("", with("['orders']")), ElementsAre(HasSubstr("must be database.table")));
  EXPECT_THAT(Errors("", with("['a.b.c']")), ElementsAre(HasSubstr("must be database.table")));
  EXPECT_THAT(Errors("", with("['a.b', 'a.b']")), ElementsAre(HasSubstr("repeats \"a.b\"")));
  EXPECT_THAT(Errors("", with("[{ match = 'a.*', as = 'b.*' }]")),
              ElementsAre(HasSubstr("'as' in tables must be database.table")));
  EXPECT_THAT(Errors("", with("[{ as = 'a.b' }]")), ElementsAre(HasSubstr("needs 'match'")));
  EXPECT_THAT(Errors("", with("[7]")), ElementsAre(HasSubstr("must be a string or {")));
}

TEST_F(ParseTest, PortsAreOfSixteenBits) {
  EXPECT_THAT(Errors("[barrier]\nhost = 'h'\nuser = 'u'\nport = 65536\n", kJob),
              ElementsAre(HasSubstr("'port' in [barrier] must be between 1 and 65535")));
}

TEST_F(ParseTest, SocketExcludesHost) {
  EXPECT_THAT(Errors("[barrier]\nhost = 'h'\nsocket = '/s'\nuser = 'u'\n", kJob),
              ElementsAre(StartsWith("dcp.toml:3:10: [barrier] has 'socket' and 'host'")));
}

TEST_F(ParseTest, TlsRules) {
  const auto with = [](const char* tls) {
    return absl::StrCat("[barrier]\nhost = 'h'\nuser = 'u'\ntls = ", tls, "\n", kJob);
  };
  EXPECT_THAT(Errors("", with("{ mode = 'verify-ca' }")), ElementsAre(HasSubstr("needs 'ca'")));
  EXPECT_THAT(Errors("", with("{ mode = 'disabled', ca = 'x' }")),
              ElementsAre(HasSubstr("leave out one")));
  EXPECT_THAT(Errors("", with("{ cert = 'x' }")),
              ElementsAre(HasSubstr("'cert' and 'key' together")));
  EXPECT_THAT(Errors("", with("{ mode = 'verify_ca' }")),
              ElementsAre(EndsWith("did you mean 'verify-ca'?")));
  const Loaded loaded = Run(with("{ mode = 'required' }"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.barriers.at(0).connection.tls.mode, model::TlsMode::kRequired);
}

TEST_F(ParseTest, ControlCharactersCannotBreakAMessageApart) {
  for (const std::string& error : Errors("\"a\\nb\" = 1\n[state]\ndir = \"x\\ny\"\n", kJob)) {
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

// Secrets.

class SecretsTest : public ConfigTest {
 protected:
  void WritePassword(const std::string& text, mode_t mode) {
    std::ofstream(path_, std::ios::binary) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  static std::string Barrier(const std::string& lines) {
    return absl::StrCat("[barrier]\nhost = 'h'\nuser = 'u'\n", lines, "\n", kJob);
  }
  std::string FileKey() const { return absl::StrCat("password_file = '", path_, "'"); }

  const test::TestDir dir_{"dcp-test-config"};
  const std::string path_ = dir_ / "password";
};

TEST_F(SecretsTest, VariableIsRead) {
  const Loaded loaded = Run(Barrier("password_env = 'DCP_PASSWORD'"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.barriers.at(0).connection.password, kSecret);
}

TEST_F(SecretsTest, MissingVariableIsNamed) {
  EXPECT_THAT(
      Errors("", Barrier("password_env = 'DCP_OTHER'")),
      ElementsAre(StartsWith("dcp.toml:4:16: environment variable 'DCP_OTHER' is not set")));
}

TEST_F(SecretsTest, WhatIsNoVariableNameIsNotRepeated) {
  EXPECT_THAT(Errors("", Barrier("password_env = 's3cr3t-word'")),
              ElementsAre(AllOf(HasSubstr("must be the name of an environment variable"),
                                Not(HasSubstr(kSecret)))));
}

TEST_F(SecretsTest, FileIsReadWithoutItsLineEnd) {
  for (const char* end : {"", "\n", "\r\n"}) {
    WritePassword(absl::StrCat(" pass word ", end), 0600);
    const Loaded loaded = Run(Barrier(FileKey()));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->config.barriers.at(0).connection.password, " pass word ");
    EXPECT_THAT(Lines(loaded->warnings), Each(Not(HasSubstr("password"))));
  }
}

TEST_F(SecretsTest, FileThatAllCanReadIsAWarning) {
  WritePassword("x", 0644);
  EXPECT_THAT(Warnings("", Barrier(FileKey())),
              Contains(AllOf(StartsWith("dcp.toml:4:17: every user of this machine can read"),
                             HasSubstr("chmod 600"))));
}

TEST_F(SecretsTest, MissingFileIsNamed) {
  EXPECT_THAT(Errors("", Barrier(FileKey())),
              ElementsAre(AllOf(HasSubstr(path_), HasSubstr("No such file"))));
}

TEST_F(SecretsTest, DirectoryAndEmptyFileAreRefused) {
  EXPECT_THAT(Errors("", Barrier(absl::StrCat("password_file = '", dir_.path(), "'"))),
              ElementsAre(HasSubstr("cannot read the password file")));
  WritePassword("\n", 0600);
  EXPECT_THAT(Errors("", Barrier(FileKey())), ElementsAre(HasSubstr("is empty")));
  WritePassword(std::string(70'000, 'x'), 0600);
  EXPECT_THAT(Errors("", Barrier(FileKey())), ElementsAre(HasSubstr("is too large")));
}

TEST_F(SecretsTest, BothSourcesAreRefused) {
  WritePassword("x", 0600);
  EXPECT_THAT(Errors("", Barrier(absl::StrCat("password_env = 'DCP_PASSWORD'\n", FileKey()))),
              ElementsAre(HasSubstr("'password_env' and 'password_file': leave out one")));
}

TEST_F(SecretsTest, PasswordInTheFileIsRefusedWithTheCure) {
  for (const char* key : {"password", "passwd", "PASSWORD", "pwd"}) {
    EXPECT_THAT(Errors("", Barrier(absl::StrCat(key, " = '", kSecret, "'"))),
                ElementsAre(AllOf(HasSubstr(absl::StrCat("unknown key '", key, "'")),
                                  HasSubstr("'password_env'"), Not(HasSubstr(kSecret)))));
  }
}

TEST_F(ParseTest, ColumnsOfAJobsTablesAreNames) {
  const auto errors = [this](const std::string& more) {
    return Lines(ParseFor(Purpose::kVerify,
                          absl::StrCat("[[job]]\nname = 'j'\nsource = { host = 'a', user = 'u' }\n"
                                       "target = { host = 'b', user = 'u' }\n",
                                       more))
                     .errors());
  };
  EXPECT_THAT(errors("tables = [{ match = 'a.b', columns = ['x'] }]\n"),
              ElementsAre(HasSubstr("must be a table like { id = \"order_id\" }, not an array")));
  EXPECT_THAT(errors("tables = [{ match = 'a.b', columns = { x = 1 } }]\n"),
              ElementsAre(HasSubstr("'x' in 'columns' must be a string, not an integer")));
  EXPECT_THAT(errors("tables = ['a.b']\ncompare = 'byte'\n"), ElementsAre(HasSubstr("bytes")));
}

TEST_F(SecretsTest, VerifyReadsTheSecretsOfItsJobsOnly) {
  environment_.clear();
  const Loaded loaded = ParseFor(Purpose::kVerify, Barrier("password_env = 'DCP_PASSWORD'"));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  const Loaded job = ParseFor(Purpose::kVerify,
                              "[[job]]\nname = 'j'\nsource = { host = 'a', user = 'u', "
                              "password_env = 'DCP_PASSWORD' }\ntarget = { host = 'b', user = 'u' "
                              "}\ntables = ['a.*']\n");
  EXPECT_THAT(Lines(job.errors()), ElementsAre(HasSubstr("'DCP_PASSWORD' is not set")));
}

// [[alarm]]

class AlarmTest : public ConfigTest {
 protected:
  std::vector<std::string> Wrong(const std::string& alarm) {
    return Errors(kSource, kTarget, kCheck, "[[alarm]]\n" + alarm);
  }
};

TEST_F(AlarmTest, WebhookNeedsAUrlOfHttp) {
  EXPECT_THAT(Wrong("type = 'webhook'\n"), ElementsAre(HasSubstr("needs 'url'")));
  for (const char* url : {"file:///etc/passwd", "ftp://x", "x", "javascript:http://x"}) {
    EXPECT_THAT(Wrong(absl::StrCat("type = 'webhook'\nurl = '", url, "'\n")),
                ElementsAre(HasSubstr("must begin with https://")));
  }
  EXPECT_THAT(Wrong("type = 'webhook'\nurl = 'https://x'\nurl_file = 'y'\n"),
              ElementsAre(HasSubstr("leave out one"), HasSubstr("cannot read the URL file 'y'")));
}

TEST_F(AlarmTest, SecretsComeFromOutside) {
  EXPECT_THAT(Wrong("type = 'webhook'\nurl = 'https://x'\nsecret_env = 'NONE'\n"),
              ElementsAre(HasSubstr("'NONE' is not set; export it with the secret")));
  EXPECT_THAT(Wrong("type = 'webhook'\nurl = 'https://x'\nsecret_env = 'not a name'\n"),
              ElementsAre(::testing::Not(HasSubstr("not a name"))));
  EXPECT_THAT(Wrong("type = 'webhook'\nurl_env = 'NONE'\n"), ElementsAre(HasSubstr("URL")));
}

TEST_F(AlarmTest, KeysOfAnotherTypeAreUnknown) {
  EXPECT_THAT(Wrong("type = 'exec'\ncommand = ['x']\nurl = 'https://x'\n"),
              ElementsAre(HasSubstr("url")));
  EXPECT_THAT(Wrong("type = 'exec'\n"), ElementsAre(HasSubstr("command")));
  EXPECT_THAT(Wrong("type = 'exec'\ncommand = []\n"), ElementsAre(HasSubstr("command")));
}

TEST_F(AlarmTest, RoutingIsChecked) {
  EXPECT_THAT(Wrong("type = 'log'\nchecks = ['nosuch*']\n"),
              ElementsAre(HasSubstr("no [[check]] or [[job]] is called 'nosuch*'")));
  EXPECT_THAT(Wrong("type = 'log'\nkinds = ['mising']\n"), ElementsAre(HasSubstr("missing")));
  EXPECT_THAT(Wrong("type = 'log'\nseverities = ['critcal']\n"),
              ElementsAre(HasSubstr("critical")));
  EXPECT_THAT(Wrong("type = 'log'\ntime_zone = 'Mars/Olympus'\n"),
              ElementsAre(HasSubstr("time zone")));
  for (const char* quiet : {"22:00", "22:00-24:00", "2:00-07:00", "22:60-07:00", "22:00-07:0a"}) {
    EXPECT_THAT(Wrong(absl::StrCat("type = 'log'\nquiet = ['", quiet, "']\n")),
                ElementsAre(HasSubstr("22:00-07:00")));
  }
}

TEST_F(AlarmTest, AlertsAreKeptAlive) {
  EXPECT_THAT(Wrong("type = 'alertmanager'\nurl = 'http://x'\nresend = '3m'\n"),
              ElementsAre(HasSubstr("at least twice 'resend'")));
}

TEST_F(AlarmTest, MaskNeedsTablesAndColumnsAndAKeyOnlyToHash) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, "[[mask]]\ntables = ['a.b']\n"),
              ElementsAre(HasSubstr("columns")));
  EXPECT_THAT(Errors(kSource, kTarget, kCheck,
                     "[[mask]]\ntables = ['a.b']\ncolumns = ['c']\nkey_env = 'NONE'\n"),
              ElementsAre(HasSubstr("only with = \"hash\""), HasSubstr("'NONE' is not set")));
}

class HttpTest : public ConfigTest {};

TEST_F(HttpTest, OthersNeedAToken) {
  const Loaded loaded = Run(kSource, kTarget, kCheck, "[http]\nlisten = '127.0.0.1:8080'\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.http->listen, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_TRUE(Run(kSource, kTarget, kCheck, "[http]\nlisten = '[::1]:8080'\n").ok());
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, "[http]\nlisten = '0.0.0.0:8080'\n"),
              ElementsAre(HasSubstr("needs a [[token]] with the role \"read\"")));
  EXPECT_THAT(
      Errors(kSource, kTarget, kCheck, "[http]\nlisten = '0.0.0.0:8080'\ntoken_env = 'NONE'\n"),
      ElementsAre(HasSubstr("'NONE' is not set")));
}

TEST_F(ParseTest, AJobsScheduleIsRead) {
  const Loaded loaded = Run(kSource, kTarget, kCheck, kJob,
                            "schedule = '30 2 * * mon-fri'\ntime_zone = 'Europe/Berlin'\n"
                            "window = ['22:00-06:00', '12:00-13:00']\nmax_duration = '3h'\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const JobOptions& job = loaded->config.jobs.at(0);
  EXPECT_TRUE(job.starts->Matches(absl::CivilMinute(2026, 11, 23, 2, 30)));
  EXPECT_FALSE(job.starts->Matches(absl::CivilMinute(2026, 11, 22, 2, 30)));
  EXPECT_EQ(job.zone.name(), "Europe/Berlin");
  EXPECT_THAT(job.window, ElementsAre(model::DayHours{absl::Hours(22), absl::Hours(6)},
                                      model::DayHours{absl::Hours(12), absl::Hours(13)}));
  EXPECT_EQ(job.max_duration, absl::Hours(3));
}

TEST_F(ParseTest, AJobsScheduleThatCannotBeIsRefused) {
  const auto errors = [&](const char* keys) {
    return Errors(kSource, kTarget, kCheck, kJob, keys);
  };
  EXPECT_THAT(errors("schedule = '0 25 * * *'\n"), ElementsAre(HasSubstr("'25' is no hour")));
  EXPECT_THAT(errors("schedule = '0 0 30 2 *'\n"), ElementsAre(HasSubstr("never comes")));
  EXPECT_THAT(errors("schedule = '@daily'\ntime_zone = 'Nowhere'\n"),
              ElementsAre(HasSubstr("must be a time zone")));
  EXPECT_THAT(errors("schedule = '@daily'\nwindow = ['25:00-26:00']\n"),
              ElementsAre(HasSubstr("window")));
  EXPECT_THAT(errors("window = ['22:00-06:00']\n"),
              ElementsAre(HasSubstr("'window' is of scheduled runs")));
}

TEST_F(ParseTest, AJobIsNotCalledAsACheck) {
  EXPECT_THAT(
      Errors(kSource, kTarget, kCheck, absl::StrReplaceAll(kJob, {{"\"full\"", "\"orders\""}})),
      ElementsAre(HasSubstr("there is another [[check]] or [[job]] named 'orders'")));
}

TEST_F(HttpTest, ControlIsRead) {
  const Loaded loaded = Run(kSource, kTarget, kCheck, "[control]\nlisten = '127.0.0.1:9091'\n");
  ASSERT_TRUE(loaded.ok() && loaded->config.control) << loaded.status();
  EXPECT_EQ(loaded->config.control->listen, (Endpoint{"127.0.0.1", 9091}));
  EXPECT_FALSE(loaded->config.control->tls);
}

TEST_F(ParseTest, VerifyDoesNotMindWhatOnlyRunUses) {
  const Loaded loaded = ParseFor(
      Purpose::kVerify, absl::StrCat("[http]\nlisten = '127.0.0.1:8080'\n[[alarm]]\ntype = "
                                     "'webhook'\nurl = 'https://x'\nsecret_env = 'NONE'\n",
                                     kJob, "schedule = '0 3 * * *'\n"));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
}

TEST_F(ParseTest, AckIsDurable) {
  const Loaded loaded = Run(kSource, kPushed, kPushedCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.grpc_collectors.at(0).ack, Ack::kDurable);
}

}  // namespace
}  // namespace dcp::config
