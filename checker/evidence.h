// What a verdict tells of a change. Pure.
#pragma once

#include <optional>
#include <string>

#include "checker/segment.h"
#include "model/verdict.h"

namespace dcp::checker {

// nullopt if `item` points nowhere.
std::optional<model::ChangeEvidence> EvidenceOf(const Item& item);

// Logical table of a change or mark; "" for a pushed message.
std::string TableOf(const Item& item);

// The key under which DDL on `table` is compared: "<table>[ddl]".
std::string DdlKeyText(const std::string& table);

}  // namespace dcp::checker
