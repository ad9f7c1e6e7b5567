#include "config/connection.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace dcp::config {
namespace {

constexpr size_t kMaxPasswordFile = size_t{64} << 10;

constexpr Word<model::TlsMode> kTlsModes[] = {
    {"disabled", model::TlsMode::kDisabled},
    {"preferred", model::TlsMode::kPreferred},
    {"required", model::TlsMode::kRequired},
    {"verify-ca", model::TlsMode::kVerifyCa},
    {"verify-identity", model::TlsMode::kVerifyIdentity},
};

constexpr Field<model::TlsOptions> kTlsFields[] = {
    {"mode", [](const Value& v, model::TlsOptions& o) { ReadWord(v, kTlsModes, &o.mode); }},
    {"ca", [](const Value& v, model::TlsOptions& o) { ReadText(v, &o.ca); }},
    {"cert", [](const Value& v, model::TlsOptions& o) { ReadText(v, &o.cert); }},
    {"key", [](const Value& v, model::TlsOptions& o) { ReadText(v, &o.key); }},
};

bool Verifies(model::TlsMode mode) {
  return mode == model::TlsMode::kVerifyCa || mode == model::TlsMode::kVerifyIdentity;
}

void ReadTls(const Value& value, model::TlsOptions& out) {
  TableReader reader(value.node, "tls", value.context);
  reader.Read(kTlsFields, out).Finish();
  if (out.mode == model::TlsMode::kDisabled && (reader.Has("ca") || reader.Has("cert"))) {
    reader.Error("mode", "tls has mode \"disabled\" and certificates: leave out one or the other");
  }
  if (Verifies(out.mode) && !reader.Has("ca")) {
    reader.Error("mode", "tls with mode \"verify-ca\" or \"verify-identity\" needs 'ca'");
  }
  if (reader.Has("cert") != reader.Has("key")) {
    reader.Error("cert", "tls needs 'cert' and 'key' together, or neither");
  }
}

// Where the password comes from, beside the options themselves.
struct Draft {
  model::ConnectionOptions options;
  std::string password_env;
  std::string password_file;
};

bool IsVariableName(absl::string_view text) {
  const auto in_name = [](char c) {
    return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
  };
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), in_name);
}

// What does not look like a name may be the password itself: it is not repeated.
void ReadPasswordEnv(const Value& value, Draft& out) {
  std::string name;
  if (!ReadText(value, &name)) return;
  if (!IsVariableName(name)) {
    return value.Error("must be the name of an environment variable (letters, digits and '_')");
  }
  out.password_env = name;
}

void ReadPort(const Value& value, uint16_t* out) {
  uint32_t port = *out;
  ReadNumber(value, 1, 65535, &port);
  *out = static_cast<uint16_t>(port);
}

void ReadHost(const Value& value, std::string* out) {
  std::string host;
  if (!ReadText(value, &host)) return;
  if (host.find_first_of("@/ ") != std::string::npos) {
    return value.Error("must be a host name or an address alone (port and user are keys)");
  }
  *out = host;
}

constexpr Field<Draft> kFields[] = {
    {"host", [](const Value& v, Draft& o) { ReadHost(v, &o.options.host); }},
    {"port", [](const Value& v, Draft& o) { ReadPort(v, &o.options.port); }},
    {"socket", [](const Value& v, Draft& o) { ReadText(v, &o.options.socket); }},
    {"user", [](const Value& v, Draft& o) { ReadText(v, &o.options.user); }, true},
    {"password_env", ReadPasswordEnv},
    {"password_file", [](const Value& v, Draft& o) { ReadText(v, &o.password_file); }},
    {"tls", [](const Value& v, Draft& o) { ReadTls(v, o.options.tls); }},
};

void ReadPasswordVariable(TableReader& reader, Draft& draft) {
  auto password = reader.context().environment()(draft.password_env);
  if (!password) {
    return reader.Error("password_env", absl::StrCat("environment variable '", draft.password_env,
                                                     "' is not set; export it with the password "
                                                     "of '",
                                                     draft.options.user, "'"));
  }
  draft.options.password = *std::move(password);
}

void CheckPasswordFileMode(TableReader& reader, const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if ((info.st_mode & S_IROTH) == 0) return;
  reader.context().Warning(PlaceOf(reader.node(), "password_file"),
                           absl::StrCat("every user of this machine can read the password file '",
                                        path, "'; mend it with: chmod 600 ", path));
}

void ReadPasswordFile(TableReader& reader, Draft& draft) {
  const std::string& path = draft.password_file;
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxPasswordFile + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (in.fail() && !in.eof())) {
    return reader.Error("password_file", absl::StrCat("cannot read the password file '", path,
                                                      "': ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxPasswordFile) {
    return reader.Error("password_file",
                        absl::StrCat("the file '", path, "' is too large for a password"));
  }
  absl::string_view password = text;
  absl::ConsumeSuffix(&password, "\n");
  absl::ConsumeSuffix(&password, "\r");
  if (password.empty()) {
    return reader.Error("password_file", absl::StrCat("the password file '", path, "' is empty"));
  }
  draft.options.password = std::string(password);
  CheckPasswordFileMode(reader, path);
}

void ReadPassword(TableReader& reader, Draft& draft) {
  if (!draft.password_env.empty()) {
    ReadPasswordVariable(reader, draft);
  } else if (!draft.password_file.empty()) {
    ReadPasswordFile(reader, draft);
  }
}

void CheckTogether(TableReader& reader) {
  const std::string& section = reader.section();
  const bool tcp = reader.Has("host") || reader.Has("port");
  if (reader.Has("socket") && tcp) {
    reader.Error("socket",
                 absl::StrCat(section, " has 'socket' and 'host' or 'port': leave out one"));
  }
  if (!reader.Has("socket") && !reader.Has("host") && reader.node().kind == Node::Kind::kTable) {
    reader.Error("host", absl::StrCat(section, " needs 'host' (or 'socket')"));
  }
  if (reader.Has("password_env") && reader.Has("password_file")) {
    reader.Error("password_file", absl::StrCat(section,
                                               " has 'password_env' and 'password_file': leave "
                                               "out one"));
  }
}

std::string PasswordHint(absl::string_view key) {
  const std::string lower = absl::AsciiStrToLower(key);
  if (lower != "password" && lower != "passwd" && lower != "pass" && lower != "pwd") return "";
  return ": passwords are not kept in this file; name an environment variable with 'password_env' "
         "or a file with 'password_file'";
}

}  // namespace

void ReadConnection(TableReader& reader, Secrets secrets, model::ConnectionOptions* out) {
  Draft draft{.options = *out, .password_env = {}, .password_file = {}};
  reader.Read(kFields, draft);
  CheckTogether(reader);
  if (secrets == Secrets::kRead) ReadPassword(reader, draft);
  *out = std::move(draft.options);
}

void FinishWithConnection(TableReader& reader) { reader.Finish(PasswordHint); }

void AppendConnectionKeys(std::vector<KnownKey>* out) {
  AppendKeys("connection keys", kFields, out);
  AppendKeys("tls", kTlsFields, out);
}

}  // namespace dcp::config
