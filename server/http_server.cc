#include "server/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

std::string ToString(beast::string_view text) { return {text.data(), text.size()}; }

// What all connections share. Used on the server's thread only.
struct Shared {
  HttpServer::Options options;
  HttpServer::Handler handler;
  size_t connections = 0;
};

// One connection, which keeps itself alive while something of it is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(shared_.options.max_body_bytes);
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->OnRead(error); });
  }

 private:
  using Request = http::request<http::string_body>;
  using Response = http::response<http::string_body>;

  void OnRead(error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit) {
      return Write(Refusal(http::status::payload_too_large, "the request is too large\n"));
    }
    // Of HTTP's own errors; others end a connection that is gone, idle or slow.
    if (error && error != http::error::end_of_stream &&
        error.category() == make_error_code(http::error::bad_method).category()) {
      return Write(Refusal(http::status::bad_request, "this is not HTTP/1.1\n"));
    }
    if (error) return Close();
    Write(Answer(parser_->get()));
  }

  Response Refusal(http::status status, const char* why) {
    Response response(status, 11);
    response.keep_alive(false);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.body() = why;
    return response;
  }

  Response Answer(const Request& request) {
    const bool head = request.method() == http::verb::head;
    HttpRequest asked;
    asked.method = head ? "GET" : ToString(request.method_string());
    const std::string target = ToString(request.target());
    asked.path = target.substr(0, target.find('?'));
    asked.authorization = ToString(request[http::field::authorization]);
    HttpResponse answer = shared_.handler(asked);

    Response response(static_cast<http::status>(answer.status), request.version());
    response.keep_alive(request.keep_alive());
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
    if (!answer.authenticate.empty()) {
      response.set(http::field::www_authenticate, answer.authenticate);
    }
    response.content_length(answer.body.size());
    if (!head) response.body() = std::move(answer.body);
    return response;
  }

  void Write(Response response) {
    response_ = std::move(response);
    if (!response_.has_content_length()) response_.prepare_payload();
    serializer_.emplace(response_);
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    http::async_write(stream_, *serializer_, [self = shared_from_this()](error_code error, size_t) {
      if (error || !self->response_.keep_alive()) return self->Close();
      self->Read();
    });
  }

  // What the peer sends still is not waited for.
  void Close() {
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  Shared& shared_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const Options& options, Handler handler) : shared_{options, std::move(handler)} {}
  ~Impl() { Stop(); }

  absl::Status Start() {
    const absl::Status listening = Listen();
    if (!listening.ok()) return listening;
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return absl::OkStatus();
  }

  void Stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  uint16_t port() const { return port_; }

 private:
  absl::Status Listen() {
    const Options& options = shared_.options;
    const auto refuse = [&](const error_code& error) {
      return absl::FailedPreconditionError(absl::StrCat("[http] cannot listen on ", options.host,
                                                        ":", options.port, ": ", error.message()));
    };
    error_code error;
    Tcp::resolver resolver(context_);
    const auto found =
        resolver.resolve(options.host, absl::StrCat(options.port), Tcp::resolver::passive, error);
    if (error) return refuse(error);
    const Tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    // Of connections that ended a moment ago; a listener that lives keeps the port.
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error ? refuse(error) : absl::OkStatus();
  }

  void Accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (error) return AcceptLater();  // no descriptors left, mostly
      if (shared_.connections < shared_.options.max_connections) {
        std::make_shared<Connection>(std::move(socket), shared_)->Read();
      }
      Accept();
    });
  }

  void AcceptLater() {
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([this](error_code error) {
      if (!error) Accept();
    });
  }

  Shared shared_;  // longer than the context, which holds the connections
  asio::io_context context_{1};
  Tcp::acceptor acceptor_{context_};
  asio::steady_timer retry_{context_};
  uint16_t port_ = 0;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                              Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  const absl::Status status = impl->Start();
  if (!status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
void HttpServer::Stop() { impl_->Stop(); }
uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace dcp::server
