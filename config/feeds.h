// Feeds: which collector feeds which tag.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/reader.h"
#include "config/sections.h"
#include "model/tag.h"

namespace dcp::config {

class Feeds {
 public:
  struct Feed {
    std::string collector;
    MysqlTagOptions* mysql = nullptr;  // null: pushed
    Position position;
    bool files = false;  // from binlog files
  };

  // Says to `context` which tags are fed twice. The feeds point into `draft`.
  Feeds(Draft& draft, Context& context);

  // Null when nothing feeds `tag`.
  const Feed* Find(const model::Tag& tag) const;
  bool IsPushed(const model::Tag& tag) const;
  bool IsOfFiles(const model::Tag& tag) const;
  std::vector<std::string> Names() const;
  const std::map<model::Tag, Feed>& all() const { return feeds_; }

 private:
  void Add(const model::Tag& tag, Feed feed, Context& context);

  std::map<model::Tag, Feed> feeds_;
};

}  // namespace dcp::config
