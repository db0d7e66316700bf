"""Checks of contents: that each is known, that its bytes are there, and (deep) that they are the bytes of its name."""

from collections.abc import Iterator

from holdfast.blobs.hashing import content_id_of
from holdfast.catalog import contents
from holdfast.catalog.checking import checks, statistics
from holdfast.catalog.contents import Content
from holdfast.errors import HoldfastError
from holdfast.recovery.checks.inspection import BYTES, LISTED, REPAIR, Inspection, path_of, where

#: contents looked at in one SQL transaction
PAGE = 500


def check_known(inspection: Inspection) -> None:
    """Check that the content of every entry at the head (deep: of every commit), and every rendition's, is known."""
    backend = inspection.backend
    with backend.engine.read() as conn:
        lost = checks.entries_without_content(conn, history=inspection.deep, limit=LISTED + 1)
        for path in path_of(conn, lost):
            inspection.problem("content", f"{path} holds a content that the catalog does not have", BYTES)
        for content_id, kind, _ in checks.renditions_off(conn, LISTED + 1):
            if contents.get(conn, content_id) is not None:
                inspection.problem("rendition", f"The {kind} of {where(conn, content_id)} is missing", REPAIR)
            else:
                # Of what an entry holds this is told with the content; without one, a repair drops it.
                what = f"The {kind} of {where(conn, content_id)} belongs to a content that the catalog does not have"
                inspection.problem("rendition", what, BYTES)


def check_bytes(inspection: Inspection) -> None:
    """Check that the bytes of every content are there and as many as they should be; deep: that their hash is right."""
    backend = inspection.backend
    with backend.engine.read() as conn:
        for content_id, size, there in checks.inline_off(conn, LISTED + 1):
            wrong = "are missing" if there is None else f"are {there} instead of {size}"
            inspection.problem("bytes", f"The bytes of {where(conn, content_id)} {wrong}", BYTES)
    for page in pages(inspection):
        for content in page:
            wrong = wrong_bytes(inspection, content)
            if wrong:
                _report(inspection, content, wrong)
        inspection.checked["contents"] += len(page)


def check_counts(inspection: Inspection) -> None:
    """Check that the figures which are kept of the contents are those of the contents."""
    with inspection.backend.engine.read() as conn:
        said, there = statistics.stored(conn), checks.stored(conn)
    for place in sorted(said.keys() | there.keys()):
        (n, size), (found, bytes_found) = said.get(place, (0, 0)), there.get(place, (0, 0))
        if (n, size) != (found, bytes_found):
            what = f"The figures say {n} contents of {size} bytes ({place}), and there are {found} of {bytes_found}"
            inspection.problem("figures", what, REPAIR)


def pages(inspection: Inspection) -> Iterator[list[Content]]:
    """Yield all contents in lists, each read in an SQL transaction of its own."""
    last = ""
    while True:
        with inspection.backend.engine.read() as conn:
            page = contents.after(conn, last, PAGE)
        if not page:
            return
        yield page
        last = page[-1].content_id


def wrong_bytes(inspection: Inspection, content: Content) -> str:
    """Return what is wrong with a content's bytes, in words; empty when nothing is."""
    backend = inspection.backend
    try:
        if inspection.deep:
            digest, size = content_id_of(backend.stream(content))
            if size != content.size:
                return f"are {size} instead of {content.size}"
            return "" if digest == content.content_id else "are not what was stored: their hash is another"
        if content.inline:
            return ""
        found = backend.blobs.size(content.content_id)
        if found is None:
            return "are missing"
        return "" if found == content.size else f"are {found} instead of {content.size}"
    except HoldfastError as error:
        return f"cannot be read ({error.message})"
    except (TypeError, ValueError) as error:
        return f"are not even bytes ({error})"


def _report(inspection: Inspection, content: Content, wrong: str) -> None:
    with inspection.backend.engine.read() as conn:
        # It may have been collected while this was looking.
        known = contents.get(conn, content.content_id) is not None
        if known and not (content.inline and "instead of" in wrong) and not (content.inline and "missing" in wrong):
            inspection.problem("bytes", f"The bytes of {where(conn, content.content_id)} {wrong}", BYTES)
