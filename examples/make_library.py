"""Make the PDF and DOCX files of the example library from their Markdown in examples/sources.

The made files are committed, so this is only needed after a source was edited:

    pip install reportlab python-docx
    python examples/make_library.py

Dates are fixed, so that the same sources and library versions give the same bytes.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
AUTHOR = "The Holdfast authors"
MADE = datetime(2026, 8, 24, 12, 0, 0, tzinfo=UTC)
TARGETS = {
    "write-ahead-logging": "papers/write-ahead-logging.pdf",
    "leases-and-fencing-tokens": "papers/leases-and-fencing-tokens.pdf",
    "fsync-and-power-loss": "reports/fsync-and-power-loss.docx",
    "choosing-a-catalog-database": "reports/choosing-a-catalog-database.docx",
}


@dataclass(frozen=True)
class Block:
    """One block of a source: a title, heading, paragraph, bullet, numbered item or table."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the blocks of `markdown`; only what the sources use is understood."""
    for part in re.split(r"\n\s*\n", markdown.strip()):
        if part.startswith("|"):
            lines = [line for line in part.split("\n") if not re.fullmatch(r"[|\s:-]+", line)]
            yield Block(
                "table", rows=tuple(tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines)
            )
            continue
        for line in part.split("\n"):
            kind, text = _line(line)
            yield Block(kind, text)


def _line(line: str) -> tuple[str, str]:
    for pattern, kind in ((r"# ", "title"), (r"## ", "heading"), (r"- ", "bullet"), (r"\d+\. ", "number")):
        if found := re.match(pattern, line):
            return kind, line[found.end() :]
    return "paragraph", line


def make_pdf(title: str, content: list[Block], target: Path) -> None:
    """Write `content` as a PDF."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import SimpleDocTemplate

    styles = getSampleStyleSheet()
    body = styles["BodyText"]
    body.fontSize, body.leading, body.spaceBefore, body.spaceAfter = 11, 14, 0, 14
    flow = [part for block in content for part in _pdf_parts(block, styles)]
    # reportlab takes its dates from here.
    os.environ["SOURCE_DATE_EPOCH"] = str(int(MADE.timestamp()))
    SimpleDocTemplate(str(target), title=title, author=AUTHOR, leftMargin=60, rightMargin=60).build(flow)


def _pdf_parts(block: Block, styles: Any) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer, Table

    if block.kind == "table":
        ruled = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONTSIZE", (0, 0), (-1, -1), 9)]
        return [Table(block.rows, style=ruled, repeatRows=1), Spacer(1, 14)]
    style = {"title": "Title", "heading": "Heading2"}.get(block.kind, "BodyText")
    mark = "- " if block.kind == "bullet" else ""
    return [Paragraph(mark + block.text, styles[style])]


def make_docx(title: str, content: list[Block], target: Path) -> None:
    """Write `content` as a DOCX."""
    import docx

    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, AUTHOR, ""
    properties.created = properties.modified = MADE
    for block in content:
        _add_to_docx(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    target.write_bytes(_undated(buffer.getvalue()))


def _add_to_docx(document: Any, block: Block) -> None:
    styles = {"bullet": "List Bullet", "number": "List Number", "paragraph": None}
    if block.kind in ("title", "heading"):
        document.add_heading(block.text, 1 if block.kind == "title" else 2)
    elif block.kind == "table":
        table = document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
        for row, cells in zip(table.rows, block.rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    else:
        document.add_paragraph(block.text, style=styles[block.kind])


def _undated(data: bytes) -> bytes:
    # The zip records when each member was written; without that the file depends on its content only.
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "docProps/thumbnail.jpeg":
                new.writestr(zipfile.ZipInfo(name), _without_thumbnail(name, old.read(name)), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _without_thumbnail(name: str, data: bytes) -> bytes:
    return re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", data) if name == "_rels/.rels" else data


def main() -> None:
    """Make all files and print their sizes."""
    for source, place in TARGETS.items():
        content = list(blocks((HERE / "sources" / f"{source}.md").read_text(encoding="utf-8")))
        target = HERE / "library" / place
        make = make_pdf if target.suffix == ".pdf" else make_docx
        make(content[0].text, content, target)
        print(f"{target.relative_to(HERE)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
