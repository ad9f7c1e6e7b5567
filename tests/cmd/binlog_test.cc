// The forms of `dcp binlog` over a scripted reader.
#include "cmd/dcp/binlog.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cmd/dcp/binlog_filter.h"
#include "cmd/dcp/binlog_output.h"
#include "cmd/dcp/binlog_printer.h"
#include "cmd/dcp/binlog_writer.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using model::Value;
using mysql::BinlogEvent;
using mysql::Column;
using mysql::TableSchema;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Image = std::vector<Value>;
using KeyKind = TableSchema::KeyKind;
using Kind = BinlogEvent::Kind;
using RowOp = BinlogEvent::RowOp;

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

Value Int(int64_t value) {
  Value v;
  v.kind = Value::Kind::kInt;
  v.signed_int = value;
  return v;
}

Value Text(std::string text) {
  Value v;
  v.kind = Value::Kind::kText;
  v.text = std::move(text);
  return v;
}

Value Null() {
  Value v;
  v.kind = Value::Kind::kNull;
  return v;
}

Value Absent() { return {}; }

model::Gtid GtidOf(uint64_t number) {
  return {.source = {.uuid = model::ParseUuid(kUuid).value(), .label = ""}, .number = number};
}

struct RowImages {
  Image before, after;
};

// Gives events that a test has written down, then an end that it chooses.
class ScriptedReader final : public mysql::BinlogReader, private mysql::RowsCursor {
 public:
  void Add(BinlogEvent event, std::vector<RowImages> rows = {},
           absl::Status end = absl::OkStatus()) {
    offset_ += 100;
    event.start = {"binlog.000007", offset_ - 100};
    event.end = {"binlog.000007", offset_};
    script_.push_back({std::move(event), std::move(rows), std::move(end)});
  }
  void EndWith(absl::Status status) { end_ = std::move(status); }
  // What happens instead of waiting when everything has been given.
  void OnIdle(std::function<void()> idle) { idle_ = std::move(idle); }

  absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) override {
    if (next_ == script_.size()) {
      timeouts_.push_back(timeout);
      if (idle_) idle_();
      return end_;
    }
    Step& step = script_[next_++];
    row_ = 0;
    if (step.event.kind == Kind::kRows) step.event.rows = this;
    return &step.event;
  }
  void Stop() override {}

  const std::vector<absl::Duration>& timeouts_at_end() const { return timeouts_; }

 private:
  struct Step {
    BinlogEvent event;
    std::vector<RowImages> rows;
    absl::Status end;
  };

  absl::StatusOr<bool> Next(Image* before, Image* after) override {
    const Step& step = script_[next_ - 1];
    if (row_ == step.rows.size()) {
      if (!step.end.ok()) return step.end;
      return false;
    }
    *before = step.rows[row_].before;
    *after = step.rows[row_].after;
    ++row_;
    return true;
  }

  std::vector<Step> script_;
  size_t next_ = 0;
  size_t row_ = 0;
  uint64_t offset_ = 4;
  absl::Status end_ = absl::OutOfRangeError("end");
  std::function<void()> idle_;
  std::vector<absl::Duration> timeouts_;
};

std::shared_ptr<TableSchema> Table(const std::string& name, std::vector<std::string> columns,
                                   KeyKind kind, std::vector<uint32_t> key) {
  auto schema = std::make_shared<TableSchema>();
  schema->database = "shop";
  schema->name = name;
  for (std::string& column : columns) schema->columns.emplace_back().name = std::move(column);
  schema->key_kind = kind;
  schema->key_columns = std::move(key);
  return schema;
}

class BinlogTest : public ::testing::Test {
 protected:
  BinlogTest() {
    EXPECT_EQ(pipe(fds_), 0);
    EXPECT_GE(fcntl(fds_[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
  }
  ~BinlogTest() override {
    CloseReadEnd();
    close(fds_[1]);
  }

  void CloseReadEnd() {
    if (fds_[0] >= 0) close(std::exchange(fds_[0], -1));
  }

  void Group(uint64_t gtid, int64_t commit_micros = 0) {
    BinlogEvent event;
    event.kind = Kind::kGroupStart;
    if (gtid != 0) event.gtid = GtidOf(gtid);
    event.timestamp_micros = commit_micros;
    reader_.Add(event);
  }
  void Event(Kind kind, absl::Status error = absl::OkStatus()) {
    BinlogEvent event;
    event.kind = kind;
    event.error = std::move(error);
    reader_.Add(event);
  }
  void Query(const std::string& query) {
    BinlogEvent event;
    event.kind = Kind::kQuery;
    event.query = query;
    event.database = "shop";
    reader_.Add(event);
  }
  void Rows(RowOp op, std::vector<RowImages> rows, absl::Status end = absl::OkStatus()) {
    Rows(orders_, op, std::move(rows), std::move(end));
  }
  void Rows(const std::shared_ptr<TableSchema>& table, RowOp op, std::vector<RowImages> rows,
            absl::Status end = absl::OkStatus()) {
    BinlogEvent event;
    event.kind = Kind::kRows;
    event.table = table;
    event.op = op;
    event.timestamp_micros = 1'772'284'455'000'000;  // 2026-02-28T13:14:15Z
    reader_.Add(event, std::move(rows), std::move(end));
  }
  void Insert(std::vector<Image> rows) {
    std::vector<RowImages> images;
    for (Image& row : rows) images.push_back({{}, std::move(row)});
    Rows(RowOp::kInsert, std::move(images));
  }

  using Make = std::function<std::unique_ptr<BinlogWriter>(std::string*)>;

  absl::Status Run(const Make& make, BinlogPrinter::Options options = {}) {
    BinlogOutput output(fds_[1], stop_);
    const auto writer = make(&output.buffer());
    BinlogPrinter printer(
        {.reader = reader_, .writer = *writer, .output = output, .err = err_, .stop = stop_},
        std::move(options));
    const absl::Status status = printer.Run();
    resume_ = printer.resume();
    return status;
  }
  absl::Status RunJsonl(BinlogPrinter::Options options = {}) {
    return Run(MakeJsonlWriter, std::move(options));
  }
  absl::Status RunDigest() {
    return Run([this](std::string* out) { return MakeDigestWriter(out, err_); });
  }

  // What has been written so far and not been taken yet.
  std::string Written() {
    if (fds_[0] < 0) return "";
    fcntl(fds_[0], F_SETFL, O_NONBLOCK);
    std::string text;
    char chunk[65536];
    for (ssize_t got = 0; (got = read(fds_[0], chunk, sizeof(chunk))) > 0;) {
      text.append(chunk, static_cast<size_t>(got));
    }
    return text;
  }
  std::vector<std::string> Lines() { return absl::StrSplit(Written(), '\n', absl::SkipEmpty()); }
  // The digest of all of a script.
  std::string DigestOutput() {
    EXPECT_OK(RunDigest());
    reader_ = ScriptedReader();
    return Written();
  }

  const std::shared_ptr<TableSchema> orders_ =
      Table("orders", {"id", "name"}, KeyKind::kPrimary, {0});
  ScriptedReader reader_;
  std::ostringstream err_;
  std::atomic<bool> stop_ = false;
  model::BinlogPosition resume_;
  int fds_[2] = {-1, -1};
};

TEST_F(BinlogTest, AnInsertIsOneLineWithAllFieldsInOrder) {
  Group(7, 1'772'284'456'000'001);
  Insert({{Int(42), Text("x\"y")}});
  ASSERT_OK(RunJsonl());
  EXPECT_EQ(Written(),
            R"({"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:7","file":"binlog.000007","pos":204,)"
            R"("ts":"2026-02-28T13:14:16.000001Z","table":"shop.orders","op":"INSERT",)"
            R"("key":[42],"before":null,"row":[42,"x\"y"]})"
            "\n");
}

TEST_F(BinlogTest, WithoutGtidAndCommitTimeTheEventTellsItsSecond) {
  Group(0, 1'772'284'000'000'000);
  Insert({{Int(1), Null()}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(),
              AllOf(HasSubstr(R"({"gtid":null,)"), HasSubstr(R"("ts":"2026-02-28T13:14:15Z")"),
                    HasSubstr(R"("row":[1,null]})")));
}

TEST_F(BinlogTest, AGroupsGtidEndsWithIt) {
  Group(7);
  Event(Kind::kCommit);
  Insert({{Int(1), Null()}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"({"gtid":null,)"));
}

TEST_F(BinlogTest, AnUpdatesKeyIsThatOfTheRowAfterIt) {
  Rows(RowOp::kUpdate, {{{Int(1), Text("a")}, {Int(2), Text("b")}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("op":"UPDATE","key":[2],"before":[1,"a"],"row":[2,"b"]})"));
}

TEST_F(BinlogTest, ADeleteHasNoRowAfterIt) {
  Rows(RowOp::kDelete, {{{Int(1), Text("a")}, {}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("op":"DELETE","key":[1],"before":[1,"a"],"row":null})"));
}

TEST_F(BinlogTest, AbsentColumnsAreNotNull) {
  Rows(RowOp::kUpdate, {{{Int(1), Absent()}, {Absent(), Null()}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(),
              HasSubstr(R"("key":[1],"before":[1,{"absent":true}],"row":[{"absent":true},null]})"));
}

TEST_F(BinlogTest, AKeyThatNoImageHasIsNull) {
  Rows(RowOp::kDelete, {{{Absent(), Text("a")}, {}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("key":null,"before":[{"absent":true},"a"])"));
}

TEST_F(BinlogTest, KeyColumnsStandInKeyOrder) {
  const auto table = Table("t", {"a", "b", "c"}, KeyKind::kUnique, {2, 0});
  Rows(table, RowOp::kInsert, {{{}, {Int(1), Int(2), Text("z")}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("key":["z",1])"));
}

TEST_F(BinlogTest, WithoutAKeyTheWholeRowIsIt) {
  const auto table = Table("t", {"a", "b"}, KeyKind::kNone, {});
  Rows(table, RowOp::kInsert, {{{}, {Int(1), Int(2)}}, {{}, {Int(1), Absent()}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr(R"("key":[1,2],)"), HasSubstr(R"("key":null,)")));
}

TEST_F(BinlogTest, AKeyThatIsNotKnownIsNull) {
  Rows(Table("t", {"", ""}, KeyKind::kUnknown, {}), RowOp::kInsert, {{{}, {Int(1), Int(2)}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("key":null,)"));
}

TEST_F(BinlogTest, ApproximateColumnsAreNamedOrNumbered) {
  auto table = Table("t", {"a", "b\n", ""}, KeyKind::kUnknown, {});
  table->columns[1].approximate = table->columns[2].approximate = true;
  Rows(table, RowOp::kInsert, {{{}, {Int(1), Int(2), Int(3)}}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Written(), HasSubstr(R"("row":[1,2,3],"approx":["b\n",2]})"));
}

TEST_F(BinlogTest, ALineIsValidUtf8WhateverTheServerHolds) {
  Insert({{Int(1), Text("gr\xc3\xbc\xc3\x9f \xff!")}, {Int(2), Text("ok")}});
  ASSERT_OK(RunJsonl());
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("\"gr\xc3\xbc\xc3\x9f \xef\xbf\xbd!\""),
                                   HasSubstr(R"("row":[2,"ok"]})")));
}

TEST_F(BinlogTest, SummaryCountsPerTableAndOp) {
  const auto items = Table("items", {"a"}, KeyKind::kNone, {});
  Insert({{Int(1), Null()}, {Int(2), Null()}});
  Rows(items, RowOp::kInsert, {{{}, {Int(1)}}});
  Rows(RowOp::kUpdate, {{{Int(1), Null()}, {Int(1), Null()}}});
  Rows(items, RowOp::kDelete, {{{Int(1)}, {}}});
  Insert({{Int(3), Null()}});
  ASSERT_OK(Run(MakeSummaryWriter));
  EXPECT_EQ(Written(),
            "table             INSERT       UPDATE       DELETE        total\n"
            "shop.items             1            0            1            2\n"
            "shop.orders            3            1            0            4\n"
            "total                  4            1            1            6\n");
}

TEST_F(BinlogTest, ATablesNameStaysOnOneLine) {
  EXPECT_EQ(TableLabel("shop", "a b"), "shop.a b");
  EXPECT_EQ(TableLabel("shop", "a\n\x1b[2J"), "shop.a\\n\\u001b[2J");
}

TEST_F(BinlogTest, DigestsDoNotDependOnOrderPlaceOrTransaction) {
  Group(1);
  Insert({{Int(1), Text("a")}, {Int(2), Text("b")}});
  const std::string digest = DigestOutput();
  EXPECT_THAT(absl::StrSplit(digest, '\n'),
              ElementsAre(HasSubstr(" 2 shop.orders"), HasSubstr(" 2 total"), ""));

  Group(0);
  Insert({{Int(2), Text("b")}});
  Event(Kind::kCommit);
  Group(9, 5);
  Insert({{Int(1), Text("a")}});
  EXPECT_EQ(DigestOutput(), digest);
}

TEST_F(BinlogTest, DigestsTellRowsApart) {
  Rows(RowOp::kUpdate, {{{Int(1), Text("a")}, {Int(1), Text("b")}}});
  const std::string update = DigestOutput();
  const std::vector<std::pair<RowOp, RowImages>> others = {
      {RowOp::kUpdate, {{Int(1), Text("a")}, {Int(1), Text("c")}}},
      {RowOp::kUpdate, {{Int(1), Text("b")}, {Int(1), Text("a")}}},
      {RowOp::kUpdate, {{Int(1), Null()}, {Int(1), Text("b")}}},
      {RowOp::kUpdate, {{Int(1), Absent()}, {Int(1), Text("b")}}},
      {RowOp::kInsert, {{}, {Int(1), Text("b")}}},
      {RowOp::kDelete, {{Int(1), Text("a")}, {}}},
  };
  std::vector<std::string> digests = {update};
  for (const auto& [op, row] : others) {
    Rows(op, {row});
    digests.push_back(DigestOutput());
  }
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
}

TEST_F(BinlogTest, InsertAndDeleteOfTheSameRowDiffer) {
  Rows(RowOp::kInsert, {{{}, {Int(1), Text("a")}}});
  const std::string insert = DigestOutput();
  Rows(RowOp::kDelete, {{{Int(1), Text("a")}, {}}});
  EXPECT_NE(DigestOutput(), insert);
}

TEST_F(BinlogTest, EqualRowsDoNotCancel) {
  Insert({{Int(1), Null()}, {Int(1), Null()}});
  const std::string twice = DigestOutput();
  Insert({{Int(2), Null()}, {Int(2), Null()}});
  EXPECT_NE(DigestOutput(), twice);
}

TEST_F(BinlogTest, TheTotalTellsTablesApart) {
  const auto a = Table("a", {"x"}, KeyKind::kNone, {});
  const auto b = Table("b", {"x"}, KeyKind::kNone, {});
  Rows(a, RowOp::kInsert, {{{}, {Int(1)}}});
  Rows(b, RowOp::kInsert, {{{}, {Int(2)}}});
  const std::vector<std::string> one = absl::StrSplit(DigestOutput(), '\n');
  Rows(a, RowOp::kInsert, {{{}, {Int(2)}}});
  Rows(b, RowOp::kInsert, {{{}, {Int(1)}}});
  const std::vector<std::string> other = absl::StrSplit(DigestOutput(), '\n');
  ASSERT_THAT(one, SizeIs(4));
  ASSERT_THAT(other, SizeIs(4));
  EXPECT_NE(one[2], other[2]);
}

TEST_F(BinlogTest, ADigestOfApproximateColumnsIsNotedOnce) {
  auto table = Table("t", {"", ""}, KeyKind::kUnknown, {});
  table->columns[0].approximate = true;
  Rows(table, RowOp::kInsert, {{{}, {Int(1), Int(2)}}});
  Insert({{Int(1), Null()}});
  Rows(table, RowOp::kInsert, {{{}, {Int(1), Int(2)}}});
  ASSERT_OK(RunDigest());
  EXPECT_THAT(absl::StrSplit(err_.str(), '\n'), ElementsAre(HasSubstr("note: shop.t:"), ""));
}

TEST_F(BinlogTest, WhatCannotBeGivenIsSaidAndTheRestIsGiven) {
  Insert({{Int(1), Null()}});
  Event(Kind::kUnreadable, absl::UnimplementedError("binlog.000007:104: event type 99"));
  Event(Kind::kIncident, absl::DataLossError("binlog.000007:204: events were lost"));
  Rows(RowOp::kInsert, {{{}, {Int(2), Null()}}}, absl::UnimplementedError("TEXT in charset big5"));
  Insert({{Int(3), Null()}});
  EXPECT_THAT(RunJsonl(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("3 events could not be given")));
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr("[1,null]"), HasSubstr("[2,null]"), HasSubstr("[3,null]")));
  EXPECT_EQ(err_.str(),
            "binlog.000007:104: event type 99\n"
            "binlog.000007:204: events were lost\n"
            "binlog.000007:304: TEXT in charset big5\n");
}

TEST_F(BinlogTest, StatementsThatChangedDataAreSaid) {
  Query("BEGIN");
  Query("CREATE TABLE t (id INT)");
  Query("INSERT INTO t VALUES\n(1)");
  Query("COMMIT");
  EXPECT_THAT(Run(MakeSummaryWriter), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(absl::StrSplit(err_.str(), '\n'),
              ElementsAre(AllOf(HasSubstr("binlog.000007:204: a statement changed data"),
                                HasSubstr("INSERT INTO t VALUES")),
                          ""));
}

TEST_F(BinlogTest, TheContextOfAStatementIsSaid) {
  BinlogEvent event;
  event.kind = Kind::kStatementContext;
  event.type_code = 5;
  reader_.Add(event);
  EXPECT_THAT(RunJsonl(), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(err_.str(), HasSubstr("binlog.000007:4: INTVAR event"));
}

TEST_F(BinlogTest, SkippedGroupsGiveNothing) {
  Group(1);
  Insert({{Int(1), Null()}});
  Event(Kind::kUnreadable, absl::UnimplementedError("skipped too"));
  Event(Kind::kCommit);
  Group(2);
  Insert({{Int(2), Null()}});
  ASSERT_OK(RunJsonl({.skip = model::GtidSet::Parse(absl::StrCat(kUuid, ":1")).value()}));
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("[2,null]")));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(BinlogTest, WhatWasReadIsShownBeforeWaiting) {
  Insert({{Int(1), Null()}});
  std::string seen;
  reader_.EndWith(absl::DeadlineExceededError("nothing yet"));
  reader_.OnIdle([this, &seen] {
    seen += Written();
    stop_ = reader_.timeouts_at_end().size() == 2;
  });
  ASSERT_OK(RunJsonl({.endless = true}));
  EXPECT_THAT(seen, HasSubstr("[1,null]"));
  // Polled while there was something to show, then waited for.
  ASSERT_THAT(reader_.timeouts_at_end(), SizeIs(2));
  EXPECT_EQ(reader_.timeouts_at_end()[0], absl::ZeroDuration());
  EXPECT_GT(reader_.timeouts_at_end()[1], absl::ZeroDuration());
}

TEST_F(BinlogTest, AStopEndsWithWhatWasCounted) {
  Insert({{Int(1), Null()}});
  reader_.EndWith(absl::DeadlineExceededError("nothing yet"));
  reader_.OnIdle([this] { stop_ = true; });
  ASSERT_OK(Run(MakeSummaryWriter, {.endless = true}));
  EXPECT_THAT(Written(), HasSubstr("shop.orders"));
}

TEST_F(BinlogTest, AServerThatEndsAnEndlessStreamIsLost) {
  Group(1);
  Insert({{Int(1), Null()}});
  EXPECT_THAT(RunJsonl({.endless = true}), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Lines(), SizeIs(1));
  EXPECT_EQ(resume_, (model::BinlogPosition{"binlog.000007", 4}));
}

TEST_F(BinlogTest, BehindAWholeGroupReadingGoesOn) {
  Group(1);
  Insert({{Int(1), Null()}});
  Event(Kind::kCommit);
  EXPECT_THAT(RunJsonl({.endless = true}), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(resume_, (model::BinlogPosition{"binlog.000007", 304}));
}

TEST_F(BinlogTest, AnErrorOfTheReaderEndsBehindWhatWasRead) {
  Insert({{Int(1), Null()}});
  reader_.EndWith(absl::DataLossError("binlog.000007:104: damaged"));
  EXPECT_THAT(Run(MakeSummaryWriter), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
  EXPECT_THAT(Written(), HasSubstr("shop.orders"));
}

class BinlogPipeTest : public BinlogTest {
 protected:
  BinlogPipeTest() { std::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(BinlogPipeTest, AClosedPipeIsACleanEnd) {
  std::vector<Image> rows(10'000, {Int(1), Text(std::string(100, 'x'))});
  for (int i = 0; i < 10; ++i) Insert(rows);
  CloseReadEnd();
  EXPECT_OK(RunJsonl());
}

TEST_F(BinlogPipeTest, APipeClosedWhileNothingComesIsNoticed) {
  reader_.EndWith(absl::DeadlineExceededError("nothing yet"));
  reader_.OnIdle([this] { CloseReadEnd(); });
  EXPECT_OK(RunJsonl({.endless = true}));
}

TEST_F(BinlogPipeTest, AStopDoesNotWaitForAReaderThatSleeps) {
  std::vector<Image> rows(10'000, {Int(1), Text(std::string(100, 'x'))});
  for (int i = 0; i < 10; ++i) Insert(rows);
  std::thread stopper([this] {
    pollfd pipe_end = {fds_[1], POLLOUT, 0};
    while (poll(&pipe_end, 1, 0) > 0) std::this_thread::yield();  // until it is full
    stop_ = true;
  });
  EXPECT_OK(RunJsonl());  // 10 MB into a pipe of 1 MB
  stopper.join();
}

TEST_F(BinlogPipeTest, ASlowReaderGetsEverything) {
  std::vector<Image> rows(10'000, {Int(1), Text(std::string(100, 'x'))});
  for (int i = 0; i < 10; ++i) Insert(rows);
  size_t bytes = 0, lines = 0;
  std::thread slow([&] {
    char chunk[1000];
    for (ssize_t got = 0; (got = read(fds_[0], chunk, sizeof(chunk))) > 0;) {
      bytes += static_cast<size_t>(got);
      lines += static_cast<size_t>(std::count(chunk, chunk + got, '\n'));
    }
  });
  EXPECT_OK(RunJsonl());
  close(std::exchange(fds_[1], -1));
  slow.join();
  EXPECT_EQ(lines, 100'000u);
  EXPECT_GT(bytes, 10'000'000u);
}

TEST(BinlogOutputTest, AFullDiskIsAnError) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const std::atomic<bool> stop = false;
  BinlogOutput output(full, stop);
  output.buffer() = "x";
  EXPECT_THAT(output.Flush(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("cannot write")));
  close(full);
}

TEST(BinlogFilterTest, PatternsMatchBothParts) {
  ASSERT_OK_AND_ASSIGN(const auto filter, MakeTableFilter({"shop.order*", "*.log_?"}));
  EXPECT_TRUE(filter("shop", "orders"));
  EXPECT_TRUE(filter("any", "log_1"));
  EXPECT_FALSE(filter("shop", "items"));
  EXPECT_FALSE(filter("workshop", "orders"));
  EXPECT_FALSE(filter("any", "log_10"));
}

TEST(BinlogFilterTest, WithoutPatternsAllTablesAreWanted) {
  ASSERT_OK_AND_ASSIGN(const auto filter, MakeTableFilter({}));
  EXPECT_FALSE(filter);
}

TEST(BinlogFilterTest, APatternWithoutADatabaseIsRefused) {
  for (const char* pattern : {"orders", ".orders", "shop.", "a.b.c", ""}) {
    EXPECT_THAT(MakeTableFilter({pattern}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("database.table")));
  }
}

class BinlogArgsTest : public ::testing::Test {
 protected:
  absl::Status Run(const BinlogArgs& args) {
    std::ostringstream err;
    const std::atomic<bool> stop = false;
    const BinlogResult result = RunBinlog(args, STDOUT_FILENO, err, stop);
    EXPECT_FALSE(result.started);
    return result.status;
  }
};

TEST_F(BinlogArgsTest, OneSourceIsNeeded) {
  BinlogArgs both;
  both.server.emplace();
  both.files = {"a"};
  EXPECT_THAT(Run({}), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Run(both), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(BinlogArgsTest, OneStartAtMost) {
  BinlogArgs args;
  args.files = {"a"};
  args.from_gtid.emplace();
  args.from_position.emplace();
  EXPECT_THAT(Run(args), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("exclude")));
}

TEST_F(BinlogArgsTest, APositionOfAServerNeedsAFile) {
  BinlogArgs args;
  args.server.emplace();
  args.from_position.emplace();
  EXPECT_THAT(Run(args), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--from-file")));
}

TEST_F(BinlogArgsTest, AFileThatIsNotThereIsNamed) {
  BinlogArgs args;
  args.files = {"/nonexistent/binlog.000001"};
  EXPECT_THAT(Run(args), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent")));
}

TEST_F(BinlogArgsTest, AStartInNoneOfTheFilesIsRefused) {
  BinlogArgs args;
  args.files = {"/logs/binlog.000001"};
  args.from_position = {"binlog.000002", 4};
  EXPECT_THAT(Run(args), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("binlog.000002")));
}

}  // namespace
}  // namespace dcp::cmd
