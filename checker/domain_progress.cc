#include "checker/domain_progress.h"

#include <algorithm>
#include <utility>

namespace dcp::checker {

void DomainProgress::LookAhead(const StreamCutter& source) {
  while (ends_.size() + 1 < source.chunks().size()) {
    ends_.push_back(Look(source.chunks()[ends_.size()]));
  }
}

DomainProgress::Ends DomainProgress::Look(const Chunk& chunk) {
  Ends ends;
  for (const DomainStretch& stretch : chunk.DomainStretches()) {
    const model::GtidSource& writer = stretch.last.source;
    Domain& domain = domains_[writer.domain];
    if (domain.writer != writer) {
      domain.handovers.push_back({stretch.first, domain.transactions + 1});
    }
    domain.writer = writer;
    domain.transactions += stretch.transactions;
    ends[writer] = {stretch.last, domain.transactions};
  }
  return ends;
}

void DomainProgress::AwaitFront() {
  for (auto& [source, end] : ends_.front()) awaited_[source] = std::move(end);
  ends_.pop_front();
}

void DomainProgress::AwaitOnly(const model::Gtid& gtid) {
  std::erase_if(awaited_, [&](const auto& entry) { return entry.second.gtid != gtid; });
}

void DomainProgress::ClearAwaited() {
  for (const auto& [source, end] : awaited_) {
    auto& handovers = domains_[source.domain].handovers;
    while (!handovers.empty() && handovers.front().place <= end.place) handovers.pop_front();
  }
  awaited_.clear();
}

void DomainProgress::TargetShows(const model::Gtid& gtid) {
  if (!gtid.source.mariadb()) return;
  uint64_t& newest = newest_[gtid.source];
  newest = std::max(newest, gtid.number);
}

void DomainProgress::TargetTold(const model::GtidSet& executed) {
  for (const auto& [source, intervals] : executed.sources()) {
    TargetShows({source, intervals.back().last});
  }
}

bool DomainProgress::Reached(const model::Gtid& gtid) const {
  const auto newest = newest_.find(gtid.source);
  return newest != newest_.end() && newest->second >= gtid.number;
}

bool DomainProgress::Passed(const End& end) const {
  if (end.gtid.source.server_id == target_server_ || Reached(end.gtid)) return true;
  const auto& handovers = domains_.at(end.gtid.source.domain).handovers;
  return std::any_of(handovers.begin(), handovers.end(), [&](const End& handover) {
    return handover.place > end.place && Reached(handover.gtid);
  });
}

bool DomainProgress::passed() const {
  return std::all_of(awaited_.begin(), awaited_.end(),
                     [&](const auto& entry) { return Passed(entry.second); });
}

}  // namespace dcp::checker
