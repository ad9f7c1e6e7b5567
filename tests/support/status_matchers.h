// Matchers for absl::Status and StatusOr, which this Abseil does not have yet.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dcp::test {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).ok();
}

MATCHER_P(HasCode, code, "") {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).code() == code;
}

// StatusIs(code, matcher of the message)
MATCHER_P2(StatusIs, code, message, "") {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).code() == code &&
         ::testing::Matches(message)(std::string(GetStatus(arg).message()));
}

}  // namespace dcp::test

#define ASSERT_OK(expr) ASSERT_THAT(expr, ::dcp::test::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT(expr, ::dcp::test::IsOk())
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL_(DCP_TEST_CONCAT_(dcp_test_result_, __LINE__), lhs, expr)
#define DCP_TEST_CONCAT_INNER_(a, b) a##b
#define DCP_TEST_CONCAT_(a, b) DCP_TEST_CONCAT_INNER_(a, b)
#define ASSERT_OK_AND_ASSIGN_IMPL_(result, lhs, expr) \
  auto result = (expr);                               \
  ASSERT_THAT(result, ::dcp::test::IsOk());           \
  lhs = std::move(result).value()
