// Does one piece of work under a profiler that counts from where dcp_bench_measured() is entered:
//
//   valgrind --tool=callgrind --toggle-collect=dcp_bench_measured count_work decode_rows/wide
//
// Without a name: the names, what they count and how many of it, one line each.
#include <cstdio>
#include <cstring>

#include "tests/bench/micro/work.h"

extern "C" __attribute__((noinline)) void dcp_bench_measured(dcp::bench::Work* work);
void dcp_bench_measured(dcp::bench::Work* work) { work->Run(); }

int main(int argc, char** argv) {
  for (const dcp::bench::WorkCase& one : dcp::bench::WorkCases()) {
    if (argc == 1) {
      std::printf("%s %s %llu\n", one.name, one.unit, static_cast<unsigned long long>(one.units));
    } else if (std::strcmp(argv[1], one.name) == 0) {
      const auto work = one.make();
      work->Run();  // what is made once is made
      dcp_bench_measured(work.get());
      return 0;
    }
  }
  return argc == 1 ? 0 : 64;
}
