#include "tests/checker/model/gtid_applier.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/history_maker.h"

namespace dcp::checker::test {
namespace {

using model::Gtid;
using model::Mark;
using model::Version;

class GtidApplier final : public HistoryMaker {
 public:
  using HistoryMaker::HistoryMaker;

 private:
  void Emit() override {
    if (mariadb_) NameByDomain();
    EmitSource();
    EmitTarget();
  }

  // Numbers count per domain, whoever writes; now and then another server does.
  void NameByDomain() {
    const uint64_t domains = 1 + random_.Below(3);
    std::map<uint32_t, Gtid> last;
    for (SourceTxn& txn : source_) {
      const auto domain = static_cast<uint32_t>(txn.barrier >= 0 ? 0 : random_.Below(domains));
      Gtid& gtid = last[domain];
      const uint32_t writer = gtid.empty() ? kSourceServer : gtid.source.server_id;
      const uint32_t other = writer == kSourceServer ? kUpstreamServer : kSourceServer;
      gtid = {model::GtidSource::MariaDb(domain, random_.Percent(10) ? other : writer),
              gtid.number + 1};
      txn.gtid = gtid;
    }
  }

  PlainTxn PlainOf(const SourceTxn& txn, std::map<std::string, Version>& state,
                   const std::set<int64_t>& misses) const {
    PlainTxn plain;
    plain.gtid = txn.gtid;
    for (const Write& write : txn.writes) {
      Version& now = state[write.key];
      if (!write.relative && now == write.after) continue;
      plain.entries.push_back(ChangeOf(write, now, false));
      now = write.after;
    }
    if (txn.barrier >= 0 && !misses.contains(txn.barrier)) {
      plain.entries.push_back(BarrierMark(OffsetOf(txn.barrier)));
    }
    return plain;
  }
  void EmitSource() {
    auto state = initial_;
    model::StreamOrigin origin = Origin(true, "");
    std::vector<PlainTxn> seen;
    for (const SourceTxn& txn : source_) {
      const PlainTxn plain = PlainOf(txn, state, source_misses_);
      if (txn.segment < source_start_) {
        AddExecuted(plain.gtid, origin.executed);
      } else {
        seen.push_back(plain);
      }
    }
    history_.source.push_back(origin);
    for (const PlainTxn& txn : seen) history_.source.push_back(txn);
  }

  // MariaDB's states tell the last number only.
  static void AddExecuted(const Gtid& gtid, model::GtidSet& executed) {
    executed.AddInterval(gtid.source, {gtid.source.mariadb() ? 1 : gtid.number, gtid.number});
  }

  static bool Independent(const SourceTxn& a, const SourceTxn& b) {
    if (a.barrier >= 0 && b.barrier >= 0) return false;
    const bool ordered = a.gtid.source.mariadb() && a.gtid.source.domain == b.gtid.source.domain;
    if (ordered) return false;
    for (const Write& x : a.writes) {
      for (const Write& y : b.writes) {
        if (x.key == y.key) return false;
      }
    }
    return true;
  }

  void Shuffle(std::vector<SourceTxn>& txns) {
    const size_t swaps = random_.Below(txns.size() * 6);
    for (size_t n = 0; n < swaps && txns.size() > 1; ++n) {
      const size_t i = random_.Below(txns.size() - 1);
      if (Independent(txns[i], txns[i + 1])) std::swap(txns[i], txns[i + 1]);
    }
  }

  void EmitTarget() {
    std::vector<SourceTxn> txns = source_;
    Shuffle(txns);
    if (Is(Theme::kGtidFaults) || Is(Theme::kMariaDbFaults)) InjectFaults(txns);
    auto state = initial_;
    model::StreamOrigin origin = Origin(false, "");
    std::vector<PlainTxn> seen;
    size_t start = random_.Percent(30) ? random_.Below(txns.size() / 2 + 1) : 0;
    while (!IsPrefix(txns, start)) --start;
    model::GtidSet applied;
    for (size_t i = 0; i < txns.size(); ++i) {
      PlainTxn plain = PlainOf(txns[i], state, target_misses_);
      if (txns[i].segment < 0) plain.gtid = OwnGtid(i);
      if (i < start) {
        if (!plain.gtid.empty()) AddExecuted(plain.gtid, origin.executed);
        continue;
      }
      if (txns[i].segment >= 0) AddExecuted(txns[i].gtid, applied);
      const bool traced = !mariadb_ || !plain.entries.empty();
      if (traced) seen.push_back(plain);
      const bool told = mariadb_ && (i + 1 == txns.size() || random_.Percent(15));
      if (told) seen.push_back(Told(applied));
    }
    target_state_ = state;
    history_.target.push_back(origin);
    for (const PlainTxn& txn : seen) history_.target.push_back(txn);
  }

  static PlainTxn Told(const model::GtidSet& executed) {
    PlainTxn txn;
    Mark mark;
    mark.kind = Mark::Kind::kExecuted;
    mark.executed = executed;
    txn.entries.emplace_back(std::move(mark));
    return txn;
  }

  // True if the first `count` are the source's first, in whatever order.
  static bool IsPrefix(const std::vector<SourceTxn>& txns, size_t count) {
    uint64_t highest = 0;
    uint64_t of_source = 0;
    for (size_t i = 0; i < count; ++i) {
      highest = std::max(highest, txns[i].number);
      of_source += txns[i].segment >= 0 ? 1U : 0U;
    }
    return highest == of_source;
  }

  Gtid OwnGtid(size_t i) {
    const uint64_t kind = random_.Below(3);
    if (mariadb_) {
      const uint8_t server = kind == 1 ? kThirdServer : kTargetServer;
      return {model::GtidSource::MariaDb(static_cast<uint32_t>(random_.Below(2)), server),
              1000 + i};
    }
    if (kind == 0) return {};
    return GtidOf(kind == 1 ? kTargetServer : kThirdServer, i + 1);
  }

  void InjectFaults(std::vector<SourceTxn>& txns) {
    const size_t at = random_.Below(txns.size());
    history_.faulty = true;
    if (random_.Percent(40)) {
      if (!txns[at].writes.empty()) {
        Note("lost a change");
        txns[at].writes.pop_back();
      }
      return;
    }
    const bool extra = random_.Percent(30);
    const std::string key = extra ? absl::StrCat(KeyedTable(), "[9]")
                                  : key_names_[random_.Below(static_cast<uint64_t>(keys_))];
    Note(absl::StrCat("own write of ", key));
    SourceTxn own{{{key, Letter(100), false, 0, -1, true}}, -1, -1, 0, {}};
    if (random_.Percent(30)) own.writes.push_back({key, Version(), false, 0, -1, false});
    txns.insert(txns.begin() + static_cast<std::ptrdiff_t>(at), own);
  }
};

}  // namespace

History MakeGtidHistory(Theme theme, uint64_t seed) { return GtidApplier(theme, seed).Make(); }

}  // namespace dcp::checker::test
