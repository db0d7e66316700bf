"""Documents behind URLs: fetched within limits, never from a private network unless that is allowed.

The address that was checked is the address that is connected to, at every redirect, so that a name which answers
differently the second time gains nothing. The content type that the server states decides over the name in the URL.
Nothing that a server says is trusted to be well formed, and nothing that is raised holds a secret of the URL.
"""

import http.client
import re
import time
import unicodedata
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from holdfast.blobs.store import CHUNK_BYTES
from holdfast.errors import HoldfastError, InvalidPath, NotFound, TooLarge, Unsupported
from holdfast.ingest.conversion import formats
from holdfast.ingest.sources import hosts
from holdfast.ingest.sources.connections import CheckedConnection, Deadline, Now
from holdfast.ingest.sources.secrets import has_login, shown

#: redirects followed for one document
REDIRECTS = 5
#: longest name made of a URL, in bytes
NAME_BYTES = 200
#: characters of an address that an error shows of what a server may have made up
SHOWN = 500

_AGENT = "holdfast"
_REDIRECTS = (301, 302, 303, 307, 308)
#: what servers say, where it is not our own name for the type
_TYPES = {"application/xhtml+xml": formats.HTML, "text/x-markdown": formats.MARKDOWN, "text/rtf": formats.RTF}
_EXTENSIONS = {entry.media_type: entry.extensions[0] for entry in formats.FORMATS}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
#: what stays as it is where a URL is written in ASCII; `%` too, for what is encoded already
_SAFE = "%/:?#[]@!$&'()*+,;=~"


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
    """Tell whether a source of an add is a URL, of whatever kind."""
    return isinstance(source, str) and _SCHEME.match(source) is not None


def fetch(url: str, into: Path, limits: FetchLimits, now: Now = time.monotonic) -> Fetched:
    """Write the document behind `url` to the file `into`.

    Raises Unsupported (a login in the URL, a private address, too many redirects), InvalidPath, NotFound, TooLarge or
    HoldfastError, naming the URL without its secrets.
    """
    named = shown(url)
    try:
        return _followed(url, named, into, limits, Deadline(limits.seconds, now))
    except TimeoutError as error:
        raise HoldfastError(f"{named} did not answer in time", path=named, remedy="Try again later") from error
    # Only what the system says of it is told: a message made from the request could hold the whole URL.
    except OSError as error:
        raise _failed(named, error.strerror or type(error).__name__) from None
    except HTTPException as error:
        raise _failed(named, f"its answer is no HTTP ({type(error).__name__})") from None
    except ValueError as error:
        raise _failed(named, f"an address on the way to it cannot be used ({type(error).__name__})") from None


def _failed(named: str, reason: str) -> HoldfastError:
    return HoldfastError(f"{named} could not be fetched: {reason}", path=named, remedy="Look at it with a browser")


def _followed(url: str, named: str, into: Path, limits: FetchLimits, deadline: Deadline) -> Fetched:
    asked = url
    for _ in range(REDIRECTS + 1):
        parts = _checked(asked)
        connection = _connect(parts, limits, deadline)
        try:
            with closing(_ask(connection, parts)) as response:
                if response.status in _REDIRECTS and (target := response.getheader("Location")):
                    asked = _joined(asked, target)
                    continue
                return _received(named, parts, response, into, limits)
        finally:
            connection.hang_up()
    raise Unsupported(f"{named} redirects more than {REDIRECTS} times", path=named, remedy="Name where it leads to")


def _checked(url: str) -> SplitResult:
    """Return the parts of a URL that can be asked for, all of them ASCII."""
    named = shown(url)[:SHOWN]
    if has_login(url):
        raise Unsupported(
            f"{named} is written with a user or password before its host, which would be kept for ever",
            path=named,
            remedy="Leave it out; what needs a login, download with another program and add the file",
        )
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").encode("idna" if not url.isascii() else "ascii").decode()
    except ValueError as error:
        raise InvalidPath(f"{named!r} is not a URL ({type(error).__name__})", path=named, remedy="Check it") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise Unsupported(f"{named} is not an http or https address", path=named, remedy="Check the address")
    host = f"[{host}]" if ":" in host else host
    return parts._replace(
        netloc=host if port is None else f"{host}:{port}",
        path=quote(parts.path, _SAFE),
        query=quote(parts.query, _SAFE),
    )


def _joined(url: str, target: str) -> str:
    """Return where a Location header leads to; it may hold anything."""
    with suppress(UnicodeError):
        # Header lines are read as Latin-1; servers that break the rules write UTF-8.
        target = target.encode("latin-1").decode("utf-8")
    try:
        return urljoin(url, target)
    except ValueError:
        named = shown(url)
        raise InvalidPath(
            f"{named} redirects to {shown(target)[:SHOWN]!r}, which is not a URL",
            path=named,
            remedy="Check the address",
        ) from None


def _connect(parts: SplitResult, limits: FetchLimits, deadline: Deadline) -> CheckedConnection:
    tls = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if tls else 80)
    address = hosts.resolved(host, port, deadline.left(), private=limits.private)
    return CheckedConnection(host, port, address, deadline, tls=tls)


def _ask(connection: CheckedConnection, parts: SplitResult) -> HTTPResponse:
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    # Two slashes at the start of a path would be taken for a host.
    target = "/" + target.lstrip("/") if target.startswith("//") else target
    connection.request("GET", target, headers={"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"})
    return connection.getresponse()


def _received(named: str, parts: SplitResult, response: HTTPResponse, into: Path, limits: FetchLimits) -> Fetched:
    _check_answer(named, response)
    if (response.length or 0) > limits.size:
        raise _too_large(named, limits)
    size = 0
    with into.open("wb") as file:
        while piece := response.read1(CHUNK_BYTES):
            size += len(piece)
            if size > limits.size:
                raise _too_large(named, limits)
            file.write(piece)
    if response.length:
        raise HoldfastError(
            f"{named} broke off, {response.length} bytes are missing", path=named, remedy="Try again later"
        )
    return Fetched(into, name_of(parts, response.getheader("Content-Type") or ""), size)


def _check_answer(named: str, response: HTTPResponse) -> None:
    if response.status in (404, 410):
        raise NotFound(f"{named} is not there (HTTP {response.status})", path=named, remedy="Check the address")
    if response.status != http.client.OK:
        # The usual words for the status: what the server itself writes there may be anything.
        words = http.client.responses.get(response.status, "no known status")
        raise HoldfastError(
            f"{named} was refused: HTTP {response.status} ({words})", path=named, remedy="Look at it with a browser"
        )
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Unsupported(
            f"{named} came compressed, which was not asked for", path=named, remedy="Download it and add the file"
        )


def _too_large(named: str, limits: FetchLimits) -> TooLarge:
    return TooLarge(f"{named} is larger than {limits.size} bytes", path=named, remedy="Raise ingest.max_file_bytes")


def name_of(parts: SplitResult, content_type: str) -> str:
    """Return what to call a document: the last part of its URL, with an ending that fits its content type."""
    path = urlsplit(shown(urlunsplit(parts))).path
    last = unquote(path.rstrip("/").rpartition("/")[2]) or parts.hostname or "document"
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
