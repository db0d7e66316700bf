"""Writes pairs of query and text: python training/pairs.py PAIRS.json

From documentation packages of Debian that are installed (headings and the sections below them), WordNet (lemmas and
glosses, glosses and examples), FOLDOC and the Jargon File (headwords and entries). What is not installed is left out.
"""

import gzip
import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from lxml import etree, html

PACKAGES = (
    "python-django-doc nodejs-doc rust-doc r-doc-html debian-handbook debian-policy developers-reference"
    " libreoffice-help-en-us gimp-help-en octave-doc python-sqlalchemy-doc bash-doc python-werkzeug-doc vim-doc"
    " exim4-doc-html linux-doc-6.1"
)
#: packages in several languages, and what the paths of the English pages hold
ENGLISH = {"debian-handbook": "/en-US/", "libreoffice-help-en-us": "en-US"}
WORDNET = Path("/usr/share/wordnet")
DICTIONARIES = (Path("/usr/share/dictd/foldoc.dict.dz"), Path("/usr/share/dictd/jargon.dict.dz"))
#: files of a package, pairs of a package, and of each kind in the end
MOST_FILES, MOST_OF_PACKAGE = 3500, 9000
MOST = {"doc": 45000, "wn": 84000, "dict": 12000}
_BLOCKS = ("p", "li", "dd", "td", "pre")
_FURNITURE = '//script|//style|//nav|//header|//footer|//*[contains(@class,"sidebar") or contains(@class,"nav")]'
_UNDERLINE = re.compile(r"([=\-~^\"'#*+.])\1{2,}\s*")

Pair = tuple[str, str, str]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("¶", "").strip()


def read(file: Path) -> str:
    if file.suffix in (".gz", ".dz"):
        with gzip.open(file, "rt", errors="replace") as opened:
            return opened.read()
    return file.read_text(errors="replace")


def sections_of_html(text: str) -> list[tuple[str, str]]:
    try:
        page = html.fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:
        return []
    for element in page.xpath(_FURNITURE):
        if element.getparent() is not None:
            element.drop_tree()
    found: list[tuple[str, list[str]]] = []
    for element in page.iter():
        if element.tag in ("h1", "h2", "h3", "h4", "h5"):
            found.append((plain(element.text_content()), []))
        elif found and element.tag in _BLOCKS and not any(above.tag in _BLOCKS for above in element.iterancestors()):
            found[-1][1].append(element.text_content())
    return [(heading, plain(" ".join(parts))) for heading, parts in found]


def sections_of_text(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    lines = text.split("\n")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line.strip() and _UNDERLINE.fullmatch(below) and len(below.strip()) >= len(line.strip()) - 2:
            found.append((plain(line), []))
        elif found:
            found[-1][1].append(line)
    return [(heading, plain(" ".join(parts))) for heading, parts in found]


def documentation(rng: random.Random) -> list[Pair]:
    pairs: list[Pair] = []
    for package in PACKAGES.split():
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout.split("\n")
        files = [name for name in listed if re.search(r"\.(html|rst|txt|md)(\.gz)?$", name)]
        files = [name for name in files if ENGLISH.get(package, "") in name]
        rng.shuffle(files)
        for name in files[:MOST_FILES]:
            text = read(Path(name))[:400_000]
            if not text.strip():
                continue
            for heading, body in sections_of_html(text) if ".html" in name else sections_of_text(text):
                asked = re.sub(r"^(?:[\dA-Z]+\.)+\d*\.?\s+", "", heading)
                if 2 <= len(asked.split()) <= 14 and len(body) > 160 and len(body.split()) > 25:
                    pairs.append((asked, body[:900], package))
    return kept(pairs, rng)


def kept(pairs: list[Pair], rng: random.Random) -> list[Pair]:
    """Return pairs without headings that are everywhere, bodies that were there, and too many of one package."""
    often = Counter(heading.lower() for heading, _, _ in pairs)
    once = {body[:120]: (heading, body, of) for heading, body, of in reversed(pairs) if often[heading.lower()] <= 3}
    found = list(once.values())
    rng.shuffle(found)
    taken: Counter[str] = Counter()
    out = []
    for pair in found:
        taken[pair[2]] += 1
        if taken[pair[2]] <= MOST_OF_PACKAGE:
            out.append(pair)
    return out


def wordnet() -> list[Pair]:
    pairs: list[Pair] = []
    for file in sorted(WORDNET.glob("data.*")):
        for line in read(file).split("\n"):
            facts, _, gloss = line.partition(" | ")
            if line.startswith("  ") or not gloss:
                continue
            parts = facts.split()
            lemmas = [parts[4 + 2 * number].replace("_", " ") for number in range(int(parts[3], 16))]
            examples = re.findall(r'"([^"]+)"', gloss)
            told = re.sub(r';?\s*"[^"]*"', "", gloss.strip()).strip("; ")
            if len(told.split()) >= 5:
                pairs.append((", ".join(lemmas[:3]), told, "wn"))
            pairs += [(told, example, "wnex") for example in examples[:1] if len(example.split()) >= 5]
    return pairs


def dictionaries() -> list[Pair]:
    pairs: list[Pair] = []
    for file in DICTIONARIES:
        for entry in re.split(r"\n(?=\S)", read(file)) if file.exists() else ():
            head, _, body = entry.partition("\n")
            if len(plain(body).split()) > 15:
                pairs.append((plain(head)[:80], plain(body)[:700], "dict"))
    return pairs


def main() -> None:
    rng = random.Random(0)
    made = {"doc": documentation(rng), "wn": wordnet(), "dict": dictionaries()}
    for kind, pairs in made.items():
        rng.shuffle(pairs)
        print(kind, len(pairs))
    Path(sys.argv[1]).write_text(json.dumps({kind: pairs[: MOST[kind]] for kind, pairs in made.items()}))


if __name__ == "__main__":
    main()
