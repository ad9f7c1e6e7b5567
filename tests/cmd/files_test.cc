// `dcp run --until-end`: a past window, from copies of both servers' binlogs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
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
using Files = std::vector<std::string>;

// What was written, copied out of the servers: three files of each side with equal rows, and a
// fourth that holds the differences. Barriers 1 to 12 in the first three.
struct Window {
  explicit Window(const std::string& name) : dir("dcp-window-" + name) {}
  TestDir dir;
  Files source, target;
  Files relay;         // of the replica
  std::string server;  // the source's connection keys
};

Files CopyLogs(const std::string& from, const std::string& stem, const std::string& into) {
  std::filesystem::create_directory(into);
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const std::string name = entry.path().filename();
    if (!absl::StrContains(name, stem)) continue;
    if (name.size() < 7 || name.find_first_not_of("0123456789", name.size() - 6) != name.npos) {
      continue;
    }
    std::filesystem::copy_file(entry.path(), into + "/" + name);
    files.push_back(into + "/" + name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Writer {
 public:
  explicit Writer(ReplicaPair& pair) : pair_(pair) {}

  void OnSource(const std::string& sql) { ASSERT_OK(pair_.source().Execute(sql)); }
  void OnReplica(const std::string& sql) {
    ASSERT_OK(pair_.WaitForReplica());
    ASSERT_OK(pair_.replica().Execute(sql));
  }
  void Barrier() { OnSource("UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id = 1"); }
  void Rotate() {
    OnReplica("FLUSH BINARY LOGS");
    OnSource("FLUSH BINARY LOGS");
  }
  void Begin() {
    OnSource("CREATE DATABASE drc; CREATE DATABASE shop");
    OnSource(
        "CREATE TABLE drc.barrier (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
        "`offset` BIGINT UNSIGNED NOT NULL, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)");
    OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 0)");
    OnSource(
        "CREATE TABLE shop.orders (id INT UNSIGNED PRIMARY KEY, v VARCHAR(20), "
        "n BIGINT UNSIGNED, e ENUM('small', 'large'))");
    OnSource("CREATE TABLE shop.plain (a INT, b DATETIME)");
  }
  void Traffic(int first) {
    for (int i = first; i < first + 5; ++i) {
      OnSource(absl::StrCat("INSERT INTO shop.orders VALUES (", i, ", 'größe', 1844674407370955161",
                            i % 5, ", 'large')"));
    }
    OnSource(absl::StrCat("BEGIN; UPDATE shop.orders SET e = 'small', n = id WHERE id = ", first,
                          "; DELETE FROM shop.orders WHERE id = ", first + 1, "; COMMIT"));
    OnSource("INSERT INTO shop.plain VALUES (1, '2026-02-28 13:14:15'), (2, NULL)");
  }

 private:
  ReplicaPair& pair_;
};

std::unique_ptr<Window> Write(ReplicaPair& pair) {
  auto window = std::make_unique<Window>(pair.source().words().name);
  Writer writer(pair);
  writer.Begin();
  for (int file = 0; file < 3; ++file) {
    for (int segment = 0; segment < 4; ++segment) {
      writer.Traffic(100 * file + 10 * segment + 1);
      writer.Barrier();
    }
    writer.Rotate();
  }
  writer.OnReplica("UPDATE shop.orders SET v = 'wrong' WHERE id = 3");
  writer.Traffic(900);
  writer.Barrier();
  writer.OnSource("UPDATE shop.orders SET v = 'right' WHERE id = 3");
  writer.Barrier();
  writer.Barrier();
  writer.Rotate();
  writer.Barrier();  // replicas remove relay logs that they have applied, but for the last
  EXPECT_OK(pair.WaitForReplica());
  window->source = CopyLogs(pair.source().binlog_dir(), "binlog.", window->dir / "source");
  window->target = CopyLogs(pair.replica().binlog_dir(), "binlog.", window->dir / "target");
  // Those that are being written.
  window->source.pop_back();
  window->target.pop_back();
  EXPECT_OK(pair.StopReplication());
  window->relay = CopyLogs(pair.replica().data_dir(), "relay", window->dir / "relay");
  window->server = ConnectionToml(pair.source());
  return window;
}

class FilesTest : public ::testing::Test {
 protected:
  // The window of a flavour; with FULL metadata where it can be had.
  static const Window& WindowOf(Flavour flavour, bool full = true) {
    std::unique_ptr<Window>& window = windows_[{flavour, full}];
    if (window != nullptr) return *window;
    // MySQL 5.6 shares work by database: with workers no number of barriers bounds anything.
    Applier applier;
    if (flavour == Flavour::kMysql56) applier.workers = 1;
    auto pair = SharedServers::Fresh(PairOf(flavour, applier));
    EXPECT_OK(pair);
    if (full && flavour != Flavour::kMysql56) {
      for (MysqlServer* server : {&(*pair)->source(), &(*pair)->replica()}) {
        EXPECT_OK(server->Execute("SET GLOBAL binlog_row_metadata = 'FULL'"));
      }
    }
    window = Write(**pair);
    EXPECT_EQ(window->source.size(), window->target.size());
    return *window;
  }
  static void TearDownTestSuite() { windows_.clear(); }

  static std::string Collector(const std::string& tag, const Files& files,
                               const std::string& more) {
    return absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"", tag, "\"\nfiles = [\"",
                        absl::StrJoin(files, "\", \""), "\"]\ntags = [{ tag = \"", tag,
                        "\", tables = [\"shop.*\"] }]\n", more, "\n");
  }

  struct Options {
    std::string check = {};   // more lines of [[check]]
    std::string server = {};  // connection keys of both collectors
  };

  // Runs dcp over the files; its exit status.
  int Run(const Files& source, const Files& target) { return Run(source, target, Options()); }
  int Run(const Files& source, const Files& target, const Options& options) {
    const std::string alarms = dir_ / absl::StrCat("alarms.", ++runs_);
    WriteFile(dir_ / "dcp.toml",
              absl::StrCat(Collector("src", source, options.server),
                           Collector("dst", target, options.server),
                           "[[check]]\nname = \"orders\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                           options.check, "[[alarm]]\ntype = \"file\"\npath = \"", alarms,
                           "\"\ntypes = [\"same\", \"diff\", \"unverified\", \"timeout\", "
                           "\"resolved\"]\n[state]\ndir = \"",
                           dir_ / "state", "\"\n"));
    const auto result = RunDcp({"run", "--until-end", "--config", dir_ / "dcp.toml"});
    EXPECT_OK(result);
    if (!result.ok()) return -1;
    output_ = result->output;
    said_.clear();
    alarms_.clear();
    std::ifstream in(alarms);
    for (std::string line; std::getline(in, line);) {
      alarms_.push_back(ParseAlarm(line));
      if (alarms_.back()["type"] != "same") said_.push_back(InWords(alarms_.back()));
      if (alarms_.back()["type"] == "same") ++same_;
    }
    return result->exit_code;
  }

  std::string Copy(const std::string& file, size_t size) {
    const std::string copy = dir_ / file.substr(file.rfind('/') + 1);
    WriteFile(copy, ReadFile(file).substr(0, size));
    return copy;
  }

  static inline std::map<std::pair<Flavour, bool>, std::unique_ptr<Window>> windows_;
  const TestDir dir_{"dcp-files"};
  int runs_ = 0;
  int same_ = 0;  // verdicts
  std::string output_;
  std::vector<Alarm> alarms_;
  std::vector<std::string> said_;  // of all alarms but `same`
};

Files First(const Files& files, std::ptrdiff_t n) {
  return Files(files.begin(), files.begin() + n);
}

class FlavourFilesTest : public FilesTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  const Window& window() { return WindowOf(GetParam()); }
  // MySQL 5.6 writes no names of columns.
  Options options() const {
    return {.server = GetParam() == Flavour::kMysql56 ? WindowOf(GetParam()).server : ""};
  }
};
INSTANTIATE_TEST_SUITE_P(All, FlavourFilesTest, ::testing::ValuesIn(kAllFlavours),
                         [](const auto& flavour) {
                           std::string name = WordsOf(flavour.param).name;
                           std::erase_if(name, [](char c) { return !std::isalnum(c); });
                           return name;
                         });

TEST_P(FlavourFilesTest, EqualFilesEndWithZero) {
  EXPECT_EQ(Run(First(window().source, 3), First(window().target, 3), options()), 0) << output_;
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_GE(same_, 10);
  EXPECT_THAT(output_, HasSubstr("diff 0, unverified 0 up to barrier 12"));
}

TEST_P(FlavourFilesTest, EqualFilesEndWithZeroByBarriersToo) {
  Options by_barrier = options();
  by_barrier.check = "align = \"barrier\"\nlateness = 0\n";
  EXPECT_EQ(Run(First(window().source, 3), First(window().target, 3), by_barrier), 0) << output_;
  EXPECT_THAT(said_, IsEmpty());
}

TEST_P(FlavourFilesTest, ADifferenceEndsWithTwoAndIsNamed) {
  EXPECT_EQ(Run(window().source, window().target, options()), 2) << output_;
  ASSERT_THAT(said_, ElementsAre("diff 12..13 mismatch shop.orders[3]", "diff 13..14 known 1",
                                 "resolved 13..14 shop.orders[3]"));
}

TEST_P(FlavourFilesTest, AMissingFileInBetweenIsUnverified) {
  const Files& all = window().target;
  EXPECT_EQ(Run(First(window().source, 3), {all[0], all[2]}, options()), 2) << output_;
  ASSERT_THAT(said_, ElementsAre("unverified 4..9 gap")) << output_;
  EXPECT_THAT(output_, HasSubstr("binlog.000002 is missing"));
  EXPECT_GE(same_, 5);
}

TEST_P(FlavourFilesTest, ADamagedFileInBetweenIsUnverified) {
  const Files& all = window().source;
  std::string bytes = ReadFile(all[1]);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(dir_ / "binlog.000002", bytes);
  EXPECT_EQ(Run({all[0], dir_ / "binlog.000002", all[2]}, First(window().target, 3), options()), 2)
      << output_;
  ASSERT_THAT(said_, ElementsAre(AllOf(StartsWith("unverified "), EndsWith(" gap")))) << output_;
  EXPECT_THAT(output_, HasSubstr("binlog.000002:"));
  EXPECT_GE(same_, 7);
}

TEST_P(FlavourFilesTest, ATransactionThatTheTargetsFilesLackIsNotPassedOver) {
  // The source's third file against a target that lost its end of the second: by GTIDs only, or
  // the hole would look like lag.
  const Files& all = window().target;
  const size_t size = std::filesystem::file_size(all[1]);
  const std::string cut = Copy(all[1], size / 2);
  EXPECT_EQ(Run(First(window().source, 3), {all[0], cut, all[2]}, options()), 2) << output_;
  EXPECT_THAT(said_, ElementsAre(AllOf(StartsWith("unverified "), EndsWith(" gap"))));
}

TEST_P(FlavourFilesTest, TheTailOfALastFileThatWasCutOffIsSaid) {
  const Files& all = window().source;
  const size_t size = std::filesystem::file_size(all[2]);
  const std::string cut = Copy(all[2], size - size / 3);
  EXPECT_EQ(Run({all[0], all[1], cut}, First(window().target, 3), options()), 2) << output_;
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_GE(same_, 8);
  EXPECT_THAT(output_, AllOf(HasSubstr("the file ends inside"), HasSubstr("not judged: ")));
}

TEST_P(FlavourFilesTest, WhatIsBehindTheLastCommonBarrierIsCounted) {
  EXPECT_EQ(Run(First(window().source, 3), First(window().target, 2), options()), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("not judged: the source behind barrier 8 up to 12"));
}

TEST_P(FlavourFilesTest, FilesWithoutACommonBarrierProveNothing) {
  EXPECT_EQ(Run({window().source[0]}, {window().target[2]}, options()), 2) << output_;
  EXPECT_THAT(output_, HasSubstr("nothing was judged"));
}

TEST_P(FlavourFilesTest, BeginningInTheMiddleComparesWhatIsBehind) {
  EXPECT_EQ(Run({window().source[1], window().source[2]}, First(window().target, 3), options()), 0)
      << output_;
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_GE(same_, 5);
}

TEST_F(FilesTest, WildcardsTakeTheFilesByTheirNumber) {
  const Window& window = WindowOf(Flavour::kMysql97);
  const std::string folder = window.dir.path();
  WriteFile(window.dir / "source/binlog.index", "no binlog");
  EXPECT_EQ(Run({folder + "/source/binlog.*"}, {folder + "/target/binlog.*"}), 2) << output_;
  EXPECT_THAT(said_, Contains("diff 12..13 mismatch shop.orders[3]"));
}

TEST_F(FilesTest, WithoutNamesOfColumnsNothingIsGuessed) {
  const Window& window = WindowOf(Flavour::kMysql56);
  EXPECT_EQ(Run(First(window.source, 3), First(window.target, 3)), 2) << output_;
  EXPECT_THAT(said_, Not(IsEmpty()));
  EXPECT_THAT(said_, Each(StartsWith("unverified ")));
  EXPECT_THAT(alarms_[0]["detail"], HasSubstr("key columns are not known"));
}

TEST_F(FilesTest, WhatProvesNothingIsRefused) {
  const Window& window = WindowOf(Flavour::kMysql97);
  EXPECT_EQ(Run(window.source, window.source), 78);
  EXPECT_THAT(output_, AllOf(HasSubstr("is named twice"), HasSubstr("files of one server")));
  EXPECT_EQ(Run(window.source, {dir_ / "binlog.*"}), 78);
  EXPECT_THAT(output_, HasSubstr("no file whose name ends in a number"));
  EXPECT_EQ(Run(window.source, window.target, {.server = "start = \"file:binlog.000099:4\"\n"}),
            78);
  EXPECT_THAT(output_, HasSubstr("binlog.000099 is none of the files given"));
}

TEST_F(FilesTest, RelayLogsAreNotWhatWasApplied) {
  for (const Flavour flavour : kAllFlavours) {
    const Window& window = WindowOf(flavour);
    ASSERT_THAT(window.relay, Not(IsEmpty()));
    EXPECT_EQ(Run(window.source, window.relay), 78);
    EXPECT_THAT(output_, HasSubstr("a relay log")) << output_;
    std::vector<std::string> args = {"binlog", "--format", "summary"};
    args.insert(args.end(), window.relay.begin(), window.relay.end());
    const auto read = RunDcp(args);
    ASSERT_OK(read);
    EXPECT_EQ(read->exit_code, 0) << read->output;
    EXPECT_THAT(read->output, HasSubstr("drc.barrier"));
  }
}

TEST_F(FilesTest, FilesEndAndServersDoNot) {
  const Window& window = WindowOf(Flavour::kMysql97);
  Run(window.source, window.target);
  const auto endless = RunDcp({"run", "--config", dir_ / "dcp.toml"});
  ASSERT_OK(endless);
  EXPECT_EQ(endless->exit_code, 64);
  EXPECT_THAT(endless->output, HasSubstr("dcp run --until-end"));
  const auto checked = RunDcp({"check-config", "--config", dir_ / "dcp.toml"});
  ASSERT_OK(checked);
  EXPECT_EQ(checked->exit_code, 0) << checked->output;
  EXPECT_THAT(checked->output, HasSubstr("(4 files)"));
}

}  // namespace
}  // namespace dcp::test
