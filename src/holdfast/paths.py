"""Store paths: absolute, `/`-separated, Unicode NFC, checked once at the door.

A path is a plain `str` after `parse`: `/` is the root, no other path ends in a slash. Names are compared byte for byte
(case-sensitive) after NFC, so that `e` + combining acute and `é` are one name.
"""

import unicodedata

from holdfast.errors import InvalidPath

ROOT = "/"
#: longest name in bytes of UTF-8, as on the file systems people move their documents from and to
MAX_NAME_BYTES = 255
#: longest path in bytes of UTF-8 that something can be made at
MAX_PATH_BYTES = 4096
#: characters of a refused path that a message quotes
TOLD = 200
#: directories that exist from the start
STANDARD_DIRECTORIES = ("resources", "sessions", "memories", "skills", "wiki")


def parse(path: str) -> str:
    """Return `path` in its one canonical form.

    A trailing slash and repeated slashes are dropped, Unicode is brought to NFC. Raises InvalidPath for a relative or
    empty path, `.` or `..`, NUL or other control characters, lone surrogates, and names that are too long. A path may
    be longer than one may be made, because a move can push what lies below a directory deeper: all that stands can be
    named.
    """
    if type(path) is str and _is_plain(path):
        return path
    if not isinstance(path, str):
        raise InvalidPath(f"A path is text, not a value of type {type(path).__name__}", remedy="Give it as a str")
    if not path.startswith("/"):
        remedy = f"Write /{path.lstrip('./')[:TOLD]}"
        raise InvalidPath(f"{_told(path)} is not an absolute path", path=path, remedy=remedy)
    return ROOT + "/".join(check_name(name, path) for name in path.split("/") if name)


def _is_plain(path: str) -> bool:
    """Return whether nothing can be wrong with a path, which holds for nearly all and is quickly seen."""
    return (
        len(path) <= MAX_NAME_BYTES
        and path.isascii()
        and path.isprintable()
        and path[:1] == "/"
        and path[-1:] != "/"
        and "//" not in path
        and "/." not in path
    )


def parse_new(path: str) -> str:
    """Return what `parse` does, for a path that something is to be made at; raises InvalidPath when it is too long."""
    parsed = parse(path)
    if is_too_long(parsed):
        raise too_long(parsed)
    return parsed


def is_too_long(path: str) -> bool:
    """Return whether a parsed path is too long for something to be made there."""
    return len(path) * 4 > MAX_PATH_BYTES and len(path.encode()) > MAX_PATH_BYTES


def too_long(path: str) -> InvalidPath:
    """Return the error that says so."""
    return InvalidPath(
        f"The path {path[:60]!r}... has {len(path.encode())} bytes; {MAX_PATH_BYTES} are allowed",
        path=path,
        remedy="Choose a shorter one, or shorten the names of the directories above it",
    )


def check_name(name: str, path: str = "") -> str:
    """Return `name` in NFC, or raise InvalidPath naming `path` when no entry can be called so."""
    path = path or name
    try:
        name = one_spelling(name)
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidPath(f"{_told(path)} is not valid Unicode", path=path) from error
    if not name or name in (".", ".."):
        raise InvalidPath(f"{_told(path)} has the name {name!r}, which means another place", path=path)
    if "/" in name or any(unicodedata.category(c) == "Cc" for c in name):
        raise InvalidPath(f"{_told(path)} has a control character or a slash in a name", path=path)
    if size > MAX_NAME_BYTES:
        raise InvalidPath(f"The name {name[:40]!r}... has {size} bytes; {MAX_NAME_BYTES} are allowed", path=path)
    return name


def _told(path: str) -> str:
    return repr(path) if len(path) <= TOLD else f"{path[:TOLD]!r}..."


def one_spelling(name: str) -> str:
    """Return a name in the one spelling of Unicode (NFC) in which all names are kept and looked up."""
    return unicodedata.normalize("NFC", name)


def names(path: str) -> list[str]:
    """Return the names from the root to `path`, none for the root itself."""
    return [name for name in path.split("/") if name]


def split(path: str) -> tuple[str, str]:
    """Return the parent of `path` and its last name; the root has no name and is its own parent."""
    parent, _, name = path.rpartition("/")
    return parent or ROOT, name


def join(parent: str, name: str) -> str:
    """Return the path of `name` in the directory `parent`."""
    return f"/{name}" if parent == ROOT else f"{parent}/{name}"


def is_within(path: str, ancestor: str) -> bool:
    """Return whether `path` is `ancestor` or lies below it."""
    return ancestor == ROOT or path == ancestor or path.startswith(ancestor + "/")
