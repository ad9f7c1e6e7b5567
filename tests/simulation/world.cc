#include "tests/simulation/world.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "row/pushed.h"
#include "tests/checker/model/plain_batch.h"

namespace dcp::simulation {
namespace {

using checker::test::History;
using checker::test::PlainChange;
using checker::test::PlainTxn;
using checker::test::Stream;
using checker::test::Theme;
using model::Version;

constexpr std::array kPushedThemes = {Theme::kExact, Theme::kLateness, Theme::kReplay,
                                      Theme::kFaults};
constexpr std::array kThemes = {Theme::kExact,      Theme::kLateness, Theme::kReplay,
                                Theme::kGtid,       Theme::kRestart,  Theme::kFaults,
                                Theme::kGtidFaults, Theme::kMariaDb,  Theme::kMariaDbFaults};

bool HasPushedSource(const History& history) {
  return absl::StrContains(history.notes, "pushed source");
}
bool HasPushedTarget(const History& history) {
  return absl::StrContains(history.notes, "pushed target");
}

// A row's text by which a pushed version is known.
std::string RowOf(const Version& version) { return absl::StrCat("[", version.digest.low, "]"); }

Version AsPushed(const Version& version) {
  if (version.kind != Version::Kind::kContent) return version;
  return row::InterpretPushed(absl::StrCat("INSERT ", RowOf(version)), "").after;
}

// What the server's stream has beside a pushed one.
void UsePushedVersions(Stream& stream) {
  for (auto& item : stream) {
    auto* txn = std::get_if<PlainTxn>(&item);
    if (txn == nullptr) continue;
    for (auto& entry : txn->entries) {
      auto* change = std::get_if<PlainChange>(&entry);
      if (change == nullptr) continue;
      change->before = AsPushed(change->before);
      change->after = AsPushed(change->after);
    }
  }
}

Message MessageOf(const PlainChange& change) {
  Message message;
  message.mutable_payload()->set_id(change.key);
  const std::string content = change.after.absent() ? "DELETE []"
                              : change.op == model::Op::kInsert
                                  ? absl::StrCat("INSERT ", RowOf(change.after))
                                  : absl::StrCat("UPDATE ", RowOf(change.after));
  message.mutable_payload()->set_content(content);
  return message;
}

std::vector<Message> MessagesOf(const model::Tag& tag, const Stream& stream) {
  std::vector<Message> messages;
  for (const auto& item : stream) {
    const auto* txn = std::get_if<PlainTxn>(&item);
    if (txn == nullptr) continue;
    for (const auto& entry : txn->entries) {
      const auto* change = std::get_if<PlainChange>(&entry);
      Message message;
      if (change != nullptr) message = MessageOf(*change);
      if (change == nullptr) message.set_barrier(std::get<model::Mark>(entry).barrier_offset);
      message.set_id(absl::StrCat(tag.value(), messages.size() + 1));
      message.set_tag(tag.value());
      messages.push_back(std::move(message));
    }
  }
  return messages;
}

History Draw(uint64_t seed, bool pushed) {
  for (uint64_t n = seed * 256;; ++n) {
    const Theme theme =
        pushed ? kPushedThemes[n % kPushedThemes.size()] : kThemes[n % kThemes.size()];
    History history = checker::test::Generate(theme, n);
    const bool is_pushed = HasPushedSource(history) || HasPushedTarget(history);
    const bool in_places =
        std::none_of(history.source.begin(), history.source.end(), checker::test::GoesBackInside) &&
        std::none_of(history.target.begin(), history.target.end(), checker::test::GoesBackInside);
    if (is_pushed == pushed && (pushed || in_places)) return history;
  }
}

// Little is read again in half of the runs, so that much must be known from what was stored.
void ChooseOptions(uint64_t seed, const std::string& name, CheckedPair& pair) {
  checker::PairOptions& options = pair.history.options;
  options.check = name;
  options.source = model::Tag(absl::StrCat(name, "-source"));
  options.target = model::Tag(absl::StrCat(name, "-target"));
  options.timeout = absl::Hours(24 * 365);
  if (seed % 2 == 0) return;
  options.history = static_cast<uint32_t>(1 + seed % 3);
  pair.no_false_difference = false;
}

Feeding MakeFeeding(const model::Tag& tag, const Stream& stream, bool pushed, bool beside_pushed) {
  Feeding feeding{tag, pushed, stream, {}};
  if (beside_pushed) UsePushedVersions(feeding.stream);
  if (pushed) feeding.messages = MessagesOf(tag, stream);
  return feeding;
}

CheckedPair MakePair(uint64_t seed, const std::string& name, bool pushed) {
  CheckedPair pair;
  pair.history = Draw(seed, pushed);
  ChooseOptions(seed, name, pair);
  const checker::PairOptions& options = pair.history.options;
  Stream source = pair.history.source, target = pair.history.target;
  checker::test::AppendQuietBarriers(kQuietFrom, 2 * options.lateness + 4, &source, &target);
  const History& history = pair.history;
  pair.source = MakeFeeding(options.source, source, pushed && HasPushedSource(history), pushed);
  pair.target = MakeFeeding(options.target, target, pushed && HasPushedTarget(history), pushed);
  return pair;
}

void AddFeeding(const Feeding& feeding, config::GrpcCollectorOptions& grpc,
                config::Config& config) {
  if (feeding.pushed) {
    grpc.tags.push_back(feeding.tag);
    return;
  }
  config::MysqlCollectorOptions collector;
  collector.name = feeding.tag.value();
  config::MysqlTagOptions& tag = collector.tags.emplace_back();
  tag.tag = feeding.tag;
  tag.tables.push_back({"*.*", "", {}});
  config.mysql_collectors.push_back(std::move(collector));
}

config::Config ConfigOf(const std::vector<CheckedPair>& pairs) {
  config::Config config;
  config::GrpcCollectorOptions grpc;
  grpc.name = "push";
  for (const CheckedPair& pair : pairs) {
    config::CheckOptions& check = config.checks.emplace_back();
    check.name = pair.history.options.check;
    check.source = pair.source.tag;
    check.targets = {pair.target.tag};
    AddFeeding(pair.source, grpc, config);
    AddFeeding(pair.target, grpc, config);
  }
  config.grpc_collectors.push_back(std::move(grpc));
  return config;
}

}  // namespace

World MakeWorld(uint64_t seed) {
  World world;
  world.pairs.push_back(MakePair(seed, "a", /*pushed=*/true));
  world.pairs.push_back(MakePair(seed, "b", /*pushed=*/false));
  world.config = ConfigOf(world.pairs);
  return world;
}

}  // namespace dcp::simulation
