#include "checker/chunk_bytes.h"

#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

namespace dcp::checker {
namespace {

using model::Change;
using model::ChangeBatch;
using model::Mark;
using model::Txn;

// A bound for what one change, mark or transaction takes at least: counts are checked
// against what is left before anything is allocated.
constexpr uint64_t kLeastBytes = 8;

class Writer {
 public:
  template <typename T>
  void Number(T value) {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Text(absl::string_view text) {
    Number(static_cast<uint64_t>(text.size()));
    bytes_.append(text.data(), text.size());
  }
  void Digest(const model::Digest& digest) {
    Number(digest.high);
    Number(digest.low);
  }
  void Version(const model::Version& version) {
    Number(version.kind);
    if (version.kind == model::Version::Kind::kContent) Digest(version.digest);
  }
  void Gtid(const model::Gtid& gtid) {
    Number(gtid.number);
    if (gtid.empty()) return;
    bytes_.append(reinterpret_cast<const char*>(gtid.source.uuid.data()), gtid.source.uuid.size());
    Text(gtid.source.label);
    Number(gtid.source.domain);
    Number(gtid.source.server_id);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Every read is checked; after one that fails all values are empty and ok() is false.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Number() {
    T value{};
    if (Has(sizeof(value))) {
      std::memcpy(&value, left_.data(), sizeof(value));
      left_.remove_prefix(sizeof(value));
    }
    return value;
  }
  bool Bool() { return Small(1) == 1; }
  // A byte that is `most` or less.
  uint8_t Small(uint8_t most) {
    const uint8_t value = Number<uint8_t>();
    if (value > most) ok_ = false;
    return ok_ ? value : uint8_t{0};
  }
  absl::string_view Text() {
    const uint64_t size = Number<uint64_t>();
    if (!Has(size)) return {};
    const absl::string_view text = left_.substr(0, size);
    left_.remove_prefix(size);
    return text;
  }
  model::Digest Digest() {
    model::Digest digest;
    digest.high = Number<uint64_t>();
    digest.low = Number<uint64_t>();
    return digest;
  }
  model::Version Version() {
    model::Version version;
    version.kind = static_cast<model::Version::Kind>(Small(2));
    if (version.kind == model::Version::Kind::kContent) version.digest = Digest();
    return version;
  }
  model::Gtid Gtid() {
    model::Gtid gtid;
    gtid.number = Number<uint64_t>();
    if (gtid.empty() || !Has(gtid.source.uuid.size())) return gtid;
    std::memcpy(gtid.source.uuid.data(), left_.data(), gtid.source.uuid.size());
    left_.remove_prefix(gtid.source.uuid.size());
    gtid.source.label = std::string(Text());
    gtid.source.domain = Number<uint32_t>();
    gtid.source.server_id = Number<uint32_t>();
    return gtid;
  }
  // How many of something follow.
  uint64_t Count() {
    const uint64_t count = Number<uint64_t>();
    if (count > left_.size() / kLeastBytes) ok_ = false;
    return ok_ ? count : 0;
  }
  void Fail() { ok_ = false; }
  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

 private:
  bool Has(uint64_t size) {
    if (size > left_.size()) ok_ = false;
    return ok_;
  }

  absl::string_view left_;
  bool ok_ = true;
};

void Put(const Change& change, const ChangeBatch& batch, TableNumbers* tables, Writer* out) {
  out->Number(tables->Of(change.table));
  out->Digest(change.key);
  out->Version(change.before);
  out->Version(change.after);
  out->Number(change.op);
  out->Number(static_cast<uint8_t>(change.relative));
  if (change.relative) out->Digest(change.delta);
  out->Text(batch.text(change.key_text));
  out->Text(batch.text(change.content));
}

// `base`: of the transaction's first change in its batch.
void Put(const Mark& mark, uint32_t base, Writer* out) {
  out->Number(mark.kind);
  out->Number(mark.at - base);
  out->Number(mark.barrier_offset);
  out->Number(static_cast<uint8_t>(mark.place != nullptr));
  if (mark.place != nullptr) out->Text(*mark.place);
  out->Text(mark.table);
  out->Text(mark.reason);
  out->Text(mark.detail);
  out->Digest(mark.ddl);
  out->Number(mark.effect);
  out->Text(mark.executed.ToString());
}

// `base`: likewise.
void Put(const model::Statement& statement, uint32_t base, const ChangeBatch& batch, Writer* out) {
  out->Number(statement.begin - base);
  out->Number(statement.end - base);
  out->Text(batch.text(statement.text));
  out->Number(statement.size);
}

void Put(const TxnRef& ref, TableNumbers* tables, Writer* out) {
  const Txn& txn = ref.get();
  const ChangeBatch& batch = **ref.batch;
  out->Gtid(txn.gtid);
  out->Number(txn.server_id);
  out->Text(txn.pushed_id);
  out->Number(txn.timestamp_micros);
  const bool has_file = txn.file < batch.files.size();
  out->Number(static_cast<uint8_t>(has_file));
  if (has_file) out->Text(batch.files[txn.file]);
  out->Number(txn.end_offset);
  out->Number(static_cast<uint64_t>(txn.changes_end - txn.changes_begin));
  for (uint32_t i = txn.changes_begin; i < txn.changes_end; ++i) {
    Put(batch.changes[i], batch, tables, out);
  }
  out->Number(static_cast<uint64_t>(txn.marks_end - txn.marks_begin));
  for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
    Put(batch.marks[i], txn.changes_begin, out);
  }
  const absl::Span<const model::Statement> statements = batch.StatementsOf(txn);
  out->Number(static_cast<uint64_t>(statements.size()));
  for (const model::Statement& statement : statements) {
    Put(statement, txn.changes_begin, batch, out);
  }
}

// The text goes into the batch's arena.
model::Slice Keep(absl::string_view text, ChangeBatch* batch) {
  const model::Slice slice{static_cast<uint32_t>(batch->bytes.size()),
                           static_cast<uint32_t>(text.size())};
  batch->bytes.append(text.data(), text.size());
  return slice;
}

Change GetChange(const TableNumbers& tables, Reader* in, ChangeBatch* batch) {
  Change change;
  const uint32_t table = in->Number<uint32_t>();
  if (!tables.Has(table)) {
    in->Fail();
    return change;
  }
  change.table = tables.At(table);
  change.key = in->Digest();
  change.before = in->Version();
  change.after = in->Version();
  change.op = static_cast<model::Op>(in->Small(static_cast<uint8_t>(model::Op::kOther)));
  change.relative = in->Bool();
  if (change.relative) change.delta = in->Digest();
  change.key_text = Keep(in->Text(), batch);
  change.content = Keep(in->Text(), batch);
  return change;
}

Mark GetMark(uint32_t base, uint64_t changes, Reader* in) {
  Mark mark;
  mark.kind = static_cast<Mark::Kind>(in->Small(static_cast<uint8_t>(Mark::Kind::kExecuted)));
  const uint32_t at = in->Number<uint32_t>();
  if (at > changes) in->Fail();
  mark.at = base + at;
  mark.barrier_offset = in->Number<uint64_t>();
  if (in->Bool()) mark.place = std::make_shared<const std::string>(in->Text());
  mark.table = std::string(in->Text());
  mark.reason = std::string(in->Text());
  mark.detail = std::string(in->Text());
  mark.ddl = in->Digest();
  mark.effect =
      static_cast<Mark::DdlEffect>(in->Small(static_cast<uint8_t>(Mark::DdlEffect::kRowsUnknown)));
  auto executed = model::GtidSet::Parse(in->Text());
  if (!executed.ok()) {
    in->Fail();
    return mark;
  }
  mark.executed = *std::move(executed);
  return mark;
}

// `from`: no statement begins before it, which is counted from `base` as well.
model::Statement GetStatement(uint32_t base, uint32_t from, uint64_t changes, Reader* in,
                              ChangeBatch* batch) {
  model::Statement statement;
  const uint32_t begin = in->Number<uint32_t>(), end = in->Number<uint32_t>();
  if (begin < from || end <= begin || end > changes) in->Fail();
  statement.begin = base + begin;
  statement.end = base + end;
  statement.text = Keep(in->Text(), batch);
  statement.size = in->Number<uint64_t>();
  return statement;
}

// Transactions stand in few files, and in their order.
uint32_t FileNumber(absl::string_view name, ChangeBatch* batch) {
  if (batch->files.empty() || batch->files.back() != name) batch->files.emplace_back(name);
  return static_cast<uint32_t>(batch->files.size() - 1);
}

void GetTxn(const TableNumbers& tables, Reader* in, ChangeBatch* batch) {
  Txn txn;
  txn.gtid = in->Gtid();
  txn.server_id = in->Number<uint32_t>();
  txn.pushed_id = std::string(in->Text());
  txn.timestamp_micros = in->Number<int64_t>();
  // Without one the number is that of none.
  txn.file = in->Bool() ? FileNumber(in->Text(), batch) : UINT32_MAX;
  txn.end_offset = in->Number<uint64_t>();
  txn.changes_begin = static_cast<uint32_t>(batch->changes.size());
  const uint64_t changes = in->Count();
  for (uint64_t i = 0; i < changes && in->ok(); ++i) {
    batch->changes.push_back(GetChange(tables, in, batch));
  }
  txn.changes_end = static_cast<uint32_t>(batch->changes.size());
  txn.marks_begin = static_cast<uint32_t>(batch->marks.size());
  const uint64_t marks = in->Count();
  for (uint64_t i = 0; i < marks && in->ok(); ++i) {
    batch->marks.push_back(GetMark(txn.changes_begin, changes, in));
  }
  txn.marks_end = static_cast<uint32_t>(batch->marks.size());
  const uint64_t statements = in->Count();
  uint32_t from = 0;
  for (uint64_t i = 0; i < statements && in->ok(); ++i) {
    batch->statements.push_back(GetStatement(txn.changes_begin, from, changes, in, batch));
    from = batch->statements.back().end - txn.changes_begin;
  }
  batch->txns.push_back(std::move(txn));
}

}  // namespace

uint32_t TableNumbers::Of(const model::Table* table) {
  if (table == nullptr) return 0;
  const auto [it, is_new] = numbers_.try_emplace(table, static_cast<uint32_t>(all_.size() + 1));
  if (is_new) all_.push_back(table);
  return it->second;
}

std::string EncodeTxns(const std::vector<TxnRef>& txns, TableNumbers* tables) {
  Writer out;
  uint64_t changes = 0;
  for (const TxnRef& ref : txns) changes += ref.get().changes_end - ref.get().changes_begin;
  out.Number(static_cast<uint64_t>(txns.size()));
  out.Number(changes);
  for (const TxnRef& ref : txns) Put(ref, tables, &out);
  return out.Take();
}

absl::StatusOr<model::ChangeBatchPtr> DecodeTxns(absl::string_view bytes,
                                                 const TableNumbers& tables) {
  Reader in(bytes);
  auto batch = std::make_shared<ChangeBatch>();
  const uint64_t txns = in.Count();
  const uint64_t changes = in.Count();
  batch->txns.reserve(txns);
  batch->changes.reserve(changes);
  for (uint64_t i = 0; i < txns && in.ok(); ++i) GetTxn(tables, &in, batch.get());
  if (!in.ok() || !in.at_end() || batch->changes.size() != changes) {
    return absl::DataLossError("is no segment of this process");
  }
  return batch;
}

}  // namespace dcp::checker
