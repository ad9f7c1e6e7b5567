// The files that the page is made of, as text. Generated at build time (cmake/embed_text.cmake).
#pragma once

namespace dcp::server {

extern const char kPageHtml[];
extern const char kPageCss[];
extern const char kPageJs[];
extern const char kUplotCss[];
extern const char kUplotJs[];

}  // namespace dcp::server
