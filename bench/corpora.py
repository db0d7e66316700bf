"""Collections to search and questions to them: manuals as pages and as sections, short notes, commit messages.

The manuals are clones of the repositories that bench/sets/manuals.py names, side by side in one folder:

    for name in redis/redis-doc fish-shell/fish-shell ...; do git clone --depth 300 https://github.com/$name; done

What a collection asks is written (typed queries, paraphrases, notes) or made of its texts without looking at a result:
headings of one section only, questions of a FAQ, first lines of commit messages, typed queries misspelt. What cannot be
found by its own words anywhere is left out of no set.
"""

import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.sets.everyday import EVERYDAY
from bench.sets.manuals import KEPT, LEARNT, TRANSLATED, Manual, Written
from bench.sets.notes import NOTES

#: queries of each kind that are made of one manual's texts
SAMPLED = 120
#: characters and words that a section has at least
LEAST = 160, 25
#: letters of the shortest word that is misspelt
LEAST_MISSPELT = 5


@dataclass(frozen=True)
class Question:
    """A query and what answers it."""

    query: str
    #: ends of the paths, without how the files end, any of which answers it
    pages: tuple[str, ...]


@dataclass
class Collection:
    """Documents by path, and questions to them by set."""

    name: str
    #: whether weights may be learned from it
    is_learnt: bool
    documents: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[Question]] = field(default_factory=dict)


def collections(clones: Path, *, kept: bool) -> Iterator[Collection]:
    """Yield the collections that may be learned from, or those that are only measured."""
    for name, manual in (KEPT if kept else LEARNT).items():
        folder = clones / manual.repository.rpartition("/")[2]
        if not folder.is_dir():
            folder = clones / name
        if not folder.is_dir():
            continue
        if not manual.typed:
            yield _asked(name, folder, manual, is_learnt=not kept)
        else:
            yield _pages(name, folder, manual, is_learnt=not kept)
            yield _sections(name, folder, manual, is_learnt=not kept)
            if name in ("fish", "borg") and (found := _commits(name, folder, is_learnt=not kept)).documents:
                yield found
    name, folders = TRANSLATED[kept]
    if (clones / name).is_dir():
        yield _translated(clones / name, folders, is_learnt=not kept)
    yield _notes("notes", NOTES, is_learnt=not kept)
    yield _notes("everyday", EVERYDAY, is_learnt=not kept)


def _files(folder: Path, manual: Manual) -> dict[str, str]:
    found = {}
    for part in manual.folders:
        top = folder / part
        for file in [top] if top.is_file() else sorted(top.rglob(f"*{manual.suffix}")):
            name = str(file.relative_to(folder))
            if not re.search(r"(?i)changes|relnotes|/news\.|/sep/", name):
                found[name] = file.read_text("utf-8", "replace")
    return found


def _pages(name: str, folder: Path, manual: Manual, *, is_learnt: bool) -> Collection:
    files = _files(folder, manual)
    there = {re.sub(r"\.\w+$", "", path) for path in files}

    def answered(written: Sequence[Written]) -> list[Question]:
        return [
            Question(query, pages)
            for query, pages in written
            if any(path.endswith("/" + page) or path == page for path in there for page in pages)
        ]

    rng = random.Random(11)
    typed = answered(manual.typed)
    misspelt = [Question(misspell(each.query, rng), each.pages) for each in typed]
    questions = {"typed": typed, "paraphrases": answered(manual.paraphrases), "misspelt": misspelt}
    return Collection(name, is_learnt, files, questions)


def misspell(query: str, rng: random.Random) -> str:
    """Return the query with a slip of the hand in one of its longest words, or in two of a long query."""
    words = query.split()
    chosen = sorted(range(len(words)), key=lambda place: -len(words[place]))[: 1 + (len(words) > 4)]
    for place in chosen:
        if len(words[place]) >= LEAST_MISSPELT or place == chosen[0]:
            words[place] = _slip(words[place], rng)
    return " ".join(words)


def _slip(word: str, rng: random.Random) -> str:
    place, letter = rng.randrange(1, max(2, len(word) - 1)), rng.choice("etaoinshrdlu")
    return rng.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            word[:place] + word[place] + word[place:],
        )
    )


def _sections(name: str, folder: Path, manual: Manual, *, is_learnt: bool) -> Collection:
    """Return each section as a document that has neither a name nor its heading, asked for by the heading."""
    found = Collection(f"{name} sections", is_learnt)
    asked: list[tuple[str, str, bool]] = []
    for path, text in _files(folder, manual).items():
        is_faq = re.sub(r"\.\w+$", "", path) in manual.faq
        for heading, body in _cut(text, is_markdown=manual.suffix == ".md"):
            if is_faq or (len(body) >= LEAST[0] and len(body.split()) >= LEAST[1]):
                document = f"{len(asked):04}"
                found.documents[f"{document}.md"] = body
                asked.append((heading, document, is_faq))
    often = Counter(heading.lower() for heading, _, _ in asked)
    once = [(heading, document, is_faq) for heading, document, is_faq in asked if often[heading.lower()] == 1]
    headings = [Question(heading, (document,)) for heading, document, is_faq in once if not is_faq]
    headings = [each for each in headings if 2 <= len(each.query.split()) <= 12]
    found.questions["headings"] = random.Random(12).sample(headings, min(SAMPLED, len(headings)))
    faq = [Question(heading, (document,)) for heading, document, is_faq in once if is_faq]
    found.questions["faq"] = [each for each in faq if len(each.query.split()) >= 3]
    return found


#: characters of the shortest heading of a translated section that is asked for
LEAST_HEADING = 5
_ANCHOR = re.compile(r"[ \t]*\{[ \t]*#[\w-]+[ \t]*\}[ \t]*$", re.MULTILINE)
_MARKDOWN = re.compile(r"^#{1,5} +(.+?)#*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(\S.*)\n([=\-~^\"'#*+.`])\2{2,}[ \t]*$", re.MULTILINE)


def _cut(text: str, *, is_markdown: bool) -> Iterator[tuple[str, str]]:
    marks = list((_MARKDOWN if is_markdown else _UNDERLINED).finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        body = text[mark.end() : following.start() if following else len(text)].strip()
        heading = re.sub(r"[`*_:]+|\[([^\]]*)\]\([^)]*\)", r"\1", mark[1]).strip()
        if heading and body:
            yield heading, body


def _commits(name: str, folder: Path, *, is_learnt: bool) -> Collection:
    """Return what commit messages explain, asked for by their first lines."""
    found = Collection(f"{name} commits", is_learnt)
    git = ["git", "-C", str(folder), "log", "--no-merges", "-2500", "--format=%s%x00%b%x01"]
    told = subprocess.run(git, capture_output=True, text=True, check=False).stdout
    asked: list[Question] = []
    for each in told.split("\x01"):
        subject, _, body = each.strip().partition("\0")
        body = re.sub(r"(?m)^(Signed-off|Co-authored|Closes|Fixes|Part of|Ref|\(cherry).*$", "", body).strip()
        if 15 <= len(body.split()) <= 120 and 4 <= len(subject.split()) <= 14:
            document = f"{len(asked):04}"
            found.documents[f"{document}.md"] = body
            asked.append(Question(re.sub(r"^[\w/.-]+: ", "", subject), (document,)))
        if len(asked) == 400:
            break
    found.questions["commits"] = asked[:: max(1, len(asked) // SAMPLED)]
    return found


def _asked(name: str, folder: Path, manual: Manual, *, is_learnt: bool) -> Collection:
    """Return the sections of a manual that is there for its FAQ alone, asked for by the questions in that."""
    found = _sections(name, folder, manual, is_learnt=is_learnt)
    found.questions = {"questions": found.questions["faq"]}
    return found


def _translated(clone: Path, folders: dict[str, str], *, is_learnt: bool) -> Collection:
    """Return the sections of a manual in several languages, all together, asked for by their headings."""
    found = Collection(f"{clone.name} in languages", is_learnt)
    for language, folder in folders.items():
        asked: list[Question] = []
        for file in sorted((clone / folder).rglob("*.md")):
            for heading, body in _cut(_ANCHOR.sub("", file.read_text("utf-8", "replace")), is_markdown=True):
                if len(body) >= LEAST[0]:
                    document = f"{language}-{len(found.documents):05}"
                    found.documents[f"{document}.md"] = body
                    asked.append(Question(heading, (document,)))
        often = Counter(each.query.lower() for each in asked)
        once = [each for each in asked if often[each.query.lower()] == 1 and len(each.query) >= LEAST_HEADING]
        found.questions[f"in {language}"] = random.Random(13).sample(once, min(SAMPLED, len(once)))
    return found


def _notes(name: str, notes: Sequence[tuple[str, str, str]], *, is_learnt: bool) -> Collection:
    """Return the notes, asked for by every second question."""
    found = Collection(name, is_learnt, {f"{name}.md": text for name, text, _ in notes})
    mine = notes[0 if is_learnt else 1 :: 2]
    found.questions[name] = [Question(question, (name,)) for name, _, question in mine]
    return found
