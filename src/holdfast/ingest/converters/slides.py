"""What a presentation's container says of its slides: the order they are shown in, and the speaker's notes.

The engine takes slides in the order of their file names, which is another one after they were moved about in some
programs, and it gives notes to the wrong slides.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_MAIN = "ppt/presentation.xml"
_FILE = re.compile(r"ppt/slides/slide(\d+)\.xml")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PRESENTATION = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def as_shown(data: bytes, pages: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Return the slides in the order they are shown in, each with its notes; as they came if that cannot be told."""
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        try:
            shown = _shown(container)
            places = {name: place for place, name in enumerate(sorted(shown, key=_number))}
            if len(places) != len(pages) or len(shown) != len(pages):
                return tuple(pages)
            texts = [_with(pages[places[name]][1], _notes(container, name)) for name in shown]
        except (KeyError, ValueError, ElementTree.ParseError):
            return tuple(pages)
    return tuple(enumerate(texts, 1))


def _with(text: str, notes: str) -> str:
    return f"{text.rstrip()}\n\n### Notes\n\n{notes}\n" if notes else text


def _shown(container: zipfile.ZipFile) -> list[str]:
    targets = {target.get("Id"): file for file, target in _relations(container, _MAIN)}
    listed = ElementTree.fromstring(container.read(_MAIN)).iter(f"{_PRESENTATION}sldId")
    return [targets[slide.get(_RELATION)] for slide in listed]


def _notes(container: zipfile.ZipFile, slide: str) -> str:
    """Return what the speaker is to say with a slide, a paragraph a line."""
    file = next((file for file, to in _relations(container, slide) if to.get("Type", "").endswith("/notesSlide")), None)
    if file is None:
        return ""
    shapes = ElementTree.fromstring(container.read(file)).iter(f"{_PRESENTATION}sp")
    paragraphs = (part for shape in shapes if _is_body(shape) for part in shape.iter(f"{_DRAWING}p"))
    return "\n\n".join(text for part in paragraphs if (text := _text(part).strip()))


def _is_body(shape: Element) -> bool:
    return any(placeholder.get("type") == "body" for placeholder in shape.iter(f"{_PRESENTATION}ph"))


def _text(paragraph: Element) -> str:
    return "".join(
        "\n" if part.tag == f"{_DRAWING}br" else (part.text or "") if part.tag == f"{_DRAWING}t" else ""
        for part in paragraph.iter()
    )


def _relations(container: zipfile.ZipFile, file: str) -> Iterator[tuple[str, Element]]:
    """Yield each file that one refers to, with the relation."""
    folder, name = posixpath.split(file)
    try:
        relations = container.read(f"{folder}/_rels/{name}.rels")
    except KeyError:
        return
    for relation in ElementTree.fromstring(relations).iter(_RELATIONSHIP):
        yield posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"), relation


def _number(file: str) -> int:
    found = _FILE.fullmatch(file)
    if not found:
        raise ValueError(f"{file} is not where slides are")
    return int(found[1])
