#include "config/feeds.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::config {
namespace {

Position ItemPlace(const Node& table, absl::string_view key, size_t index) {
  const Node* array = table.Find(key);
  if (array == nullptr || index >= array->items.size()) return table.position;
  return array->items[index].position;
}

}  // namespace

Feeds::Feeds(Draft& draft, Context& context) {
  for (size_t c = 0; c < draft.config.mysql_collectors.size(); ++c) {
    MysqlCollectorOptions& collector = draft.config.mysql_collectors[c];
    for (size_t t = 0; t < collector.tags.size(); ++t) {
      const Position position = ItemPlace(*draft.mysql_collector_nodes[c], "tags", t);
      Add(collector.tags[t].tag,
          {collector.name, &collector.tags[t], position, !collector.files.empty()}, context);
    }
  }
  for (size_t c = 0; c < draft.config.grpc_collectors.size(); ++c) {
    const GrpcCollectorOptions& collector = draft.config.grpc_collectors[c];
    for (size_t t = 0; t < collector.tags.size(); ++t) {
      const Position position = ItemPlace(*draft.grpc_collector_nodes[c], "tags", t);
      Add(collector.tags[t], {collector.name, nullptr, position}, context);
    }
  }
}

void Feeds::Add(const model::Tag& tag, Feed feed, Context& context) {
  if (tag.value().empty()) return;  // said already
  const auto [it, added] = feeds_.emplace(tag, feed);
  if (added) return;
  context.Error(feed.position,
                absl::StrCat("tag '", tag.value(), "' is fed by collector '", it->second.collector,
                             "' already; one stream feeds a tag: give this "
                             "one another name"));
}

const Feeds::Feed* Feeds::Find(const model::Tag& tag) const {
  const auto it = feeds_.find(tag);
  return it == feeds_.end() ? nullptr : &it->second;
}

bool Feeds::IsPushed(const model::Tag& tag) const {
  const Feed* feed = Find(tag);
  return feed != nullptr && feed->mysql == nullptr;
}

bool Feeds::IsOfFiles(const model::Tag& tag) const {
  const Feed* feed = Find(tag);
  return feed != nullptr && feed->files;
}

std::vector<std::string> Feeds::Names() const {
  std::vector<std::string> names;
  for (const auto& [tag, feed] : feeds_) names.push_back(tag.value());
  return names;
}

}  // namespace dcp::config
