// [[token]], the TLS of what listens, and what may listen where.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/loopback.h"
#include "config/secret.h"
#include "config/sections.h"

namespace dcp::config {
namespace {

using model::AccessToken;
using model::Role;

constexpr size_t kLeastToken = 16;

constexpr Word<Role> kRoles[] = {
    {"push", Role::kPush}, {"read", Role::kRead}, {"admin", Role::kAdmin}};

struct TokenDraft {
  AccessToken token;
  SecretSource secret;
};

bool Has(const AccessToken& token, Role role) {
  return std::find(token.roles.begin(), token.roles.end(), role) != token.roles.end();
}

void ReadRole(const Value& item, TokenDraft& draft) {
  Role role{};
  if (ReadWord(item, kRoles, &role)) draft.token.roles.push_back(role);
}

void ReadTokenTag(const Value& item, TokenDraft& draft) {
  std::string name;
  if (ReadName(item, &name)) draft.token.tags.emplace_back(std::move(name));
}

constexpr Field<TokenDraft> kTokenFields[] = {
    {"name", [](const Value& v, TokenDraft& d) { ReadName(v, &d.token.name); }, true},
    {"token_env", [](const Value& v, TokenDraft& d) { ReadVariableName(v, &d.secret.variable); }},
    {"token_file", [](const Value& v, TokenDraft& d) { ReadText(v, &d.secret.file); }},
    {"roles",
     [](const Value& v, TokenDraft& d) {
       ReadItems(v, [&d](const Value& item) { ReadRole(item, d); });
     },
     true},
    {"tags",
     [](const Value& v, TokenDraft& d) {
       ReadItems(v, [&d](const Value& item) { ReadTokenTag(item, d); });
     }},
};

constexpr Field<ServerTls> kServerTlsFields[] = {
    {"cert", [](const Value& v, ServerTls& o) { ReadText(v, &o.cert); }, true},
    {"key", [](const Value& v, ServerTls& o) { ReadText(v, &o.key); }, true},
    {"client_ca", [](const Value& v, ServerTls& o) { ReadText(v, &o.client_ca); }},
};

void ReadToken(const Node& node, Draft& draft, Context& context) {
  TokenDraft token;
  TableReader reader(node, "[[token]]", context);
  reader.Read(kTokenFields, token);
  if (!reader.Has("token_env") && !reader.Has("token_file")) {
    reader.Error("name", "[[token]] needs 'token_env' or 'token_file'");
  } else if (context.purpose() == Purpose::kRun) {
    ReadToken(reader, token.secret, &token.token.secret);
  }
  if (!token.token.tags.empty() && !Has(token.token, Role::kPush)) {
    reader.Error("tags", "'tags' says what a token may push, but it has not the role \"push\"");
  }
  reader.Finish();
  draft.config.tokens.push_back(std::move(token.token));
  draft.token_nodes.push_back(&node);
}

// What listens, and how it is protected.
struct Listening {
  const Endpoint& endpoint;
  const std::optional<ServerTls>& tls;
  bool insecure = false;
  bool has_token = false;  // of its own, or of a [[token]] with the role
  const Node& node;
  std::string section;  // "[http]"
  const char* role;
};

bool AnyHas(const Config& config, Role role) {
  return std::any_of(config.tokens.begin(), config.tokens.end(),
                     [role](const AccessToken& token) { return Has(token, role); });
}

void CheckExposed(const Listening& one, Context& context) {
  if (one.endpoint.host.empty() || IsLoopback(one.endpoint.host)) return;
  const Position place = PlaceOf(one.node, "listen");
  const bool mutual = one.tls && !one.tls->client_ca.empty();
  if (!one.has_token && !mutual && !one.insecure) {
    return context.Error(
        place,
        absl::StrCat(one.section, " listens on ", one.endpoint.host,
                     ", where others reach it: it needs a [[token]] with the role \"", one.role,
                     "\", or 'client_ca' in its 'tls', or an address of this machine alone "
                     "such as 127.0.0.1, or 'insecure = true'"));
  }
  if (!one.tls) {
    context.Warning(place, absl::StrCat(one.section, " listens on ", one.endpoint.host,
                                        " without 'tls': what goes there can be read and changed "
                                        "on the way, tokens too"));
  }
}

void CheckTokens(const Draft& draft, Context& context) {
  std::set<std::string> names, secrets;
  for (size_t i = 0; i < draft.config.tokens.size(); ++i) {
    const AccessToken& token = draft.config.tokens[i];
    const Node& node = *draft.token_nodes[i];
    if (!token.name.empty() && !names.insert(token.name).second) {
      context.Error(PlaceOf(node, "name"),
                    absl::StrCat("there is another [[token]] named '", token.name, "'"));
    }
    if (!token.secret.empty() && !secrets.insert(token.secret).second) {
      context.Error(node.position, absl::StrCat("the token of '", token.name,
                                                "' is that of another [[token]], too"));
    }
  }
}

void CheckTokenTags(const Draft& draft, Context& context) {
  std::set<model::Tag> pushed;
  for (const GrpcCollectorOptions& collector : draft.config.grpc_collectors) {
    pushed.insert(collector.tags.begin(), collector.tags.end());
  }
  if (draft.collectors_broken) return;
  for (size_t i = 0; i < draft.config.tokens.size(); ++i) {
    for (const model::Tag& tag : draft.config.tokens[i].tags) {
      if (pushed.contains(tag)) continue;
      context.Error(PlaceOf(*draft.token_nodes[i], "tags"),
                    absl::StrCat("no [[collector]] of type grpc has the tag '", tag.value(), "'"));
    }
  }
}

}  // namespace

void ReadToken(TableReader& reader, const SecretSource& source, std::string* out) {
  ReadSecret(reader, source, {"token_env", "token_file", "token", ""}, out);
  const bool weak = out->size() < kLeastToken;
  const bool odd = !std::all_of(out->begin(), out->end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (out->empty()) return;  // said
  const char* const key = reader.Has("token_env") ? "token_env" : "token_file";
  if (weak) {
    reader.context().Warning(
        PlaceOf(reader.node(), key),
        absl::StrCat("the token has less than ", kLeastToken, " characters: it can be guessed"));
  }
  if (odd) reader.Error(key, "the token has characters that are not printable ASCII, or blanks");
}

void ReadServerTls(const Value& value, std::optional<ServerTls>* out) {
  ServerTls tls;
  TableReader(value.node, "tls of what listens", value.context)
      .Read(kServerTlsFields, tls)
      .Finish();
  *out = std::move(tls);
}

void ReadTokens(const Value& value, Draft& draft) {
  ReadSections(value, "token", [&](const Node& node) { ReadToken(node, draft, value.context); });
}

void CheckSecurity(const Node& root, const Draft& draft, Context& context) {
  const Config& config = draft.config;
  CheckTokens(draft, context);
  CheckTokenTags(draft, context);
  for (size_t i = 0; i < config.grpc_collectors.size(); ++i) {
    const GrpcCollectorOptions& one = config.grpc_collectors[i];
    CheckExposed({one.listen, one.tls, one.insecure, AnyHas(config, Role::kPush),
                  *draft.grpc_collector_nodes[i], "[[collector]] of type grpc", "push"},
                 context);
  }
  const bool reads = AnyHas(config, Role::kRead) || AnyHas(config, Role::kAdmin);
  if (config.http) {
    const HttpOptions& one = *config.http;
    CheckExposed({one.listen, one.tls, one.insecure, reads || one.has_token, *root.Find("http"),
                  "[http]", "read"},
                 context);
  }
  if (config.control) {
    const ControlOptions& one = *config.control;
    CheckExposed(
        {one.listen, one.tls, one.insecure, reads, *root.Find("control"), "[control]", "read"},
        context);
  }
}

void AppendSecurityKeys(std::vector<KnownKey>* out) {
  AppendKeys("[[token]]", kTokenFields, out);
  AppendKeys("tls of what listens", kServerTlsFields, out);
}

}  // namespace dcp::config
