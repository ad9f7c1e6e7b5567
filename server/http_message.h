// One request and its response, as far as the endpoints see them.
#pragma once

#include <string>

namespace dcp::server {

struct HttpRequest {
  std::string method;         // "GET"
  std::string path;           // decoded by nobody, without what follows '?'
  std::string authorization;  // the header's value; empty: none
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string allow = {};         // of 405: the methods that there are
  std::string authenticate = {};  // of 401: WWW-Authenticate
};

}  // namespace dcp::server
