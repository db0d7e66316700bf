"""Finding lost bytes again: in the blob store, at the source they were added from, or by deriving them anew."""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id_of, pieces_of
from holdfast.catalog import contents
from holdfast.catalog.checking import checks
from holdfast.catalog.contents import Content
from holdfast.documents import HEAD_BYTES, Body, Derived, body_of_bytes, body_of_file
from holdfast.errors import HoldfastError
from holdfast.faults import point
from holdfast.publish.publication import begun

#: derives anew from contents the store has: yields each with what was derived, or why it could not be
Rederive = Callable[[Iterable[Content]], Iterator[tuple[Content, Derived | HoldfastError]]]


def find_again(backend: Backend, content_id: str, media_type: str, rederive: Rederive) -> Body | None:
    """Return a body whose bytes have the hash `content_id`, from wherever it can still be had; None if nowhere."""
    for look in (_in_catalog, _in_blobs, _at_source, functools.partial(_derived, rederive)):
        try:
            for body in look(backend, content_id, media_type):
                if body.content_id == content_id:
                    return body
        except (HoldfastError, OSError):
            # This place is damaged too; there are others.
            continue
    return None


def store_again(backend: Backend, body: Body) -> None:
    """Store the bytes of a content over what is there, and make it known if it is not."""
    content = body.content
    with backend.engine.read() as conn:
        known = contents.get(conn, body.content_id)
    inline = known.inline if known else content.inline
    point("repair.before_bytes")
    with (
        begun(backend, "repair", "repair", blobs=[] if inline else [body]) as publication,
        publication.publish() as conn,
    ):
        contents.insert(conn, [(content, body.data() if inline else None)])
        if inline:
            contents.put_inline(conn, body.content_id, body.data())


def derive(rederive: Rederive, content: Content) -> Derived:
    """Derive anew from one content; raises HoldfastError when that cannot be done."""
    ((_, made),) = rederive([content])
    if isinstance(made, HoldfastError):
        raise made
    return made


def typed(backend: Backend, body: Body) -> Body:
    """Return a body of which no more than its bytes is known with the media type that its name and they tell."""
    with backend.engine.read() as conn:
        name = checks.name_of(conn, body.content_id) or ""
    head = next(iter(body.pieces()), b"")[:HEAD_BYTES]
    return replace(body, media_type=backend.deriver.media_type(name, head))


def _in_catalog(backend: Backend, content_id: str, media_type: str) -> Iterator[Body]:
    """Yield the inline bytes of a content of which the catalog has lost all else."""
    with backend.engine.read() as conn:
        data = contents.inline_data(conn, content_id)
    if data is not None:
        yield body_of_bytes(data, media_type)


def _in_blobs(backend: Backend, content_id: str, media_type: str) -> Iterator[Body]:
    """Yield the blob of a content that the catalog has lost."""
    with backend.engine.read() as conn:
        known = contents.get(conn, content_id)
    size = backend.blobs.size(content_id) if known is None else None
    if size is not None:
        digest, _ = content_id_of(backend.blobs.stream(content_id))
        yield Body(digest, size, media_type, functools.partial(backend.blobs.stream, content_id))


def _at_source(backend: Backend, content_id: str, media_type: str) -> Iterator[Body]:
    """Yield the file that a content was added from, if it is still the same."""
    with backend.engine.read() as conn:
        sources = checks.sources(conn, content_id)
    for source in sources:
        if Path(source).is_file() and content_id_of(pieces_of(Path(source)))[0] == content_id:
            yield body_of_file(Path(source), media_type)


def _derived(rederive: Rederive, backend: Backend, content_id: str, media_type: str) -> Iterator[Body]:
    """Yield what is rendered from contents that had a rendition stored in this one."""
    with backend.engine.read() as conn:
        origins = [contents.get(conn, origin) for origin in contents.rendered_from(conn, [content_id])]
    for origin in origins:
        if origin is not None:
            yield from (body for _, body in derive(rederive, origin).renditions)
