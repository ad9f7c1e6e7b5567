#!/usr/bin/env python3
"""Counts the instructions of each piece of work and holds them against budgets.

    check_instructions.py COUNT_WORK BUDGETS.json           fails above a budget
    check_instructions.py COUNT_WORK BUDGETS.json --write   takes what is counted as the budgets

Instructions are counted by valgrind's callgrind, which does not depend on how busy the machine is;
compilers and libraries differ a little, so some room is left above a budget. Far below one it
fails as well: the budget has to follow, or the gain could be lost again unseen.
"""
import json
import re
import subprocess
import sys
import tempfile

ROOM = 1.10
FAR_BELOW = 0.85


def count(program, name):
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}",
             "--toggle-collect=dcp_bench_measured", program, name],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if run.returncode != 0:
            sys.exit(f"{name}: ended with {run.returncode}\n{run.stderr}")
        text = open(out.name, encoding="utf-8", errors="replace").read()
    total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    if total is None or int(total.group(1)) == 0:
        sys.exit(f"{name}: callgrind counted nothing")
    return int(total.group(1))


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--write"]):
        sys.exit(__doc__)
    program, path = sys.argv[1:3]
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    counted = {}
    for line in lines.splitlines():
        name, unit, units = line.split()
        counted[name] = {"unit": unit, "instructions": round(count(program, name) / int(units))}
    if sys.argv[3:]:
        with open(path, "w", encoding="utf-8") as out:
            json.dump(counted, out, indent=2)
            out.write("\n")
    with open(path, encoding="utf-8") as file:
        budgets = json.load(file)
    wrong = sorted(set(budgets) ^ set(counted))
    for name in wrong:
        print(f"{name}: in the budgets or in the program, but not in both")
    for name, one in counted.items():
        budget = budgets.get(name, one)["instructions"]
        share = one["instructions"] / budget
        verdict = "ok" if FAR_BELOW <= share <= ROOM else "OVER" if share > ROOM else "far below"
        print(f"{name:28} {one['instructions']:8} a {one['unit']:8} budget {budget:8}  {verdict}")
        if verdict != "ok":
            wrong.append(name)
    if wrong:
        sys.exit(f"budgets are in {path}: look at what changed, and run it with --write if it is meant")


if __name__ == "__main__":
    main()
