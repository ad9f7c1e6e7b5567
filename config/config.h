// What the configuration file says, as plain option structs: parsed, checked and
// with every default filled in. docs/configuration.md explains each key.
//
// Values only. Secrets are in ConnectionOptions::password, in url, headers and
// secret of AlarmOptions, in MaskOptions::hash_key, HttpOptions::token and tokens, and nowhere
// else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "model/access.h"
#include "model/alarm_type.h"
#include "model/connection_options.h"
#include "model/cron_schedule.h"
#include "model/day_hours.h"
#include "model/gtid_set.h"
#include "model/position.h"
#include "model/severity.h"
#include "model/tag.h"
#include "model/verdict.h"

namespace dcp::config {

// An address to listen on. Port 0: any free one.
struct Endpoint {
  std::string host;
  uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// TLS of something that listens.
struct ServerTls {
  std::string cert, key;  // files
  std::string client_ca;  // not empty: clients need a certificate of one of these authorities

  friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

enum class Digest : uint8_t { kXxh3, kMd5 };
enum class Capture : uint8_t { kRow, kKey };
enum class KeyFormat : uint8_t { kDcp, kGravity };
enum class Align : uint8_t { kAuto, kGtid, kBarrier };
enum class Compare : uint8_t { kConverge, kOrdered };
enum class Origin : uint8_t { kAny, kSource };
enum class Ddl : uint8_t { kCompare, kIgnore };
enum class Ack : uint8_t { kReceived, kDurable };
enum class Sync : uint8_t { kAuto, kBarrier, kGtid, kNone };
enum class JobCompare : uint8_t { kValues, kBytes };

struct BarrierOptions {
  model::ConnectionOptions connection;
  absl::Duration interval = absl::Seconds(2);
  uint32_t id = 1;  // of the row in drc.barrier

  friend bool operator==(const BarrierOptions&, const BarrierOptions&) = default;
};

// Some tables of a server.
struct TableRule {
  std::string match;  // "db.table"; '*' stands for any characters
  std::string as;     // logical name "db.table"; empty: each keeps its own
  std::vector<std::string> ignore_columns;
  // Of jobs only.
  std::string where = {};         // SQL condition of the rows that count; empty: all
  std::string target_where = {};  // the same on the target, in its names; empty: `where`
  std::vector<std::pair<std::string, std::string>> columns = {};  // source's name, target's

  friend bool operator==(const TableRule&, const TableRule&) = default;
};

// A tag fed from a MySQL binlog.
struct MysqlTagOptions {
  model::Tag tag;
  std::vector<TableRule> tables;  // the first that matches counts; never empty
  KeyFormat key_format = KeyFormat::kDcp;
  // What the checks that use the tag ask for (set by validation).
  uint32_t barrier_id = 1;
  Digest digest = Digest::kXxh3;
  Capture capture = Capture::kKey;  // kRow if any of the checks wants rows
  bool used = false;                // by some check

  friend bool operator==(const MysqlTagOptions&, const MysqlTagOptions&) = default;
};

// Where a collector begins on a server.
struct StartPoint {
  enum class Kind : uint8_t {
    kResume,    // where the last run stopped; kNow when there was none
    kNow,       // the server's present end
    kGtid,      // behind the transactions of `executed`
    kPosition,  // at `position`
  };
  Kind kind = Kind::kResume;
  model::GtidSet executed;
  model::BinlogPosition position;

  friend bool operator==(const StartPoint&, const StartPoint&) = default;
};

struct MysqlCollectorOptions {
  std::string name;
  // Not empty: binlog files are read in place of the server. As written: names may have
  // wildcards.
  std::vector<std::string> files;
  // Of the server that is read; with files, of one that is asked for the columns of their
  // tables, if has_server.
  model::ConnectionOptions connection;
  bool has_server = true;
  // Other servers with the same data, in the order in which they are tried.
  std::vector<model::ConnectionOptions> failover;
  uint32_t server_id = 0;  // 1..2^32-1; 0 with files
  bool semi_sync = false;
  StartPoint start;                   // with files: kResume (their beginning) or kPosition
  std::vector<MysqlTagOptions> tags;  // never empty

  friend bool operator==(const MysqlCollectorOptions&, const MysqlCollectorOptions&) = default;
};

struct GrpcCollectorOptions {
  std::string name;
  Endpoint listen;
  std::vector<model::Tag> tags;  // never empty
  Ack ack = Ack::kDurable;
  uint64_t intake_max_bytes = uint64_t{4} << 30;  // on disk, per durable tag
  std::optional<ServerTls> tls;
  bool insecure = false;  // others may reach it though it asks nobody who they are

  friend bool operator==(const GrpcCollectorOptions&, const GrpcCollectorOptions&) = default;
};

struct CheckOptions {
  std::string name;
  model::Tag source;
  std::vector<model::Tag> targets;  // never empty, none of them the source
  absl::Duration timeout = absl::Seconds(30);
  Align align = Align::kAuto;  // kBarrier already where a pushed tag leaves no choice
  Compare compare = Compare::kConverge;
  // For align = barrier, and for auto where it turns out to be barrier: with gtid
  // alignment it is 0 whatever stands here.
  uint32_t lateness = 1;
  uint32_t history = 100;
  bool confirm = true;
  Capture capture = Capture::kRow;
  Digest digest = Digest::kXxh3;  // "auto" resolved
  bool strict_columns = false;
  Origin origin = Origin::kAny;
  Ddl ddl = Ddl::kCompare;
  uint32_t max_diff_rows = 100;
  model::Severity severity = model::Severity::kCritical;  // its alarms have at most
  // The row of drc.barrier that cuts the check's streams (0 in the file's place for "not
  // said"; set by validation).
  uint32_t barrier_id = 0;

  friend bool operator==(const CheckOptions&, const CheckOptions&) = default;
};

struct AlarmOptions {
  enum class Type : uint8_t { kLog, kFile, kWebhook, kExec, kAlertmanager };
  Type type = Type::kLog;

  // Which alarms go there. Names with wildcards; empty: all.
  model::AlarmTypes types = model::AlarmTypes::Default();
  std::vector<std::string> checks;
  std::vector<std::string> tables;
  std::vector<model::DiffKind> kinds;
  std::vector<model::Severity> severities;
  // And when.
  absl::Duration min_interval = absl::ZeroDuration();
  std::vector<model::DayHours> quiet;
  absl::TimeZone zone = absl::LocalTimeZone();

  // file
  std::string path;                          // "-": standard output
  uint64_t max_bytes = uint64_t{100} << 20;  // rotated beyond it
  uint32_t keep = 5;                         // rotated files kept

  // webhook, alertmanager
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string ca;
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration timeout = absl::Seconds(15);  // exec too, there 30 s

  // webhook
  std::string secret;
  std::string body_template;
  std::string content_type = "application/json";

  // exec
  std::vector<std::string> command;

  // alertmanager
  absl::Duration resend = absl::Minutes(1);
  absl::Duration keep_alive = absl::Minutes(5);
  absl::Duration unverified_for = absl::Hours(1);

  friend bool operator==(const AlarmOptions&, const AlarmOptions&) = default;
};

// Values that alarms, diff files and logs do not show.
struct MaskOptions {
  enum class How : uint8_t { kStars, kHash };
  std::vector<std::string> tables;   // logical names, with wildcards; never empty
  std::vector<std::string> columns;  // never empty
  How how = How::kStars;
  std::string hash_key;  // empty: one of this run

  friend bool operator==(const MaskOptions&, const MaskOptions&) = default;
};

struct JobOptions {
  std::string name;
  std::string schedule;  // cron expression, of `starts`; empty: only by `dcp verify`
  std::optional<model::CronSchedule> starts;
  absl::TimeZone zone = absl::LocalTimeZone();
  std::vector<model::DayHours> window;  // hours in which a scheduled run reads; empty: any
  absl::Duration max_duration = absl::InfiniteDuration();  // of a scheduled run
  model::ConnectionOptions source;
  model::ConnectionOptions target;
  std::vector<TableRule> tables;                          // never empty
  model::Severity severity = model::Severity::kCritical;  // as CheckOptions::severity
  JobCompare compare = JobCompare::kValues;
  Sync sync = Sync::kAuto;
  absl::Duration sync_timeout = absl::Seconds(10);
  uint32_t barrier_id = 1;  // of the row in drc.barrier
  absl::Duration chunk_time = absl::Milliseconds(500);
  uint32_t chunk_rows = 100'000;     // at most in a chunk
  uint32_t unpaged_rows = 100'000;   // at most in a table that cannot be read in pieces
  uint32_t parallel = 1;             // tables at the same time
  uint32_t max_threads_running = 0;  // of a server, beyond which reading pauses; 0: any number
  uint32_t max_rows_per_second = 0;  // 0: as fast as can be

  friend bool operator==(const JobOptions&, const JobOptions&) = default;
};

struct HttpOptions {
  Endpoint listen;
  std::string token;       // of the roles kRead and kAdmin, here alone; empty: there is none
  bool has_token = false;  // also where secrets are not read
  std::optional<ServerTls> tls;
  bool insecure = false;  // as of a collector

  friend bool operator==(const HttpOptions&, const HttpOptions&) = default;
};

struct ControlOptions {
  Endpoint listen;
  std::optional<ServerTls> tls;
  bool insecure = false;  // as of a collector

  friend bool operator==(const ControlOptions&, const ControlOptions&) = default;
};

struct StateOptions {
  std::string dir = "dcp-state";
  uint64_t memory_bytes = uint64_t{512} << 20;

  friend bool operator==(const StateOptions&, const StateOptions&) = default;
};

// Several dcp with the same checks, of which one is active.
struct HaOptions {
  std::string name;  // of this one

  friend bool operator==(const HaOptions&, const HaOptions&) = default;
};

struct LogOptions {
  enum class Level : uint8_t { kInfo, kWarning, kError };
  enum class Format : uint8_t { kText, kJson };
  Level level = Level::kInfo;  // what is below it is not said
  Format format = Format::kText;

  friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

struct Config {
  std::vector<BarrierOptions> barriers;
  std::vector<MysqlCollectorOptions> mysql_collectors;
  std::vector<GrpcCollectorOptions> grpc_collectors;
  std::vector<CheckOptions> checks;
  std::vector<AlarmOptions> alarms;  // one log sink when the file names none
  std::vector<MaskOptions> masks;
  std::vector<JobOptions> jobs;
  std::optional<HaOptions> ha;  // then there is a [[barrier]]
  std::optional<HttpOptions> http;
  std::optional<ControlOptions> control;
  StateOptions state;
  std::vector<model::AccessToken> tokens;
  LogOptions log;

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace dcp::config
