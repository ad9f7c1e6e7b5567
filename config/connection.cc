#include "config/connection.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "config/secret.h"
#include "config/values.h"
#include "model/tls_words.h"

namespace dcp::config {
namespace {

void ReadTlsMode(const Value& value, model::TlsMode* out) {
  std::vector<std::string> words;
  for (const model::TlsModeWord& one : model::kTlsModeWords) words.emplace_back(one.word);
  if (const auto index = ReadWordIndex(value, words)) *out = model::kTlsModeWords[*index].mode;
}

constexpr Field<model::TlsOptions> kTlsFields[] = {
    {"mode", [](const Value& v, model::TlsOptions& o) { ReadTlsMode(v, &o.mode); }},
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
  SecretSource password;
};

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
    {"password_env", [](const Value& v, Draft& o) { ReadVariableName(v, &o.password.variable); }},
    {"password_file", [](const Value& v, Draft& o) { ReadText(v, &o.password.file); }},
    {"tls", [](const Value& v, Draft& o) { ReadTls(v, o.options.tls); }},
    {"compress", [](const Value& v, Draft& o) { ReadBool(v, &o.options.compress); }},
};

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
  Draft draft{.options = *out, .password = {}};
  reader.Read(kFields, draft);
  CheckTogether(reader);
  if (secrets == Secrets::kRead) {
    const SecretWords words{"password_env", "password_file", "password",
                            absl::StrCat(" of '", draft.options.user, "'")};
    ReadSecret(reader, draft.password, words, &draft.options.password);
  }
  *out = std::move(draft.options);
}

void KnowConnectionKeys(TableReader& reader) {
  for (const Field<Draft>& field : kFields) reader.Know(field.key);
}

bool ReadHostAndPort(const Value& value, Endpoint* out) {
  std::string text;
  if (!ReadText(value, &text)) return false;
  const bool has_port = text.find(':') != std::string::npos && text.back() != ']';
  const auto endpoint = ParseEndpoint(has_port ? text : absl::StrCat(text, ":0"));
  if (!endpoint.ok() || (has_port && endpoint->port == 0) ||
      text.find_first_of("@/ ") != std::string::npos) {
    value.Error("must be \"host\" or \"host:port\"");
    return false;
  }
  *out = *endpoint;
  return true;
}

void FinishWithConnection(TableReader& reader) { reader.Finish(PasswordHint); }

void AppendConnectionKeys(std::vector<KnownKey>* out) {
  AppendKeys("connection keys", kFields, out);
  AppendKeys("tls", kTlsFields, out);
}

}  // namespace dcp::config
