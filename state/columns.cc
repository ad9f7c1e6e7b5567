#include "state/columns.h"

#include <array>

#include "model/digest.h"

namespace dcp::state {
namespace {

using model::DiffKind;
using model::Version;

constexpr char kAbsent[] = "absent";
constexpr char kUnknown[] = "unknown";

constexpr std::array<DiffKind, 7> kKinds = {
    DiffKind::kMissing, DiffKind::kStale,     DiffKind::kMismatch, DiffKind::kExtra,
    DiffKind::kHealed,  DiffKind::kReordered, DiffKind::kDdl};

template <typename T, typename All>
std::optional<T> Named(absl::string_view text, const All& all) {
  for (T value : all) {
    if (text == ToString(value)) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string ToColumn(const Version& version) {
  switch (version.kind) {
    case Version::Kind::kAbsent:
      return kAbsent;
    case Version::Kind::kContent:
      return model::ToHex(version.digest);
    case Version::Kind::kUnknown:
      return kUnknown;
  }
  return kUnknown;
}

std::optional<Version> VersionFromColumn(absl::string_view text) {
  if (text == kAbsent) return Version::Absent();
  if (text == kUnknown) return Version::Unknown();
  const std::optional<model::Digest> digest = model::FromHex(text);
  if (!digest) return std::nullopt;
  return Version::Content(*digest);
}

std::optional<DiffKind> KindFromColumn(absl::string_view text) {
  return Named<DiffKind>(text, kKinds);
}

std::optional<model::AlarmType> TypeFromColumn(absl::string_view text) {
  return Named<model::AlarmType>(text, model::kAllAlarmTypes);
}

std::string ToColumn(absl::Span<const std::string> texts) {
  std::string column;
  for (const std::string& text : texts) {
    for (char c : text) {
      if (c == '\n' || c == '\\') column += '\\';
      column += c;
    }
    column += '\n';
  }
  return column;
}

std::optional<std::vector<std::string>> TextsFromColumn(absl::string_view column) {
  std::vector<std::string> texts;
  std::string text;
  for (size_t i = 0; i < column.size(); ++i) {
    if (column[i] == '\n') {
      texts.push_back(std::move(text));
      text.clear();
      continue;
    }
    if (column[i] == '\\' && ++i == column.size()) return std::nullopt;
    text += column[i];
  }
  if (!text.empty()) return std::nullopt;
  return texts;
}

std::string ToColumn(absl::Span<const DiffKind> kinds) {
  std::vector<std::string> texts;
  for (DiffKind kind : kinds) texts.emplace_back(ToString(kind));
  return ToColumn(texts);
}

std::optional<std::vector<DiffKind>> KindsFromColumn(absl::string_view column) {
  const auto texts = TextsFromColumn(column);
  if (!texts) return std::nullopt;
  std::vector<DiffKind> kinds;
  for (const std::string& text : *texts) {
    const std::optional<DiffKind> kind = KindFromColumn(text);
    if (!kind) return std::nullopt;
    kinds.push_back(*kind);
  }
  return kinds;
}

}  // namespace dcp::state
