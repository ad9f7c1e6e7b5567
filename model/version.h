// Version: one state that a key had.
#pragma once

#include <utility>

#include "model/digest.h"

namespace dcp::model {

struct Version {
  enum class Kind : uint8_t {
    kAbsent,   // the row does not exist
    kContent,  // it exists and its content has `digest`
    // Not told by the stream: the before image of a pushed UPDATE, or an image
    // that is not whole. Equal to nothing, not even to itself; rules that meet
    // it say what they do.
    kUnknown,
  };

  Kind kind = Kind::kAbsent;
  Digest digest;  // zero unless kContent

  static Version Absent() { return {}; }
  static Version Content(const Digest& digest) { return {Kind::kContent, digest}; }
  static Version Unknown() { return {Kind::kUnknown, {}}; }

  bool absent() const { return kind == Kind::kAbsent; }
  bool known() const { return kind != Kind::kUnknown; }

  // Representation equality (kUnknown equals kUnknown here); see Kind.
  friend bool operator==(const Version&, const Version&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Version& version) {
    return H::combine(std::move(h), version.kind, version.digest);
  }
};

}  // namespace dcp::model
