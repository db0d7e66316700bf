"""Which files no person wrote for a reader: search indexes of manuals, lock files, source maps, minified scripts.

They are kept, and found by name and by grep. A search ranks their passages last and says what they are, since they hold
the words of everything and answer nothing.
"""

import re

from holdfast import paths
from holdfast.index.text.chunking import without_targets

#: what a file is, by what its name matches, in lower case
_NAMES = {
    "a search index": r"search[-_]?index(-.*)?\.(js|json)|(gen|py-mod)index(-.+)?\.html?|objects\.inv",
    "a lock file": (
        r".+\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|go\.sum|bun\.lockb|packages\.lock\.json"
    ),
    "a source map": r".+\.(js|mjs|cjs|css|ts)\.map",
    "minified": r".+[.-]min\.(js|mjs|cjs|css|json|html?|svg)",
    "generated code": r".+(_pb2|_pb2_grpc)\.pyi?|.+\.pb\.(go|h|cc)|.+\.g\.dart|.+\.designer\.cs",
    "a site map": r"sitemap(-.+)?\.xml",
}
_PATTERNS = {what: re.compile(pattern) for what, pattern in _NAMES.items()}
#: most names are none of these, which one look tells
_ANY = re.compile("|".join(_NAMES.values()))
#: characters of a passage that may be told to be minified, at least
LEAST_MINIFIED = 300
#: characters without white space between them, in the mean, from which on text is minified
MEAN_RUN = 40
#: share of the characters that are ASCII in scripts and data; writing without spaces has fewer
LEAST_ASCII = 0.9


def generated(path: str, text: str) -> str | None:
    """Return what the document at `path` is, of which `text` is a passage, if no person wrote it; else None."""
    return named_as(paths.split(path)[1]) or ("minified" if _is_minified(text) else None)


def named_as(name: str) -> str | None:
    """Return what a file of this name is, if no person wrote it; else None."""
    name = name.lower()
    if _ANY.fullmatch(name) is None:
        return None
    return next((what for what, pattern in _PATTERNS.items() if pattern.fullmatch(name)), None)


def _is_minified(text: str) -> bool:
    if len(text) < LEAST_MINIFIED or _spaces(text) * MEAN_RUN > len(text):
        return False
    # A list of links has long addresses, and is written by people.
    shown = without_targets(text)
    if len(shown) < LEAST_MINIFIED or _spaces(shown) * MEAN_RUN > len(shown):
        return False
    return sum(map(str.isascii, shown)) >= LEAST_ASCII * len(shown)


def _spaces(text: str) -> int:
    """Return how many white spaces stand in a text, other kinds than the usual ones left out."""
    return text.count(" ") + text.count("\n") + text.count("\t")
