// Each part of the way of a change by itself, by Google Benchmark.
#include <benchmark/benchmark.h>

#include "tests/bench/micro/work.h"

int main(int argc, char** argv) {
  for (const dcp::bench::WorkCase& one : dcp::bench::WorkCases()) {
    benchmark::RegisterBenchmark(one.name, [&one](benchmark::State& state) {
      const std::unique_ptr<dcp::bench::Work> work = one.make();
      uint64_t units = 0;
      for (auto _ : state) {
        work->Run();
        units += one.units;
      }
      state.SetItemsProcessed(static_cast<int64_t>(units));
    });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
