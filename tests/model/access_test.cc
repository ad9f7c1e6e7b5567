#include "model/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/secrets_equal.h"
#include "tests/support/status_matchers.h"

namespace dcp::model {
namespace {

using ::dcp::test::HasCode;

const Access& Three() {
  static const Access access({{"applier", "push-secret", {Role::kPush}, {Tag("dst")}},
                              {"graphs", "read-secret", {Role::kRead}, {}},
                              {"oncall", "admin-secret", {Role::kAdmin}, {}}});
  return access;
}

TEST(AccessTest, ATokenHasItsRolesAndAdminReads) {
  const struct {
    const char* token;
    bool push, read, admin;
  } cases[] = {{"push-secret", true, false, false},
               {"read-secret", false, true, false},
               {"admin-secret", false, true, true}};
  for (const auto& one : cases) {
    const std::string authorization = std::string("Bearer ") + one.token;
    EXPECT_EQ(Three().Admit(authorization, Role::kPush).ok(), one.push) << one.token;
    EXPECT_EQ(Three().Admit(authorization, Role::kRead).ok(), one.read) << one.token;
    EXPECT_EQ(Three().Admit(authorization, Role::kAdmin).ok(), one.admin) << one.token;
  }
}

TEST(AccessTest, UnknownIsNotTheSameAsNotAllowed) {
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer read-secre", "Bearer read-secrets",
                            "read-secret", "Basic read-secret", "Bearer  read-secret"}) {
    EXPECT_THAT(Three().Admit(wrong, Role::kRead), HasCode(absl::StatusCode::kUnauthenticated))
        << wrong;
  }
  EXPECT_THAT(Three().Admit("Bearer push-secret", Role::kRead),
              HasCode(absl::StatusCode::kPermissionDenied));
}

TEST(AccessTest, ARoleThatNoTokenHasIsOpenButAdmin) {
  const Access nobody;
  EXPECT_OK(nobody.Admit("", Role::kPush));
  EXPECT_OK(nobody.Admit("Bearer whatever", Role::kRead));
  EXPECT_THAT(nobody.Admit("", Role::kAdmin), HasCode(absl::StatusCode::kPermissionDenied));
  const Access admin({{"oncall", "admin-secret", {Role::kAdmin}, {}}});
  EXPECT_FALSE(admin.Admit("", Role::kRead).ok());  // who may change may read: reading is asked for
  EXPECT_OK(admin.Admit("", Role::kPush));
}

TEST(AccessTest, AGrantCoversItsTags) {
  ASSERT_OK_AND_ASSIGN(const Grant bound, Three().Admit("Bearer push-secret", Role::kPush));
  EXPECT_TRUE(bound.Covers("dst"));
  EXPECT_FALSE(bound.Covers("src"));
  EXPECT_FALSE(bound.Covers(""));
  EXPECT_EQ(bound.token(), "applier");
  EXPECT_TRUE(Grant().Covers("anything"));
}

TEST(AccessTest, SecretsAreComparedWhole) {
  EXPECT_TRUE(SecretsEqual("", ""));
  EXPECT_TRUE(SecretsEqual("abc", "abc"));
  EXPECT_FALSE(SecretsEqual("abc", "abd"));
  EXPECT_FALSE(SecretsEqual("abc", "ab"));
  EXPECT_FALSE(SecretsEqual(absl::string_view("a\0b", 3), absl::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace dcp::model
