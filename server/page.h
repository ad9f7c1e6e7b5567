// The page at /: one HTML file with its style and scripts inside, made at build time of the files
// in server/page/. It holds no data.
#pragma once

#include <string>

namespace dcp::server {

struct Page {
  std::string html;
  // Content-Security-Policy: nothing runs but the script in `html`, which reaches nothing but the
  // server that it came from.
  std::string security_policy;
};

// Made once. Thread-safe.
const Page& ThePage();

}  // namespace dcp::server
