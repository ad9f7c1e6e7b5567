#include "tests/servers/replica_pair.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::test {
namespace {

constexpr char kDatabases[] =
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN "
    "('mysql', 'sys', 'performance_schema', 'information_schema')";

absl::Status DropDatabases(MysqlServer& server) {
  DCP_ASSIGN_OR_RETURN(const Rows databases, server.Query(kDatabases));
  for (const Row& row : databases) {
    DCP_RETURN_IF_ERROR(server.Execute(absl::StrCat("DROP DATABASE `", row[0].value_or(""), "`")));
  }
  return absl::OkStatus();
}

std::string Hex(const std::string& bytes) {
  return absl::StrCat("X'", absl::BytesToHexString(bytes), "'");
}

// XA RECOVER: formatID, gtrid_length, bqual_length, <gtrid><bqual>.
absl::Status RollBackPrepared(MysqlServer& server) {
  DCP_ASSIGN_OR_RETURN(const Rows prepared, server.Query("XA RECOVER"));
  for (const Row& row : prepared) {
    const std::string xid = row[3].value_or("");
    const size_t gtrid = std::stoul(row[1].value_or("0"));
    DCP_RETURN_IF_ERROR(
        server.Execute(absl::StrCat("XA ROLLBACK ", Hex(xid.substr(0, gtrid)), ", ",
                                    Hex(xid.substr(gtrid)), ", ", row[0].value_or("1"))));
  }
  return absl::OkStatus();
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

// Sets what differs. An error names the variable: it may be one that only a start can set.
absl::Status RestoreVariables(MysqlServer& server, const Rows& wanted) {
  DCP_ASSIGN_OR_RETURN(const Rows present, GlobalVariables(server));
  const std::set<Row> unchanged(present.begin(), present.end());
  for (const Row& variable : wanted) {
    if (unchanged.contains(variable)) continue;
    const std::string value = variable[1].value_or("");
    const absl::Status status = server.Execute(absl::StrCat(
        "SET GLOBAL ", variable[0].value_or(""), " = ", IsNumber(value) ? value : Quoted(value)));
    if (!status.ok()) return Annotate(status, "a test changed a variable for good");
  }
  return absl::OkStatus();
}

// A test may also have restarted the server with arguments of its own.
absl::Status RestoreArguments(MysqlServer& server, const Rows& variables) {
  if (RestoreVariables(server, variables).ok()) return absl::OkStatus();
  DCP_RETURN_IF_ERROR(server.Restart());
  return RestoreVariables(server, variables);
}

absl::Status AwakenAndForget(MysqlServer& server) {
  if (!server.Query("SELECT 1").ok()) DCP_RETURN_IF_ERROR(server.Restart());
  return ForgetSources(server);
}

void Prepend(const std::vector<std::string>& args, MysqlOptions& options) {
  options.extra_args.insert(options.extra_args.begin(), args.begin(), args.end());
}

void SetApplier(const Applier& applier, MysqlOptions& options) {
  Prepend(WordsOf(options.flavour).applier(applier), options);
}

}  // namespace

absl::StatusOr<Rows> GlobalVariables(MysqlServer& server) {
  return server.Query(server.words().global_variables);
}

absl::Status ResetServer(MysqlServer& server, const Rows& variables) {
  DCP_RETURN_IF_ERROR(AwakenAndForget(server));
  DCP_RETURN_IF_ERROR(RestoreArguments(server, variables));
  DCP_RETURN_IF_ERROR(server.Execute("SET SESSION lock_wait_timeout = 20"));
  DCP_RETURN_IF_ERROR(RollBackPrepared(server));
  DCP_RETURN_IF_ERROR(DropDatabases(server));
  return server.Execute(server.words().reset_binlog);
}

ReplicaPairOptions PairOf(Flavour flavour, Applier applier) {
  ReplicaPairOptions options{.applier = applier};
  options.source.flavour = flavour;
  options.replica.flavour = flavour;
  return options;
}

absl::StatusOr<std::unique_ptr<ReplicaPair>> ReplicaPair::Start(ReplicaPairOptions options) {
  SetApplier(options.applier, options.replica);
  if (options.circular) SetApplier(options.applier, options.source);
  DCP_ASSIGN_OR_RETURN(auto source, MysqlServer::Start(std::move(options.source)));
  DCP_ASSIGN_OR_RETURN(auto replica, MysqlServer::Start(std::move(options.replica)));
  std::unique_ptr<ReplicaPair> pair(
      new ReplicaPair(std::move(source), std::move(replica), options.circular));
  DCP_ASSIGN_OR_RETURN(pair->source_variables_, GlobalVariables(pair->source()));
  DCP_ASSIGN_OR_RETURN(pair->replica_variables_, GlobalVariables(pair->replica()));
  DCP_RETURN_IF_ERROR(pair->BeginReplication());
  return pair;
}

absl::Status ReplicaPair::BeginReplication() {
  DCP_RETURN_IF_ERROR(forth_.Begin());
  return circular_ ? back_.Begin() : absl::OkStatus();
}

absl::Status ReplicaPair::Reset() {
  DCP_RETURN_IF_ERROR(AwakenAndForget(*replica_));
  DCP_RETURN_IF_ERROR(Annotate(ResetServer(*source_, source_variables_), "reset the source"));
  DCP_RETURN_IF_ERROR(Annotate(ResetServer(*replica_, replica_variables_), "reset the replica"));
  return BeginReplication();
}

FanInOptions FanInOf(Flavour flavour, Applier applier) {
  FanInOptions options{.applier = applier};
  const bool domains = WordsOf(flavour).gtid_domain != nullptr;
  uint32_t domain = 0;
  for (MysqlOptions& source : options.sources) {
    source.flavour = flavour;
    source.gtid_domain_id = domains ? ++domain : 0;
  }
  options.replica.flavour = flavour;
  return options;
}

absl::StatusOr<std::unique_ptr<FanIn>> FanIn::Start(FanInOptions options) {
  SetApplier(options.applier, options.replica);
  std::unique_ptr<FanIn> fan_in(new FanIn);
  DCP_ASSIGN_OR_RETURN(fan_in->replica_, MysqlServer::Start(std::move(options.replica)));
  for (MysqlOptions& source : options.sources) {
    DCP_ASSIGN_OR_RETURN(auto server, MysqlServer::Start(std::move(source)));
    fan_in->sources_.push_back(std::move(server));
    fan_in->channels_.emplace_back(*fan_in->sources_.back(), *fan_in->replica_,
                                   absl::StrCat("source", fan_in->sources_.size()));
    DCP_RETURN_IF_ERROR(fan_in->channels_.back().Begin());
  }
  return fan_in;
}

absl::Status FanIn::WaitForReplica(absl::Duration timeout) {
  for (Replication& channel : channels_) DCP_RETURN_IF_ERROR(channel.Wait(timeout));
  return absl::OkStatus();
}

}  // namespace dcp::test
