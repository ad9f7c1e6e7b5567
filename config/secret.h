// Secrets: never in the file, but in an environment variable or in a file of their
// own that it names.
#pragma once

#include <string>

#include "config/reader.h"

namespace dcp::config {

struct SecretSource {
  std::string variable;  // "": none
  std::string file;      // "": none
};

// How messages call it.
struct SecretWords {
  const char* env_key;   // "password_env"
  const char* file_key;  // "password_file"
  std::string what;      // "password"
  std::string of;        // " of 'dcp'", or ""
};

// The name of an environment variable. What does not look like one may be the
// secret itself: it is not repeated.
void ReadVariableName(const Value& value, std::string* out);

// Reads the secret that `source` names, if it names one; the variable comes first.
void ReadSecret(TableReader& reader, const SecretSource& source, const SecretWords& words,
                std::string* out);

}  // namespace dcp::config
