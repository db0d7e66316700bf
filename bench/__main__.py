"""Run every benchmark and write docs/benchmarks.md: `make bench`."""

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


def main() -> None:
    sections = [(script.stem, run(script)) for script in sorted(HERE.glob("bench_*.py"))]
    PAGE.write_text(page(sections), "utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}")


def run(script: Path) -> list[dict[str, Any]]:
    """Return the figures that one script prints, one JSON object a line."""
    print(f"{script.stem} ...", flush=True)
    command = [sys.executable, "-m", f"bench.{script.stem}"]
    output = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def page(sections: list[tuple[str, list[dict[str, Any]]]]) -> str:
    """Return docs/benchmarks.md."""
    cpu = next(
        (line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine()
    )
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` in one run. Ratios are against a baseline measured in the same run, in turn with what",
        "they are compared to; all figures are medians. Absolute times are those of the machine named here.",
        "",
        f"- date: {datetime.now(UTC):%Y-%m-%d}",
        f"- machine: {cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}",
        "",
    ]
    for name, figures in sections:
        lines += [f"## {(name.removeprefix('bench_')).replace('_', ' ').capitalize()}", ""]
        lines += ["| what | to reach | measured | | notes |", "|---|---|---|---|---|"]
        lines += [row(figure) for figure in figures]
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
