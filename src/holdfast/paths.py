"""Store paths: absolute, `/`-separated, Unicode NFC, checked once at the door.

A path is a plain `str` after `parse`: `/` is the root, no other path ends in a slash. Names are compared byte for byte
(case-sensitive) after NFC, so that `e` + combining acute and `é` are one name.
"""

import unicodedata

from holdfast.errors import InvalidPath

ROOT = "/"
#: longest name in bytes of UTF-8, as on the file systems people move their documents from and to
MAX_NAME_BYTES = 255
#: longest path in bytes of UTF-8
MAX_PATH_BYTES = 4096
#: directories that exist from the start
STANDARD_DIRECTORIES = ("resources", "sessions", "memories", "skills", "wiki")


def parse(path: str) -> str:
    """Return `path` in its one canonical form.

    A trailing slash and repeated slashes are dropped, Unicode is brought to NFC. Raises InvalidPath for a relative or
    empty path, `.` or `..`, NUL or other control characters, lone surrogates, and names or paths that are too long.
    """
    if not path.startswith("/"):
        raise InvalidPath(f"{path!r} is not an absolute path", path=path, remedy=f"Write /{path.lstrip('./')}")
    # Checked before the work is done, and again after it: NFC makes a few characters longer.
    _check_length(path, path)
    parsed = ROOT + "/".join(check_name(name, path) for name in path.split("/") if name)
    _check_length(parsed, path)
    return parsed


def _check_length(path: str, given: str) -> None:
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise InvalidPath(f"The path {given[:60]!r}... is longer than {MAX_PATH_BYTES} bytes", path=given)


def check_name(name: str, path: str = "") -> str:
    """Return `name` in NFC, or raise InvalidPath naming `path` when no entry can be called so."""
    path = path or name
    try:
        name = unicodedata.normalize("NFC", name)
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidPath(f"{path!r} is not valid Unicode", path=path) from error
    if not name or name in (".", ".."):
        raise InvalidPath(f"{path!r} has the name {name!r}, which means another place", path=path)
    if "/" in name or any(unicodedata.category(c) == "Cc" for c in name):
        raise InvalidPath(f"{path!r} has a control character or a slash in a name", path=path)
    if size > MAX_NAME_BYTES:
        raise InvalidPath(f"The name {name[:40]!r}... has {size} bytes; {MAX_NAME_BYTES} are allowed", path=path)
    return name


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
