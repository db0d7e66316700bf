"""Abstracts and overviews without a model: sentences and headings of the text itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.digest.digest import OVERVIEW_CHARACTERS, DirectoryItem, SummaryPair, cut
from holdfast.index.text.front_matter import front_matter
from holdfast.ingest.conversion.titles import first_heading

#: characters of a text that are looked at
LOOKED_AT = 400_000
#: lines of an overview
LINES = 40
#: characters of a line of an overview
LINE_CHARACTERS = 300
#: words that make a sentence worth quoting
FEW_WORDS = 4
#: things of a directory that its abstract names
NAMED = 4

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t#]*$")
_SPEAKER = re.compile(r"^\*\*[^*\n]{1,64}\*\* \(\d+\):\s*")
_SENTENCE = re.compile(r".+?(?:[.!?…](?=[\s\"')\]]|$)|[。！？])|.+$", re.S)
_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>\n]{1,200}>|(?<=\])\([^)]*\)|[*_`\[\]]")
_NO_PROSE = ("|", "<!--", "---", "===", "![", "$$")


@dataclass(frozen=True, slots=True)
class _TextBlock:
    #: 0 for a paragraph
    level: int
    text: str


class Extractive:
    """The `Digester` that needs no model."""

    name = "extractive"
    version = "1"
    at_once = 1

    def of_text(self, title: str | None, text: str) -> SummaryPair:
        """Return the first sentence that says something, and the headings with the first sentence below each."""
        text = text[:LOOKED_AT]
        blocks = list(_blocks(text))
        prose = [sentence for block in blocks if not block.level and (sentence := _first_sentence(block.text))]
        telling = [sentence for sentence in prose if len(sentence.split()) >= FEW_WORDS]
        abstract = (telling or prose or [title or first_heading(text) or text])[0]
        lines = _outline(blocks) if any(block.level for block in blocks) else [f"- {sentence}" for sentence in prose]
        return SummaryPair(abstract, "\n".join(_spread(lines)) or abstract).trimmed()

    def of_folder(self, children: Sequence[DirectoryItem]) -> SummaryPair:
        """Return how much there is and what the first few are called, and a line for each thing."""
        told = [child for child in children if child.abstract]
        if len(children) == len(told) == 1 or (len(told) == 1 and not any(child.is_folder for child in children)):
            return SummaryPair(told[0].abstract or "", told[0].abstract or "").trimmed()
        names = [child.title or cut(child.abstract or "", 60) for child in told if not child.is_folder]
        rest = "; …" if len(names) > NAMED else ""
        listed = "; ".join(names[:NAMED])
        abstract = _amount(children) + (f": {listed}{rest}" if listed else "")
        lines = [f"- {_line_of(child)}" for child in told]
        more = "" if len(lines) <= LINES * 2 else f"\n\nand {len(lines) - LINES * 2} more"
        shown = cut("\n".join(lines[: LINES * 2]), OVERVIEW_CHARACTERS - 40)
        return SummaryPair(abstract, f"{_amount(children)}\n\n{shown}{more}").trimmed()


def _blocks(text: str) -> Iterator[_TextBlock]:
    """Yield the headings and the paragraphs of prose; code, tables, pictures and what is all emphasis are no prose."""
    body = text[front_matter(text).length :]
    fence, paragraph = "", list[str]()
    for line in [*body.split("\n"), ""]:
        opening = _FENCE.match(line)
        heading = None if fence else _HEADING.match(line)
        if (opening or heading or not line.strip()) and paragraph:
            yield from _paragraph(paragraph)
            paragraph = []
        if opening:
            fence = "" if fence and line.strip().startswith(fence) else fence or opening.group(1)
        elif heading and heading.group(2):
            yield _TextBlock(len(heading.group(1)), _plain(heading.group(2)))
        elif not fence and line.strip("# \t") and not line.lstrip().startswith(_NO_PROSE):
            paragraph.append(line.strip())


def _paragraph(lines: list[str]) -> Iterator[_TextBlock]:
    text = _SPEAKER.sub("", " ".join(lines))
    emphasised = len(text) > 2 and text[0] in "*_" and text[-1] == text[0] and text[0] not in text[1:-1]
    if not emphasised and (plain := _plain(text)):
        yield _TextBlock(0, plain)


def _outline(blocks: list[_TextBlock]) -> list[str]:
    lines: list[str] = []
    for number, block in enumerate(blocks):
        if not block.level:
            continue
        below = blocks[number + 1] if number + 1 < len(blocks) else None
        said = _first_sentence(below.text) if below is not None and not below.level else ""
        indent = "  " * (block.level - 1)
        lines.append(indent + cut(f"- {block.text}" + (f": {said}" if said else ""), LINE_CHARACTERS))
    few = sum(block.level > 0 for block in blocks) <= 1
    paragraphs = [block for block in blocks if not block.level]
    return [f"- {_first_sentence(block.text)}" for block in paragraphs] if few and paragraphs else _unstripped(lines)


def _unstripped(lines: list[str]) -> list[str]:
    shallowest = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [line[shallowest:] for line in lines]


def _spread(lines: list[str]) -> list[str]:
    """Return at most LINES of the lines, evenly spread, the first among them."""
    if len(lines) <= LINES:
        return lines
    return [lines[number * len(lines) // LINES] for number in range(LINES)]


def _first_sentence(text: str) -> str:
    found = _SENTENCE.match(text)
    return cut(found.group(0), LINE_CHARACTERS) if found else ""


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub("", text).lstrip("-+>• ").split())


def _amount(children: Sequence[DirectoryItem]) -> str:
    folders = sum(child.is_folder for child in children)
    documents = sum(not child.is_folder and child.abstract is not None for child in children)
    others = len(children) - folders - documents
    amounts = ((documents, "document"), (folders, "folder"), (others, "file without text"))
    parts = [_counted(amount, what) for amount, what in amounts if amount]
    return ", ".join(parts) if parts else "Empty"


def _counted(amount: int, what: str) -> str:
    return (
        f"{amount} {what}"
        if amount == 1
        else f"{amount} {what.replace('file', 'files') if ' ' in what else what + 's'}"
    )


def _line_of(child: DirectoryItem) -> str:
    said = cut(child.abstract or "", LINE_CHARACTERS)
    return f"folder: {said}" if child.is_folder else f"**{child.title}**: {said}" if child.title else said
