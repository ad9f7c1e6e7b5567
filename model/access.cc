#include "model/access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/secrets_equal.h"

namespace dcp::model {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

bool Has(const AccessToken& token, Role role) {
  const auto has = [&](Role one) {
    return std::find(token.roles.begin(), token.roles.end(), one) != token.roles.end();
  };
  return has(role) || (role == Role::kRead && has(Role::kAdmin));
}

}  // namespace

const char* ToString(Role role) {
  switch (role) {
    case Role::kPush:
      return "push";
    case Role::kRead:
      return "read";
    case Role::kAdmin:
      return "admin";
  }
  return "?";
}

bool Grant::Covers(absl::string_view tag) const {
  return tags_.empty() || std::any_of(tags_.begin(), tags_.end(),
                                      [&](const Tag& allowed) { return allowed.value() == tag; });
}

bool Access::Asks(Role role) const {
  return std::any_of(tokens_.begin(), tokens_.end(),
                     [&](const AccessToken& token) { return Has(token, role); });
}

// Looks at all, so that the time does not tell which one it was.
const AccessToken* Access::Find(absl::string_view secret) const {
  const AccessToken* found = nullptr;
  for (const AccessToken& token : tokens_) {
    if (SecretsEqual(token.secret, secret)) found = &token;
  }
  return found;
}

absl::StatusOr<Grant> Access::Admit(absl::string_view authorization, Role role) const {
  const char* const name = ToString(role);
  if (!Asks(role)) {
    if (role != Role::kAdmin) return Grant();
    return absl::PermissionDeniedError(
        absl::StrCat("to change something, dcp's configuration needs a [[token]] with the role \"",
                     name, "\" (token_env or token_file)"));
  }
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) {
    return absl::UnauthenticatedError(
        absl::StrCat("this needs \"authorization: Bearer TOKEN\" with a token that has the role \"",
                     name, "\" (a [[token]] of dcp's configuration)"));
  }
  const AccessToken* const token = Find(authorization.substr(kScheme.size()));
  if (token == nullptr) return absl::UnauthenticatedError("this token is not known here");
  if (Has(*token, role)) return Grant(*token);
  return absl::PermissionDeniedError(
      absl::StrCat("the token \"", token->name, "\" does not have the role \"", name, "\""));
}

}  // namespace dcp::model
