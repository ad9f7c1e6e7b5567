#include "cmd/dcp/convert.h"

#include <memory>
#include <utility>

#include "barrier/barrier_table.h"
#include "base/status.h"
#include "collector/mysql/table_router.h"

namespace dcp::cmd {
namespace {

// Of barriers that others write, as far as is known.
constexpr absl::Duration kForeignInterval = absl::Seconds(10);

checker::Align ToAlign(config::Align align) {
  switch (align) {
    case config::Align::kAuto:
      return checker::Align::kAuto;
    case config::Align::kGtid:
      return checker::Align::kGtid;
    case config::Align::kBarrier:
      return checker::Align::kBarrier;
  }
  return checker::Align::kAuto;
}

}  // namespace

absl::Duration SilenceLimit(const config::Config& config, const config::CheckOptions& check) {
  absl::Duration interval = kForeignInterval;
  for (const config::BarrierOptions& barrier : config.barriers) {
    if (barrier.id == check.barrier_id) interval = barrier.interval;
  }
  return check.timeout + 2 * interval;
}

barrier::PulseOptions ToPulseOptions(const config::BarrierOptions& barrier) {
  barrier::PulseOptions pulse;
  pulse.id = barrier.id;
  pulse.interval = barrier.interval;
  pulse.user = absl::StrCat("'", barrier.connection.user, "'@'%'");
  return pulse;
}

checker::PairOptions ToPairOptions(const config::CheckOptions& check, const model::Tag& target) {
  checker::PairOptions options;
  options.check = check.name;
  options.source = check.source;
  options.target = target;
  options.align = ToAlign(check.align);
  options.compare = check.compare == config::Compare::kOrdered ? checker::Compare::kOrdered
                                                               : checker::Compare::kConverge;
  options.lateness = check.lateness;
  options.history = check.history;
  options.timeout = check.timeout;
  options.max_diff_rows = check.max_diff_rows;
  options.confirm = check.confirm;
  options.origin =
      check.origin == config::Origin::kSource ? checker::Origin::kSource : checker::Origin::kAny;
  options.ignore_ddl = check.ddl == config::Ddl::kIgnore;
  return options;
}

collector::MysqlTag ToMysqlTag(const config::MysqlTagOptions& tag) {
  collector::MysqlTag mysql;
  mysql.tag = tag.tag;
  for (const config::TableRule& rule : tag.tables) {
    mysql.tables.push_back({rule.match, rule.as, rule.ignore_columns});
  }
  mysql.key_format = tag.key_format == config::KeyFormat::kGravity ? row::KeyFormat::kGravity
                                                                   : row::KeyFormat::kDcp;
  mysql.digest =
      tag.digest == config::Digest::kMd5 ? row::DigestKind::kMd5 : row::DigestKind::kXxh3;
  mysql.capture_rows = tag.capture == config::Capture::kRow;
  mysql.barrier_id = tag.barrier_id;
  return mysql;
}

std::vector<verifier::TableRule> ToVerifierRules(const config::MysqlTagOptions& tag) {
  std::vector<verifier::TableRule> rules;
  for (const config::TableRule& rule : tag.tables) {
    rules.push_back({rule.match, rule.as, rule.ignore_columns});
  }
  return rules;
}

BinlogServers ToBinlogServers(const config::MysqlCollectorOptions& collector) {
  BinlogServers servers;
  servers.servers = {collector.connection};
  servers.servers.insert(servers.servers.end(), collector.failover.begin(),
                         collector.failover.end());
  servers.server_id = collector.server_id;
  servers.semi_sync = collector.semi_sync;
  return servers;
}

collector::StartPoint ToStartPoint(const config::StartPoint& start) {
  collector::StartPoint point;
  switch (start.kind) {
    case config::StartPoint::Kind::kResume:
    case config::StartPoint::Kind::kNow:
      point.kind = collector::StartPoint::Kind::kNow;
      break;
    case config::StartPoint::Kind::kGtid:
      point.kind = collector::StartPoint::Kind::kGtid;
      break;
    case config::StartPoint::Kind::kPosition:
      point.kind = collector::StartPoint::Kind::kPosition;
      break;
  }
  point.executed = start.executed;
  point.position = start.position;
  return point;
}

absl::StatusOr<mysql::TableFilter> MakeTableFilter(const std::vector<collector::MysqlTag>& tags) {
  // The router keeps references into the tags: both live in the filter.
  struct Shared {
    std::vector<collector::MysqlTag> tags;
    std::unique_ptr<collector::TableRouter> router;
  };
  auto shared = std::make_shared<Shared>();
  shared->tags = tags;
  DCP_ASSIGN_OR_RETURN(collector::TableRouter router, collector::TableRouter::Create(shared->tags));
  shared->router = std::make_unique<collector::TableRouter>(std::move(router));
  return [shared](absl::string_view database, absl::string_view table) {
    if (database == barrier::kDatabase && table == barrier::kTable) return true;
    return !shared->router->RoutesOf(database, table).empty();
  };
}

}  // namespace dcp::cmd
