"""What may be kept of a URL: its address without what lets somebody in.

Where a document came from stands in entries and commit messages, in a history that cannot be erased. So the whole URL
is used for asking, and everything that is stored, shown or logged has the URL that `shown` returns.
"""

import re
from urllib.parse import quote, unquote_plus

#: query parameters that are secrets by their whole name; compared in lower case without `-` and `_`
_NAMES = frozenset({
    *("sig", "token", "key", "apikey", "appkey", "code", "pass", "pwd", "passwd", "auth", "authorization", "bearer"),
    *("jwt", "sid", "session", "sessionid", "jsessionid", "phpsessid", "ticket", "otp", "hmac", "sas", "credentials"),
    *("awsaccesskeyid", "googleaccessid", "ossaccesskeyid", "keypairid", "assertion", "samlresponse"),
})  # fmt: skip
#: ends and beginnings of names that are secrets, compared likewise: access_token, client_secret, X-Amz-Credential
_ENDS = ("token", "secret", "password", "passphrase", "signature", "credential", "apikey", "accesskey", "privatekey")
_STARTS = ("xamz", "xgoog", "xoss", "xcos", "xms", "oauth")
#: what says how a signature was made, and means nothing without one: Azure's shared access, CloudFront's policies
_WITH_SIGNATURE = frozenset({
    *("se", "sp", "st", "sv", "sr", "ss", "srt", "spr", "sip", "si", "skoid", "sktid", "skt", "ske", "sks", "skv"),
    *("saoid", "suoid", "scid", "sdd", "expires", "expiry", "policy"),
})  # fmt: skip

_PARTS = re.compile(r"([^?#]*)(?:\?([^#]*))?", re.S)
_SCHEME = r"^([A-Za-z][A-Za-z0-9+.\-]*:)?"
_AT = "(?:@|%40)"
#: what stands between the slashes before a host and an `@`; once more where nothing but slashes follows the `@`
_LOGIN = rf"(?<![/\\])[/\\]{{2,}}[^/\\?#]*{_AT}(?:[/\\]+[^/\\?#]*{_AT})*"
#: slashes before a host whose port is no number, as in `https://me:p/w@host`, where the password holds a slash
_ODD_PORT = r"(?<![/\\])([/\\]{2,})(?!\[[^]/\\?#]*\](?::\d*)?(?:[/\\?#]|$))[^/\\?#:]*:(?!\d*(?:[/\\?#]|$))"
_LOGINS, _ODD_PORTS = re.compile(_LOGIN), re.compile(_ODD_PORT)
_LOGIN_FIRST, _ODD_PORT_FIRST = re.compile(_SCHEME + _LOGIN), re.compile(_SCHEME + _ODD_PORT)
_ATS = re.compile(_AT)
#: what parts of a path stand between; parameters follow all of them but the slash, as in `page;jsessionid=1`
_PATH_SEPARATORS = re.compile(r"(/|[;&]|%3[FfBb]|%26)")
#: what whoever asks for a URL leaves out of it first
_LEFT_OUT = str.maketrans("", "", "\t\r\n")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
#: parts of a query, each with the separator before it
_FIELDS = re.compile(r"(?:^|[?&;])[^?&;]*")
_SEPARATORS = re.compile("[?&;#]")
#: URLs and codes inside a value of a URL are looked into so deep; one that goes deeper is left out whole
_DEPTH = 3


def shown(url: str) -> str:
    """Return `url` without user, password, fragment and known secrets; what cannot be printed is percent-encoded."""
    kept = _shown(url.translate(_LEFT_OUT), _DEPTH)
    return _UNPRINTABLE.sub(lambda c: c[0] if c[0].isprintable() else quote(c[0], errors="replace"), kept)


def has_login(url: str) -> bool:
    """Tell whether a user, with or without a password, stands before the host."""
    url = url.translate(_LEFT_OUT)
    if _LOGIN_FIRST.match(url):
        return True
    odd = _ODD_PORT_FIRST.match(url)
    return odd is not None and _ATS.search(url, odd.end()) is not None


def _shown(url: str, depth: int) -> str:
    found = _PARTS.match(_without_logins(url))
    assert found is not None
    address, kept = _address(found[1], depth), _kept(found[2] or "", depth)
    return f"{address}?{kept}" if kept else address


def _without_logins(url: str) -> str:
    """Return `url` without what stands before an `@` in any authority in it."""
    last = max(url.rfind("@"), url.rfind("%40") + 2 if "%40" in url else -1)
    odd = _ODD_PORTS.search(url)
    if odd is not None and odd.end() <= last:
        # Where such a password ends, only the last `@` says for sure.
        url = url[: odd.end(1)] + url[last + 1 :]
    return _LOGINS.sub("//", url)


def _address(address: str, depth: int) -> str:
    first, *rest = _PATH_SEPARATORS.split(address)
    kept = [first]
    for separator, part in zip(rest[::2], rest[1::2], strict=True):
        if separator == "/" or "=" not in unquote_plus(part) or not _is_secret(part, depth, signed=False):
            kept += (separator, part)
    return "".join(kept)


def _kept(query: str, depth: int) -> str:
    fields = _FIELDS.findall(query)
    signed = any(_names(field) & {"sig", "signature"} for field in fields)
    kept: list[str] = []
    hidden = False
    for field in fields:
        # A secret may itself hold what separates fields elsewhere.
        goes_on = hidden and (field[0] == "?" or (field[0] == ";" and "=" not in field))
        hidden = goes_on or _is_secret(field, depth, signed=signed)
        if not hidden:
            kept.append(field)
    return "".join(kept).lstrip("?&;")


def _is_secret(field: str, depth: int, *, signed: bool) -> bool:
    """Tell whether a field has a secret's name, or holds one further in, however often it was percent-encoded."""
    if _says_secret(_names(field), signed=signed):
        return True
    value = field.partition("=")[2]
    if "://" in unquote_plus(value) and (depth == 0 or _shown(unquote_plus(value), depth - 1) != unquote_plus(value)):
        return True
    for _ in range(_DEPTH):
        inner, field = field, unquote_plus(field)
        if inner == field:
            return False
        if any("=" in part and _says_secret(_names(part), signed=signed) for part in _SEPARATORS.split(field)):
            return True
    return unquote_plus(field) != field


def _says_secret(names: set[str], *, signed: bool) -> bool:
    return any(
        name in _NAMES or name.startswith(_STARTS) or name.endswith(_ENDS) or (signed and name in _WITH_SIGNATURE)
        for name in names
    )


def _names(field: str) -> set[str]:
    """Return what a field is called: by its whole name, and by each part of `signature[0]` and `user[pass]`."""
    name = unquote_plus(field.lstrip("?&;").partition("=")[0]).lower()
    return {re.sub(r"[^a-z0-9]", "", part) for part in (name, *re.split(r"[\[\].]", name))}
