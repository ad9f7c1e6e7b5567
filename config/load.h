// Reads a configuration file into a Config, or says everything that is wrong
// with it at once. The only reader of files and of the environment.
//
// Stateless: any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "config/config.h"
#include "config/diagnostic.h"

namespace dcp::config {

// What the configuration is read for.
enum class Purpose {
  kRun,  // `dcp run`, `dcp check-config`: everything must be right
  // `dcp verify`, `dcp repair`: jobs must be right. The rest must be well formed,
  // but its secrets are not read and features that only `run` uses are not refused.
  kVerify,
};

// The value of an environment variable, nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(absl::string_view name)>;

// The process's own environment.
Environment ProcessEnvironment();

struct LoadResult {
  Config config;
  std::vector<Diagnostic> warnings;  // by position
};

// A LoadResult, or at least one error.
class Loaded {
 public:
  explicit Loaded(LoadResult result) : result_(std::move(result)) {}
  explicit Loaded(std::vector<Diagnostic> errors) : errors_(std::move(errors)) {}

  bool ok() const { return result_.has_value(); }

  // REQUIRES: ok()
  const LoadResult& value() const { return *result_; }
  LoadResult& value() { return *result_; }
  const LoadResult* operator->() const { return &*result_; }

  // By position; empty if ok().
  const std::vector<Diagnostic>& errors() const { return errors_; }

  // OK, or kInvalidArgument with one line per error.
  absl::Status status() const;

 private:
  std::optional<LoadResult> result_;
  std::vector<Diagnostic> errors_;
};

// `path` as it is given names the file in every message. Relative file names in
// it (password_file, state.dir ...) are relative to the working directory.
Loaded Load(const std::string& path, Purpose purpose, const Environment& environment);

// The same for the text of a file named `name`.
Loaded Parse(absl::string_view text, const std::string& name, Purpose purpose,
             const Environment& environment);

// A key that the parser knows, for the test that holds docs/configuration.md to
// it. `section` is the heading's text there, e.g. "[[check]]".
struct KnownKey {
  std::string section;
  std::string key;

  friend auto operator<=>(const KnownKey&, const KnownKey&) = default;
};
std::vector<KnownKey> KnownKeys();

}  // namespace dcp::config
