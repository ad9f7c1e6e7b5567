// What goes into a store and comes back: bytes of transactions, and a checker whose store
// works, is full, or is broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checker/chunk_bytes.h"
#include "tests/checker/fake_spill_store.h"
#include "tests/checker/streams.h"
#include "tests/support/status_matchers.h"

namespace dcp::checker {
namespace {

using test::SpillControl;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- bytes ---

class ChunkBytesTest : public ::testing::Test {
 protected:
  // A batch with one of everything, in two transactions.
  ChunkBytesTest() {
    auto batch = std::make_shared<model::ChangeBatch>();
    batch->files = {"binlog.000007", "binlog.000008"};
    batch->bytes = "xxt[1]contentSELECT 1";
    batch->statements = {{0, 1, {13, 8}, 100}, {1, 3, {}, 7}};
    model::Change insert;
    insert.table = tables_.Intern({"shop.t", {"id"}, false});
    insert.key = {1, 2};
    insert.before = model::Version::Absent();
    insert.after = model::Version::Content({3, 4});
    insert.op = model::Op::kUpdate;
    insert.key_text = {2, 4};
    insert.content = {6, 7};
    model::Change count;
    count.key = {5, 6};
    count.before = model::Version::Unknown();
    count.op = model::Op::kOther;
    count.relative = true;
    count.delta = {7, 8};
    batch->changes = {insert, insert, count};
    batch->marks.resize(4);
    batch->marks[0].at = 1;
    batch->marks[0].barrier_offset = 42;
    batch->marks[0].place = std::make_shared<const std::string>("place");
    batch->marks[1] = MarkOf(model::Mark::Kind::kUnverified);
    batch->marks[2] = MarkOf(model::Mark::Kind::kDdl);
    batch->marks[3] = MarkOf(model::Mark::Kind::kExecuted);
    batch->marks[3].executed = *model::GtidSet::Parse("0-1-7,1-2-9");
    model::Txn first;
    first.gtid = {{{9, 8, 7}, "label"}, 11};
    first.server_id = 3;
    first.timestamp_micros = -5;
    first.file = 1;
    first.end_offset = 1234;
    first.changes_end = 1;
    first.marks_end = 1;
    model::Txn second;
    second.gtid = {model::GtidSource::MariaDb(4, 5), 6};
    second.pushed_id = "id";
    second.changes_begin = 1;
    second.changes_end = 3;
    second.marks_begin = 1;
    second.marks_end = 4;
    batch->txns = {first, second};
    holder_ = std::move(batch);
  }

  static model::Mark MarkOf(model::Mark::Kind kind) {
    model::Mark mark;
    mark.kind = kind;
    mark.at = 2;
    mark.table = "shop.t";
    mark.reason = "reason";
    mark.detail = "detail";
    mark.ddl = {10, 11};
    mark.effect = model::Mark::DdlEffect::kRowsUnknown;
    return mark;
  }

  std::string Encode() { return EncodeTxns({{&holder_, 0}, {&holder_, 1}}, &numbers_); }

  model::TableRegistry tables_;
  TableNumbers numbers_;
  model::ChangeBatchPtr holder_;
};

void ExpectEqual(const model::Mark& a, const model::Mark& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.barrier_offset, b.barrier_offset);
  ASSERT_EQ(a.place == nullptr, b.place == nullptr);
  if (a.place != nullptr) {
    EXPECT_EQ(*a.place, *b.place);
  }
  EXPECT_EQ(a.table, b.table);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.detail, b.detail);
  EXPECT_EQ(a.ddl, b.ddl);
  EXPECT_EQ(a.effect, b.effect);
  EXPECT_EQ(a.executed.ToString(), b.executed.ToString());
}

TEST_F(ChunkBytesTest, AllComesBackAsItWas) {
  ASSERT_OK_AND_ASSIGN(const model::ChangeBatchPtr back, DecodeTxns(Encode(), numbers_));
  const model::ChangeBatch& a = *holder_;
  const model::ChangeBatch& b = *back;
  ASSERT_EQ(b.txns.size(), a.txns.size());
  for (size_t i = 0; i < a.txns.size(); ++i) {
    EXPECT_EQ(a.txns[i].gtid, b.txns[i].gtid);
    EXPECT_EQ(a.txns[i].server_id, b.txns[i].server_id);
    EXPECT_EQ(a.txns[i].pushed_id, b.txns[i].pushed_id);
    EXPECT_EQ(a.txns[i].timestamp_micros, b.txns[i].timestamp_micros);
    EXPECT_EQ(a.txns[i].end_offset, b.txns[i].end_offset);
    EXPECT_EQ(a.files[a.txns[i].file], b.files[b.txns[i].file]);
    EXPECT_EQ(a.txns[i].changes_end, b.txns[i].changes_end);
    EXPECT_EQ(a.txns[i].marks_end, b.txns[i].marks_end);
  }
  ASSERT_EQ(b.changes.size(), a.changes.size());
  for (size_t i = 0; i < a.changes.size(); ++i) {
    EXPECT_EQ(a.changes[i].table, b.changes[i].table);
    EXPECT_EQ(a.changes[i].key, b.changes[i].key);
    EXPECT_EQ(a.changes[i].before, b.changes[i].before);
    EXPECT_EQ(a.changes[i].after, b.changes[i].after);
    EXPECT_EQ(a.changes[i].op, b.changes[i].op);
    EXPECT_EQ(a.changes[i].relative, b.changes[i].relative);
    EXPECT_EQ(a.changes[i].delta, b.changes[i].delta);
    EXPECT_EQ(a.text(a.changes[i].key_text), b.text(b.changes[i].key_text));
    EXPECT_EQ(a.text(a.changes[i].content), b.text(b.changes[i].content));
  }
  ASSERT_EQ(b.statements.size(), a.statements.size());
  for (size_t i = 0; i < a.statements.size(); ++i) {
    EXPECT_EQ(a.statements[i].begin, b.statements[i].begin);
    EXPECT_EQ(a.statements[i].end, b.statements[i].end);
    EXPECT_EQ(a.statements[i].size, b.statements[i].size);
    EXPECT_EQ(a.text(a.statements[i].text), b.text(b.statements[i].text));
  }
  ASSERT_EQ(b.marks.size(), a.marks.size());
  for (size_t i = 0; i < a.marks.size(); ++i) ExpectEqual(a.marks[i], b.marks[i]);
}

TEST_F(ChunkBytesTest, SomeTransactionsOfABatchStandAlone) {
  const std::string bytes = EncodeTxns({{&holder_, 1}}, &numbers_);
  ASSERT_OK_AND_ASSIGN(const model::ChangeBatchPtr back, DecodeTxns(bytes, numbers_));
  ASSERT_EQ(back->txns.size(), 1u);
  EXPECT_EQ(back->txns[0].changes_begin, 0u);
  EXPECT_EQ(back->txns[0].changes_end, 2u);
  EXPECT_EQ(back->marks[0].at, 1u);
  ASSERT_EQ(back->statements.size(), 1u);
  EXPECT_EQ(back->statements[0].begin, 0u);
  EXPECT_EQ(back->statements[0].end, 2u);
}

TEST_F(ChunkBytesTest, BytesThatAreCutAreRefusedWhereverThatIs) {
  const std::string bytes = Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeTxns(absl::string_view(bytes).substr(0, size), numbers_),
                dcp::test::HasCode(absl::StatusCode::kDataLoss))
        << size;
  }
  EXPECT_THAT(DecodeTxns(bytes + "x", numbers_), dcp::test::HasCode(absl::StatusCode::kDataLoss));
}

// Checksums stand before it; yet whatever the bytes are, it takes them or refuses them.
TEST_F(ChunkBytesTest, OtherBytesAreRefusedOrGiveOtherTransactions) {
  const std::string bytes = Encode();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x80, 0xff}) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ flip);
      const auto back = DecodeTxns(other, numbers_);
      if (!back.ok()) continue;
      const model::ChangeBatchPtr& batch = *back;
      std::vector<TxnRef> txns;
      for (uint32_t t = 0; t < batch->txns.size(); ++t) txns.push_back({&batch, t});
      EXPECT_NE(EncodeTxns(txns, &numbers_), bytes) << i;
    }
  }
}

// --- the checker ---

class SpillingTest : public ::testing::Test {
 protected:
  static PairOptions Options() {
    PairOptions options;
    options.check = "c";
    options.source = model::Tag("src");
    options.target = model::Tag("dst");
    options.lateness = 0;
    return options;
  }
  SpillingTest() {
    for (const Side side : {Side::kSource, Side::kTarget}) {
      streams_.checker().SetStore(side, std::make_unique<test::FakeSpillStore>(&control_));
    }
    streams_.src.Open();
    streams_.dst.Open();
    streams_.src.Barrier(1);
    streams_.dst.Barrier(1);
  }

  // The source is four segments ahead.
  void HoldTarget() {
    for (uint64_t b = 2; b <= 5; ++b) {
      streams_.src.Put(absl::StrCat("k", b), "", "a");
      streams_.src.Barrier(b);
    }
  }
  void ReleaseTarget() {
    for (uint64_t b = 2; b <= 5; ++b) {
      streams_.dst.Put(absl::StrCat("k", b), "", b == 4 ? "wrong" : "a");
      streams_.dst.Barrier(b);
    }
  }
  uint64_t resident() { return streams_.checker().memory(Side::kSource).resident_bytes; }

  SpillControl control_;
  dcp::test::Streams streams_{Options()};
};

TEST_F(SpillingTest, WhatWaitsIsNotInMemoryAndComesBack) {
  HoldTarget();
  const uint64_t before = resident();
  ASSERT_OK(streams_.checker().Spill(UINT64_MAX));
  EXPECT_LT(resident(), before);
  // One is in work, and the next is at hand.
  EXPECT_EQ(streams_.checker().memory(Side::kSource).spilled_segments, 2u);
  EXPECT_EQ(control_.held, 2u);
  ReleaseTarget();
  EXPECT_THAT(streams_.Said(),
              ElementsAre("same 1..2", "same 2..3", "diff 3..4 k4:mismatch", "same 4..5"));
  EXPECT_EQ(control_.held, 0u);
  EXPECT_EQ(streams_.checker().memory(Side::kSource).spilled_bytes, 0u);
}

TEST_F(SpillingTest, NoMoreIsWrittenThanIsAskedFor) {
  HoldTarget();
  ASSERT_OK(streams_.checker().Spill(1));
  EXPECT_EQ(control_.written, 1u);
  ASSERT_OK(streams_.checker().Spill(0));
  EXPECT_EQ(control_.written, 1u);
}

TEST_F(SpillingTest, AFullStoreLeavesAllInMemory) {
  HoldTarget();
  control_.write_status = absl::ResourceExhaustedError("no room");
  const uint64_t before = resident();
  EXPECT_THAT(streams_.checker().Spill(UINT64_MAX),
              dcp::test::HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(resident(), before);
  EXPECT_OK(streams_.checker().failure());
  control_.write_status = absl::OkStatus();
  EXPECT_OK(streams_.checker().Spill(UINT64_MAX));
  ReleaseTarget();
  EXPECT_THAT(streams_.Said(),
              ElementsAre("same 1..2", "same 2..3", "diff 3..4 k4:mismatch", "same 4..5"));
}

TEST_F(SpillingTest, NothingIsSaidOfWhatDoesNotComeBack) {
  for (const bool damaged : {true, false}) {
    SpillControl control;
    dcp::test::Streams streams(Options());
    streams.checker().SetStore(Side::kSource, std::make_unique<test::FakeSpillStore>(&control));
    streams.src.Open();
    streams.dst.Open();
    streams.src.Barrier(1);
    streams.dst.Barrier(1);
    for (uint64_t b = 2; b <= 5; ++b) {
      streams.src.Put("k", "", "a");
      streams.src.Barrier(b);
    }
    ASSERT_OK(streams.checker().Spill(UINT64_MAX));
    EXPECT_THAT(streams.Said(), IsEmpty());
    const uint64_t said_to = streams.Stored().state.said_to;
    control.damages = damaged;
    if (!damaged) control.read_status = absl::DataLossError("torn");
    streams.dst.Put("k", "", "a");
    streams.dst.Barrier(2);
    EXPECT_THAT(streams.checker().failure(), dcp::test::HasCode(absl::StatusCode::kDataLoss));
    for (uint64_t b = 3; b <= 7; ++b) {
      streams.src.Barrier(b + 3);
      streams.dst.Put("other", "", "a");
      streams.dst.Barrier(b);
    }
    EXPECT_THAT(streams.Said(), IsEmpty());
    EXPECT_EQ(streams.Stored().state.said_to, said_to);
  }
}

// A barrier in the middle of a transaction, which is then the end of one segment and the
// beginning of the next.
TEST_F(SpillingTest, ATransactionOverABarrierComesBackOnBothSidesOfIt) {
  const auto write = [](dcp::test::StreamWriter& side) {
    side.Barrier(2);
    side.Barrier(3);
    side.Begin();
    side.Put("a", "", "1");
    side.Barrier(4);
    side.Put("b", "", "1");
    side.Barrier(5);
    side.Put("c", "", "1");
    side.End();
    side.Barrier(6);
  };
  write(streams_.src);
  ASSERT_OK(streams_.checker().Spill(UINT64_MAX));
  EXPECT_GT(control_.written, 2u);
  write(streams_.dst);
  EXPECT_THAT(streams_.Said(),
              ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6"));
}

TEST_F(SpillingTest, WithLittleMemoryOldKeysAreForgotten) {
  PairOptions options = Options();
  dcp::test::Streams streams(options);
  streams.src.Open();
  streams.dst.Open();
  streams.src.Barrier(1);
  streams.dst.Barrier(1);
  streams.checker().SetMaxKeyBytes(50'000);
  uint64_t most = 0;
  for (uint64_t b = 2; b <= 60; ++b) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = absl::StrCat(b, "-", i);
      streams.src.Put(key, "", "a");
      streams.dst.Put(key, "", "a");
    }
    streams.src.Barrier(b);
    streams.dst.Barrier(b);
    most = std::max(most, streams.checker().resident_bytes());
  }
  EXPECT_THAT(streams.Said(), ::testing::Each(::testing::StartsWith("same ")));
  EXPECT_LT(most, 200'000u);
  // A row that was forgotten is judged by its images.
  streams.src.Put("2-0", "a", "b");
  streams.dst.Put("2-0", "a", "c");
  streams.src.Barrier(61);
  streams.dst.Barrier(61);
  EXPECT_THAT(streams.Said(), ElementsAre("diff 60..61 2-0:mismatch"));
  // Its older states are not: what comes through one of them is left open.
  streams.src.Put("3-0", "b", "c");
  streams.dst.Put("3-0", "a", "b");
  streams.dst.Put("3-0", "b", "c");
  streams.src.Barrier(62);
  streams.dst.Barrier(62);
  EXPECT_THAT(streams.Said(), ElementsAre("unverified 61..62 history"));
}

// A pushed UPDATE does not tell what it came from.
TEST_F(SpillingTest, WhatTheSourceHadIsNotGuessed) {
  dcp::test::Streams streams(Options());
  streams.src.Open();
  streams.dst.Open();
  streams.checker().SetMaxKeyBytes(0);
  for (uint64_t b = 1; b <= 10; ++b) {
    streams.src.Put(absl::StrCat("cold", b), "?", "v");
    streams.dst.Put(absl::StrCat("cold", b), "?", "v");
    streams.src.Barrier(b);
    streams.dst.Barrier(b);
  }
  streams.Said();
  streams.dst.Put("cold5", "?", "v");  // once more, which changes nothing
  streams.src.Barrier(11);
  streams.dst.Barrier(11);
  EXPECT_THAT(streams.Said(), ElementsAre("unverified 10..11 history"));
}

// As far back as rule H looks a row that is touched all the time is known again some day.
TEST_F(SpillingTest, ARowThatIsRememberedAgainIsDecidable) {
  PairOptions options = Options();
  options.history = 20;
  dcp::test::Streams streams(options);
  uint64_t barrier = 1;
  const auto both = [&] {
    streams.src.Barrier(barrier);
    streams.dst.Barrier(barrier);
    ++barrier;
  };
  streams.src.Open();
  streams.dst.Open();
  both();
  streams.checker().SetMaxKeyBytes(0);  // what settled is forgotten as soon as may be
  for (int i = 0; i < 10; ++i) {
    streams.src.Put(absl::StrCat("cold", i), "", "v");
    streams.dst.Put(absl::StrCat("cold", i), "", "v");
    both();
  }
  std::string last;
  for (int i = 0; i < 60; ++i) {
    const std::string next = absl::StrCat("v", i);
    streams.src.Put("hot", last, next);
    streams.dst.Put("hot", last, next);
    last = next;
    both();
  }
  EXPECT_THAT(streams.Said(), ::testing::Each(::testing::StartsWith("same ")));
  streams.src.Put("hot", last, "z");
  streams.dst.Put("hot", last, "foreign");
  streams.dst.Put("hot", "foreign", "z");
  both();
  EXPECT_THAT(streams.Said(), ElementsAre("diff 71..72 hot:healed", "resolved hot"));
}

}  // namespace
}  // namespace dcp::checker
