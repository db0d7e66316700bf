"""The main job on the documents in examples/library: add, search, rearrange, look back, kill, recover.

Run it with `make demo`. Everything it shows is a real command on a real store in a temporary folder.
"""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import holdfast

LIBRARY = Path(__file__).parent / "library"
FACTS = Path(__file__).parent / "facts"
#: files of the folder whose add is killed
MANY = 1500
BOLD, DIM, END = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as name:
        folder = Path(name)
        store = folder / "kb"
        first_look(store)
        rearrange(store)
        look_back(store)
        know_facts(store)
        whole = kill_and_recover(store, folder)
    say(f"Done in {time.monotonic() - began:.0f} s. {'Nothing was half there.' if whole else 'SOMETHING IS WRONG.'}")
    return 0 if whole else 1


def first_look(store: Path) -> None:
    say("1. A new store, and a folder of real documents: Markdown, HTML, PDF, DOCX, text, code")
    run(store.parent, "init", str(store))
    run(store, "add", str(LIBRARY))
    run(store, "tree", "/resources")
    say("2. Searchable when the command returned: by words, by identifiers, by meaning")
    run(store, "search", "how are stale locks detected", "--limit", "2")
    run(store, "search", "what happens to my data when the power fails", "--limit", "2")


def rearrange(store: Path) -> None:
    say("3. Moving and removing: one row each, however much lies below, and search knows at once")
    run(store, "mkdir", "/wiki/storage")
    run(store, "mv", "/resources/library/papers", "/wiki/storage")
    run(store, "search", "write-ahead log", "--under", "/wiki/storage", "--limit", "1")
    run(store, "rm", "-r", "/wiki/storage/papers")
    run(store, "search", "write-ahead log", "--under", "/wiki/storage", "--limit", "1")


def look_back(store: Path) -> None:
    say("4. Nothing was lost: every commit can be read, searched and restored")
    run(store, "log", "--limit", "5")
    run(store, "ls", "/wiki/storage/papers", "--at", "HEAD~1")
    run(store, "restore", "/wiki/storage/papers", "--at", "HEAD~1")


def know_facts(store: Path) -> None:
    say("5. Typed facts beside the files: people, papers, claims, and the edges between them")
    run(store, "graph", "schema", "apply", str(FACTS / "types.yaml"), quiet=True)
    run(store, "graph", "load", str(FACTS / "facts.jsonl"), quiet=True)
    run(store, "graph", "expand", "Person", "gray", "--along", "Wrote> Says>")
    paper = "/wiki/storage/papers/leases-and-fencing-tokens.pdf"
    run(store, "graph", "cite", "Claim", "expire", "--source", paper, quiet=True)
    run(store, "graph", "why", "Claim", "expire")


def kill_and_recover(store: Path, folder: Path) -> bool:
    say(f"6. Kill -9 in the middle of adding {MANY} files")
    source = make_many(folder / "archive")
    before = head(store)
    child = subprocess.Popen(
        [*command(store), "add", str(source)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    show("holdfast", "add", str(source))
    while child.poll() is None and head(store) == before:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    print(f"{DIM}process {child.pid} was killed by SIGKILL{END}\n")
    say("7. Reopen: whole groups of files are there, and no trace of the rest")
    there = len(paths_below(store, "/resources/archive"))
    print(f"{there} of {MANY} files are in the store, each with its search rows\n")
    whole = verified(store)
    say("8. The same command again adds what is missing, and only that")
    run(store, "add", str(source))
    there = len(paths_below(store, "/resources/archive"))
    print(f"{there} of {MANY} files are in the store\n")
    run(store, "status")
    return whole and verified(store) and there == MANY


def make_many(folder: Path) -> Path:
    """Write a folder of notes put together from the library's own paragraphs."""
    rng = random.Random(7)
    paragraphs = [
        text
        for file in sorted(LIBRARY.rglob("*.md"))
        for text in file.read_text("utf-8").split("\n\n")
        if len(text) > 200
    ]
    for number in range(MANY):
        file = folder / f"{number // 100:02}" / f"note-{number:04}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Note {number}\n\n" + "\n\n".join(rng.sample(paragraphs, 4)), "utf-8")
    return folder


def head(store: Path) -> int:
    with holdfast.open(store, read_only=True) as opened:
        return opened.commit_at().id


def paths_below(store: Path, path: str) -> list[str]:
    with holdfast.open(store, read_only=True) as opened:
        return list(opened.glob(f"{path}/**/*.md"))


def verified(store: Path) -> bool:
    answer = json.loads(run(store, "verify", "--deep", "--json", quiet=True))
    print(f"problems: {len(answer['problems'])}\n")
    return bool(answer["ok"])


def command(store: Path) -> list[str]:
    return [sys.executable, "-m", "holdfast", "--store", str(store)]


def run(store: Path, *arguments: str, quiet: bool = False) -> str:
    """Run one command on the store, showing it and what it prints."""
    show("holdfast", *arguments)
    env = {**os.environ, "COLUMNS": "110"}
    line = command(store) if arguments[0] != "init" else command(store)[:3]
    result = subprocess.run([*line, *arguments], env=env, check=True, text=True, stdout=subprocess.PIPE)
    if not quiet:
        print(result.stdout)
    return result.stdout


def show(*words: str) -> None:
    print(f"{BOLD}$ {shlex.join(words)}{END}", flush=True)


def say(text: str) -> None:
    print(f"\n{BOLD}{text}{END}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
