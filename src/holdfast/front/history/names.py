"""What branches and tags may be called."""

import re
import unicodedata

#: characters of a name
MAX_NAME_CHARACTERS = 100
_NAME = re.compile(r"\w(?:[\w./-]*\w)?")


def is_name(name: str) -> bool:
    """Return whether a text is written as a name: letters and digits, with . _ - / between them.

    The marks that some scripts write at their letters belong to these.
    """
    bare = "".join(each for each in name[1:] if not unicodedata.category(each).startswith("M"))
    fits = 0 < len(name) <= MAX_NAME_CHARACTERS and _NAME.fullmatch(name[0] + bare) is not None
    return fits and ".." not in name and "//" not in name
