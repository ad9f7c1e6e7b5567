// PageEndpoints: the page at / and what it is made of.
//
//   GET  /                   the page: one file that holds no data and fetches what follows
//   GET  /events             server-sent events (server/event_feed.h)
//   GET  /findings           findings that are not resolved, with their rows
//   POST /findings/N/ack     {"note":"…"}; as `dcp diffs ack N`
//   POST /findings/N/unack   {}; as `dcp diffs ack N --undo`
//   POST /findings/N/ignore  {"for":"12h","note":"…"}; as `dcp diffs ignore N`
//
// Who may ask is the caller's business. Thread-safe.
#pragma once

#include "absl/strings/string_view.h"
#include "model/ports/page_findings.h"
#include "server/event_feed.h"
#include "server/http_message.h"

namespace dcp::server {

class PageEndpoints {
 public:
  // Both outlive it.
  PageEndpoints(model::PageFindings& findings, EventFeed& feed)
      : findings_(findings), feed_(feed) {}

  static bool Serves(absl::string_view path);
  // Whether the path changes something, by POST; else it is read, by GET.
  static bool Changes(absl::string_view path);

  // REQUIRES: Serves(request.path), and the method is the path's
  HttpResponse Answer(const HttpRequest& request) const;

 private:
  HttpResponse Findings() const;
  HttpResponse Change(const HttpRequest& request) const;

  model::PageFindings& findings_;
  EventFeed& feed_;
};

}  // namespace dcp::server
