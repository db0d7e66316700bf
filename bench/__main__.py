"""Run benchmarks and write docs/benchmarks.md: `make bench`, or `python -m bench NAME ...` for some sections only.

A section that takes an argument is given it as NAME=ARGUMENT: `python -m bench scale=1000000`.
What each section measured last is kept in bench/results, so that a section can be measured anew by itself.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
#: what the page says below the tables, kept by hand
NOTES = HERE / "notes.md"
#: what each section measured last, one JSON file each
RESULTS = HERE / "results"


def main() -> None:
    every = [script.stem.removeprefix("bench_") for script in sorted(HERE.glob("bench_*.py"))]
    for wanted in sys.argv[1:] or every:
        name, _, argument = wanted.partition("=")
        keep(name, run(name, argument))
    PAGE.write_text(page([name for name in every if (RESULTS / f"{name}.json").exists()]), "utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}")


def run(name: str, argument: str = "") -> list[dict[str, Any]]:
    """Return the figures that one script prints, one JSON object a line."""
    print(f"{name} {argument}...", flush=True)
    command = [sys.executable, "-m", f"bench.bench_{name}", *([argument] if argument else [])]
    output = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def keep(name: str, figures: list[dict[str, Any]]) -> None:
    """Keep what a section measured, with where and when."""
    cpu = next(
        (line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine()
    )
    machine = f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    measured = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine, "python": platform.python_version()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({**measured, "figures": figures}, indent=1) + "\n", "utf-8")


def page(names: list[str]) -> str:
    """Return docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench`. Ratios are against a baseline measured in the same run of a section, in turn with what",
        "they are compared to; all figures are medians. Absolute times are those of the machine named there.",
        "",
    ]
    for name in names:
        kept = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
        lines += [f"## {name.replace('_', ' ').capitalize()}", ""]
        lines += [f"{kept['date']}, {kept['machine']}, Python {kept['python']}", ""]
        lines += ["| what | to reach | measured | | notes |", "|---|---|---|---|---|"]
        lines += [row(figure) for figure in kept["figures"]]
        lines.append("")
    if NOTES.exists():
        lines.append(NOTES.read_text("utf-8"))
    return "\n".join(lines)


def row(figure: dict[str, Any]) -> str:
    sign = "<=" if figure["at_most"] else ">="
    value = f"{figure['value']:,.0f}" if abs(figure["value"]) >= 100 else f"{figure['value']:.3g}"
    target = f"{sign} {figure['target']:g} {figure['unit']}"
    verdict = "" if figure["reached"] else "**missed**"
    return f"| {figure['what']} | {target} | {value} {figure['unit']} | {verdict} | {figure['note']} |"


def cpu_lines() -> list[str]:
    info = Path("/proc/cpuinfo")
    return info.read_text().splitlines() if info.exists() else []


if __name__ == "__main__":
    main()
