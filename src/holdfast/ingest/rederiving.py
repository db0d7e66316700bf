"""Deriving anew from what the store holds, within the limits of an add: in workers that may crash or hang.

A document that a parser cannot cope with any more fails by itself, as it would when it is added (G11).
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from holdfast.backend import Backend
from holdfast.catalog.checking import checks
from holdfast.catalog.contents import Content
from holdfast.documents import Derived
from holdfast.errors import ConversionFailed, HoldfastError, TooLarge, Unsupported
from holdfast.ingest.items import FailedFile, Item, Outcome, Prepared
from holdfast.ingest.plan import planned
from holdfast.ingest.preparing.dispatch import Preparers
from holdfast.ingest.sources.scratch import scratch

if TYPE_CHECKING:
    from holdfast.config import IngestSettings

#: seconds between looks at time limits and at whether to stop
TICK = 0.1
#: bytes that lie on disk for workers to read, unless a single content has more
SPOOLED_BYTES = 64 * 1024 * 1024
#: what a converter says of bytes that are no document that it reads
_REFUSALS = frozenset({Unsupported.code, ConversionFailed.code, TooLarge.code})


class Again:
    """Prepares stored contents once more; use as a context manager. Not for sharing between threads."""

    def __init__(self, backend: Backend, settings: "IngestSettings") -> None:
        self.backend = backend
        self._preparers = Preparers(backend, planned(settings, (), jobs=None))
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._never, self._end = os.pipe()
        self._orders = count(1)
        #: contents with a worker, or on their way to one, by the order of their items
        self._given: dict[int, Content] = {}

    def __enter__(self) -> "Again":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._preparers.close()
        if self._folder is not None:
            self._folder.cleanup()
        os.close(self._never)
        os.close(self._end)

    def outcomes(
        self, wanted: Iterable[Content], stop: Callable[[], bool] | None = None
    ) -> Iterator[tuple[Content, Outcome]]:
        """Yield what comes of each content, in any order; ends early once `stop` returns true."""
        waiting = iter(wanted)
        more = True
        while (more or self._given) and not (stop is not None and stop()):
            while more and self._room:
                content = next(waiting, None)
                if content is None:
                    more = False
                elif (refused := self._give(content)) is not None:
                    yield content, refused
            for item, outcome in self._preparers.take(TICK if self._given else 0.0, self._never):
                item.source.unlink()
                yield self._given.pop(item.order), outcome

    def derived(self, content: Content, made: Prepared) -> Derived:
        """Return what was derived from a content."""
        return made.derived(self.backend.stored_body(content))

    def rederive(self, wanted: Iterable[Content]) -> Iterator[tuple[Content, Derived | HoldfastError]]:
        """Yield what is derived from each content: nothing when it is no document, an error when it did harm."""
        for content, outcome in self.outcomes(wanted):
            if isinstance(outcome, Prepared):
                yield content, self.derived(content, outcome)
            else:
                yield content, Derived() if outcome.code in _REFUSALS else HoldfastError(outcome.reason)

    @property
    def _room(self) -> bool:
        spooled = sum(content.size for content in self._given.values())
        return self._preparers.room and (not self._given or spooled < SPOOLED_BYTES)

    def _give(self, content: Content) -> FailedFile | None:
        """Hand a content to be prepared; returns why it cannot be."""
        order = next(self._orders)
        self._folder = self._folder or scratch()
        source = Path(self._folder.name) / str(order)
        try:
            with source.open("wb") as file:
                file.writelines(self.backend.stream(content))
        except HoldfastError as error:
            return FailedFile(error.code, error.message)
        with self.backend.engine.read() as conn:
            name = checks.name_of(conn, content.content_id) or content.content_id
        self._given[order] = content
        self._preparers.give(
            Item(
                order=order,
                source=source,
                origin=name,
                path=f"/{name}",
                size=content.size,
                mtime_ns=0,
                media_type=content.media_type,
            )
        )
        return None
