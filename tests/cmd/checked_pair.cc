#include "tests/cmd/checked_pair.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "tests/cmd/alarm_words.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

constexpr char kTables[] =
    "CREATE DATABASE shop; CREATE DATABASE drc;"
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(20), n INT);"
    "CREATE TABLE shop.busy (id INT PRIMARY KEY, v INT);"
    "INSERT INTO shop.orders VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4), "
    "(5, 'e', 5), (6, 'f', 6), (900, 'busy', 0);"
    "INSERT INTO shop.busy VALUES (1, 0);"
    "CREATE TABLE drc.barrier (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "`offset` BIGINT UNSIGNED NOT NULL DEFAULT 0, ts TIMESTAMP NOT NULL DEFAULT "
    "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);"
    "INSERT INTO drc.barrier (id, `offset`) VALUES (1, 100)";

std::string Value(MysqlServer& server, const std::string& sql) {
  const absl::StatusOr<std::string> value = server.QueryValue(sql);
  EXPECT_OK(value);
  return value.value_or("");
}

// Event_type and End_log_pos of SHOW BINLOG EVENTS.
constexpr size_t kEventType = 2, kEndPos = 4, kInfo = 5;

// COMMIT, XA COMMIT or a DDL statement.
bool EndsTransaction(const Row& event) {
  const std::string info = event[kInfo].value_or("");
  const bool inside =
      info == "BEGIN" || absl::StartsWith(info, "XA START") || absl::StartsWith(info, "XA END");
  return event[kEventType] == "Xid" || (event[kEventType] == "Query" && !inside);
}

// "SET @@SESSION.GTID_NEXT= 'GTID'", MariaDB: "GTID GTID" or "BEGIN GTID GTID".
bool Names(const Row& event, const std::string& gtid) {
  const std::string info = event[kInfo].value_or("");
  for (const absl::string_view word : absl::StrSplit(info, absl::ByAnyChar(" '"))) {
    if (word == gtid) return true;
  }
  return false;
}

// The first transaction behind the GTID's event ends there.
uint64_t EndOf(const Rows& events, const std::string& gtid) {
  bool inside = false;
  for (const Row& event : events) {
    if (Names(event, gtid)) inside = true;
    if (inside && EndsTransaction(event)) return std::stoull(event[kEndPos].value_or("0"));
  }
  return 0;
}

}  // namespace

void CheckedPair::SetUp() {
  const int workers = flavour_ == Flavour::kMysql56 ? 1 : Applier().workers;
  ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(flavour_, {.workers = workers})));
  ASSERT_OK(source().Execute(kTables));
  ASSERT_OK(pair_->WaitForReplica());
}

void CheckedPair::TearDown() {
  if (!dcp_) return;
  EXPECT_TRUE(dcp_->running()) << dcp_->log();
  const absl::StatusOr<int> status = dcp_->Stop();
  EXPECT_OK(status);
  EXPECT_EQ(status.value_or(-1), 0) << dcp_->log();
  if (HasFailure()) {
    for (const Alarm& alarm : dcp_->alarms()) std::cerr << alarm.dump() << "\n";
  }
}

std::string CheckedPair::Config(const Settings& settings) {
  const std::string tables = "tables = [\"shop.*\"] }]\n";
  const std::string pair =
      absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"source\"\nserver_id = 4201\n",
                   ConnectionToml(source()), "tags = [{ tag = \"src\", ", tables,
                   "[[collector]]\ntype = \"mysql\"\nname = \"replica\"\nserver_id = 4202\n",
                   ConnectionToml(replica()), "tags = [{ tag = \"dst\", ", tables);
  return absl::StrCat(settings.collectors.empty() ? pair : settings.collectors,
                      "[[check]]\nname = \"pair\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                      settings.check);
}

void CheckedPair::Start(const Settings& settings) {
  settings_ = settings;
  auto dcp = DcpProcess::Start(Config(settings));
  ASSERT_OK(dcp);
  dcp_ = std::move(dcp).value();
  if (settings.await_first_verdict) WarmUp();
}

// Writes barriers until something is said.
void CheckedPair::AwaitJudging() {
  const size_t said = dcp_->alarms().size();
  const auto judged = [&] {
    ChangeBarrier("`offset` = `offset` + 1");
    // Not more of them than there is room for, however slow the machine.
    return dcp_->Await([](const Alarm&) { return true; }, said, absl::Milliseconds(50)).ok();
  };
  ASSERT_TRUE(Eventually(judged)) << dcp_->log();
}

uint64_t CheckedPair::Restart() {
  EXPECT_OK(dcp_->Restart());
  AwaitJudging();
  return Judge();
}

// Barriers from 101 on until there is a verdict; then the tests' own begin.
void CheckedPair::WarmUp() {
  AwaitJudging();
  ASSERT_LT(offset(), kFirst);
  ChangeBarrier(absl::StrCat("`offset` = ", kFirst));
  AwaitVerdict(kFirst);
}

Committed CheckedPair::Find(MysqlServer& server, const std::string& gtid) {
  const std::string file = Value(server, server.words().binlog_position);
  const absl::StatusOr<Rows> events =
      server.Query(absl::StrCat("SHOW BINLOG EVENTS IN '", file, "'"));
  EXPECT_OK(events);
  const uint64_t end = events.ok() ? EndOf(*events, gtid) : 0;
  EXPECT_NE(end, 0U) << gtid << " is not in " << file << " of " << server.options().name;
  return {gtid, file, end};
}

// The one transaction of the server's own that it has logged since `before`.
std::string CheckedPair::OwnGtid(MysqlServer& server, const std::string& before) {
  const FlavourWords& words = server.words();
  const std::string own = Value(server, words.server_in_gtids);
  const std::string logged = Value(server, absl::Substitute(words.new_gtids, Quoted(before)));
  for (const absl::string_view part : absl::StrSplit(logged, ',')) {
    const std::string gtid(absl::StripAsciiWhitespace(part));
    const size_t at = gtid.find(own);
    if (at == std::string::npos) continue;
    EXPECT_EQ(gtid.find('-', at + own.size()), std::string::npos) << "several: " << gtid;
    return gtid;
  }
  ADD_FAILURE() << server.options().name << " logged nothing of its own";
  return "";
}

Committed CheckedPair::OnSource(const std::string& sql) {
  Traffic();
  const std::string before = Value(source(), source().words().logged_gtids);
  EXPECT_OK(source().Execute(sql));
  const Committed committed = Find(source(), OwnGtid(source(), before));
  Traffic();
  return committed;
}

Committed CheckedPair::Skipped(const std::string& sql) {
  EXPECT_OK(pair_->WaitForReplica());
  return flavour_ == Flavour::kMariaDb ? SkippedByMark(sql) : SkippedByEmptyTransaction(sql);
}

Committed CheckedPair::SkippedByEmptyTransaction(const std::string& sql) {
  EXPECT_OK(replica().Execute(replica().words().stop_applier));
  Committed committed = OnSource(sql);
  const auto session = replica().Connect();
  EXPECT_OK(session);
  if (session.ok()) {
    EXPECT_OK((*session)->Execute(
        absl::StrCat("SET GTID_NEXT = ", Quoted(committed.gtid), "; BEGIN; COMMIT")));
  }
  EXPECT_OK(replica().Execute(replica().words().start_applier));
  return committed;
}

Committed CheckedPair::SkippedByMark(const std::string& sql) {
  EXPECT_OK(pair_->StopReplication());
  EXPECT_OK(replica().Execute("SET GLOBAL replicate_events_marked_for_skip = 'FILTER_ON_SLAVE'"));
  EXPECT_OK(pair_->StartReplication());
  return OnSource(absl::StrCat("SET SESSION skip_replication = 1; ", sql,
                               "; SET SESSION skip_replication = 0"));
}

Committed CheckedPair::OnReplica(const std::string& sql) {
  Traffic();
  EXPECT_OK(pair_->WaitForReplica());
  const std::string before = Value(replica(), replica().words().logged_gtids);
  EXPECT_OK(replica().Execute(sql));
  return Find(replica(), OwnGtid(replica(), before));
}

void CheckedPair::Unlogged(const std::string& sql) {
  EXPECT_OK(pair_->WaitForReplica());
  EXPECT_OK(replica().Execute(
      absl::StrCat("SET SESSION sql_log_bin = 0; ", sql, "; SET SESSION sql_log_bin = 1")));
}

void CheckedPair::Traffic() {
  if (!settings_.background) return;
  const uint64_t n = ++traffic_;
  EXPECT_OK(source().Execute(
      absl::StrCat("UPDATE shop.busy SET v = v + 1; UPDATE shop.orders SET n = n + 1 WHERE id = "
                   "900; INSERT INTO shop.orders VALUES (",
                   1000 + n, ", 'new', 0); DELETE FROM shop.orders WHERE id = ", 1000 + n - 3)));
}

uint64_t CheckedPair::offset() {
  const std::string text = Value(source(), "SELECT `offset` FROM drc.barrier WHERE id = 1");
  return text.empty() ? 0 : std::stoull(text);
}

Committed CheckedPair::ChangeBarrier(const std::string& assignments) {
  return OnSource(absl::StrCat("UPDATE drc.barrier SET ", assignments, " WHERE id = 1"));
}

uint64_t CheckedPair::Barrier() {
  ChangeBarrier("`offset` = `offset` + 1");
  return offset();
}

uint64_t CheckedPair::Judge() {
  const uint64_t to = Barrier();
  AwaitVerdict(to);
  return to;
}

void CheckedPair::AwaitVerdict(uint64_t to) {
  const auto judged = [to](const Alarm& alarm) { return IsVerdict(alarm) && alarm["to"] == to; };
  ASSERT_OK(dcp_->Await(judged, 0, absl::Seconds(30)));
}

std::vector<Alarm> CheckedPair::AlarmsSinceFirst() {
  std::vector<Alarm> alarms = dcp_->alarms();
  const auto first = std::find_if(alarms.begin(), alarms.end(), [](const Alarm& alarm) {
    return IsVerdict(alarm) && alarm["to"] == kFirst;
  });
  if (first != alarms.end()) alarms.erase(alarms.begin(), first + 1);
  return alarms;
}

std::vector<std::string> CheckedPair::Said() {
  std::vector<std::string> segments;
  const auto end_segment = [&] {
    const uint64_t from = offset();
    segments.push_back(absl::StrCat("same ", from, "..", Barrier()));
  };
  for (uint32_t i = 0; i < 1 + 2 * settings_.lateness; ++i) end_segment();
  AwaitVerdict(offset());
  // What follows that verdict (`resolved`) has come when the next one has.
  end_segment();
  AwaitVerdict(offset());
  std::vector<std::string> said = AllSaid();
  const std::string epoch = EpochWords(dcp_->alarms().back());
  for (; !segments.empty() && !said.empty(); segments.pop_back()) {
    if (said.back() == epoch + segments.back()) said.pop_back();
  }
  return said;
}

std::vector<std::string> CheckedPair::AllSaid() {
  const std::vector<Alarm> alarms = AlarmsSinceFirst();
  CheckIds(alarms);
  std::vector<std::string> said;
  for (const Alarm& alarm : alarms) said.push_back(InWords(alarm));
  return said;
}

// Each alarm has its own id, and what `resolved` ends has been said before.
void CheckedPair::CheckIds(const std::vector<Alarm>& alarms) {
  std::set<std::string> ids;
  std::set<std::string> open;
  for (const Alarm& alarm : alarms) {
    EXPECT_TRUE(ids.insert(alarm["id"]).second) << "an id twice: " << alarm.dump();
    const bool finds = alarm.contains("ignored") || alarm.value("diff_count", 0) != 0;
    if (alarm["type"] == "diff" && finds) open.insert(alarm["id"]);
    if (alarm["type"] == "timeout") open.insert(alarm["id"]);
    if (alarm["type"] != "resolved") continue;
    for (const Alarm& id : alarm["resolves"]) {
      EXPECT_EQ(open.erase(id), 1U) << "ends what is not open: " << alarm.dump();
    }
  }
}

Alarm CheckedPair::AlarmOf(const std::string& key_json) {
  for (const Alarm& alarm : dcp_->alarms()) {
    if (alarm["type"] != "diff") continue;
    for (const Alarm& diff : alarm["diffs"]) {
      if (diff["key"].dump() == key_json) return alarm;
    }
  }
  ADD_FAILURE() << "no difference of " << key_json;
  return Alarm::object();
}

Alarm CheckedPair::Difference(const std::string& key_json) {
  const Alarm alarm = AlarmOf(key_json);
  for (const Alarm& diff : alarm.value("diffs", Alarm::array())) {
    if (diff["key"].dump() == key_json) return diff;
  }
  return Alarm::object();
}

::testing::AssertionResult IsChange(const Alarm& side, const std::string& op,
                                    const Committed& transaction, const std::string& row_json) {
  const Alarm wanted = {{"op", op},
                        {"txn", transaction.gtid},
                        {"file", transaction.file},
                        {"pos", transaction.pos},
                        {"row", Alarm::parse(row_json)}};
  Alarm told = side;
  const bool timed = told.is_object() && told.contains("ts") && told["ts"].is_string();
  if (timed) told.erase("ts");
  // An UPDATE, and no other, tells the row before.
  const Alarm before = told.is_object() ? told.value("before", Alarm()) : Alarm();
  const bool tells_before = before.is_array() && before.size() == wanted["row"].size();
  for (const char* known_to_some : {"statement", "statement_bytes", "before"}) {
    if (told.is_object()) told.erase(known_to_some);
  }
  if (timed && told == wanted && tells_before == (op == "UPDATE"))
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << side.dump() << "\nwanted " << wanted.dump() << " and ts";
}

}  // namespace dcp::test
