"""Replacing a piece of a file's text."""

from holdfast.errors import Conflict, Unsupported


def edited(path: str, data: bytes, old: str, new: str, *, all: bool) -> str:
    """Return the text in `data` with `old` replaced by `new`.

    Raises Conflict unless `old` is there once, or at all with `all`; Unsupported for bytes that are no UTF-8, and an
    `old` that is empty.
    """
    if not old:
        raise Unsupported("An edit needs a text to replace", path=path, remedy="Write the whole file instead")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unsupported(f"{path} is no text in UTF-8", path=path, remedy="Write the whole file instead") from error
    times = text.count(old)
    if not times:
        raise Conflict(
            f"{path} does not have the text to replace", path=path, remedy="Read it again: it may have changed"
        )
    # `aa` is in `aaa` once to `count`, and twice to whoever is to say which of them was meant.
    if not all and text.find(old) != text.rfind(old):
        remedy = "Give more of the text around it, or replace all of them (all=True, `--all`)"
        raise Conflict(f"{path} has the text to replace {max(times, 2)} times", path=path, remedy=remedy)
    return text.replace(old, new)
