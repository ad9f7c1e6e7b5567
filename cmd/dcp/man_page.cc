#include "cmd/dcp/man_page.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace dcp::cmd {
namespace {

// Text as troff shows it: a hyphen stays one, and no line is taken for a request.
std::string Text(absl::string_view text) {
  std::string out = absl::StrReplaceAll(
      text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}, {"`", "\\(ga"}, {"…", "\\&..."}});
  if (!out.empty() && out[0] == '.') out.insert(0, "\\&");
  return out;
}

// What stands behind an option's name.
std::string ValueText(const OptionNode& option) {
  if (option.word.empty()) return "";
  return absl::StrCat(" \\fI", Text(option.word), "\\fR");
}

void AppendOption(const OptionNode& option, std::string* out) {
  absl::StrAppend(out, ".TP\n");
  if (option.positional) {
    absl::StrAppend(out, "\\fI", Text(option.word), "\\fR", option.repeatable ? " ..." : "", "\n");
  } else {
    absl::StrAppend(out, "\\fB", Text(option.name), "\\fR", ValueText(option), "\n");
  }
  absl::StrAppend(out, Text(option.about), absl::EndsWith(option.about, ".") ? "" : ".");
  if (!option.choices.empty()) {
    absl::StrAppend(out, " One of ", Text(absl::StrJoin(option.choices, ", ")), ".");
  }
  if (!option.preset.empty()) absl::StrAppend(out, " Default: ", Text(option.preset), ".");
  if (option.required) absl::StrAppend(out, " Required.");
  if (option.repeatable && !option.positional) absl::StrAppend(out, " May be given again.");
  absl::StrAppend(out, "\n");
}

// Lines as they are: what follows a command's options, with examples.
void AppendFooter(const std::string& footer, std::string* out) {
  if (footer.empty()) return;
  absl::StrAppend(out, ".PP\n.nf\n");
  for (absl::string_view line : absl::StrSplit(footer, '\n')) {
    absl::StrAppend(out, Text(line), "\n");
  }
  absl::StrAppend(out, ".fi\n");
}

void AppendCommand(const CommandNode& command, const std::string& path, std::string* out) {
  absl::StrAppend(out, ".SS ", Text(path), "\n", Text(command.about), ".\n");
  for (const OptionNode& option : command.options) {
    if (option.name != "--help") AppendOption(option, out);
  }
  AppendFooter(command.footer, out);
  for (const CommandNode& next : command.commands) {
    AppendCommand(next, absl::StrCat(path, " ", next.name), out);
  }
}

constexpr char kTail[] = R"(.SH EXIT STATUS
.TP
0
Success.
.TP
1
An error while working.
.TP
2
Of \fBrun \-\-until\-end\fR: differences, or something is not verified.
Of \fBwait\fR: different.
.TP
4
Of \fBwait\fR: not proven in time, or it cannot be.
.TP
64
Wrong usage.
.TP
78
Configuration, connection, setting or privilege wrong at start; no dcp to be asked.
.PP
\fBverify\fR and \fBrepair\fR add up: 1 an error, 2 rows differ, 4 something undecided, 8 something not compared.
.SH ENVIRONMENT
.TP
\fBMYSQL_PWD\fR
The password of \fBdcp binlog\fR, without \fB\-\-password\-file\fR.
.TP
\fBDCP_TOKEN\fR
The token of the commands that ask a running dcp, without \fB\-\-token\-file\fR.
.TP
\fBNO_COLOR\fR
No colours, on a terminal either.
.TP
\fBTMPDIR\fR
For temporary files.
.SH FILES
.TP
\fI/etc/dcp/dcp.toml\fR
The configuration of the service, in the Debian package.
.TP
\fI/var/lib/dcp\fR
Its state directory.
.TP
\fI/usr/share/doc/dcp/docs\fR
The manual.
)";

}  // namespace

std::string ManPage(const CommandNode& program, absl::string_view version) {
  std::string text =
      absl::StrCat(".\\\" As `dcp generate man` prints it.\n.TH DCP 1 \"\" \"dcp ", version,
                   "\" \"User Commands\"\n.SH NAME\ndcp \\- prove that a MySQL target holds what "
                   "its source holds\n.SH SYNOPSIS\n\\fBdcp\\fR \\fICOMMAND\\fR "
                   "[\\fIOPTION\\fR ...]\n.SH DESCRIPTION\n",
                   Text(program.about), "\n.SH OPTIONS\n");
  for (const OptionNode& option : program.options) AppendOption(option, &text);
  absl::StrAppend(&text, ".SH COMMANDS\n");
  for (const CommandNode& command : program.commands) {
    AppendCommand(command, absl::StrCat("dcp ", command.name), &text);
  }
  return text + kTail;
}

}  // namespace dcp::cmd
