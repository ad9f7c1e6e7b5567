// Findings of a running daemon: listed, acknowledged and ignored by the command while it runs;
// and values that are masked, which stand in nothing that dcp writes.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"

namespace dcp::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class FindingsTest : public CheckedPair {
 protected:
  explicit FindingsTest(Flavour flavour = Flavour::kMysql97) : CheckedPair(flavour) {}

  // Beside the file that takes every verdict one as people have it.
  void StartWithPeople() {
    Settings settings;
    settings.check = absl::StrCat("[[alarm]]\ntype = \"file\"\npath = \"", people_, "\"\n");
    Start(settings);
  }

  ProgramResult Diffs(std::vector<std::string> args) {
    args.insert(args.begin(), "diffs");
    args.insert(args.end(), {"--dir", dcp().dir() / "state"});
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }
  std::vector<Alarm> Listed(std::vector<std::string> args = {"list", "--json", "--all"}) {
    const ProgramResult result = Diffs(std::move(args));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::vector<Alarm> lines;
    for (absl::string_view line : absl::StrSplit(result.output, '\n', absl::SkipEmpty())) {
      lines.push_back(Alarm::parse(line.begin(), line.end()));
    }
    return lines;
  }
  // The lines of `dcp diffs show` that show it again, and what one does.
  static std::vector<std::string> Again(const std::string& shown) {
    std::vector<std::string> lines;
    for (absl::string_view line : absl::StrSplit(shown, '\n')) {
      if (absl::ConsumePrefix(&line, "  again: ")) lines.emplace_back(line);
    }
    return lines;
  }
  static ProgramResult Run(const std::string& line) {
    const auto result = RunInShell(line);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }
  // The array of `shop.orders[1]`.
  static std::string KeyOf(const Alarm& finding) {
    const std::string key = finding["key"];
    return key.substr(finding["table"].get<std::string>().size());
  }

  // "shop.orders[1] open", …
  std::vector<std::string> Words() {
    std::vector<std::string> words;
    for (const Alarm& one : Listed()) {
      words.push_back(
          absl::StrCat(one["key"].get<std::string>(), " ", one["status"].get<std::string>()));
    }
    return words;
  }
  // Types of what people got so far.
  std::vector<std::string> People() const {
    std::vector<std::string> types;
    const std::string text = ReadFile(people_);
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      types.push_back(ParseAlarm(std::string(line))["type"]);
    }
    return types;
  }

  const TestDir own_dir_{"dcp-findings"};
  const std::string people_ = own_dir_ / "people.jsonl";
};

TEST_F(FindingsTest, AnAcknowledgedFindingIsNotRepeated) {
  StartWithPeople();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  ASSERT_THAT(Words(), ElementsAre("shop.orders[42] open"));
  EXPECT_EQ(Diffs({"ack", "shop.orders[42]", "--note", "repair at six"}).exit_code, 0);
  const Alarm listed = Listed()[0];
  EXPECT_EQ(listed["status"], "acknowledged");
  EXPECT_EQ(listed["ack"]["note"], "repair at six");
  Skipped("UPDATE shop.orders SET n = 8 WHERE id = 42");
  Judge();
  EXPECT_GT(Listed()[0]["last_seen"], listed["last_seen"]);
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 8)");
  Judge();
  Judge();
  EXPECT_THAT(Words(), ElementsAre("shop.orders[42] resolved"));
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[42]", "diff 201..202 known 1",
                                  "diff 202..203 known 1", "resolved 202..203 shop.orders[42]",
                                  "same 203..204"));
  EXPECT_TRUE(Eventually([&] { return People().size() >= 2; }));
  EXPECT_THAT(People(), ElementsAre("diff", "resolved"));
}

// A repair's own writes, seen by a check that runs: they end its findings, and make no new ones
// but for the row that it could not know of.
TEST_F(FindingsTest, ARepairResolvesFindingsAndMakesNoNewOnes) {
  Start();
  Unlogged("UPDATE shop.orders SET v = 'wrong' WHERE id = 5");  // nobody has seen it
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Skipped("UPDATE shop.orders SET v = 'new' WHERE id = 2");
  OnReplica("DELETE FROM shop.orders WHERE id = 3");
  OnReplica("INSERT INTO shop.orders VALUES (77, 'y', 7)");
  Judge();
  Judge();
  ASSERT_THAT(Words(), UnorderedElementsAre("shop.orders[42] open", "shop.orders[2] open",
                                            "shop.orders[3] open", "shop.orders[77] open"));
  const std::string job = own_dir_ / "job.toml";
  const auto root = [](const MysqlServer& server) {
    return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(), ", user = \"root\" }\n");
  };
  WriteFile(job, absl::StrCat("[[job]]\nname = \"all\"\nsource = ", root(source()), "target = ",
                              root(replica()), "tables = [\"shop.*\"]\nsync = \"gtid\"\n"));
  const auto repaired = RunDcp(
      {"repair", "--config", job, "--job", "all", "--execute", "--undo", own_dir_ / "undo.sql"});
  ASSERT_OK(repaired);
  EXPECT_EQ(repaired->exit_code, 0) << repaired->output;
  Judge();
  Judge();
  Judge();
  EXPECT_THAT(Words(), UnorderedElementsAre("shop.orders[42] resolved", "shop.orders[2] resolved",
                                            "shop.orders[3] resolved", "shop.orders[77] resolved",
                                            "shop.orders[5] resolved"));
  EXPECT_THAT(
      Said(),
      ElementsAre("diff 200..201 extra shop.orders[3], extra shop.orders[77], missing "
                  "shop.orders[2], missing shop.orders[42]",
                  "same 201..202", "diff 202..203 healed shop.orders[5], known 4",
                  AnyOf("resolved 202..203 shop.orders[2], shop.orders[3], shop.orders[42], "
                        "shop.orders[5], shop.orders[77]",
                        "resolved 202..203 shop.orders[2], shop.orders[3], shop.orders[42], "
                        "shop.orders[77]"),
                  "same 203..204", "same 204..205"));
}

TEST_F(FindingsTest, AnIgnoredRowMakesNoAlarmAndIsNeverSame) {
  StartWithPeople();
  EXPECT_EQ(Diffs({"ignore", "--table", "shop.orders", "--for", "12h"}).exit_code, 0);
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  Skipped("UPDATE shop.orders SET n = 8 WHERE id = 42");
  Judge();
  ASSERT_THAT(Words(), ElementsAre("shop.orders[42] ignored"));
  // Another daemon's memory of it is the state.
  Restart();
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 8)");
  Judge();
  Judge();
  EXPECT_THAT(Words(), ElementsAre("shop.orders[42] resolved"));
  const std::vector<std::string> said = AllSaid();
  ASSERT_GE(said.size(), 3u);
  EXPECT_EQ(said[0], "diff 200..201 ignored 1");
  EXPECT_EQ(said[1], "diff 201..202 known 1");
  EXPECT_THAT(People(), IsEmpty());

  EXPECT_EQ(Diffs({"ignore", "--remove", "1"}).exit_code, 0);
  OnReplica("UPDATE shop.orders SET n = 9 WHERE id = 42");
  Judge();
  EXPECT_TRUE(Eventually([&] { return !People().empty(); }));
  EXPECT_THAT(Words(), ElementsAre("shop.orders[42] open"));
  EXPECT_EQ(Listed()[0]["reopened"], 1);
  EXPECT_THAT(Listed({"export"})[0]["difference"]["target"]["row"].dump(), R"([42,"x",9])");
}

// What docs/findings.md says of the options, one after the other.
TEST_F(FindingsTest, TheCommandDoesWhatTheManualSays) {
  Start();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Skipped("INSERT INTO shop.orders VALUES (43, 'y', 8)");
  OnReplica("UPDATE shop.orders SET v = 'z' WHERE id = 2");
  Judge();
  const auto keys = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"list", "--json"});
    std::vector<std::string> found;
    for (const Alarm& one : Listed(args)) found.push_back(one["key"]);
    return found;
  };
  const auto exit_code = [&](const std::vector<std::string>& args) {
    return Diffs(args).exit_code;
  };
  const auto all = UnorderedElementsAre("shop.orders[2]", "shop.orders[42]", "shop.orders[43]");
  const auto mine = ElementsAre("shop.orders[42]");
  // Filters.
  EXPECT_THAT(keys({}), all);
  EXPECT_THAT(keys({"--check", "pair", "--target", "dst", "--table", "shop.*", "--status", "open"}),
              all);
  for (const std::vector<std::string>& none :
       std::vector<std::vector<std::string>>{{"--check", "pai"},
                                             {"--target", "src"},
                                             {"--table", "shop.busy"},
                                             {"--status", "resolved"}}) {
    EXPECT_THAT(keys(none), IsEmpty()) << none[1];
  }
  EXPECT_EQ(exit_code({"list", "--status", "closed"}), 64);
  EXPECT_THAT(Listed({"export", "--table", "shop.*", "--status", "open"}), SizeIs(3));
  EXPECT_THAT(Listed({"export", "--status", "resolved"}), IsEmpty());
  // What one has.
  const auto names = [](const Alarm& object) {
    std::vector<std::string> found;
    for (const auto& [name, value] : object.items()) found.push_back(name);
    return absl::StrJoin(found, " ");
  };
  const std::string fields =
      "ack alarm_id check columns %sfirst_seen key kind last_seen number reopened resolved_at "
      "status table target";
  EXPECT_EQ(names(Listed()[0]), absl::StrReplaceAll(fields, {{"%s", ""}}));
  EXPECT_EQ(names(Listed({"export"})[0]), absl::StrReplaceAll(fields, {{"%s", "difference "}}));
  // By number, by key, by the id of its alarm: that is of all three.
  const Alarm first = Listed()[0];
  EXPECT_THAT(Listed({"show", "--json", absl::StrCat(first["number"].get<int64_t>())}), SizeIs(1));
  EXPECT_THAT(Listed({"show", "--json", first["alarm_id"]}), SizeIs(3));
  // Acknowledged, and taken back.
  EXPECT_EQ(exit_code({"ack", "shop.orders[42]", "--note", "six"}), 0);
  EXPECT_THAT(keys({"--status", "acknowledged"}), mine);
  // Ignored comes before acknowledged, for a time.
  EXPECT_EQ(exit_code({"ignore", "shop.orders[42]", "--until", "2099-01-01T00:00:00Z"}), 0);
  EXPECT_THAT(keys({"--status", "ignored"}), mine);
  EXPECT_THAT(Diffs({"ignore", "--list"}).output,
              AllOf(HasSubstr("rule 1: check pair target dst key shop.orders[42]"),
                    HasSubstr("until 2099-01-01T00:00:00.000Z")));
  EXPECT_EQ(exit_code({"ignore", "--remove", "1"}), 0);
  EXPECT_EQ(exit_code({"ignore", "--remove", "1"}), 1);
  EXPECT_THAT(keys({"--status", "acknowledged"}), mine);
  EXPECT_EQ(exit_code({"ack", "shop.orders[42]", "--undo"}), 0);
  EXPECT_EQ(exit_code({"ack", "shop.orders[42]", "--undo"}), 1);
  EXPECT_THAT(keys({"--status", "open"}), all);
  // By column: those of which it is known that they differ there.
  EXPECT_EQ(exit_code({"ignore", "--table", "shop.*", "--column", "V", "--note", "rounded"}), 0);
  EXPECT_THAT(keys({"--status", "ignored"}), ElementsAre("shop.orders[2]"));
  EXPECT_THAT(Diffs({"ignore", "--list"}).output,
              AllOf(HasSubstr("table shop.* column V  for ever"), HasSubstr("rounded")));
  // By target: what was told is told, and from the next report on it is left out.
  EXPECT_EQ(exit_code({"ignore", "--check", "pair", "--target", "dst"}), 0);
  EXPECT_THAT(keys({"--status", "ignored"}), all);
  Skipped("INSERT INTO shop.orders VALUES (44, 'y', 8)");
  Judge();
  EXPECT_THAT(AllSaid(), ElementsAre(HasSubstr("missing shop.orders[42]"), HasSubstr("ignored 1")));
}

TEST_F(FindingsTest, TheCommandSaysWhatItCannotDo) {
  Start();
  EXPECT_THAT(Diffs({"list"}).output, HasSubstr("no findings"));
  EXPECT_EQ(Diffs({"show", "17"}).exit_code, 1);
  EXPECT_EQ(Diffs({"ignore"}).exit_code, 64);
  EXPECT_EQ(Diffs({"ignore", "--table", "a.b", "--for", "tomorrow"}).exit_code, 64);
  EXPECT_EQ(Diffs({"ignore", "--table", "a.b", "--until", "2001-01-01T00:00:00Z"}).exit_code, 64);
  const auto nowhere = RunDcp({"diffs", "list", "--dir", "/nonexistent"});
  ASSERT_OK(nowhere);
  EXPECT_EQ(nowhere->exit_code, 78);
  EXPECT_THAT(nowhere->output, HasSubstr("--dir"));
}

TEST_F(FindingsTest, TheLinesOfAFindingShowItsTransactionsAgain) {
  Start();
  const Committed ours = OnSource("UPDATE shop.orders SET v = 'a b' WHERE id = 2");
  const Committed theirs = OnReplica("UPDATE shop.orders SET v = 'it''s' WHERE id = 2");
  Judge();
  Judge();
  const auto shown =
      RunDcp({"diffs", "show", "shop.orders[2]", "--config", dcp().dir() / "dcp.toml"});
  ASSERT_OK(shown);
  EXPECT_EQ(shown->exit_code, 0) << shown->output;
  std::vector<std::string> again = Again(shown->output);
  ASSERT_THAT(again, SizeIs(3)) << shown->output;
  const ProgramResult compared = Run(again[2]);
  EXPECT_EQ(compared.exit_code, 2) << compared.output;
  EXPECT_THAT(compared.output, HasSubstr("shop.orders[2] mismatch in v"));
  again.pop_back();
  std::string read;
  for (const std::string& line : again) {
    const ProgramResult result = Run(line);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    read += result.output;
  }
  // Each of the others shows its own transaction, and nothing else.
  const std::vector<std::string> lines = absl::StrSplit(read, '\n', absl::SkipEmpty());
  ASSERT_THAT(lines, SizeIs(2)) << shown->output;
  EXPECT_EQ(Alarm::parse(lines[0])["gtid"], ours.gtid);
  EXPECT_EQ(Alarm::parse(lines[0])["row"].dump(), R"([2,"a b",2])");
  EXPECT_EQ(Alarm::parse(lines[1])["gtid"], theirs.gtid);
  EXPECT_EQ(Alarm::parse(lines[1])["row"].dump(), R"([2,"it's",2])");
}

// Whatever a key's values are, the line finds the row that differs, and finds it equal again.
TEST_F(FindingsTest, TheLineOfAFindingComparesItsRowAgain) {
  OnSource(
      "CREATE TABLE shop.`it's` (t VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, "
      "b VARBINARY(20), n DECIMAL(40,3), v INT, PRIMARY KEY (t, b, n))");
  Start();
  const std::vector<std::string> keys = {
      R"('it\'s "q" \\ $(id) `id` !x', 'x', 1)",
      R"('a\nb\0c\td\r %s -- #', X'00ff27225c0a00', 12345678901234567890123456789012345.678)",
      "'\xf0\x9f\x98\x80 \xe2\x80\xa6', X'80', -0.5",
      "'', '', 0",
  };
  for (const std::string& key : keys) {
    Skipped(absl::StrCat("INSERT INTO shop.`it's` VALUES (", key, ", 1)"));
  }
  Judge();
  const std::vector<Alarm> found = Listed();
  ASSERT_THAT(found, SizeIs(keys.size()));
  std::vector<std::string> lines;
  for (const Alarm& finding : found) {
    const auto shown = RunDcp({"diffs", "show", absl::StrCat(finding["number"].get<int64_t>()),
                               "--json", "--config", dcp().dir() / "dcp.toml"});
    ASSERT_OK(shown);
    const Alarm again = Alarm::parse(shown->output)["again"];
    ASSERT_THAT(again, SizeIs(2)) << shown->output;
    lines.push_back(again[1]);
    const ProgramResult result = Run(lines.back() + " --json");
    EXPECT_EQ(result.exit_code, 2) << lines.back() << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("\"key\":", KeyOf(finding))));
    EXPECT_THAT(result.output, HasSubstr(R"("kind":"missing")"));
    EXPECT_THAT(lines.back(), Not(HasSubstr("password")));
  }
  for (const std::string& key : keys) {
    Unlogged(absl::StrCat("INSERT INTO shop.`it's` VALUES (", key, ", 1)"));
  }
  for (const std::string& line : lines) {
    const ProgramResult result = Run(line + " --json");
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr(R"("rows":1,)"));
  }
}

TEST_F(FindingsTest, VerifyOfAKeySaysWhatItCannotDo) {
  Start();
  const std::string config = dcp().dir() / "dcp.toml";
  const auto verify = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"verify", "--config", config});
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  };
  EXPECT_EQ(verify({}).exit_code, 64);
  EXPECT_EQ(verify({"--check", "pair"}).exit_code, 64);
  EXPECT_EQ(verify({"--check", "pair", "--key", "shop.orders[1]", "--where", "1"}).exit_code, 64);
  EXPECT_EQ(verify({"--check", "nothing", "--key", "shop.orders[1]"}).exit_code, 78);
  EXPECT_EQ(verify({"--check", "pair", "--key", "shop.orders"}).exit_code, 78);
  EXPECT_EQ(verify({"--check", "pair", "--key", "other.table[1]"}).exit_code, 78);
  EXPECT_EQ(verify({"--check", "pair", "--target", "no", "--key", "shop.orders[1]"}).exit_code, 78);
  const ProgramResult several = verify({"--check", "pair", "--key", "shop.orders[1,2]"});
  EXPECT_EQ(several.exit_code, 4) << several.output;
  EXPECT_THAT(several.output, HasSubstr("2 values"));
  const ProgramResult equal = verify({"--check", "pair", "--key", "shop.orders[1]"});
  EXPECT_EQ(equal.exit_code, 0) << equal.output;
}

// ---- severity ----

// A check whose differences are but warnings, and sinks that choose by it.
TEST_F(FindingsTest, SinksChooseBySeverity) {
  const std::string critical = own_dir_ / "critical.jsonl";
  Settings settings;
  settings.check =
      absl::StrCat("severity = \"warning\"\n[[alarm]]\ntype = \"file\"\npath = \"", people_,
                   "\"\nseverities = [\"warning\"]\n[[alarm]]\ntype = \"file\"\npath = \"",
                   critical, "\"\nseverities = [\"critical\"]\n");
  Start(settings);
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  Skipped("UPDATE shop.orders SET n = 8 WHERE id = 42");  // known
  Judge();
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 8)");
  Judge();
  Judge();
  EXPECT_TRUE(Eventually([&] { return People().size() >= 2; }));
  EXPECT_TRUE(Eventually([&] { return !ReadFile(critical).empty(); }));
  EXPECT_THAT(People(), ElementsAre("diff", "resolved"));
  EXPECT_THAT(ReadFile(critical), StartsWith(R"({"type":"resolved")"));
  std::vector<std::string> severities;
  for (const Alarm& alarm : dcp().alarms()) {
    if (alarm["type"] == "same") continue;
    severities.push_back(alarm["severity"]);
  }
  EXPECT_THAT(severities, ElementsAre("warning", "info", "info", "info"));
}

// ---- statements ----

class StatementsTest : public FindingsTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  StatementsTest() : FindingsTest(GetParam()) {}

  // In a session whose statements are in the binlog.
  std::string Told(const std::string& sql) const {
    if (flavour() == Flavour::kMariaDb)
      return "SET SESSION binlog_annotate_row_events = ON; " + sql;
    return "SET SESSION binlog_rows_query_log_events = ON; " + sql;
  }
};
INSTANTIATE_TEST_SUITE_P(, StatementsTest, ::testing::ValuesIn(kAllFlavours),
                         [](const auto& flavour) { return NameOf(flavour.param); });

TEST_P(StatementsTest, StandInTheEvidence) {
  Start();
  const std::string ours = "UPDATE shop.orders SET v = 'it''s' WHERE id = 2";
  const std::string theirs = absl::StrCat("UPDATE shop.orders SET v = 'x' WHERE id = 2 /* ",
                                          std::string(2000, 'c'), " */");
  OnSource(Told(ours));
  OnReplica(Told(theirs));
  Judge();
  Judge();
  const Alarm difference = Difference("[2]");
  EXPECT_EQ(difference["source"]["statement"], ours) << difference;
  EXPECT_FALSE(difference["source"].contains("statement_bytes"));
  EXPECT_EQ(difference["target"]["statement"], theirs.substr(0, 1024));
  EXPECT_EQ(difference["target"]["statement_bytes"], theirs.size());
  EXPECT_EQ(difference["row_columns"].dump(), R"(["id","v","n"])");
  const ProgramResult shown = Diffs({"show", "shop.orders[2]"});
  EXPECT_EQ(difference["source"]["before"].dump(), R"([2,"b",2])") << difference;
  EXPECT_EQ(difference["target"]["before"].dump(), R"([2,"it's",2])") << difference;
  EXPECT_THAT(shown.output, HasSubstr(R"(
  ≠ v: source "b" -> "it's", target "it's" -> "x"; now: source "it's", target "x"
    n: source 2, target 2; now: source 2, target 2)"));
  EXPECT_THAT(shown.output, HasSubstr(absl::StrCat("source statement: ", ours)));
  EXPECT_THAT(shown.output, HasSubstr("target statement: UPDATE shop.orders SET v = 'x'"));
}

// ---- masks ----

// `secret` in the forms in which a program might write it.
std::vector<std::string> FormsOf(const std::string& secret) {
  std::vector<std::string> forms = {secret};
  const std::string hex = absl::BytesToHexString(secret);
  forms.push_back(hex);
  forms.push_back(absl::AsciiStrToUpper(hex));
  for (size_t lead = 0; lead < 3; ++lead) {  // base64 of it, wherever it begins
    const std::string base64 = absl::Base64Escape(std::string(lead, 'a') + secret);
    const size_t skip = lead == 0 ? 0 : 4;
    forms.push_back(base64.substr(skip, (secret.size() / 3 - 2) * 4));
  }
  std::string escaped, wide;
  for (const char c : secret) {
    absl::StrAppend(&escaped, "\\u00", absl::BytesToHexString(std::string(1, c)));
    wide.append({c, '\0'});
  }
  forms.push_back(escaped);
  forms.push_back(wide);
  std::string reversed_bytes;  // a number as a word of 8 bytes
  uint64_t number = 0;
  if (absl::SimpleAtoi(secret, &number)) {
    for (int i = 0; i < 8; ++i) reversed_bytes.push_back(static_cast<char>(number >> (8 * i)));
    forms.push_back(reversed_bytes);
    forms.emplace_back(reversed_bytes.rbegin(), reversed_bytes.rend());
    forms.push_back(absl::StrCat(absl::Hex(number)));
  }
  return forms;
}

// Where in the files below `dir` one of the secrets stands: "state/state.db: …".
std::vector<std::string> Leaks(const std::string& dir, const std::vector<std::string>& secrets) {
  std::vector<std::string> leaks;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file() || entry.path().filename() == "dcp.toml") continue;
    const std::string bytes = ReadFile(entry.path());
    for (const std::string& secret : secrets) {
      for (const std::string& form : FormsOf(secret)) {
        const size_t at = bytes.find(form);
        if (at == std::string::npos) continue;
        leaks.push_back(absl::StrCat(entry.path().string(), ": ",
                                     absl::CHexEscape(bytes.substr(at < 80 ? 0 : at - 80, 160))));
      }
    }
  }
  return leaks;
}

class MaskedTest : public FindingsTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static constexpr char kMail[] = "qz7secretmailbox@hidden.example";
  static constexpr char kOtherMail[] = "wv3otherhiddenbox@secret.example";
  static constexpr char kPin[] = "918273645546372819";
  static constexpr char kOtherPin[] = "827364554637281918";

  static std::vector<std::string> Secrets() { return {kMail, kOtherMail, kPin, kOtherPin}; }

  void StartMasked() {
    const std::string url = receiver_.Url();
    Settings settings;
    address_ = FreeAddress();
    control_ = FreeAddress();
    settings.check = absl::StrCat(
        "max_diff_rows = 2\n", "[control]\nlisten = \"", control_, "\"\n[http]\nlisten = \"",
        address_, "\"\n[[alarm]]\ntype = \"alertmanager\"\nurl = \"", others_.Url(),
        "\"\n[[alarm]]\ntype = \"webhook\"\nmin_interval = \"0s\"\nurl = \"", others_.Url(), "\"\n",
        kTemplate, "[[mask]]\ntables = [\"shop.people\"]\ncolumns = [\"mail\", \"pin\"]\n",
        "with = \"", GetParam(),
        "\"\n[[alarm]]\ntype = \"webhook\"\nmin_interval = \"0s\"\nurl = \"", url, "\"\n",
        "[[alarm]]\ntype = \"exec\"\nmin_interval = \"0s\"\ncommand = [\"tee\", \"-a\", \"",
        own_dir_ / "exec.jsonl", "\"]\n[[alarm]]\ntype = \"file\"\npath = \"", people_, "\"\n");
    Start(settings);
  }
  static std::string Person(int id, const std::string& mail, const std::string& pin) {
    return absl::StrCat("INSERT INTO shop.people VALUES (", id, ", '", mail, "', ", pin, ", 'n')");
  }

  std::string Page(const std::string& path) const { return HttpGet(PortOf(address_), path); }

  // What a daemon says over gRPC, and its events.
  std::string Asked() const {
    std::string said;
    for (std::vector<std::string> args :
         {std::vector<std::string>{"watch", "--json", "--oldest", "--count", "3"},
          {"watch", "--oldest", "--count", "3"},
          {"diffs", "list", "--all"},
          {"diffs", "export"},
          {"diffs", "show", "1"},
          {"status", "--json"}}) {
      args.insert(args.end(), {"--server", control_});
      const auto result = RunDcp(args);
      EXPECT_OK(result);
      EXPECT_EQ(result.value_or(ProgramResult()).exit_code, 0) << args[0] << " " << args[1];
      absl::StrAppend(&said, result.value_or(ProgramResult()).output);
    }
    TcpClient events(PortOf(address_));
    events.Send("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: 1\r\n\r\n");
    for (int i = 0; i < 4; ++i) said += events.Receive("\n\n");
    EXPECT_THAT(said, HasSubstr("event: "));
    return said;
  }
  // What it hands over to another one.
  std::string HandedOver() {
    std::string hex;
    EXPECT_TRUE(Eventually([&] {
      hex = source().QueryValue("SELECT HEX(data) FROM drc.dcp_handover LIMIT 1").value_or("");
      return absl::HexStringToBytes(hex).find("shop.people[") != std::string::npos;
    }));
    return absl::HexStringToBytes(hex);
  }
  // What it says when it ends in the middle of its work. A core file would hold all of its memory.
  void Abort() {
    const std::string limits = ReadFile(absl::StrCat("/proc/", dcp().pid(), "/limits"));
    EXPECT_THAT(limits, ContainsRegex("Max core file size +0 +0 "));
    ASSERT_EQ(kill(dcp().pid(), SIGABRT), 0);
    ASSERT_TRUE(Eventually([&] { return !dcp().running(); }));
  }

  static uint16_t PortOf(const std::string& address) {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    return static_cast<uint16_t>(port);
  }

  static constexpr char kTemplate[] =
      "content_type = \"text/plain\"\ntemplate = '{{text}} {{json}} {{#diffs}}{{key_text}} "
      "{{#source}}{{row_text}}{{before}}{{/source}}{{#target}}{{row_text}}{{/target}}{{/diffs}}'\n";
  std::string address_, control_;
  const TestDir others_dir_{"dcp-masked"};
  const alarm::Receiver receiver_{own_dir_.path(), {}};
  const alarm::Receiver others_{others_dir_.path(), {}};
};
INSTANTIATE_TEST_SUITE_P(All, MaskedTest, ::testing::Values("stars", "hash"),
                         [](const auto& how) { return how.param; });

TEST_P(MaskedTest, AMaskedValueStandsInNothingThatIsWritten) {
  OnSource(
      "CREATE TABLE shop.people (id INT, mail VARCHAR(60), pin BIGINT, note TEXT, "
      "PRIMARY KEY (mail, pin, id))");
  OnSource(Person(1, kMail, kPin));
  OnSource(Person(5, kOtherMail, kOtherPin));
  StartMasked();
  for (MysqlServer* server : {&source(), &replica()}) {
    ASSERT_OK(
        server->Execute("SET GLOBAL binlog_rows_query_log_events = ON, SESSION "
                        "binlog_rows_query_log_events = ON"));
  }
  Skipped(Person(2, kMail, kOtherPin));  // missing
  OnReplica(absl::StrCat("UPDATE shop.people SET note = 'w', pin = ", kOtherPin, " WHERE id = 1"));
  OnReplica("UPDATE shop.people SET note = 'v' WHERE id = 5");               // with the row before
  for (int id = 10; id < 14; ++id) OnReplica(Person(id, kOtherMail, kPin));  // extra, and a file
  Judge();
  Skipped(absl::StrCat("UPDATE shop.people SET note = 'x' WHERE mail = '", kMail, "'"));
  Judge();
  EXPECT_THAT(Listed(), Not(IsEmpty()));
  const auto storm = dcp().Await([](const Alarm& alarm) { return alarm.contains("diff_file"); });
  ASSERT_OK(storm);
  EXPECT_THAT(ReadFile((*storm)["diff_file"]), HasSubstr(R"("before":[5,")"));
  const std::string exported = Diffs({"export"}).output;
  EXPECT_THAT(exported, HasSubstr(R"("statement":null)"));
  EXPECT_THAT(exported, HasSubstr(GetParam() == "stars" ? "***" : "hash:"));
  // Read back, and ended.
  Restart();
  OnReplica(absl::StrCat("DELETE FROM shop.people WHERE mail = '", kOtherMail, "'"));
  Judge();
  Judge();
  EXPECT_TRUE(Eventually([&] { return ReadFile(people_).find("resolved") != std::string::npos; }));
  // What is told of statements.
  OnSource(absl::StrCat("ALTER TABLE shop.people ALTER mail SET DEFAULT '", kOtherMail, "'"));
  OnReplica(absl::StrCat("ALTER TABLE shop.people ALTER pin SET DEFAULT ", kPin));
  OnSource(absl::StrCat("SET SESSION binlog_format = 'STATEMENT'; UPDATE shop.people SET note = '",
                        kMail, "' WHERE pin = ", kPin, "; SET SESSION binlog_format = 'ROW'"));
  Judge();
  EXPECT_TRUE(
      Eventually([&] { return ReadFile(people_).find("unverified") != std::string::npos; }));
  const std::string status = Page("/status");
  EXPECT_THAT(status, HasSubstr("200 OK"));
  const std::string findings = Page("/findings");
  EXPECT_THAT(findings, HasSubstr("shop.people"));
  WriteFile(own_dir_ / "pages", status + findings + Page("/metrics") + Page("/"));
  WriteFile(own_dir_ / "asked", Asked());
  WriteFile(own_dir_ / "exported", exported + Diffs({"export"}).output + Diffs({"list"}).output);
  EXPECT_THAT(receiver_.Taken(), Not(IsEmpty()));
  for (const Alarm& taken : receiver_.Taken()) ParseAlarm(taken["body"]);
  EXPECT_THAT(Leaks(dcp().dir().path(), Secrets()), IsEmpty());
  EXPECT_THAT(Leaks(own_dir_.path(), Secrets()), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return others_.Taken().size() >= 6; }));
  EXPECT_THAT(ReadFile(others_dir_ / "taken"), AllOf(HasSubstr("alertname"), HasSubstr("key")));
  EXPECT_THAT(Leaks(others_dir_.path(), Secrets()), IsEmpty());
  // The search finds what is there.
  WriteFile(own_dir_ / "not masked", absl::StrCat("x", absl::Base64Escape(kMail), kPin));
  EXPECT_THAT(Leaks(own_dir_.path(), Secrets()), SizeIs(2));
  ASSERT_OK(dcp().Stop());
  EXPECT_THAT(Leaks(dcp().dir().path(), Secrets()), IsEmpty());
  ASSERT_OK(dcp().StartAgain());
  Abort();
  EXPECT_THAT(Leaks(dcp().dir().path(), Secrets()), IsEmpty());
  ASSERT_OK(dcp().StartAgain());
}

// Barriers and the lease are dcp's own here: none of the test's.
TEST_P(MaskedTest, AMaskedKeyIsHandedOverMasked) {
  OnSource(
      "CREATE TABLE shop.people (id INT, mail VARCHAR(60), pin BIGINT, note TEXT, "
      "PRIMARY KEY (mail, pin, id))");
  Settings settings;
  settings.check = absl::StrCat(
      "[ha]\nname = \"one\"\n[[barrier]]\ninterval = \"500ms\"\n", ConnectionToml(source()),
      "[[mask]]\ntables = [\"shop.*\"]\ncolumns = [\"mail\", \"pin\"]\nwith = \"", GetParam(),
      "\"\n");
  auto started = DcpProcess::Start(Config(settings));
  ASSERT_OK(started);
  ASSERT_OK((*started)->Await(OfType("same")));
  ASSERT_OK(replica().Execute(Person(7, kMail, kPin)));
  ASSERT_OK((*started)->Await(OfType("diff")));
  WriteFile(own_dir_ / "handed over", HandedOver());
  EXPECT_THAT(Leaks(own_dir_.path(), Secrets()), IsEmpty());
  EXPECT_THAT(Leaks((*started)->dir().path(), Secrets()), IsEmpty());
}

}  // namespace
}  // namespace dcp::test
