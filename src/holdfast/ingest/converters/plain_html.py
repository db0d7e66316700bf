"""The text of an HTML page without its structure: slow and sure, for pages that nest too deep for the parser."""

from html.parser import HTMLParser

_SKIPPED = frozenset({"script", "style", "template", "noscript", "svg", "nav", "head", "button", "select", "form"})
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = frozenset(_HEADINGS) | {
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "header", "hr"),
    *("li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"),
}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.skipping.append(tag)
        if tag in _BLOCKS:
            self.parts.append("\n\n" + _HEADINGS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.skipping:
            del self.skipping[self.skipping.index(tag) :]
        if tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.parts.append(data)


def plain_text(page: str) -> str:
    """Return the words of `page` in paragraphs, its headings marked; depth does not matter, nothing recurses."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    paragraphs = (" ".join(part.split()) for part in "".join(reader.parts).split("\n\n"))
    kept = [part for part in paragraphs if part.strip("# ")]
    return "\n\n".join(kept) + "\n" if kept else ""
