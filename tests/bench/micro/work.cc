#include "tests/bench/micro/work.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checker/pair_checker.h"
#include "collector/mysql/group_assembler.h"
#include "model/gtid_set.h"
#include "model/table.h"
#include "mysql/event_decoder.h"
#include "row/canonical.h"
#include "row/digest.h"
#include "row/pushed.h"
#include "tests/bench/micro/binlog_input.h"

namespace dcp::bench {
namespace {

constexpr uint64_t kRows = 10'000;
constexpr uint64_t kGtids = 1'000;

[[noreturn]] void Die(absl::string_view what) {
  std::fprintf(stderr, "bench: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

void Expect(bool right, absl::string_view what) {
  if (!right) Die(what);
}

template <typename T>
T Value(absl::StatusOr<T> value) {
  if (!value.ok()) Die(value.status().ToString());
  return *std::move(value);
}

// Decodes the events of an input. What a row is, and what becomes of it, subclasses say.
class BinlogWork : public Work {
 public:
  explicit BinlogWork(RowShape shape) : input_(MakeBinlog(shape, kRows)) {}

  void Run() override {
    mysql::EventDecoder decoder({.schemas = nullptr, .wants = {}, .positions_in_headers = false});
    decoder.SetPosition("binlog.000001", 4);
    for (const std::string& bytes : input_.events) {
      const mysql::BinlogEvent* const event = Value(decoder.Decode(mysql::AsBytes(bytes)));
      if (event == nullptr) continue;
      Expect(event->error.ok(), event->error.message());
      OnEvent(*event);
    }
    Finish();
  }

 protected:
  virtual void OnEvent(const mysql::BinlogEvent& event) = 0;
  virtual void Finish() {}

 private:
  const BinlogInput input_;
};

class ParseEvents final : public BinlogWork {
 public:
  using BinlogWork::BinlogWork;

 private:
  void OnEvent(const mysql::BinlogEvent& event) override { seen_ += event.rows != nullptr; }

  uint64_t seen_ = 0;
};

class RowWork : public BinlogWork {
 public:
  using BinlogWork::BinlogWork;

 private:
  void OnEvent(const mysql::BinlogEvent& event) final {
    if (event.rows == nullptr) return;
    const size_t width = event.table->columns.size();
    if (columns_.size() != width) {
      columns_.resize(width);
      for (size_t i = 0; i < width; ++i) columns_[i] = static_cast<uint32_t>(i);
    }
    while (Value(event.rows->Next(&before_, &after_))) {
      ++rows_;
      if (!before_.empty()) OnImage(before_, columns_);
      if (!after_.empty()) OnImage(after_, columns_);
    }
  }
  void Finish() final {
    Expect(rows_ == kRows + kRows / 1000, "rows are missing");  // barriers are rows too
    rows_ = 0;
  }
  virtual void OnImage(const std::vector<model::Value>& /*image*/,
                       const std::vector<uint32_t>& /*columns*/) {}

  std::vector<model::Value> before_, after_;
  std::vector<uint32_t> columns_;
  uint64_t rows_ = 0;
};

class DigestRows final : public RowWork {
 public:
  using RowWork::RowWork;

 private:
  void OnImage(const std::vector<model::Value>& image,
               const std::vector<uint32_t>& columns) override {
    binary_.clear();
    row::AppendBinaryRow(image, columns, &binary_);
    sum_ += digester_.OfBinary(binary_);
  }

  row::RowDigester digester_{row::DigestKind::kXxh3};
  std::string binary_;
  model::Digest sum_;
};

class WriteText final : public RowWork {
 public:
  using RowWork::RowWork;

 private:
  void OnImage(const std::vector<model::Value>& image,
               const std::vector<uint32_t>& columns) override {
    text_.clear();
    row::AppendTextRow(image, columns, &text_);
  }

  std::string text_;
};

collector::GroupAssembler::Options AssemblerOptions(const std::string& tag,
                                                    model::TableRegistry* registry) {
  collector::MysqlTag options;
  options.tag = model::Tag(tag);
  options.tables = {{"bench.*", "", {}}};
  options.capture_rows = false;
  collector::GroupAssembler::Options assembler;
  assembler.tags = {options};
  assembler.registry = registry;
  return assembler;
}

// From packets to batches, as checks get them.
class AssembleChanges : public BinlogWork {
 public:
  using BinlogWork::BinlogWork;

  void Run() override {
    assembler_ = Value(collector::GroupAssembler::Create(AssemblerOptions("a", &tables_)));
    assembler_->Begin({}, {"binlog.000001", 4});
    batches_.clear();
    BinlogWork::Run();
  }

  const std::vector<model::ChangeBatchPtr>& batches() const { return batches_; }

 private:
  void OnEvent(const mysql::BinlogEvent& event) override {
    assembler_->Add(event);
    if (assembler_->barrier_closed()) Take();
  }
  void Finish() override {
    Take();
    uint64_t changes = 0;
    for (const auto& batch : batches_) changes += batch->changes.size();
    Expect(changes == kRows, "changes are missing");
  }
  void Take() {
    for (model::ChangeBatchPtr& batch : assembler_->Take()) {
      if (batch != nullptr) batches_.push_back(std::move(batch));
    }
  }

  model::TableRegistry tables_;
  std::unique_ptr<collector::GroupAssembler> assembler_;
  std::vector<model::ChangeBatchPtr> batches_;
};

// Two tags that say the same, one segment behind the other.
class CheckSegments final : public Work {
 public:
  CheckSegments() : changes_(RowShape::kNarrow) { changes_.Run(); }

  void Run() override {
    checker::PairOptions options;
    options.check = "bench";
    options.source = model::Tag("a");
    options.target = model::Tag("b");
    options.align = checker::Align::kBarrier;
    checker::PairChecker pair(options);
    const checker::Instant now{absl::FromUnixSeconds(1'700'000'000), absl::ZeroDuration()};
    const std::array sides = {checker::Side::kSource, checker::Side::kTarget};
    for (const checker::Side side : sides) pair.Open(side, {}, now);
    size_t same = 0;
    for (const model::ChangeBatchPtr& batch : changes_.batches()) {
      for (const checker::Side side : sides) pair.Append(side, batch, now);
      for (const model::Outcome& outcome : pair.TakeReport().outcomes) {
        const auto* verdict = std::get_if<model::Verdict>(&outcome);
        same += verdict != nullptr && verdict->kind == model::Verdict::Kind::kSame ? 1 : 0;
      }
    }
    Expect(same + 3 >= kRows / 1000, "it is not said that both are the same");
  }

 private:
  AssembleChanges changes_;
};

class ReadPushed final : public Work {
 public:
  ReadPushed() {
    for (uint64_t i = 0; i < kRows; ++i) {
      contents_.push_back(absl::StrCat(R"(UPDATE [)", i, R"(,"some text of a row",)", i * 7, "]"));
    }
  }
  void Run() override {
    for (const std::string& content : contents_) {
      Expect(row::InterpretPushed(content, "").op == model::Op::kUpdate, "no UPDATE");
    }
  }

 private:
  std::vector<std::string> contents_;
};

// As a stream does it, with a gap now and then.
class CollectGtids final : public Work {
 public:
  void Run() override {
    model::GtidSet set;
    model::Gtid gtid;
    gtid.source = source_;
    for (uint64_t i = 1; i <= kGtids; ++i) {
      gtid.number = i + i / 50;
      set.Add(gtid);
      Expect(set.Contains(gtid), "it is not in the set");
    }
    Expect(set.size() == kGtids && Value(model::GtidSet::Parse(set.ToString())) == set, "a set");
  }

 private:
  const model::GtidSource source_ =
      Value(model::GtidSet::Parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1"))
          .sources()
          .begin()
          ->first;
};

template <typename W>
std::unique_ptr<Work> MakeNarrow() {
  return std::make_unique<W>(RowShape::kNarrow);
}
template <typename W>
std::unique_ptr<Work> MakeWide() {
  return std::make_unique<W>(RowShape::kWide);
}
template <typename W>
std::unique_ptr<Work> Make() {
  return std::make_unique<W>();
}

constexpr std::array kCases = {
    WorkCase{"parse_events/narrow", "row", kRows, MakeNarrow<ParseEvents>},
    WorkCase{"decode_rows/narrow", "row", kRows, MakeNarrow<RowWork>},
    WorkCase{"decode_rows/wide", "row", kRows, MakeWide<RowWork>},
    WorkCase{"digest_rows/narrow", "row", kRows, MakeNarrow<DigestRows>},
    WorkCase{"digest_rows/wide", "row", kRows, MakeWide<DigestRows>},
    WorkCase{"write_text/wide", "row", kRows, MakeWide<WriteText>},
    WorkCase{"assemble_changes/narrow", "row", kRows, MakeNarrow<AssembleChanges>},
    WorkCase{"assemble_changes/wide", "row", kRows, MakeWide<AssembleChanges>},
    WorkCase{"check_segments", "change", 2 * kRows, Make<CheckSegments>},
    WorkCase{"read_pushed", "message", kRows, Make<ReadPushed>},
    WorkCase{"collect_gtids", "GTID", kGtids, Make<CollectGtids>},
};

}  // namespace

absl::Span<const WorkCase> WorkCases() { return kCases; }

}  // namespace dcp::bench
