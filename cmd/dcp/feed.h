// Feed: what feeds a tag, as the configuration says. Points into it.
#pragma once

#include "config/config.h"
#include "model/tag.h"

namespace dcp::cmd {

struct Feed {
  // From MySQL: both; a pushed tag: neither.
  const config::MysqlCollectorOptions* mysql = nullptr;
  const config::MysqlTagOptions* mysql_tag = nullptr;
  // Of a pushed tag.
  const config::GrpcCollectorOptions* grpc = nullptr;

  bool pushed() const { return mysql == nullptr; }
  // Pushed, and kept on disk.
  bool durable() const { return grpc != nullptr && grpc->ack == config::Ack::kDurable; }
  bool of_files() const { return mysql != nullptr && !mysql->files.empty(); }
};

Feed FeedOf(const config::Config& config, const model::Tag& tag);

}  // namespace dcp::cmd
