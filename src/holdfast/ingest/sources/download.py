"""URLs among the sources of an add: fetched one by one into a temporary folder, after all that is on disk."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.errors import AlreadyExists, HoldfastError
from holdfast.ingest.plan import Plan
from holdfast.ingest.sources.scratch import scratch
from holdfast.ingest.sources.secrets import has_login, shown
from holdfast.ingest.sources.urls import FetchLimits, fetch, is_url


@dataclass(frozen=True)
class Download:
    """A document that was fetched, shaped like a file that was found."""

    #: without its secrets
    url: str
    source: Path
    #: its name, directly in the `to` directory
    target: str
    #: bytes
    size: int
    #: nanoseconds since the epoch
    mtime_ns: int


@dataclass(frozen=True)
class Missed:
    """A URL that could not be fetched."""

    #: without its secrets
    url: str
    error: HoldfastError


class Downloads:
    """Fetches the URLs of a plan when it is iterated over; what was fetched lies on disk until `close`."""

    def __init__(self, plan: Plan) -> None:
        urls = [str(source) for source in plan.sources if is_url(source)]
        #: one of those that differ in their secrets only: they count as one source
        self._urls = list({(shown(url), has_login(url)): url for url in reversed(urls)}.values())[::-1]
        limits = plan.limits
        self._limits = FetchLimits(limits.size, limits.seconds, limits.private_urls)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._called = plan.name
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[Download | Missed]:
        for number, url in enumerate(self._urls):
            try:
                yield self._fetch(url, self._place(number))
            except HoldfastError as error:
                yield Missed(shown(url), error)
            except Exception as error:  # noqa: BLE001 - one server's surprise must not end the batch (G11)
                named = shown(url)
                yield Missed(named, HoldfastError(f"{named} could not be fetched: {type(error).__name__}", path=named))

    def close(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            self._folder.cleanup()

    def _place(self, number: int) -> Path:
        if self._folder is None:
            self._folder = scratch()
        return Path(self._folder.name) / str(number)

    def _fetch(self, url: str, into: Path) -> Download:
        found = fetch(url, into, self._limits)
        name = self._called or found.name
        named = shown(url)
        taken = self._names.setdefault(name, url)
        if taken != url:
            raise AlreadyExists(
                f"{name} is already taken by {shown(taken)}",
                path=named,
                remedy="Add them one by one, with different --to or --as",
            )
        return Download(named, into, name, found.size, into.stat().st_mtime_ns)
