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
_AUTHORITY = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]{2,}[^/\\?#]*@")
#: parameters of a part of the path, as in `page;jsessionid=1`
_PATH_FIELDS = re.compile(r";[^;/=]*=[^;/]*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
#: parts of a query, each with the separator before it
_FIELDS = re.compile(r"(?:^|[&;])[^&;]*")
#: URLs inside a value of a URL are looked into so deep; one that goes deeper is left out whole
_DEPTH = 3


def shown(url: str) -> str:
    """Return `url` without user, password, fragment and known secrets; what cannot be printed is percent-encoded."""
    kept = _shown(url, _DEPTH)
    return _UNPRINTABLE.sub(lambda c: c[0] if c[0].isprintable() else quote(c[0], errors="replace"), kept)


def has_login(url: str) -> bool:
    """Tell whether a user, with or without a password, stands before the host."""
    return _AUTHORITY.match(url) is not None


def _shown(url: str, depth: int) -> str:
    found = _PARTS.match(url)
    assert found is not None
    address, query = found[1], found[2]
    address = _AUTHORITY.sub(lambda login: f"{login[1] or ''}//", address)
    address = _PATH_FIELDS.sub(lambda field: "" if _is_secret(field[0], depth, signed=False) else field[0], address)
    kept = _kept(query or "", depth)
    return f"{address}?{kept}" if kept else address


def _kept(query: str, depth: int) -> str:
    fields = _FIELDS.findall(query)
    signed = any(_name(field) in ("sig", "signature") for field in fields)
    kept = (field for field in fields if not _is_secret(field, depth, signed=signed))
    return "".join(kept).lstrip("&;")


def _is_secret(field: str, depth: int, *, signed: bool) -> bool:
    name = _name(field)
    if name in _NAMES or name.startswith(_STARTS) or name.endswith(_ENDS) or (signed and name in _WITH_SIGNATURE):
        return True
    value = unquote_plus(field.partition("=")[2])
    if "://" not in value:
        return False
    return depth == 0 or _shown(value, depth - 1) != value


def _name(field: str) -> str:
    return re.sub(r"[^a-z0-9]", "", unquote_plus(field.lstrip("&;").partition("=")[0]).lower())
