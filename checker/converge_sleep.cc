// Keys of ConvergeJudge that nothing touches: packed, as a storm leaves a million open findings.
#include <algorithm>
#include <utility>

#include "checker/converge_judge.h"
#include "checker/packed.h"

namespace dcp::checker {
namespace {

void Pack(const Trace& trace, Packer* to) {
  to->Number(trace.set ? 1 : 0);
  if (!trace.set) return;
  to->Number(static_cast<uint64_t>(trace.op));
  to->Number(trace.gtid_number);
  to->Number(trace.gtid_source);
  to->Number(trace.file);
  to->Number(trace.offset);
  to->Signed(trace.timestamp_micros);
}

Trace UnpackTrace(Unpacker* from) {
  Trace trace;
  trace.set = from->Number() != 0;
  if (!trace.set) return trace;
  trace.op = static_cast<model::Op>(from->Number());
  trace.gtid_number = from->Number();
  trace.gtid_source = static_cast<uint32_t>(from->Number());
  trace.file = static_cast<uint32_t>(from->Number());
  trace.offset = from->Number();
  trace.timestamp_micros = from->Signed();
  return trace;
}

// An alarm's id is a digest in hexadecimal, mostly.
void PackAlarmId(const std::string& id, Packer* to) {
  const auto digest = model::FromHex(id);
  const bool short_form = digest && model::ToHex(*digest) == id;
  to->Number(short_form ? 1 : 0);
  short_form ? to->Digest(*digest) : to->Text(id);
}

std::string UnpackAlarmId(Unpacker* from) {
  return from->Number() != 0 ? model::ToHex(from->Digest()) : from->Text();
}

}  // namespace

// What is not packed is as in a new key, or is set before it is asked for.
ConvergeJudge::Packed ConvergeJudge::Pack(const Key& key) {
  Packer to;
  to.Number(static_cast<uint64_t>(key.state));  // one byte: StateOf()
  to.Number(key.is_ddl ? 1 : 0);
  to.Number(static_cast<uint64_t>(key.kind));
  to.Pointer(key.table);
  to.Signed(key.forgotten);
  to.Signed(key.touched);
  to.Number(key.not_before);
  to.Number(key.touched_to);
  key.history.Pack(&to);
  to.Version(key.first_target_before);
  checker::Pack(key.source_trace, &to);
  checker::Pack(key.target_trace, &to);
  to.Text(key.text);
  PackAlarmId(key.alarm_id, &to);
  Packed packed(new char[to.bytes().size()]);
  std::copy(to.bytes().begin(), to.bytes().end(), packed.get());
  return packed;
}

void ConvergeJudge::Unpack(const model::Digest& digest, const Packed& packed, Key* key) {
  Unpacker from(packed.get());
  key->state = static_cast<State>(from.Number());
  key->digest = digest;
  key->is_ddl = from.Number() != 0;
  key->kind = static_cast<model::DiffKind>(from.Number());
  key->table = from.Pointer<model::Table>();
  key->forgotten = static_cast<Index>(from.Signed());
  key->touched = static_cast<Index>(from.Signed());
  key->not_before = from.Number();
  key->touched_to = from.Number();
  key->history.Unpack(&from);
  key->first_target_before = from.Version();
  key->source_trace = UnpackTrace(&from);
  key->target_trace = UnpackTrace(&from);
  key->text = from.Text();
  key->alarm_id = UnpackAlarmId(&from);
}

bool ConvergeJudge::MaySleep(const Key& key) {
  const bool quiet = key.state == State::kSettled || key.state == State::kDiffering;
  return quiet && !IsOverlooked(key) && !key.queued && !key.source.set() && !key.target.set() &&
         key.waiting.empty() && key.open_states.empty() && key.open_passages.empty();
}

void ConvergeJudge::Sleep(const Key& key) {
  const model::Digest digest = key.digest;
  if (key.state == State::kSettled) ++settled_sleeping_;
  sleeping_[digest] = Pack(key);
  keys_.erase(digest);
}

ConvergeJudge::Key* ConvergeJudge::Wake(const model::Digest& digest) {
  const auto it = sleeping_.find(digest);
  if (it == sleeping_.end()) return nullptr;
  Key& key = keys_[digest];
  Unpack(digest, it->second, &key);
  if (key.state == State::kSettled) --settled_sleeping_;
  sleeping_.erase(it);
  return &key;
}

void ConvergeJudge::WakeTable(const std::string& table) {
  WakeIf([&](const Key& key) { return Concerns(key, table); });
}

void ConvergeJudge::WakeIf(absl::FunctionRef<bool(const Key&)> wanted) {
  absl::erase_if(sleeping_, [&](const auto& entry) {
    Key key;
    Unpack(entry.first, entry.second, &key);
    if (!wanted(key)) return false;
    if (key.state == State::kSettled) --settled_sleeping_;
    keys_[entry.first] = std::move(key);
    return true;
  });
}

void ConvergeJudge::EraseSettledSleeping(absl::FunctionRef<bool(const Key&)> wanted) {
  if (settled_sleeping_ == 0) return;
  absl::erase_if(sleeping_, [&](const auto& entry) {
    if (StateOf(entry.second) != State::kSettled) return false;
    Key key;
    Unpack(entry.first, entry.second, &key);
    if (!wanted(key)) return false;
    --settled_sleeping_;
    return true;
  });
}

void ConvergeJudge::ChangeSleeping(absl::FunctionRef<bool(Key&)> change) {
  for (auto& [digest, packed] : sleeping_) {
    Key key;
    Unpack(digest, packed, &key);
    if (change(key)) packed = Pack(key);
  }
}

}  // namespace dcp::checker
