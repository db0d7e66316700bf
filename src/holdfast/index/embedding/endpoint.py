"""An embedder behind an endpoint that speaks OpenAI's embeddings API, through the `openai` client (an optional extra).

A request that fails in a way that may pass is made again, at most `tries` times: after as long as a busy endpoint asks
for (models/call_limiter.py), else after rests that grow. What comes back is looked at before it is believed: so many
vectors as were asked for, each of as many numbers as the others, and every one a number. A text that was embedded
before is not sent again while its vector is kept (vector_cache.py).
"""

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from holdfast.bootstrap import EmbedderOptions, variable
from holdfast.errors import InvalidConfig, ProviderFailed, Unsupported
from holdfast.host.importing import importing
from holdfast.index.embedding.folders import normalised
from holdfast.index.embedding.vector_cache import VectorCache
from holdfast.models.call_limiter import gate_of
from holdfast.models.concurrent_calls import Dropped, Errand, current, side_by_side

#: characters of one request; a longer text goes alone
REQUEST_CHARACTERS = 100_000
#: seconds until the second time that a request is made; twice as long each further time, and at most
FIRST_REST, LONGEST_REST = 0.5, 15.0
#: seconds that a failure takes after which an endpoint is left alone, and for how long at most
SLOW_FAILURE, LONGEST_DOWN = 1.0, 60.0
#: bytes of one answer
ANSWER_BYTES = 64 * 1024 * 1024
#: times the limit for silence that an answer may take which comes drop by drop
TIMES_SILENCE = 3
#: characters that are shown of what an endpoint says instead of answering
SHOWN = 300
#: statuses that may pass
_PASSING = (408, 409, 425, 429)
#: what an endpoint is given that wants no key
_NO_KEY = "none"


def wait(seconds: float) -> None:
    """Rest, until nobody waits for the answer any more; raises Dropped then."""
    stop, woken = current().stop, threading.Event()
    with stop.telling(woken.set):
        woken.wait(seconds)
    if stop.reason is not None:
        raise Dropped


@dataclass(frozen=True)
class Rests:
    """How a request that failed waits for its next time."""

    wait: Callable[[float], None] = wait
    #: seconds of a clock that only runs forward
    now: Callable[[], float] = time.monotonic
    #: a number from 0 to 1 by which rests differ, so that processes which failed together do not come again together
    jitter: Callable[[], float] = random.random

    def before(self, tried: int) -> None:
        """Rest before a request is made again that was made `tried` times."""
        self.wait(min(LONGEST_REST, FIRST_REST * 2.0 ** (tried - 1)) * (0.5 + self.jitter()))


class EndpointEmbedder:
    """A model behind an endpoint. May be shared between threads."""

    def __init__(self, model: str, url: str, options: EmbedderOptions, *, rests: Rests | None = None) -> None:
        _check_address(url)
        self.name: str = f"openai:{model}@{url}" if url else f"openai:{model}"
        self._model = model
        self._url = url
        self._options = options
        self._rests = rests or Rests()
        self._starting = threading.Lock()
        self._started: Any = None
        self._dimensions = 0
        self._cache: VectorCache | None = None
        #: of the clock that only runs forward: until when it is not asked
        self._down_until = 0.0

    @property
    def dimensions(self) -> int:
        if not self._dimensions:
            self.encode(["dimensions"])
        return self._dimensions

    def expect(self, dimensions: int, cache: Path | None = None) -> None:
        """Take the number of dimensions from who knows it, and a folder to keep vectors in."""
        self._dimensions = dimensions
        if cache is not None and self._options.cache_mib and self._cache is None:
            self._cache = VectorCache(cache, self.name, dimensions, self._options.cache_mib * 1024 * 1024)

    def encode(self, texts: list[str]) -> Any:
        with importing():
            import numpy as np

        # Endpoints refuse empty texts, and are asked for each of the others once.
        wanted = list(dict.fromkeys(text for text in texts if text.strip()))
        known = self._cache.find(wanted) if self._cache is not None else {}
        found = known | self._asked([text for text in wanted if text not in known])
        width = self._dimensions or self.dimensions
        rows = np.zeros((len(texts), width), dtype=np.float32)
        for row, text in enumerate(texts):
            if text in found:
                rows[row] = found[text]
        return normalised(rows)

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        with self._starting:
            if self._started is not None:
                self._started.close()
                self._started = None

    def _asked(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return the vectors of texts, in several requests when they are many."""
        requests = list(_requests(texts, self._options.request_texts))
        if len(requests) == 1:
            return self._request(requests[0])
        found: dict[str, Any] = {}
        outer, inner = current(), Errand(current().urgent)
        with outer.stop.telling(lambda: inner.stop.set(outer.stop.reason or "stopped")):
            questions = (partial(self._request, request) for request in requests)
            for answer in side_by_side(questions, lambda: self._options.concurrency, inner):
                found |= answer.get()
        return found

    def _request(self, texts: list[str]) -> dict[str, Any]:
        gate = gate_of(f"{self.name} embeddings", self._options.concurrency)
        began = self._rests.now()
        if began < self._down_until:
            raise self._failed("did not answer a moment ago, and is left alone for a while", passing=True)
        for tried in range(1, self._options.tries + 1):
            try:
                vectors = self._vectors(gate.call(lambda: self._receive(texts)), len(texts))
                break
            except _Passing as error:
                # A busy one was asked again by the gate already.
                if tried == self._options.tries or error.busy:
                    self._leave_alone(self._rests.now() - began)
                    raise
                self._rests.before(tried)
        found = dict(zip(texts, vectors, strict=True))
        if self._cache is not None:
            self._cache.keep(found)
        return found

    def _leave_alone(self, spent: float) -> None:
        """Ask nothing for as long as it took to fail: of a thousand files each would wait for that."""
        if spent >= SLOW_FAILURE:
            self._down_until = self._rests.now() + min(spent, LONGEST_DOWN)

    def _receive(self, texts: list[str]) -> bytes:
        """Return the body of an answer. Its errors are not chained: a traceback would print what they repeat."""
        library, client = _openai(), self._client()
        received, until = bytearray(), time.monotonic() + self._options.timeout * TIMES_SILENCE
        calls = client.embeddings.with_streaming_response
        try:
            with calls.create(model=self._model, input=texts, encoding_format="float") as response:
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > ANSWER_BYTES:
                        raise OverflowError(f"it sends more than {ANSWER_BYTES} bytes")
                    if time.monotonic() > until:
                        raise TimeoutError(f"no end after {TIMES_SILENCE} times the limit")
        except library.OpenAIError as error:
            raise self._refused(error) from None
        except Exception as error:  # noqa: BLE001 - while a body is read, the errors are those of the HTTP library
            raise self._failed(f"did not answer ({type(error).__name__}: {str(error)[:SHOWN]})", passing=True) from None
        return bytes(received)

    def _refused(self, error: Exception) -> ProviderFailed:
        from holdfast.models.openai_model import retry_after

        status = getattr(error, "status_code", None)
        passing = (status is None and hasattr(error, "request")) or status in _PASSING or (status or 0) >= 500
        cause = f": {error.__cause__}" if error.__cause__ is not None and status is None else ""
        failure = self._failed(f"did not answer ({error}{cause}"[: SHOWN + 20] + ")", passing=passing)
        failure.retry_after = retry_after(error)
        failure.busy = status == 429 or (status == 503 and failure.retry_after is not None)
        return failure

    def _vectors(self, body: bytes, wanted: int) -> Any:
        """Return the vectors that an answer holds, in the order of the texts."""
        with importing():
            import numpy as np

        try:
            data = sorted(json.loads(body)["data"], key=lambda item: int(item["index"]))
            rows = [item["embedding"] for item in data]
            places = [int(item["index"]) for item in data]
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise self._failed(f"sent no vectors ({type(error).__name__})") from None
        if places != list(range(wanted)):
            raise self._failed(f"gave {len(rows)} vectors for {wanted} texts")
        try:
            vectors = np.array(rows, dtype=np.float32)
        except (TypeError, ValueError):
            raise self._failed("gave vectors that are no rows of numbers, or not of one length") from None
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise self._failed("gave vectors that are no rows of finite numbers")
        return self._as_wide(vectors)

    def _as_wide(self, vectors: Any) -> Any:
        width = vectors.shape[1]
        if self._dimensions and width != self._dimensions:
            raise self._failed(
                f"gave vectors of {width} numbers, and those before had {self._dimensions}: it is another model now"
            )
        self._dimensions = width
        return vectors

    def _failed(self, what: str, *, passing: bool = False) -> ProviderFailed:
        message = f"The embedder {self.name} {what}"
        if (key := variable(self._options.api_key_variable)) is not None:
            message = message.replace(key, "***")
        return (_Passing if passing else ProviderFailed)(message, path=self.name)

    def _client(self) -> Any:
        with self._starting:
            if self._started is None:
                library, key = _openai(), variable(self._options.api_key_variable)
                if key is None and not self._url:
                    raise InvalidConfig(
                        f"The embedder {self.name} needs a key, and {self._options.api_key_variable} is not set",
                        path=self.name,
                        remedy=f"Set {self._options.api_key_variable}, or name another variable in holdfast.toml:"
                        " embedder.api_key_variable",
                    )
                # Retries are made here, where a stop reaches them.
                self._started = library.OpenAI(
                    base_url=self._url or None, api_key=key or _NO_KEY, timeout=self._options.timeout, max_retries=0
                )
            return self._started


class _Passing(ProviderFailed):
    """A failure that may pass."""


def _check_address(url: str) -> None:
    """Refuse an address with a secret in it: it would stand in the catalog, in messages and in jobs."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise InvalidConfig(
            f"{parts.scheme or 'It'} is no scheme of an endpoint",
            path="embedder",
            remedy="Use openai:MODEL@https://...",
        )
    if parts.username or parts.password or parts.query:
        raise InvalidConfig(
            "The address of an endpoint may hold no user, password or query, which would be stored",
            path="embedder",
            remedy="Put the key into the environment variable that embedder.api_key_variable in holdfast.toml names",
        )


def _requests(texts: Sequence[str], most: int) -> "list[list[str]]":
    """Return the texts of each request."""
    requests: list[list[str]] = []
    room = 0
    for text in texts:
        if not requests or len(requests[-1]) == most or len(text) > room:
            requests.append([])
            room = REQUEST_CHARACTERS
        requests[-1].append(text)
        room -= len(text)
    return requests


def _openai() -> Any:
    try:
        with importing():
            import openai
    except ImportError as error:
        raise Unsupported(
            "embedding through an endpoint needs the package openai",
            remedy="Install it: pip install 'holdfast[openai]' (or: pip install openai)",
        ) from error
    return openai
