#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/validate_checks.h"

namespace dcp::config {
namespace {

constexpr uint32_t kDefaultId = 1;

void CheckRows(const Draft& draft, Context& context) {
  std::set<std::pair<std::string, uint32_t>> seen;
  for (size_t i = 0; i < draft.config.barriers.size(); ++i) {
    const BarrierOptions& barrier = draft.config.barriers[i];
    if (seen.emplace(model::ServerOf(barrier.connection), barrier.id).second) continue;
    context.Error(PlaceOf(*draft.barrier_nodes[i], "id"),
                  absl::StrCat("another [[barrier]] writes row ", barrier.id,
                               " of the same server: a row has one writer"));
  }
}

std::set<uint32_t> IdsWrittenOn(const std::string& server, const Draft& draft) {
  std::set<uint32_t> ids;
  for (const BarrierOptions& barrier : draft.config.barriers) {
    if (server.empty() || model::ServerOf(barrier.connection) == server) ids.insert(barrier.id);
  }
  return ids;
}

std::string SourceServer(const model::Tag& tag, const Draft& draft) {
  for (const MysqlCollectorOptions& collector : draft.config.mysql_collectors) {
    for (const MysqlTagOptions& options : collector.tags) {
      if (options.tag == tag && collector.has_server) return model::ServerOf(collector.connection);
    }
  }
  return "";
}

void Resolve(CheckOptions& check, const Node& node, const Draft& draft, Context& context) {
  if (check.barrier_id != 0) return;
  check.barrier_id = kDefaultId;
  std::set<uint32_t> ids = IdsWrittenOn(SourceServer(check.source, draft), draft);
  if (ids.empty()) ids = IdsWrittenOn("", draft);
  if (ids.size() == 1) check.barrier_id = *ids.begin();
  if (ids.size() < 2) return;
  context.Error(node.position,
                absl::StrCat("which row of drc.barrier cuts the streams of check '", check.name,
                             "' is not clear: say barrier_id = ", absl::StrJoin(ids, " or ")));
}

}  // namespace

void ResolveBarriers(const Feeds& feeds, Draft& draft, Context& context) {
  CheckRows(draft, context);
  std::map<model::Tag, const CheckOptions*> user;
  for (size_t i = 0; i < draft.config.checks.size(); ++i) {
    CheckOptions& check = draft.config.checks[i];
    Resolve(check, *draft.check_nodes[i], draft, context);
    std::vector<model::Tag> tags = check.targets;
    tags.push_back(check.source);
    for (const model::Tag& tag : tags) {
      const auto [other, first] = user.emplace(tag, &check);
      const Feeds::Feed* feed = feeds.Find(tag);
      if (feed == nullptr || feed->mysql == nullptr) continue;
      feed->mysql->barrier_id = check.barrier_id;
      if (first || other->second->barrier_id == check.barrier_id) continue;
      context.Error(
          draft.check_nodes[i]->position,
          absl::StrCat("tag '", tag.value(), "' is cut by row ", check.barrier_id,
                       " of drc.barrier here and by row ", other->second->barrier_id, " in check '",
                       other->second->name,
                       "'; give each check a tag of its own (a collector may feed several)"));
    }
  }
}

}  // namespace dcp::config
