#include "config/secret.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace dcp::config {
namespace {

constexpr size_t kMaxSecretFile = size_t{64} << 10;

bool IsVariableName(absl::string_view text) {
  const auto in_name = [](char c) {
    return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
  };
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), in_name);
}

void ReadVariable(TableReader& reader, const std::string& variable, const SecretWords& words,
                  std::string* out) {
  auto secret = reader.context().environment()(variable);
  if (!secret) {
    return reader.Error(words.env_key,
                        absl::StrCat("environment variable '", variable,
                                     "' is not set; export it with the ", words.what, words.of));
  }
  *out = *std::move(secret);
}

void CheckFileMode(TableReader& reader, const std::string& path, const SecretWords& words) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if ((info.st_mode & S_IROTH) == 0) return;
  reader.context().Warning(PlaceOf(reader.node(), words.file_key),
                           absl::StrCat("every user of this machine can read the ", words.what,
                                        " file '", path, "'; mend it with: chmod 600 ", path));
}

void ReadFile(TableReader& reader, const std::string& path, const SecretWords& words,
              std::string* out) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxSecretFile + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (in.fail() && !in.eof())) {
    return reader.Error(words.file_key, absl::StrCat("cannot read the ", words.what, " file '",
                                                     path, "': ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxSecretFile) {
    return reader.Error(words.file_key,
                        absl::StrCat("the file '", path, "' is too large for a ", words.what));
  }
  absl::string_view secret = text;
  absl::ConsumeSuffix(&secret, "\n");
  absl::ConsumeSuffix(&secret, "\r");
  if (secret.empty()) {
    return reader.Error(words.file_key,
                        absl::StrCat("the ", words.what, " file '", path, "' is empty"));
  }
  *out = std::string(secret);
  CheckFileMode(reader, path, words);
}

}  // namespace

void ReadVariableName(const Value& value, std::string* out) {
  std::string name;
  if (!ReadText(value, &name)) return;
  if (!IsVariableName(name)) {
    return value.Error("must be the name of an environment variable (letters, digits and '_')");
  }
  *out = name;
}

void ReadSecret(TableReader& reader, const SecretSource& source, const SecretWords& words,
                std::string* out) {
  if (!source.variable.empty()) {
    ReadVariable(reader, source.variable, words, out);
  } else if (!source.file.empty()) {
    ReadFile(reader, source.file, words, out);
  }
}

}  // namespace dcp::config
