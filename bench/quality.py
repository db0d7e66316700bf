"""How often a search shows the right page first, over real manuals. Run: python -m bench.quality [FOLDER...]

Without folders, the manuals of Debian's `python3-doc` and `postgresql-doc` are taken where they are installed; with
none it says so and ends. It is not part of `make bench`: it needs those packages, and its figures are about ranking,
not about speed.

Five sets of queries are asked, all of one store in which every folder stands side by side:
- typed: what a person would type, with the pages that answer it (bench/queries.py);
- held out: the same, of other kinds too; what lifts a passage had to do better on both;
- fresh: the same, written when that was settled, to see whether it holds;
- headings: headings of the pages that stand in one page only;
- passages: eight words in a row from the middle of a page, as somebody who remembers a phrase would type.
"""

import argparse
import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import holdfast
from bench.queries import FRESH, HELD_OUT, TYPED, Written

#: where Debian puts the two manuals
MANUALS = ("/usr/share/doc/python3-doc/html", "/usr/share/doc/postgresql-doc-*/html")
#: queries of each kind that are made from the pages
SAMPLED = 250
#: passages that are looked through for the page
DEPTH = 10


@dataclass(frozen=True)
class Question:
    """A query and what answers it."""

    query: str
    #: names of the pages (`page_name`) any of which answers it
    pages: tuple[str, ...]


def page_name(path: str) -> str:
    """Return what a page is called, however its file ends: the Sphinx source of a page is the same page."""
    name = re.sub(r"(\.rst)?\.(html|txt|md)$", "", path)
    return name.replace("/_sources/", "/")


def rank_of(store: holdfast.Store, question: Question) -> int | None:
    """Return the 1-based place of the first passage of a wanted page; None when it is not among the first DEPTH."""
    for rank, hit in enumerate(store.search(question.query, limit=DEPTH), start=1):
        names = [page_name(path) for path in (hit.path, *hit.also)]
        if any(name.endswith("/" + page) for name in names for page in question.pages):
            return rank
    return None


def answered(store: holdfast.Store, written: Sequence[Written]) -> list[Question]:
    """Return the written queries that a page of the store answers."""
    names = {page_name(path) for path in store.glob("/resources/**")}
    there = {page for _, pages in written for page in pages if any(name.endswith("/" + page) for name in names)}
    return [Question(query, pages) for query, pages in written if there & set(pages)]


def sampled(store: holdfast.Store, rng: random.Random) -> tuple[list[Question], list[Question]]:
    """Return queries made of headings and of passages, and the page that each is from."""
    headings: dict[str, set[str]] = {}
    passages: list[Question] = []
    for path in sorted(store.glob("/resources/**/*.html")):
        text, name = store.read_text(path), page_name(path).lstrip("/")
        for heading in _headings(text):
            headings.setdefault(heading, set()).add(name)
        passages += (Question(words, (name,)) for words in _passages(text, rng))
    alone = [Question(heading, tuple(pages)) for heading, pages in sorted(headings.items()) if len(pages) == 1]
    return rng.sample(alone, min(SAMPLED, len(alone))), rng.sample(passages, min(SAMPLED, len(passages)))


def _headings(text: str) -> Iterator[str]:
    for line in re.findall(r"^#{1,4} (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
        words = re.findall(r"[^\W\d_]{3,}", plain)
        if 2 <= len(words) <= 8:
            yield re.sub(r"^[\d.\s]+", "", plain).strip("¶ \u00a0")


def _passages(text: str, rng: random.Random) -> Iterator[str]:
    """Yield eight words in a row from one paragraph of prose, where there is one."""
    prose = [part for part in text.split("\n\n") if len(part.split()) > 30 and "](" not in part and "|" not in part]
    if prose:
        words = rng.choice(prose).split()
        first = rng.randrange(len(words) - 8)
        yield " ".join(words[first : first + 8])


def told(name: str, ranks: list[int | None]) -> str:
    """Return one line: how often the page came first, and how far down it is where it does not."""
    count = max(1, len(ranks))
    first = sum(rank == 1 for rank in ranks)
    reciprocal = sum(1 / rank for rank in ranks if rank) / count
    found = sum(rank is not None for rank in ranks) / count
    return f"{name:<9} first {first:>3} of {len(ranks):>3}   MRR {reciprocal:.3f}   recall@{DEPTH} {found:.3f}"


def measure(store: holdfast.Store) -> None:
    """Ask every query, and print how each set did and which written queries did not give the page first."""
    for name, written in (("typed", TYPED), ("held out", HELD_OUT), ("fresh", FRESH)):
        questions = answered(store, written)
        ranks = [rank_of(store, question) for question in questions]
        print(told(name, ranks))
        for question, rank in zip(questions, ranks, strict=True):
            if rank != 1:
                print(f"  {question.query!r}: {question.pages[0]} is {f'number {rank}' if rank else 'not found'}")
    headings, passages = sampled(store, random.Random(7))
    for name, questions in (("headings", headings), ("passages", passages)):
        print(told(name, [rank_of(store, question) for question in questions]))


def installed() -> list[Path]:
    """Return the folders of the manuals that are there."""
    return [path for pattern in MANUALS for path in sorted(Path("/").glob(pattern[1:])) if path.is_dir()]


def build(folder: Path, sources: Iterable[Path]) -> None:
    """Make a store of the folders, each below /resources under its own name."""
    holdfast.create(folder).close()
    with holdfast.open(folder) as store:
        for source in sources:
            store.add(source, to=f"/resources/{source.parent.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="manuals to search (default: those installed)")
    parser.add_argument("--store", type=Path, help="ask this store, which holds them already")
    options = parser.parse_args()
    sources = options.folders or installed()
    if options.store is None and not sources:
        print("No manual is installed (python3-doc, postgresql-doc): nothing was measured.")
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-quality-") as name:
        if options.store is None:
            build(Path(name) / "store", sources)
        with holdfast.open(options.store or Path(name) / "store") as store:
            measure(store)


if __name__ == "__main__":
    main()
