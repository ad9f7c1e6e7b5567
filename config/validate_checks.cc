#include "config/validate_checks.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "config/nearest.h"

namespace dcp::config {
namespace {

// One check under validation.
struct Subject {
  CheckOptions& check;
  const Node& node;
  const Feeds& feeds;
  bool feeds_known;  // false: a collector could not be read
  Context& context;

  void Error(absl::string_view key, absl::string_view message) const {
    context.Error(PlaceOf(node, key), message);
  }
  bool Says(absl::string_view key) const { return node.Find(key) != nullptr; }
  Position TargetPlace(size_t i) const {
    const Node* targets = node.Find("targets");
    return i < targets->items.size() ? targets->items[i].position : targets->position;
  }
  const model::Tag* PushedTarget() const {
    const auto it = std::find_if(check.targets.begin(), check.targets.end(),
                                 [&](const model::Tag& tag) { return feeds.IsPushed(tag); });
    return it == check.targets.end() ? nullptr : &*it;
  }
  // Null when every tag of the check comes from MySQL.
  const model::Tag* PushedTag() const {
    return feeds.IsPushed(check.source) ? &check.source : PushedTarget();
  }
};

void CheckFed(const Subject& s, const model::Tag& tag, Position position) {
  if (tag.value().empty() || !s.feeds_known || s.feeds.Find(tag) != nullptr) return;
  s.context.Error(position, absl::StrCat("no [[collector]] feeds tag '", tag.value(), "'",
                                         DidYouMean(tag.value(), s.feeds.Names())));
}

void CheckTags(const Subject& s) {
  CheckFed(s, s.check.source, PlaceOf(s.node, "source"));
  std::set<model::Tag> seen;
  for (size_t i = 0; i < s.check.targets.size(); ++i) {
    const model::Tag& target = s.check.targets[i];
    if (target.value().empty()) continue;
    CheckFed(s, target, s.TargetPlace(i));
    if (target == s.check.source) {
      s.context.Error(s.TargetPlace(i), absl::StrCat("tag '", target.value(),
                                                     "' is the check's source and cannot be one of "
                                                     "its targets"));
    } else if (!seen.insert(target).second) {
      s.context.Error(s.TargetPlace(i),
                      absl::StrCat("target '", target.value(), "' is named twice"));
    }
  }
}

void CheckAlign(const Subject& s) {
  const model::Tag* pushed = s.PushedTag();
  if (s.check.align == Align::kGtid && pushed != nullptr) {
    s.Error("align", absl::StrCat("align = \"gtid\" needs GTIDs on every tag, but tag '",
                                  pushed->value(), "' is pushed; use \"auto\" or \"barrier\""));
  }
  const bool all_pushed = s.feeds.IsPushed(s.check.source) ||
                          std::all_of(s.check.targets.begin(), s.check.targets.end(),
                                      [&](const model::Tag& tag) { return s.feeds.IsPushed(tag); });
  if (s.check.align == Align::kAuto && all_pushed && !s.check.targets.empty()) {
    s.check.align = Align::kBarrier;
  }
}

void CheckLateness(const Subject& s) {
  const bool said = s.Says("lateness") && s.check.lateness > 0;
  if (s.check.compare == Compare::kOrdered) {
    if (said) {
      s.Error("lateness",
              "compare = \"ordered\" compares the changes of each segment in their order: lateness "
              "must be 0 (or left out)");
    }
    s.check.lateness = 0;
  } else if (s.check.align == Align::kGtid) {
    if (said) {
      s.Error("lateness",
              "align = \"gtid\" compares equal sets of transactions: lateness must be 0 (or left "
              "out)");
    }
    s.check.lateness = 0;
  }
}

void CheckOrigin(const Subject& s) {
  const model::Tag* pushed = s.PushedTarget();
  if (s.check.origin != Origin::kSource || pushed == nullptr) return;
  s.Error("origin", absl::StrCat("origin = \"source\" needs targets whose transactions name their "
                                 "server, but tag '",
                                 pushed->value(), "' is pushed; use \"any\""));
}

// Keys of different formats never meet: every row would be missing and extra.
void CheckKeyFormats(const Subject& s) {
  const Feeds::Feed* source = s.feeds.Find(s.check.source);
  if (source == nullptr || source->mysql == nullptr) return;
  for (size_t i = 0; i < s.check.targets.size(); ++i) {
    const Feeds::Feed* target = s.feeds.Find(s.check.targets[i]);
    if (target == nullptr || target->mysql == nullptr) continue;
    if (target->mysql->key_format == source->mysql->key_format) continue;
    s.context.Error(
        s.TargetPlace(i),
        absl::StrCat("tags '", s.check.source.value(), "' and '", s.check.targets[i].value(),
                     "' differ in key_format, so that no "
                     "key of the one is found in the other; give both the same"));
  }
}

// A server's stream has no end, and its rows and settings are those of now.
void CheckFiles(const Subject& s) {
  const bool files = s.feeds.IsOfFiles(s.check.source);
  for (size_t i = 0; i < s.check.targets.size(); ++i) {
    const model::Tag& target = s.check.targets[i];
    if (s.feeds.Find(target) == nullptr || s.feeds.Find(s.check.source) == nullptr) continue;
    if (s.feeds.IsOfFiles(target) == files) continue;
    s.context.Error(
        s.TargetPlace(i),
        absl::StrCat("tag '", (files ? s.check.source : target).value(),
                     "' is read from files and tag '", (files ? target : s.check.source).value(),
                     "' is not: a check compares files with files, or streams with "
                     "streams"));
  }
  if (!files) return;
  if (s.Says("confirm") && s.check.confirm) {
    s.context.Warning(PlaceOf(s.node, "confirm"),
                      "confirm reads the rows of now, which are not those of the files: it does "
                      "nothing here");
  }
  s.check.confirm = false;
}

void WarnConfirm(const Subject& s) {
  const model::Tag* pushed = s.PushedTag();
  if (!s.Says("confirm") || !s.check.confirm || pushed == nullptr) return;
  s.context.Warning(PlaceOf(s.node, "confirm"),
                    absl::StrCat("confirm reads rows where both sides are MySQL; it does nothing "
                                 "for tag '",
                                 pushed->value(), "', which is pushed"));
}

}  // namespace

void ValidateChecks(const Feeds& feeds, Draft& draft, Context& context) {
  for (size_t i = 0; i < draft.config.checks.size(); ++i) {
    const Subject subject{draft.config.checks[i], *draft.check_nodes[i], feeds,
                          !draft.collectors_broken, context};
    CheckTags(subject);
    CheckAlign(subject);
    CheckLateness(subject);
    CheckOrigin(subject);
    CheckKeyFormats(subject);
    CheckFiles(subject);
    WarnConfirm(subject);
  }
}

}  // namespace dcp::config
