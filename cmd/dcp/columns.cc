#include "cmd/dcp/columns.h"

#include <algorithm>
#include <utility>

#include "cmd/dcp/inspect.h"

namespace dcp::cmd {
namespace {

using collector::ColumnAgreement;
using collector::ColumnMember;

bool IsMember(const std::vector<ColumnMember>& members, const model::Tag& tag) {
  return std::any_of(members.begin(), members.end(),
                     [&](const ColumnMember& member) { return member.tag == tag; });
}

const config::CheckOptions* FirstCheckOfTarget(const config::Config& config,
                                               const model::Tag& tag) {
  for (const config::CheckOptions& check : config.checks) {
    const auto& targets = check.targets;
    if (std::find(targets.begin(), targets.end(), tag) != targets.end()) return &check;
  }
  return nullptr;
}

collector::TableView ViewOf(const InspectedTable& table) {
  collector::TableView view;
  view.physical = table.name;
  view.columns = table.columns;
  view.key = table.key;
  return view;
}

void SeedTag(const InspectedTag& tag, ColumnAgreement* columns) {
  for (const InspectedTable& table : tag.tables) {
    columns->Seed(tag.tag, table.logical, ViewOf(table));
  }
}

bool BeginsNow(const config::Config& config, const std::string& name) {
  using Kind = config::StartPoint::Kind;
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    if (collector.name != name) continue;
    return collector.start.kind == Kind::kNow || collector.start.kind == Kind::kResume;
  }
  return false;
}

}  // namespace

std::vector<ColumnMember> ToColumnMembers(const config::Config& config) {
  std::vector<ColumnMember> members;
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    for (const config::MysqlTagOptions& tag : collector.tags) {
      if (!tag.used) continue;
      ColumnMember member;
      member.tag = tag.tag;
      member.stream = collector.name;
      for (const config::TableRule& rule : tag.tables) {
        member.tables.push_back({rule.match, rule.as, rule.ignore_columns});
      }
      member.strict = std::any_of(config.checks.begin(), config.checks.end(),
                                  [&](const config::CheckOptions& check) {
                                    return check.source == tag.tag && check.strict_columns;
                                  });
      members.push_back(std::move(member));
    }
  }
  for (ColumnMember& member : members) {
    const config::CheckOptions* check = FirstCheckOfTarget(config, member.tag);
    if (check != nullptr && IsMember(members, check->source)) member.source = check->source;
  }
  return members;
}

size_t ColumnWindow(const config::Config& config) {
  size_t window = 2;
  for (const config::CheckOptions& check : config.checks) {
    window = std::max(window, size_t{check.lateness} + 1);
  }
  return window;
}

void SeedColumns(const config::Config& config, const std::vector<InspectedTag>& tags,
                 ColumnAgreement* columns) {
  for (const InspectedTag& tag : tags) {
    if (BeginsNow(config, tag.collector)) SeedTag(tag, columns);
  }
  columns->Begin();
}

void NameLeftOut(const config::Config& config, std::vector<InspectedTag>* tags) {
  ColumnAgreement::Options options;
  options.members = ToColumnMembers(config);
  ColumnAgreement columns(std::move(options));
  for (const InspectedTag& tag : *tags) SeedTag(tag, &columns);
  for (InspectedTag& tag : *tags) {
    for (InspectedTable& table : tag.tables) {
      table.left_out = columns.LeftOut(tag.tag, table.logical, table.name);
    }
  }
}

}  // namespace dcp::cmd
