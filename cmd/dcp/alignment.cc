#include "cmd/dcp/alignment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/gtid_set.h"

namespace dcp::cmd {
namespace {

using config::Align;
using mysql::ServerSettings;

Alignment Barrier(std::string reason) { return {Align::kBarrier, std::move(reason)}; }

// Transactions of other servers than the target that both have executed.
bool SharesTransactions(const ServerSettings& source, const ServerSettings& target) {
  auto of_source = model::GtidSet::Parse(source.gtid_executed);
  const auto of_target = model::GtidSet::Parse(target.gtid_executed);
  const auto own = model::ParseUuid(target.server_uuid);
  if (!of_source.ok() || !of_target.ok()) return false;
  model::GtidSet foreign;
  for (const auto& [gtid_source, intervals] : of_source->sources()) {
    if (own.ok() && gtid_source.uuid == *own) continue;
    for (const auto& interval : intervals) foreign.AddInterval(gtid_source, interval);
  }
  return foreign.Intersects(*of_target);
}

std::string ModeOf(const ServerSettings& settings) {
  return settings.gtid_mode.empty() ? "not known to the server" : settings.gtid_mode;
}

Alignment OfServers(const ServerSettings& source, const ServerSettings& target) {
  if (source.mariadb || target.mariadb) {
    return Barrier(absl::StrCat("the ", source.mariadb ? "source" : "target",
                                " is MariaDB, whose GTIDs are not used yet"));
  }
  if (source.server_uuid == target.server_uuid) return Barrier("both tags are of one server");
  if (source.gtid_mode != "ON" || target.gtid_mode != "ON") {
    const bool at_source = source.gtid_mode != "ON";
    return Barrier(absl::StrCat("gtid_mode of the ", at_source ? "source" : "target", " is ",
                                ModeOf(at_source ? source : target)));
  }
  if (ReplicatesFrom(target, source)) {
    return {Align::kGtid, "gtid_mode is ON on both and the target replicates from the source"};
  }
  if (SharesTransactions(source, target)) {
    return {Align::kGtid,
            "gtid_mode is ON on both and the target has executed transactions of the source"};
  }
  return Barrier(
      "the target neither replicates from the source nor has executed any of its transactions");
}

}  // namespace

bool ReplicatesFrom(const ServerSettings& target, const ServerSettings& source) {
  return !source.server_uuid.empty() &&
         std::any_of(target.channels.begin(), target.channels.end(), [&](const auto& channel) {
           return channel.source_uuid == source.server_uuid;
         });
}

Alignment ChooseAlignment(Align asked, const AlignmentSide& source, const AlignmentSide& target) {
  for (const AlignmentSide* side : {&source, &target}) {
    if (side->pushed) return Barrier(absl::StrCat("tag '", side->tag, "' is pushed"));
  }
  if (asked == Align::kBarrier) return Barrier("the configuration says so");
  for (const AlignmentSide* side : {&source, &target}) {
    if (side->settings != nullptr) continue;
    return {Align::kAuto, absl::StrCat("the server of tag '", side->tag, "' could not be asked")};
  }
  return OfServers(*source.settings, *target.settings);
}

std::vector<mysql::SettingProblem> CheckBarrierAlignment(const ServerSettings& target) {
  std::vector<mysql::SettingProblem> problems;
  if (target.channels.size() > 1) {
    const std::string names =
        absl::StrJoin(target.channels, ", ", [](std::string* out, const auto& channel) {
          absl::StrAppend(out, "'", channel.name, "'");
        });
    problems.push_back(
        {"channels",
         absl::StrCat("it replicates over ", target.channels.size(), " channels (", names,
                      "): no number of barriers bounds how far a row of one may be "
                      "overtaken by the barriers of another"),
         "set gtid_mode = ON on both sides and align = \"gtid\""});
  }
  if (!target.channels.empty() && target.parallel_workers > 1 &&
      target.parallel_type == "DATABASE") {
    problems.push_back({"replica_parallel_type",
                        "replica_parallel_type is DATABASE: no number of barriers bounds how far a "
                        "row may be overtaken",
                        "SET GLOBAL replica_parallel_type = 'LOGICAL_CLOCK'"});
  }
  return problems;
}

}  // namespace dcp::cmd
