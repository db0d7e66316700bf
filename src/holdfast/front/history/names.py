"""What branches and tags may be called."""

import re

#: characters of a name
MAX_NAME_CHARACTERS = 100
_NAME = re.compile(r"\w(?:[\w./-]*\w)?")


def is_name(name: str) -> bool:
    """Return whether a text is written as a name: letters and digits, with . _ - / between them."""
    fits = len(name) <= MAX_NAME_CHARACTERS and _NAME.fullmatch(name) is not None
    return fits and ".." not in name and "//" not in name
