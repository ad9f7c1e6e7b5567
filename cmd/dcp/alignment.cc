#include "cmd/dcp/alignment.h"

#include <algorithm>
#include <set>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/gtid_position.h"
#include "model/gtid_set.h"

namespace dcp::cmd {
namespace {

using config::Align;
using mysql::ServerSettings;
using mysql::SettingProblem;

Alignment Barrier(std::string reason) { return {Align::kBarrier, std::move(reason)}; }

// Where the server writes its own transactions under `source`.
bool IsOwn(const ServerSettings& server, const model::GtidSource& source) {
  if (server.mariadb) return source.server_id == server.server_id;
  const auto uuid = model::ParseUuid(server.server_uuid);
  return uuid.ok() && source.uuid == *uuid;
}

absl::StatusOr<model::GtidSet> ExecutedOf(const ServerSettings& server) {
  if (!server.mariadb) return model::GtidSet::Parse(server.gtid_executed);
  auto executed = model::GtidSet::Parse(server.gtid_binlog_state);
  auto replicated = model::GtidPosition::Parse(server.gtid_slave_pos);
  if (!executed.ok() || !replicated.ok()) return executed;
  executed->Add(replicated->Executed());
  return executed;
}

// Transactions of other servers than the target that both have executed.
bool SharesTransactions(const ServerSettings& source, const ServerSettings& target) {
  const auto of_source = ExecutedOf(source);
  const auto of_target = ExecutedOf(target);
  if (!of_source.ok() || !of_target.ok()) return false;
  model::GtidSet foreign;
  for (const auto& [gtid_source, intervals] : of_source->sources()) {
    if (IsOwn(target, gtid_source)) continue;
    for (const auto& interval : intervals) foreign.AddInterval(gtid_source, interval);
  }
  return foreign.Intersects(*of_target);
}

std::string ModeOf(const ServerSettings& settings) {
  return settings.gtid_mode.empty() ? "not known to the server" : settings.gtid_mode;
}

Alignment OfMariaDb(const ServerSettings& source, const ServerSettings& target) {
  if (source.server_id == target.server_id) {
    return Barrier(absl::StrCat("both servers have server_id ", source.server_id,
                                ", so that their transactions cannot be told apart"));
  }
  if (ReplicatesFrom(target, source)) {
    return {Align::kGtid, "both are MariaDB and the target replicates from the source"};
  }
  if (SharesTransactions(source, target)) {
    return {Align::kGtid,
            "both are MariaDB and the target has executed transactions of the source"};
  }
  return Barrier(
      "the target neither replicates from the source nor has executed any of its transactions");
}

Alignment OfMysql(const ServerSettings& source, const ServerSettings& target) {
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

Alignment OfServers(const ServerSettings& source, const ServerSettings& target) {
  if (mysql::SameServer(source, target)) return Barrier("both tags are of one server");
  if (source.mariadb != target.mariadb) {
    return Barrier(source.mariadb ? "the source is MariaDB and the target is not: GTIDs are lost"
                                  : "the target is MariaDB and the source is not: GTIDs are lost");
  }
  return source.mariadb ? OfMariaDb(source, target) : OfMysql(source, target);
}

// Domains that the target has replicated.
std::set<uint32_t> DomainsOf(const ServerSettings& target) {
  std::set<uint32_t> domains;
  const auto position = model::GtidPosition::Parse(target.gtid_slave_pos);
  if (!position.ok()) return domains;
  for (const auto& [domain, gtid] : position->last()) domains.insert(domain);
  return domains;
}

SettingProblem ManyChannels(const ServerSettings& target) {
  const std::string names = absl::StrJoin(
      target.channels, ", ",
      [](std::string* out, const auto& channel) { absl::StrAppend(out, "'", channel.name, "'"); });
  return {"channels",
          absl::StrCat("it replicates over ", target.channels.size(), " channels (", names,
                       "): no number of barriers bounds how far a row of one may be "
                       "overtaken by the barriers of another"),
          target.mariadb ? "set align = \"gtid\" (both sides MariaDB), or check each source's "
                           "tables on a replica of its own"
                         : "set gtid_mode = ON on both sides and align = \"gtid\""};
}

// MariaDB's domains are applied side by side where threads allow it.
void CheckDomains(const ServerSettings& target, std::vector<SettingProblem>* problems) {
  const std::set<uint32_t> domains = DomainsOf(target);
  if (domains.size() < 2 || target.parallel_workers < 1 || target.parallel_type == "NONE") return;
  problems->push_back(
      {"gtid_domain_id",
       absl::StrCat("it applies ", domains.size(), " GTID domains (", absl::StrJoin(domains, ", "),
                    ") with slave_parallel_threads = ", target.parallel_workers,
                    ": no number of barriers bounds how far a row of one domain may be overtaken "
                    "by the barriers of another"),
       "set align = \"gtid\", or STOP ALL SLAVES; SET GLOBAL slave_parallel_threads = 0; START "
       "ALL SLAVES"});
}

}  // namespace

bool ReplicatesFrom(const ServerSettings& target, const ServerSettings& source) {
  return std::any_of(target.channels.begin(), target.channels.end(), [&](const auto& channel) {
    if (!source.mariadb) {
      return !source.server_uuid.empty() && channel.source_uuid == source.server_uuid;
    }
    return source.server_id != 0 && channel.source_server_id == source.server_id;
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
  std::vector<SettingProblem> problems;
  if (target.channels.size() > 1) problems.push_back(ManyChannels(target));
  if (target.mariadb) CheckDomains(target, &problems);
  if (!target.channels.empty() && target.parallel_workers > 1 &&
      target.parallel_type == "DATABASE") {
    // Before 5.7 there is no other type.
    const bool only_one = absl::StartsWith(target.version, "5.6");
    problems.push_back(
        {only_one ? "slave_parallel_workers" : "replica_parallel_type",
         only_one ? absl::StrCat("slave_parallel_workers is ", target.parallel_workers,
                                 ", and this version shares the work by database: no number of "
                                 "barriers bounds how far a row may be overtaken")
                  : "replica_parallel_type is DATABASE: no number of barriers bounds how far a "
                    "row may be overtaken",
         only_one ? "STOP SLAVE; SET GLOBAL slave_parallel_workers = 0; START SLAVE"
                  : "SET GLOBAL replica_parallel_type = 'LOGICAL_CLOCK'"});
  }
  if (target.multi_primary) {
    problems.push_back({"group_replication_single_primary_mode",
                        "it is a member of a multi-primary group: no number of barriers bounds how "
                        "far a row of another member may be overtaken",
                        "set align = \"gtid\", or SELECT "
                        "group_replication_switch_to_single_primary_mode()"});
  }
  return problems;
}

}  // namespace dcp::cmd
