#include "config/load.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/connection.h"
#include "config/document.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/validate.h"

namespace dcp::config {
namespace {

constexpr size_t kMaxFile = size_t{4} << 20;

constexpr Field<Draft> kRootFields[] = {
    {"barrier", ReadBarriers},
    {"collector", ReadCollectors},
    {"check", ReadChecks},
    {"alarm", ReadAlarms},
    {"mask", ReadMasks},
    {"job", ReadJobs},
    {"ha", ReadHa},
    {"http", ReadHttp},
    {"control", ReadControl},
    {"state", ReadState},
    {"log", ReadLog},
};

Loaded Failed(const std::string& file, const std::string& message) {
  return Loaded(std::vector<Diagnostic>{{file, {}, message}});
}

}  // namespace

Environment ProcessEnvironment() {
  return [](absl::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

absl::Status Loaded::status() const {
  if (ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrJoin(errors_, "\n", [](std::string* out, const Diagnostic& diagnostic) {
        absl::StrAppend(out, ToString(diagnostic));
      }));
}

Loaded Parse(absl::string_view text, const std::string& name, Purpose purpose,
             const Environment& environment) {
  const std::variant<Node, Diagnostic> document = ParseDocument(text, name);
  if (const auto* error = std::get_if<Diagnostic>(&document)) {
    return Loaded(std::vector<Diagnostic>{*error});
  }
  const Node& root = std::get<Node>(document);
  Context context(name, purpose, environment);
  Draft draft;
  TableReader(root, "the file", context).Read(kRootFields, draft).Finish();
  Validate(root, draft, context);
  if (context.error_count() > 0) return Loaded(context.TakeErrors());
  return Loaded(LoadResult{std::move(draft.config), context.TakeWarnings()});
}

Loaded Load(const std::string& path, Purpose purpose, const Environment& environment) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFile + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (in.fail() && !in.eof())) {
    return Failed(path, absl::StrCat("cannot read the configuration: ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFile) {
    return Failed(path, absl::StrCat("the configuration is larger than ", kMaxFile, " bytes"));
  }
  return Parse(text, path, purpose, environment);
}

std::vector<KnownKey> KnownKeys() {
  std::vector<KnownKey> keys;
  AppendKeys("Sections", kRootFields, &keys);
  AppendConnectionKeys(&keys);
  AppendBarrierKeys(&keys);
  AppendCollectorKeys(&keys);
  AppendTableKeys(&keys);
  AppendCheckKeys(&keys);
  AppendAlarmKeys(&keys);
  AppendMaskKeys(&keys);
  AppendJobKeys(&keys);
  AppendServerKeys(&keys);
  return keys;
}

}  // namespace dcp::config
