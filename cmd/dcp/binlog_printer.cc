#include "cmd/dcp/binlog_printer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/json_string.h"
#include "base/status.h"
#include "collector/mysql/sql_statement.h"
#include "mysql/event.h"
#include "row/json_text.h"

namespace dcp::cmd {
namespace {

using mysql::BinlogEvent;
using Kind = BinlogEvent::Kind;

// How soon `stop` and a closed pipe are noticed while nothing comes.
constexpr absl::Duration kPatience = absl::Milliseconds(200);
constexpr int64_t kMicrosPerSecond = 1'000'000;

}  // namespace

BinlogPrinter::BinlogPrinter(const Parts& parts, Options options)
    : parts_(parts), options_(std::move(options)) {}

absl::Status BinlogPrinter::Run() {
  const absl::Status ended = ReadAll();
  if (absl::IsCancelled(ended) && parts_.output.ReaderIsGone()) return absl::OkStatus();
  parts_.writer.Finish();
  const absl::Status flushed = parts_.output.Flush();
  if (!ended.ok() && !absl::IsCancelled(ended)) return ended;
  if (!flushed.ok() && !absl::IsCancelled(flushed)) return flushed;
  if (not_given_ == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(not_given_, not_given_ == 1 ? " event" : " events",
                                          " could not be given; see the lines above"));
}

// kCancelled: stopped, or nobody reads the output.
absl::Status BinlogPrinter::ReadAll() {
  while (!parts_.stop) {
    // What has been read is shown before anything is waited for.
    const bool pending = !parts_.output.buffer().empty();
    const auto event = parts_.reader.Next(pending ? absl::ZeroDuration() : kPatience);
    if (absl::IsDeadlineExceeded(event.status())) {
      DCP_RETURN_IF_ERROR(Idle());
    } else if (absl::IsOutOfRange(event.status())) {
      if (!options_.endless) return absl::OkStatus();
      return absl::UnavailableError("the server ended the stream: it is shutting down");
    } else if (!event.ok()) {
      return event.status();
    } else {
      DCP_RETURN_IF_ERROR(Take(**event));
    }
  }
  return absl::CancelledError("stopped");
}

absl::Status BinlogPrinter::Idle() {
  if (parts_.output.ReaderIsGone()) return absl::CancelledError("nobody reads the output");
  return parts_.output.Flush();
}

absl::Status BinlogPrinter::Take(const BinlogEvent& event) {
  switch (event.kind) {
    case Kind::kGroupStart:
      BeginGroup(event);
      break;
    case Kind::kCommit:
    case Kind::kXaPrepare:
    case Kind::kPreviousGtids:  // the head of a file
    case Kind::kRotate:
      EndGroup(event);
      break;
    case Kind::kRows:
      return TakeRows(event);
    case Kind::kQuery:
      TakeQuery(event);
      break;
    case Kind::kUnreadable:
    case Kind::kIncident:
      ReportLocated(event.error.message());
      break;
    case Kind::kGap:
      EndGroup(event);
      ReportLocated(event.error.message());
      break;
    case Kind::kStatementContext:
      Report(event, absl::StrCat(mysql::EventTypeName(event.type_code),
                                 " event: data was changed by a statement, without rows events"));
      break;
    case Kind::kRowsQuery:
    case Kind::kHeartbeat:
    case Kind::kOther:
      break;
  }
  return absl::OkStatus();
}

bool BinlogPrinter::Skips(const model::Gtid& gtid) const {
  if (gtid.empty()) return false;
  if (options_.skip.Contains(gtid)) return true;
  // Numbers count up along a domain, whichever server writes.
  const auto last = options_.skip_behind.last().find(gtid.source.domain);
  return gtid.source.mariadb() && last != options_.skip_behind.last().end() &&
         gtid.number <= last->second.number;
}

void BinlogPrinter::BeginGroup(const BinlogEvent& event) {
  resume_ = event.start;
  group_.gtid = event.gtid;
  // A whole second is what the event's header tells where the commit time is not.
  const bool exact = event.timestamp_micros % kMicrosPerSecond != 0;
  group_.commit_micros = exact ? event.timestamp_micros : 0;
  skipping_ = Skips(event.gtid);
}

void BinlogPrinter::EndGroup(const BinlogEvent& event) {
  resume_ = event.end;
  group_ = BinlogGroup();
  skipping_ = false;
}

absl::Status BinlogPrinter::TakeRows(const BinlogEvent& event) {
  if (skipping_) return absl::OkStatus();
  parts_.writer.BeginRows(event, group_);
  while (true) {
    const absl::StatusOr<bool> more = event.rows->Next(&before_, &after_);
    if (!more.ok()) {
      Report(event, more.status().message());
      return absl::OkStatus();
    }
    if (!*more) return absl::OkStatus();
    parts_.writer.Row(before_, after_);
    DCP_RETURN_IF_ERROR(parts_.output.FlushIfFull());
  }
}

void BinlogPrinter::TakeQuery(const BinlogEvent& event) {
  const collector::SqlStatement statement = collector::ParseStatement(event.query, event.database);
  if (statement.kind != collector::SqlStatement::Kind::kDataChange) return;
  std::string shown;  // without what a terminal would obey
  AppendJsonString(row::ToValidUtf8(statement.text), &shown);
  Report(event, absl::StrCat("a statement changed data without rows events (binlog_format was not "
                             "ROW): ",
                             shown));
}

void BinlogPrinter::Report(const BinlogEvent& event, absl::string_view what) {
  ReportLocated(absl::StrCat(event.start.file, ":", event.start.offset, ": ", what));
}

void BinlogPrinter::ReportLocated(absl::string_view what) {
  if (skipping_) return;
  ++not_given_;
  parts_.err << what << '\n';
}

}  // namespace dcp::cmd
