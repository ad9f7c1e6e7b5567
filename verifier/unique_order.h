// In which order rows are to be updated so that no unique key stands in the way: a row that gets a
// value after the one that has it now.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mysql/connection.h"

namespace dcp::verifier {

// The unique values that an update gives up, and those it takes. Texts that are equal stand for
// values that are.
struct UniqueChange {
  std::vector<std::string> left, taken;
};

struct UniqueOrder {
  std::vector<size_t> first;                 // one after the other
  std::vector<std::vector<size_t>> circles;  // then these: rows that exchange values, at once
};

UniqueOrder OrderUpdates(const std::vector<UniqueChange>& changes);

// The columns of each unique index, of rows of SHOW INDEX. Indexes of expressions are left out.
std::vector<std::vector<std::string>> UniqueIndexes(const mysql::Rows& rows);

}  // namespace dcp::verifier
