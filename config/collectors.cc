// [barrier] and [[collector]].
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/connection.h"
#include "config/nearest.h"
#include "config/sections.h"
#include "config/values.h"

namespace dcp::config {
namespace {

constexpr uint32_t kMaxId = std::numeric_limits<uint32_t>::max();

Secrets SecretsFor(Purpose purpose) {
  return purpose == Purpose::kRun ? Secrets::kRead : Secrets::kLeave;
}

constexpr Field<BarrierOptions> kBarrierFields[] = {
    {"interval",
     [](const Value& v, BarrierOptions& o) {
       ReadDuration(v, absl::Milliseconds(10), absl::Hours(1), &o.interval);
     }},
    {"id", [](const Value& v, BarrierOptions& o) { ReadNumber(v, 1, kMaxId, &o.id); }},
};

constexpr Word<KeyFormat> kKeyFormats[] = {{"dcp", KeyFormat::kDcp},
                                           {"gravity", KeyFormat::kGravity}};

void ReadTagName(const Value& value, model::Tag* out) {
  std::string name;
  if (ReadName(value, &name)) *out = model::Tag(std::move(name));
}

constexpr Field<MysqlTagOptions> kTagFields[] = {
    {"tag", [](const Value& v, MysqlTagOptions& o) { ReadTagName(v, &o.tag); }, true},
    {"tables", [](const Value& v, MysqlTagOptions& o) { ReadTables(v, &o.tables); }, true},
    {"key_format",
     [](const Value& v, MysqlTagOptions& o) { ReadWord(v, kKeyFormats, &o.key_format); }},
};

bool IsOneTable(const std::vector<TableRule>& tables) {
  return tables.size() == 1 && tables[0].match.find('*') == std::string::npos;
}

void ReadMysqlTag(const Value& item, MysqlCollectorOptions& out) {
  MysqlTagOptions tag;
  TableReader reader(item.node, "a tag of [[collector]]", item.context);
  reader.Read(kTagFields, tag).Finish();
  if (tag.key_format == KeyFormat::kGravity && !tag.tables.empty() && !IsOneTable(tag.tables)) {
    reader.Error("key_format",
                 "key_format = \"gravity\" leaves the table out of its keys, so the tag must have "
                 "exactly one table and no pattern; give each table a tag of its own, or use "
                 "\"dcp\"");
  }
  out.tags.push_back(std::move(tag));
}

void ReadStart(const Value& value, StartPoint* out) {
  std::string text;
  if (!ReadText(value, &text)) return;
  auto start = ParseStartPoint(text);
  if (!start.ok()) return value.Error(start.status().message());
  *out = *std::move(start);
}

void IgnoreType(const Value&, MysqlCollectorOptions&) {}  // read before the rest
void IgnoreType(const Value&, GrpcCollectorOptions&) {}

// The rest of how to reach them is the collector's own, which is not read yet.
void ReadFailover(const Value& value, std::vector<model::ConnectionOptions>* out) {
  ReadItems(value, [out](const Value& item) {
    Endpoint server;
    if (!ReadHostAndPort(item, &server)) return;
    model::ConnectionOptions& options = out->emplace_back();
    options.host = server.host;
    options.port = server.port;
  });
}

void FinishFailover(TableReader& reader, MysqlCollectorOptions* out) {
  if (!out->failover.empty() && reader.Has("socket")) {
    reader.Error("failover", "'failover' goes with 'host', not with 'socket'");
  }
  for (model::ConnectionOptions& server : out->failover) {
    model::ConnectionOptions whole = out->connection;
    whole.host = server.host;
    if (server.port != 0) whole.port = server.port;
    server = std::move(whole);
  }
}

constexpr Field<MysqlCollectorOptions> kMysqlFields[] = {
    {"type", IgnoreType},
    {"name", [](const Value& v, MysqlCollectorOptions& o) { ReadName(v, &o.name); }, true},
    {"files", [](const Value& v, MysqlCollectorOptions& o) { ReadTexts(v, &o.files); }},
    {"server_id",
     [](const Value& v, MysqlCollectorOptions& o) { ReadNumber(v, 1, kMaxId, &o.server_id); }},
    {"failover", [](const Value& v, MysqlCollectorOptions& o) { ReadFailover(v, &o.failover); }},
    {"semi_sync", [](const Value& v, MysqlCollectorOptions& o) { ReadBool(v, &o.semi_sync); }},
    {"start", [](const Value& v, MysqlCollectorOptions& o) { ReadStart(v, &o.start); }},
    {"tags",
     [](const Value& v, MysqlCollectorOptions& o) {
       ReadItems(v, [&o](const Value& item) { ReadMysqlTag(item, o); });
     },
     true},
};

void ReadGrpcTag(const Value& item, GrpcCollectorOptions& out) {
  model::Tag tag;
  if (item.node.kind == Node::Kind::kTable) {
    return item.WrongType("the tag's name (a pushed tag has no tables)");
  }
  ReadTagName(item, &tag);
  if (!tag.value().empty()) out.tags.push_back(std::move(tag));
}

constexpr Word<Ack> kAcks[] = {{"received", Ack::kReceived}, {"durable", Ack::kDurable}};

void ReadAck(const Value& value, Ack* out) { ReadWord(value, kAcks, out); }

constexpr Field<GrpcCollectorOptions> kGrpcFields[] = {
    {"type", IgnoreType},
    {"name", [](const Value& v, GrpcCollectorOptions& o) { ReadName(v, &o.name); }, true},
    {"listen", [](const Value& v, GrpcCollectorOptions& o) { ReadEndpoint(v, &o.listen); }, true},
    {"tags",
     [](const Value& v, GrpcCollectorOptions& o) {
       ReadItems(v, [&o](const Value& item) { ReadGrpcTag(item, o); });
     },
     true},
    {"ack", [](const Value& v, GrpcCollectorOptions& o) { ReadAck(v, &o.ack); }},
    {"intake_max",
     [](const Value& v, GrpcCollectorOptions& o) {
       ReadSize(v, uint64_t{128} << 20, uint64_t{1} << 50, &o.intake_max_bytes);
     }},
    {"tls", [](const Value& v, GrpcCollectorOptions& o) { ReadServerTls(v, &o.tls); }},
    {"insecure", [](const Value& v, GrpcCollectorOptions& o) { ReadBool(v, &o.insecure); }},
};

// What a replica has and a file has not.
void CheckFileKeys(TableReader& reader, const MysqlCollectorOptions& options) {
  if (reader.Has("server_id")) {
    reader.Error("server_id",
                 "server_id is of a replica, but this collector reads files: leave it "
                 "out");
  }
  const bool place = options.start.kind == StartPoint::Kind::kPosition;
  if (reader.Has("start") && !place) {
    reader.Error(
        "start",
        "with 'files', start is \"file:<name>:<pos>\"; left out it is the beginning of the "
        "first file");
  }
  if (options.has_server) return;
  for (const char* key : {"user", "port", "password_env", "password_file", "tls"}) {
    if (!reader.Has(key)) continue;
    reader.Error(key, absl::StrCat("'", key,
                                   "' has no meaning without 'host' (or 'socket'), the "
                                   "server that is asked for the columns of the tables "
                                   "in the files"));
  }
}

void ReadMysqlCollector(const Node& node, Draft& draft, Context& context) {
  MysqlCollectorOptions options;
  TableReader reader(node, "[[collector]] of type mysql", context);
  reader.Read(kMysqlFields, options);
  const bool files = reader.Has("files");
  options.has_server = !files || reader.Has("host") || reader.Has("socket");
  if (options.has_server) {
    ReadConnection(reader, SecretsFor(context.purpose()), &options.connection);
  } else {
    KnowConnectionKeys(reader);
  }
  if (files) {
    CheckFileKeys(reader, options);
  } else if (!reader.Has("server_id")) {
    reader.Miss("server_id");
  }
  FinishFailover(reader, &options);
  FinishWithConnection(reader);
  draft.config.mysql_collectors.push_back(std::move(options));
  draft.mysql_collector_nodes.push_back(&node);
}

void ReadGrpcCollector(const Node& node, Draft& draft, Context& context) {
  GrpcCollectorOptions options;
  TableReader reader(node, "[[collector]] of type grpc", context);
  reader.Read(kGrpcFields, options).Finish();
  draft.config.grpc_collectors.push_back(std::move(options));
  draft.grpc_collector_nodes.push_back(&node);
}

enum class CollectorType { kMysql, kGrpc };
constexpr Word<CollectorType> kTypes[] = {{"mysql", CollectorType::kMysql},
                                          {"grpc", CollectorType::kGrpc}};

void ReadCollector(const Node& node, Draft& draft, Context& context) {
  const Node* type_node = node.Find("type");
  if (type_node == nullptr) {
    return context.Error(node.position, "[[collector]] needs 'type': \"mysql\" or \"grpc\"");
  }
  CollectorType type{};
  if (!ReadWord(Value{*type_node, "'type' in [[collector]]", context}, kTypes, &type)) return;
  if (type == CollectorType::kMysql) {
    ReadMysqlCollector(node, draft, context);
  } else {
    ReadGrpcCollector(node, draft, context);
  }
}

void ReadBarrier(const Node& node, Draft& draft, Context& context) {
  BarrierOptions options;
  TableReader reader(node, "[barrier]", context);
  reader.Read(kBarrierFields, options);
  ReadConnection(reader, SecretsFor(context.purpose()), &options.connection);
  FinishWithConnection(reader);
  draft.config.barriers.push_back(std::move(options));
  draft.barrier_nodes.push_back(&node);
}

}  // namespace

void ReadSections(const Value& value, const char* section,
                  const std::function<void(const Node&)>& read) {
  const std::string written = absl::StrCat("[[", section, "]]");
  if (value.node.kind != Node::Kind::kArray) {
    return value.context.Error(
        value.node.position, absl::StrCat("there may be several of this section: write ", written));
  }
  for (const Node& item : value.node.items) {
    if (item.kind == Node::Kind::kTable) {
      read(item);
    } else {
      value.context.Error(item.position,
                          absl::StrCat(written, " must be a table, not ", Describe(item.kind)));
    }
  }
}

void ReadBarriers(const Value& value, Draft& draft) {
  const auto read = [&](const Node& node) { ReadBarrier(node, draft, value.context); };
  if (value.node.kind != Node::Kind::kArray) return read(value.node);
  ReadSections(value, "barrier", read);
}

void ReadCollectors(const Value& value, Draft& draft) {
  const size_t before = value.context.error_count();
  ReadSections(value, "collector",
               [&](const Node& node) { ReadCollector(node, draft, value.context); });
  draft.collectors_broken = value.context.error_count() != before;
}

void AppendBarrierKeys(std::vector<KnownKey>* out) { AppendKeys("[barrier]", kBarrierFields, out); }

void AppendCollectorKeys(std::vector<KnownKey>* out) {
  AppendKeys("[[collector]] of type mysql", kMysqlFields, out);
  AppendKeys("tags of a mysql collector", kTagFields, out);
  AppendKeys("[[collector]] of type grpc", kGrpcFields, out);
}

}  // namespace dcp::config
