// One request and its response, as far as the endpoints see them.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace dcp::server {

struct HttpRequest {
  std::string method;              // "GET"
  std::string path;                // decoded by nobody, without what follows '?'
  std::string authorization = {};  // the header's value; empty: none
  std::string query = {};          // what follows '?', decoded by nobody
  std::string host = {};           // headers' values
  std::string content_type = {};
  std::string last_event_id = {};
  std::string body = {};
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string allow = {};            // of 405: the methods that there are
  std::string authenticate = {};     // of 401: WWW-Authenticate
  std::string security_policy = {};  // Content-Security-Policy
  // Set: the response is what this returns, which may wait for the disk: it is called on a thread
  // of its own, one at a time. The rest of this object does not count.
  std::function<HttpResponse()> later = {};
  // Set: the response, with status 200, is a stream that does not end. It begins with what this
  // returns, and goes on with all that HttpServer::Publish() is given from before this is called.
  std::function<std::string()> stream = {};
};

}  // namespace dcp::server
