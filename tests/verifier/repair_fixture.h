// A verification and what repairs what it found.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/servers/process.h"
#include "tests/verifier/verification_fixture.h"
#include "verifier/repair.h"

namespace dcp::verifier {

// A directory that ends with it.
class RepairDirectory {
 public:
  RepairDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "dcp-repair-XXXXXX").string();
    path_ = mkdtemp(path.data());
  }
  ~RepairDirectory() { std::filesystem::remove_all(path_); }
  RepairDirectory(const RepairDirectory&) = delete;
  RepairDirectory& operator=(const RepairDirectory&) = delete;
  std::string operator/(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

// Collects what a repair tells.
class CollectedRepair final : public RepairEvents {
 public:
  std::vector<std::string> statements, warnings;
  std::map<std::string, std::string> open;  // reasons by table and key
  std::map<std::string, RepairResult> tables;
  std::function<void()> on_statement;

  void OnStart(const std::string&) override {}
  void OnWarning(const std::string& text) override { warnings.push_back(text); }
  void OnStatement(const std::string&, const std::string& sql) override {
    statements.push_back(sql);
    if (on_statement) on_statement();
  }
  void OnOpenRow(const std::string& table, const std::string& key,
                 const std::string& reason) override {
    open[table + key] = reason;
  }
  void OnTable(const RepairResult& result) override { tables[result.table] = result; }
};

// Executes all of a repair's ways back, in the order in which the file has them.
inline void TakeBack(test::MysqlServer& target, const std::string& undo_path) {
  std::ifstream file(undo_path);
  std::string line;
  ASSERT_OK_AND_ASSIGN(const auto session, target.Connect());
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '-') continue;
    ASSERT_OK(session->Execute(line)) << line;
  }
}

class RepairTest : public VerificationTest {
 protected:
  explicit RepairTest(test::ReplicaPairOptions servers = {})
      : VerificationTest(std::move(servers)) {}

  void SetUp() override {
    VerificationTest::SetUp();
    // Who repairs has to write.
    options_.target.user = "root";
    options_.target.password = "";
    // Rounds that follow each other at once.
    options_.recheck.first_pause = options_.recheck.last_pause = absl::Milliseconds(1);
  }

  RepairOptions Options(bool execute) {
    RepairOptions options;
    options.verification = options_;
    options.execute = execute;
    options.per_second = 100'000;
    options.undo_path = UndoPath();
    options.run = "test";
    return options;
  }
  std::string UndoPath() const { return dir_ / absl::StrCat("undo", repairs_, ".sql"); }

  RepairReport Report() {
    CollectedEvents events;
    const Pause pause = [](absl::Duration time) { return Wait(time); };
    auto report = VerifyForRepair(options_, Clock::Real(), pause, events);
    EXPECT_OK(report);
    return report.value_or(RepairReport());
  }

  absl::Status TryRepair(const RepairReport& report, bool execute = true) {
    const Pause pause = [](absl::Duration time) { return Wait(time); };
    repaired_.statements.clear();
    repaired_.open.clear();
    repaired_.tables.clear();
    ++repairs_;
    return RunRepair(Options(execute), report, Clock::Real(), pause, repaired_);
  }
  // Verifies and repairs.
  void Repair(bool execute = true) { ASSERT_OK(TryRepair(Report(), execute)); }

  const RepairResult& Repaired(const std::string& table) { return repaired_.tables[table]; }

  // Of the last repair.
  void Undo() { TakeBack(pair().replica(), UndoPath()); }

  // Every byte of a table of the target that its columns can tell.
  std::string Bytes(test::MysqlServer& server, const std::string& table,
                    const std::vector<std::string>& columns) {
    std::string sql = "SELECT ";
    for (const std::string& column : columns) absl::StrAppend(&sql, "HEX(", column, "), ");
    sql.resize(sql.size() - 2);
    const auto rows = server.Query(absl::StrCat(sql, " FROM ", table));
    EXPECT_OK(rows);
    std::vector<std::string> lines;
    for (const test::Row& row : rows.value_or(test::Rows())) {
      std::string text;
      for (const auto& value : row) absl::StrAppend(&text, value.value_or("NULL"), "|");
      lines.push_back(std::move(text));
    }
    std::sort(lines.begin(), lines.end());
    std::ostringstream all;
    for (const std::string& each : lines) all << each << "\n";
    return all.str();
  }

  RepairDirectory dir_;
  int repairs_ = 0;
  CollectedRepair repaired_;
};

}  // namespace dcp::verifier
