#include "cmd/dcp/generate.h"

#include "cmd/dcp/completion.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/man_page.h"

namespace dcp::cmd {

int Generate(const GenerateCommand& command, std::ostream& out) {
  const CommandNode tree = DescribeCommandLine();
  if (command.what == "bash") out << BashCompletion(tree);
  if (command.what == "zsh") out << ZshCompletion(tree);
  if (command.what == "man") out << ManPage(tree, DCP_VERSION);
  out.flush();
  return out.good() ? kExitOk : kExitError;
}

}  // namespace dcp::cmd
