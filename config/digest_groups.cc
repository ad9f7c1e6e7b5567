#include "config/digest_groups.h"

#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace dcp::config {
namespace {

std::vector<model::Tag> TagsOf(const CheckOptions& check) {
  std::vector<model::Tag> tags = {check.source};
  tags.insert(tags.end(), check.targets.begin(), check.targets.end());
  return tags;
}

bool Asks(const Node& check, absl::string_view digest) {
  const Node* node = check.Find("digest");
  return node != nullptr && node->text == digest;
}

// The pushed tag of `check`, null when it has none.
const model::Tag* PushedTag(const Feeds& feeds, const CheckOptions& check) {
  if (feeds.IsPushed(check.source)) return &check.source;
  for (const model::Tag& target : check.targets) {
    if (feeds.IsPushed(target)) return &target;
  }
  return nullptr;
}

// Groups of checks as indexes, by union over shared tags.
class Groups {
 public:
  explicit Groups(const std::vector<CheckOptions>& checks) : parent_(checks.size()) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
    std::map<model::Tag, size_t> first_use;
    for (size_t i = 0; i < checks.size(); ++i) {
      for (const model::Tag& tag : TagsOf(checks[i])) {
        if (tag.value().empty()) continue;
        parent_[Root(i)] = Root(first_use.emplace(tag, i).first->second);
      }
    }
  }

  std::map<size_t, std::vector<size_t>> All() {
    std::map<size_t, std::vector<size_t>> groups;
    for (size_t i = 0; i < parent_.size(); ++i) groups[Root(i)].push_back(i);
    return groups;
  }

 private:
  size_t Root(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  std::vector<size_t> parent_;
};

// Why a group is digested with MD5, and by which check.
struct Md5Reason {
  size_t check = 0;
  std::string text;
};

std::optional<Md5Reason> WhyMd5(const Feeds& feeds, const Draft& draft,
                                const std::vector<size_t>& group) {
  for (size_t i : group) {
    const model::Tag* pushed = PushedTag(feeds, draft.config.checks[i]);
    if (pushed == nullptr) continue;
    return Md5Reason{i, absl::StrCat("its tag '", pushed->value(), "' is pushed")};
  }
  for (size_t i : group) {
    if (Asks(*draft.check_nodes[i], "md5")) return Md5Reason{i, "it says digest = \"md5\""};
  }
  return std::nullopt;
}

std::string Contradiction(const Feeds& feeds, const Draft& draft, size_t i,
                          const Md5Reason& reason) {
  const model::Tag* pushed = PushedTag(feeds, draft.config.checks[i]);
  if (pushed != nullptr) {
    return absl::StrCat("digest = \"xxh3\" does not fit tag '", pushed->value(),
                        "', which is pushed: pushed contents are digested with md5; leave "
                        "'digest' out");
  }
  return absl::StrCat("check '", draft.config.checks[i].name,
                      "' asks for digest = \"xxh3\", but "
                      "shares tags with check '",
                      draft.config.checks[reason.check].name, "', which needs md5 because ",
                      reason.text,
                      "; leave 'digest' out here, or feed this check from tags of its own (further "
                      "entries in the 'tags' of the collectors)");
}

}  // namespace

void ResolveDigests(const Feeds& feeds, Draft& draft, Context& context) {
  for (const auto& [root, group] : Groups(draft.config.checks).All()) {
    const std::optional<Md5Reason> reason = WhyMd5(feeds, draft, group);
    for (size_t i : group) {
      draft.config.checks[i].digest = reason ? Digest::kMd5 : Digest::kXxh3;
      const Node& node = *draft.check_nodes[i];
      if (!reason || !Asks(node, "xxh3")) continue;
      context.Error(PlaceOf(node, "digest"), Contradiction(feeds, draft, i, *reason));
    }
  }
}

}  // namespace dcp::config
