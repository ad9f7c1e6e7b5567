#include "cmd/dcp/feed.h"

#include <algorithm>

namespace dcp::cmd {

Feed FeedOf(const config::Config& config, const model::Tag& tag) {
  Feed feed;
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    for (const config::MysqlTagOptions& candidate : collector.tags) {
      if (candidate.tag != tag) continue;
      feed.mysql = &collector;
      feed.mysql_tag = &candidate;
      return feed;
    }
  }
  for (const config::GrpcCollectorOptions& collector : config.grpc_collectors) {
    if (std::count(collector.tags.begin(), collector.tags.end(), tag) > 0) feed.grpc = &collector;
  }
  return feed;
}

}  // namespace dcp::cmd
