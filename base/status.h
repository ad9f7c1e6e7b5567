// Macros and helpers for absl::Status, which this Abseil does not have yet.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp {

// `status` with "<context>: " before its message; code and OK stay.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace dcp

#define DCP_RETURN_IF_ERROR(expr)                               \
  do {                                                          \
    if (absl::Status dcp_status_ = (expr); !dcp_status_.ok()) { \
      return dcp_status_;                                       \
    }                                                           \
  } while (false)

#define DCP_STATUS_CONCAT_INNER_(a, b) a##b
#define DCP_STATUS_CONCAT_(a, b) DCP_STATUS_CONCAT_INNER_(a, b)
#define DCP_ASSIGN_OR_RETURN(lhs, expr) \
  DCP_ASSIGN_OR_RETURN_IMPL_(DCP_STATUS_CONCAT_(dcp_statusor_, __LINE__), lhs, expr)
#define DCP_ASSIGN_OR_RETURN_IMPL_(statusor, lhs, expr) \
  auto statusor = (expr);                               \
  if (!statusor.ok()) return statusor.status();         \
  lhs = std::move(statusor).value()
