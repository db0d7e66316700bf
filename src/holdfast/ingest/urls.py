"""Documents behind URLs: fetched within limits, never from a private network unless that is allowed.

The address that was checked is the address that is connected to, at every redirect, so that a name which answers
differently the second time gains nothing. The content type that the server states decides over the name in the URL.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import time
import unicodedata
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from holdfast.blobs.store import CHUNK_BYTES
from holdfast.errors import HoldfastError, InvalidPath, NotFound, TooLarge, Unsupported
from holdfast.ingest import formats

#: redirects followed for one document
REDIRECTS = 5
#: seconds that a server may stay silent
SILENCE_SECONDS = 30.0
#: longest name made of a URL, in bytes
NAME_BYTES = 200

_AGENT = "holdfast"
_REDIRECTS = (301, 302, 303, 307, 308)
#: what servers say, where it is not our own name for the type
_TYPES = {"application/xhtml+xml": formats.HTML, "text/x-markdown": formats.MARKDOWN, "text/rtf": formats.RTF}
_EXTENSIONS = {entry.media_type: entry.extensions[0] for entry in formats.FORMATS}


@dataclass(frozen=True)
class FetchLimits:
    """What one document may take."""

    #: bytes
    size: int
    #: seconds, redirects included
    seconds: float
    #: whether loopback, link-local and private addresses may be asked
    private: bool = False


@dataclass(frozen=True)
class Fetched:
    """A document that was fetched."""

    file: Path
    #: what it is called: from the URL, its ending from the content type
    name: str
    #: bytes
    size: int


def is_url(source: object) -> bool:
    """Tell whether a source of an add is a URL."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def fetch(url: str, into: Path, limits: FetchLimits) -> Fetched:
    """Write the document behind `url` to the file `into`.

    Raises Unsupported (a private address, too many redirects), NotFound, TooLarge or HoldfastError, naming the URL.
    """
    deadline, asked = time.monotonic() + limits.seconds, url
    try:
        for _ in range(REDIRECTS + 1):
            parts = _checked(asked)
            connection = _connect(parts, limits, deadline)
            try:
                with _ask(connection, parts) as response:
                    if response.status in _REDIRECTS and (target := response.getheader("Location")):
                        asked = urljoin(asked, target)
                        continue
                    return _received(url, parts, response, into, limits, deadline)
            finally:
                connection.close()
    except TimeoutError as error:
        raise HoldfastError(f"{url} did not answer in time", path=url, remedy="Try again later") from error
    except (OSError, HTTPException) as error:
        raise HoldfastError(f"{url} could not be fetched: {error}", path=url) from error
    raise Unsupported(f"{url} redirects more than {REDIRECTS} times", path=url)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidPath(f"{url!r} is not a URL: {error}", path=url) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Unsupported(f"{url} is not an http or https address", path=url)
    return parts


def _connect(parts: SplitResult, limits: FetchLimits, deadline: float) -> HTTPConnection:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port, limits.private)
    seconds = _left(deadline)
    if parts.scheme == "https":
        return _PinnedHttps(host, port, address, seconds)
    return _Pinned(host, port, address, seconds)


def _address(host: str, port: int, private: bool) -> str:
    """Return the address to connect to; raises Unsupported when any that the name stands for is a private one."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if not private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise Unsupported(
                f"{host} is in a private network ({address})", path=host,
                remedy="Set ingest.private_urls = true in holdfast.toml to allow that",
            )  # fmt: skip
    return found[0]


class _Pinned(HTTPConnection):
    """A connection to an address that was checked, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedHttps(HTTPSConnection):
    """The same, encrypted."""

    def __init__(self, host: str, port: int, address: str, seconds: float) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=seconds, context=self._tls)
        self._address = address

    def connect(self) -> None:
        bare = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(bare, server_hostname=self.host)


def _ask(connection: HTTPConnection, parts: SplitResult) -> HTTPResponse:
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    connection.request("GET", target, headers={"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"})
    return connection.getresponse()


def _received(
    url: str, parts: SplitResult, response: HTTPResponse, into: Path, limits: FetchLimits, deadline: float
) -> Fetched:
    if response.status in (404, 410):
        raise NotFound(f"{url} is not there (HTTP {response.status})", path=url, remedy="Check the address")
    if response.status != http.client.OK:
        raise HoldfastError(f"{url} was refused: HTTP {response.status} {response.reason}", path=url)
    if (response.length or 0) > limits.size:
        raise _too_large(url, limits)
    size = 0
    with into.open("wb") as file:
        while piece := response.read1(CHUNK_BYTES):
            _left(deadline)
            size += len(piece)
            if size > limits.size:
                raise _too_large(url, limits)
            file.write(piece)
    if response.length:
        raise HoldfastError(f"{url} broke off, {response.length} bytes are missing", path=url)
    return Fetched(into, name_of(parts, response.getheader("Content-Type") or ""), size)


def _left(deadline: float) -> float:
    """Return the seconds until the server must have said something; raises TimeoutError when none are left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(SILENCE_SECONDS, left)


def _too_large(url: str, limits: FetchLimits) -> TooLarge:
    return TooLarge(f"{url} is larger than {limits.size} bytes", path=url, remedy="Raise ingest.max_file_bytes")


def name_of(parts: SplitResult, content_type: str) -> str:
    """Return what to call a document: the last part of its URL, with an ending that fits its content type."""
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or "document"
    cleaned = "".join(c if unicodedata.category(c)[0] not in "CZ" and c != "/" else "-" for c in last)
    name = re.sub("-+", "-", cleaned).strip(".-") or "document"
    name = name.encode("utf-8", "ignore")[:NAME_BYTES].decode("utf-8", "ignore")
    stated = content_type.partition(";")[0].strip().lower()
    stated = _TYPES.get(stated, stated)
    named = formats.named(name) if last != parts.hostname else None
    # "text/plain" is said of Markdown and of code just as well: there the name knows more.
    vague = stated == formats.TEXT and named is not None and formats.is_textual(named)
    if stated not in _EXTENSIONS or named == stated or vague:
        return name
    return f"{name}.{_EXTENSIONS[stated]}"
