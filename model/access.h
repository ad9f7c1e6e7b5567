// Access: who may do what. The one place where roles and tokens are checked, for HTTP and gRPC.
//
// Thread-safe; constant after construction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/tag.h"

namespace dcp::model {

enum class Role : uint8_t {
  kPush,   // feeds tags
  kRead,   // sees what dcp does: metrics, status, findings, alarms
  kAdmin,  // changes it: acknowledges, ignores, resets. May read too
};
const char* ToString(Role role);  // "push", ...

struct AccessToken {
  std::string name;    // for people; never the secret
  std::string secret;  // not empty
  std::vector<Role> roles;
  std::vector<Tag> tags;  // that it may push; empty: all

  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

// What a caller was let in for.
class Grant {
 public:
  Grant() = default;  // every tag
  explicit Grant(const AccessToken& token) : token_(token.name), tags_(token.tags) {}

  const std::string& token() const { return token_; }  // its name; empty: none was asked for
  bool Covers(absl::string_view tag) const;

 private:
  std::string token_;
  std::vector<Tag> tags_;
};

class Access {
 public:
  Access() = default;
  explicit Access(std::vector<AccessToken> tokens) : tokens_(std::move(tokens)) {}

  // `authorization`: "Bearer TOKEN", or empty. A role that no token has is open to all who can
  // connect, but kAdmin, which always needs a token.
  //   kUnauthenticated   no token where one is needed, or an unknown one
  //   kPermissionDenied  a token that has not the role, or nobody has it
  absl::StatusOr<Grant> Admit(absl::string_view authorization, Role role) const;

  // Whether a token is for it.
  bool Asks(Role role) const;

 private:
  const AccessToken* Find(absl::string_view secret) const;

  std::vector<AccessToken> tokens_;
};

}  // namespace dcp::model
