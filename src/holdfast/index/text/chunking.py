"""Text into chunks: pieces of a document small enough to be one search hit, cut where its structure allows.

The text is Markdown, or what has headings of another kind (headings.py).

A chunk never crosses a heading, except that the few words of a section go along with its first sub-section, or with
the section after it. Inside a section, whole blocks (paragraphs, lists, tables, fenced code) are packed up to the
target size. A block longer than the maximum is cut: prose at the end of a sentence, tables, lists and code at the end
of a line, else between words, else anywhere. Text is never changed: `text == markdown[start:end]`. Work is linear in
the length, whatever it holds.

YAML front matter is in no chunk, unless there is nothing else. What a person would search for in it goes with the
first.

Converters put `<!-- page N -->` on a line of its own where a page begins. A page ends the chunk, unless it is tiny.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.index.text.front_matter import front_matter
from holdfast.index.text.headings import MARKDOWN_ONLY, Headings, headings_of

#: Name and version of what this file does. Chunks cut under another name have other offsets.
CHUNKER = "holdfast-chunks/2"
#: characters that are taken for one token; true of English prose, generous for code, and too many for Chinese, whose
#: chunks hold more tokens than the limits say
CHARS_PER_TOKEN = 4
#: what stands between the headings of a breadcrumb
BREADCRUMB = " > "
#: characters; a longer heading is cut to this length in the breadcrumb (its text is in the chunk all the same)
MAX_HEADING = 200
#: characters of a heading's line that are looked at: its links can be much longer than its words
_HEADING_SOURCE = 4 * MAX_HEADING


@dataclass(frozen=True)
class ChunkLimits:
    """How long chunks are, in tokens of CHARS_PER_TOKEN characters."""

    #: blocks are packed until the next one would pass this
    target: int = 300
    #: no chunk is longer
    maximum: int = 400
    #: a shorter rest joins what stands before it, where that stays within the maximum
    minimum: int = 60


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A piece of a document: `text` is `markdown[start:end]`."""

    #: position among the chunks of its document, from 0
    ordinal: int
    text: str
    #: the headings it stands under, outermost first, joined by " > "; empty before the first heading
    heading: str
    #: offset of its first character in the Markdown
    start: int
    #: offset after its last character
    end: int
    #: number of the page it begins on; None where the document has no page markers
    page: int | None
    #: what else it is to be found by: of the first chunk, what its document's front matter says
    about: str = ""


#: the headings above a place, outermost first: level and title
_Trail = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class _Block:
    #: "heading", "prose", "lines" (table, list, code) or "page"
    kind: str
    start: int
    end: int
    #: level of a heading, number of a page, else 0
    number: int = 0
    #: of a heading that is not Markdown's
    title: str | None = None


@dataclass
class _Piece:
    """A chunk in the making."""

    start: int
    end: int
    trail: _Trail
    page: int | None


# What may begin a line and ends the block before it. Each alternative reads a line at most once: no backtracking.
_PAGE_OR_BLANK = r"<!-- page (?P<page>[0-9]{1,9}) -->[ \t\r]*$)|(?P<blank>[ \t\r]*\n+))"
_LINE = re.compile(
    rf"^(?: {{0,3}}(?:(?P<heading>#{{1,6}})(?=[ \t\r\n]|\Z)|(?P<fence>`{{3,}}|~{{3,}})|{_PAGE_OR_BLANK}", re.MULTILINE
)
# Where headings are written otherwise, `#` begins none, and `~~~` may stand below one.
_OTHER_LINE = re.compile(rf"^(?: {{0,3}}(?:(?P<heading>(?!))|(?P<fence>`{{3,}})|{_PAGE_OR_BLANK}", re.MULTILINE)
_LINES_BLOCK = re.compile(r"[ \t]*(?:\||[-*+][ \t]|[0-9]{1,9}[.)][ \t]|    )")
_PAGE = re.compile(r"^ {0,3}<!-- page [0-9]{1,9} -->[ \t\r]*\n?", re.MULTILINE)
#: a Markdown link or image: its label, then where it leads
LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n+")
_SENTENCE_END = re.compile(r"[.!?…]['\")\]]*\s|[。！？．]")


def chunk(markdown: str, limits: ChunkLimits | None = None, *, plain: bool = False) -> list[Chunk]:
    """Return the chunks of `markdown` in order. A stretch without a letter or a digit gives none.

    With `plain` the text is not Markdown but code or plain text: `#` begins no heading, and it is cut between lines.
    """
    if plain:
        return _chunks(markdown, _plain_blocks(markdown), limits, "")
    front, headings = front_matter(markdown), headings_of(markdown)
    found = _chunks(markdown, _blocks(markdown, front.length, headings), limits, front.telling)
    # Front matter and nothing else is still something to find.
    return found if found or not front.length else _chunks(markdown, _blocks(markdown, 0, MARKDOWN_ONLY), limits, "")


def _chunks(markdown: str, blocks: Iterator[_Block], limits: ChunkLimits | None, about: str) -> list[Chunk]:
    pieces = _pieces(markdown, blocks, limits or ChunkLimits())
    trimmed = (found for found in (_trimmed(markdown, piece) for piece in pieces) if found)
    return [
        Chunk(
            ordinal=ordinal,
            text=markdown[piece.start : piece.end],
            heading=_breadcrumb(piece.trail),
            start=piece.start,
            end=piece.end,
            page=piece.page,
            about="" if ordinal else about,
        )
        for ordinal, piece in enumerate(trimmed)
    ]


def without_page_markers(text: str) -> str:
    """Return `text` as a reader or an embedder wants it: without the page markers that a chunk may hold."""
    return _PAGE.sub("", text) if "<!-- page " in text else text


def without_targets(text: str) -> str:
    """Return `text` with the labels of its links, and without the addresses that they lead to."""
    return LINK.sub(r"\1", text) if "](" in text else text


def _breadcrumb(trail: _Trail) -> str:
    return BREADCRUMB.join(title for _, title in trail if title)


def _trimmed(markdown: str, piece: _Piece) -> _Piece | None:
    """Return the piece without blank lines around it; its first line keeps its indentation, which means something."""
    text = markdown[piece.start : piece.end]
    body = text.lstrip()
    if not _LETTER_OR_DIGIT.search(body):
        return None
    first = len(text) - len(body)
    first = text.rfind("\n", 0, first) + 1
    return _Piece(piece.start + first, piece.start + len(text.rstrip()), piece.trail, piece.page)


# --- blocks -------------------------------------------------------------------------------------------------------


def _blocks(markdown: str, at: int, headings: Headings) -> Iterator[_Block]:
    """Yield the blocks from there on in order; together they hold all of the text but blank lines."""
    line = _LINE if headings.has_markdown else _OTHER_LINE
    while found := line.search(markdown, at):
        if found.start() > at:
            yield from _paragraphs(markdown, at, found.start(), headings)
        block = _block_at(markdown, found)
        if block:
            yield block
        at = block.end if block else found.end()
    if at < len(markdown):
        yield from _paragraphs(markdown, at, len(markdown), headings)


def _paragraphs(markdown: str, start: int, end: int, headings: Headings) -> Iterator[_Block]:
    """Yield the headings of a stretch without blank lines, and what stands between them."""
    for found in headings.within(markdown, start, end):
        if found.start > start:
            yield _paragraph(markdown, start, found.start)
        yield _Block("heading", found.start, found.end, found.level, found.title)
        start = found.end
    if start < end:
        yield _paragraph(markdown, start, end)


def _plain_blocks(text: str) -> Iterator[_Block]:
    """Yield the stretches between blank lines."""
    at = 0
    for gap in _BLANK_LINES.finditer(text):
        yield _Block("lines", at, gap.end())
        at = gap.end()
    yield _Block("lines", at, len(text))


def _block_at(markdown: str, found: re.Match[str]) -> _Block | None:
    """Return the block that begins at this line; None for a blank line."""
    if found["blank"]:
        return None
    start = found.start()
    if found["fence"]:
        return _Block("lines", start, _end_of_fence(markdown, found))
    end = _end_of_line(markdown, found.end())
    if found["page"]:
        return _Block("page", start, end, int(found["page"]))
    return _Block("heading", start, end, len(found["heading"]))


def _paragraph(markdown: str, start: int, end: int) -> _Block:
    return _Block("lines" if _LINES_BLOCK.match(markdown, start, end) else "prose", start, end)


def _end_of_line(markdown: str, at: int) -> int:
    return markdown.find("\n", at) + 1 or len(markdown)


def _end_of_fence(markdown: str, opening: re.Match[str]) -> int:
    """Return where the code ends: after a closing fence of at least the opening's length, or with the document."""
    mark = opening["fence"]
    closing = _closing_fence(mark[0], len(mark)).search(markdown, _end_of_line(markdown, opening.end()))
    return _end_of_line(markdown, closing.end()) if closing else len(markdown)


def _closing_fence(mark: str, length: int) -> re.Pattern[str]:
    # A fence of a million marks is closed by nothing sensible; the bound keeps the pattern compilable.
    return re.compile(rf"^ {{0,3}}{mark}{{{min(length, 1000)},}}[ \t\r]*$", re.MULTILINE)


# --- packing ------------------------------------------------------------------------------------------------------


def _pieces(markdown: str, blocks: Iterator[_Block], limits: ChunkLimits) -> Iterator[_Piece]:
    packer = _Packer(limits)
    for block in blocks:
        if block.kind == "page":
            yield from packer.turn_page(block.number)
            continue
        if block.kind == "heading":
            yield from packer.enter(block.number, _title(markdown, block))
        for start, end in _cuts(markdown, block, packer):
            yield from packer.put(start, end)
    yield from packer.close()


class _Packer:
    """Packs stretches of text, in order, into pieces; every method yields what it finished."""

    def __init__(self, limits: ChunkLimits) -> None:
        self.target = limits.target * CHARS_PER_TOKEN
        self.maximum = limits.maximum * CHARS_PER_TOKEN
        self.minimum = limits.minimum * CHARS_PER_TOKEN
        self._piece: _Piece | None = None
        self._trail: _Trail = ()
        self._page: int | None = None

    def turn_page(self, number: int) -> Iterator[_Piece]:
        self._page = number
        if not self._is_tiny():
            yield from self.close()

    def enter(self, level: int, title: str) -> Iterator[_Piece]:
        """Begin a section. A few words before its first sub-section, or before a sister, go along with that."""
        outer = self._trail
        self._trail = (*(step for step in outer if step[0] < level), (level, title))
        if self._piece and self._is_tiny() and self._trail[: len(outer)] == outer:
            self._piece.trail = self._trail
        elif self._piece and self._is_tiny() and outer[:-1] and self._trail[: len(outer) - 1] == outer[:-1]:
            # Both stand under the section around them, and what they are called is in the text.
            self._piece.trail = outer[:-1]
        else:
            yield from self.close()

    def put(self, start: int, end: int) -> Iterator[_Piece]:
        if self._piece and end - self._piece.start <= self._room_for(end - start):
            self._piece.end = end
            return
        yield from self.close()
        self._piece = _Piece(start, end, self._trail, self._page)

    def close(self) -> Iterator[_Piece]:
        if self._piece:
            yield self._piece
            self._piece = None

    def _is_tiny(self) -> bool:
        return self._piece is not None and self._piece.end - self._piece.start < self.minimum

    def _room_for(self, length: int) -> int:
        """Return how long the piece may become by adding so much: neither should have to stay tiny alone."""
        return self.maximum if length < self.minimum or self._is_tiny() else self.target


def _title(markdown: str, block: _Block) -> str:
    """Return a heading as a reader sees it, without where its links lead."""
    if block.title is not None:
        return block.title[:MAX_HEADING]
    line = markdown[block.start : min(block.end, block.start + _HEADING_SOURCE)].strip()
    title = line.lstrip("#").strip()
    closed = title.rstrip("#")
    # `## About ##` does not keep the closing marks, `# About C#` keeps its last character.
    title = closed.rstrip() if closed != closed.rstrip() else title
    return LINK.sub(_label, title).strip()[:MAX_HEADING]


def _label(link: re.Match[str]) -> str:
    # Without a letter it is no text but a handle, such as the `[¶](#leases)` that documentation has at every heading.
    return link[1] if _LETTER_OR_DIGIT.search(link[1]) else ""


# --- cutting ------------------------------------------------------------------------------------------------------


def _cuts(markdown: str, block: _Block, limits: _Packer) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a block: itself if it is short enough, else pieces of about the target size."""
    at = block.start
    while block.end - at > limits.maximum:
        cut = _cut(markdown, block.kind, at + limits.target // 2, at + limits.target)
        yield at, cut
        at = cut
    yield at, block.end


def _cut(markdown: str, kind: str, low: int, high: int) -> int:
    """Return the best place to cut after `low` and not after `high`; looks at no other text, so cutting is linear."""
    line = markdown.rfind("\n", low, high) + 1
    sentence = max((found.end() for found in _SENTENCE_END.finditer(markdown, low, high)), default=0)
    wanted = (line, sentence) if kind == "lines" else (sentence, line)
    space = max(markdown.rfind(space, low, high) for space in " \t") + 1
    return wanted[0] or wanted[1] or space or _before_marks(markdown, low, high)


def _before_marks(markdown: str, low: int, high: int) -> int:
    """Return `high`, or a little less where a letter would lose the marks that follow it."""
    at = high
    while at > low and unicodedata.combining(markdown[at]):
        at -= 1
    return at if at > low else high
