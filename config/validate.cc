#include "config/validate.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/digest_groups.h"
#include "config/feeds.h"
#include "config/validate_checks.h"
#include "model/wildcard.h"

namespace dcp::config {
namespace {

// Names of one kind, each said once.
class Names {
 public:
  Names(const char* kind, Context& context) : kind_(kind), context_(context) {}

  // One that was complained about elsewhere, if need be.
  void AddFirst(const std::string& name) { seen_.insert(name); }
  void Add(const std::string& name, const Node& node) {
    if (name.empty() || seen_.insert(name).second) return;
    context_.Error(PlaceOf(node, "name"),
                   absl::StrCat("there is another ", kind_, " named '", name, "'"));
  }

 private:
  const char* kind_;
  Context& context_;
  std::set<std::string> seen_;
};

void CheckNames(const Draft& draft, Context& context) {
  Names collectors("[[collector]]", context), checks("[[check]]", context);
  const Config& config = draft.config;
  for (size_t i = 0; i < config.mysql_collectors.size(); ++i) {
    collectors.Add(config.mysql_collectors[i].name, *draft.mysql_collector_nodes[i]);
  }
  for (size_t i = 0; i < config.grpc_collectors.size(); ++i) {
    collectors.Add(config.grpc_collectors[i].name, *draft.grpc_collector_nodes[i]);
  }
  for (size_t i = 0; i < config.checks.size(); ++i) {
    checks.Add(config.checks[i].name, *draft.check_nodes[i]);
  }
}

// A server ends the stream of a replica when another of the same id connects.
void CheckServerIds(const Draft& draft, Context& context) {
  std::map<std::pair<std::string, uint32_t>, std::string> seen;
  for (size_t i = 0; i < draft.config.mysql_collectors.size(); ++i) {
    const MysqlCollectorOptions& collector = draft.config.mysql_collectors[i];
    if (collector.server_id == 0) continue;  // said already
    const auto [it, added] = seen.emplace(
        std::make_pair(model::ServerOf(collector.connection), collector.server_id), collector.name);
    if (added) continue;
    context.Error(PlaceOf(*draft.mysql_collector_nodes[i], "server_id"),
                  absl::StrCat("collector '", it->second,
                               "' reads the same server with the same "
                               "server_id: the server would end the stream of one of them"));
  }
}

// The servers that may feed a tag, and the collector's section; empty where it is pushed.
std::set<std::string> ServersOf(const Draft& draft, const model::Tag& tag, const Node** node) {
  std::set<std::string> servers;
  for (size_t i = 0; i < draft.config.mysql_collectors.size(); ++i) {
    const MysqlCollectorOptions& collector = draft.config.mysql_collectors[i];
    const bool feeds = std::any_of(collector.tags.begin(), collector.tags.end(),
                                   [&](const MysqlTagOptions& fed) { return fed.tag == tag; });
    if (!feeds) continue;
    *node = draft.mysql_collector_nodes[i];
    servers.insert(model::ServerOf(collector.connection));
    for (const auto& server : collector.failover) servers.insert(model::ServerOf(server));
  }
  return servers;
}

// After a failover the check would find everything equal.
void CheckFailover(const Draft& draft, Context& context) {
  for (const CheckOptions& check : draft.config.checks) {
    const Node* source_node = nullptr;
    const auto source = ServersOf(draft, check.source, &source_node);
    for (const model::Tag& tag : check.targets) {
      const Node* target_node = nullptr;
      for (const std::string& server : ServersOf(draft, tag, &target_node)) {
        if (!source.contains(server)) continue;
        const Node* const node = source_node->Find("failover") ? source_node : target_node;
        if (!node->Find("failover")) continue;  // said where the servers are asked
        context.Error(PlaceOf(*node, "failover"),
                      absl::StrCat("check '", check.name, "' could read both sides from ", server,
                                   ": it would be compared with itself"));
      }
    }
  }
}

void CheckEndpoint(const Endpoint& endpoint, const Node& node,
                   std::set<std::pair<std::string, uint16_t>>* seen, Context& context) {
  if (endpoint.port == 0 || seen->insert({endpoint.host, endpoint.port}).second) return;
  context.Error(PlaceOf(node, "listen"),
                absl::StrCat("another section listens on ", endpoint.host, ":", endpoint.port));
}

void CheckEndpoints(const Node& root, const Draft& draft, Context& context) {
  std::set<std::pair<std::string, uint16_t>> seen;
  for (size_t i = 0; i < draft.config.grpc_collectors.size(); ++i) {
    CheckEndpoint(draft.config.grpc_collectors[i].listen, *draft.grpc_collector_nodes[i], &seen,
                  context);
  }
  if (draft.config.http) {
    CheckEndpoint(draft.config.http->listen, *root.Find("http"), &seen, context);
  }
  if (draft.config.control) {
    CheckEndpoint(draft.config.control->listen, *root.Find("control"), &seen, context);
  }
}

// A misspelt check would have its alarms go nowhere.
void CheckRouting(const Draft& draft, size_t i, Context& context) {
  for (const std::string& pattern : draft.config.alarms[i].checks) {
    const bool known = std::any_of(
        draft.config.checks.begin(), draft.config.checks.end(),
        [&](const CheckOptions& check) { return model::MatchesWildcard(pattern, check.name); });
    const bool job = std::any_of(
        draft.config.jobs.begin(), draft.config.jobs.end(),
        [&](const JobOptions& one) { return model::MatchesWildcard(pattern, one.name); });
    if (known || job) continue;
    context.Error(PlaceOf(*draft.alarm_nodes[i], "checks"),
                  absl::StrCat("no [[check]] or [[job]] is called '", pattern, "'"));
  }
}

void CheckAlarms(Draft& draft, Context& context) {
  std::set<std::string> paths;
  for (size_t i = 0; i < draft.config.alarms.size(); ++i) {
    const AlarmOptions& alarm = draft.config.alarms[i];
    CheckRouting(draft, i, context);
    if (alarm.type != AlarmOptions::Type::kFile || paths.insert(alarm.path).second) continue;
    context.Error(PlaceOf(*draft.alarm_nodes[i], "path"),
                  absl::StrCat("another [[alarm]] writes to '", alarm.path,
                               "': one file takes one alarm section"));
  }
  if (draft.config.alarms.empty()) draft.config.alarms.emplace_back();
}

bool MapsNothing(const std::vector<TableRule>& tables) {
  for (const TableRule& rule : tables) {
    if (!rule.as.empty() && rule.as != rule.match) return false;
  }
  return true;
}

void CheckJobs(const Draft& draft, Context& context) {
  // What a job finds is told under its name, as what a check finds is.
  Names names("[[check]] or [[job]]", context);
  if (context.purpose() == Purpose::kRun) {
    for (size_t i = 0; i < draft.config.checks.size(); ++i) {
      names.AddFirst(draft.config.checks[i].name);
    }
  }
  for (size_t i = 0; i < draft.config.jobs.size(); ++i) {
    const JobOptions& job = draft.config.jobs[i];
    const Node& node = *draft.job_nodes[i];
    names.Add(job.name, node);
    const bool sides = node.Find("source") != nullptr && node.Find("target") != nullptr;
    if (sides && MapsNothing(job.tables) &&
        model::ServerOf(job.source) == model::ServerOf(job.target)) {
      context.Error(PlaceOf(node, "target"),
                    "source and target are the same server and no table has 'as': every table "
                    "would be compared with itself");
    }
    if (!node.Find("schedule")) {
      for (const char* const key : {"time_zone", "window", "max_duration"}) {
        if (!node.Find(key)) continue;
        context.Error(PlaceOf(node, key),
                      absl::StrCat("'", key, "' is of scheduled runs: the job has no 'schedule'"));
      }
    }
    if (context.purpose() == Purpose::kRun && job.schedule.empty() && !node.Find("schedule")) {
      context.Warning(node.position, absl::StrCat("job '", job.name,
                                                  "' has no schedule, so `dcp run` does not "
                                                  "start it; `dcp verify --job ",
                                                  job.name, "` does"));
    }
  }
}

void NoteUse(MysqlTagOptions& tag, const CheckOptions& check) {
  tag.used = true;
  tag.digest = check.digest;
  if (check.capture == Capture::kRow) tag.capture = Capture::kRow;
}

void FinishTags(const Feeds& feeds, const Draft& draft, Context& context) {
  std::set<model::Tag> used;
  for (const CheckOptions& check : draft.config.checks) {
    std::vector<model::Tag> tags = check.targets;
    tags.push_back(check.source);
    for (const model::Tag& tag : tags) {
      used.insert(tag);
      const Feeds::Feed* feed = feeds.Find(tag);
      if (feed != nullptr && feed->mysql != nullptr) NoteUse(*feed->mysql, check);
    }
  }
  for (const auto& [tag, feed] : feeds.all()) {
    if (used.contains(tag)) continue;
    context.Warning(feed.position, absl::StrCat("no [[check]] uses tag '", tag.value(),
                                                "': its stream is not compared"));
  }
}

// Below it, a session's time of silence, in whole seconds, would be more than two intervals.
constexpr absl::Duration kLeastHaInterval = absl::Milliseconds(500);

void CheckHa(const Node& root, const Draft& draft, Context& context) {
  if (!draft.config.ha) return;
  const Position place = root.Find("ha")->position;
  if (draft.config.barriers.empty()) {
    context.Error(place, "[ha] needs a [[barrier]]: who writes barriers is the one that is active");
  }
  for (size_t i = 0; i < draft.config.barriers.size(); ++i) {
    if (draft.config.barriers[i].interval >= kLeastHaInterval) continue;
    context.Error(PlaceOf(*draft.barrier_nodes[i], "interval"),
                  absl::StrCat("with [ha] the interval is at least ",
                               absl::FormatDuration(kLeastHaInterval)));
  }
}

void ValidateForRun(const Node& root, Draft& draft, Context& context) {
  CheckNames(draft, context);
  CheckServerIds(draft, context);
  CheckHa(root, draft, context);
  CheckFailover(draft, context);
  CheckEndpoints(root, draft, context);
  CheckSecurity(root, draft, context);
  const Feeds feeds(draft, context);
  ValidateChecks(feeds, draft, context);
  ResolveBarriers(feeds, draft, context);
  ResolveDigests(feeds, draft, context);
  FinishTags(feeds, draft, context);
  if (root.Find("check") == nullptr && root.Find("job") == nullptr) {
    context.Error({}, "there is nothing to do: `dcp run` needs at least one [[check]] or [[job]]");
  }
}

}  // namespace

void Validate(const Node& root, Draft& draft, Context& context) {
  CheckAlarms(draft, context);
  CheckJobs(draft, context);
  if (context.purpose() == Purpose::kRun) {
    ValidateForRun(root, draft, context);
  } else if (root.Find("job") == nullptr) {
    context.Error({}, "there is nothing to verify: `dcp verify` needs a [[job]]");
  }
}

}  // namespace dcp::config
