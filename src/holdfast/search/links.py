"""What the links in a passage say: how much of it they are, and what they call the documents that they lead to."""

import posixpath
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from holdfast import paths
from holdfast.index.text.chunking import LINK


def label_share(text: str) -> float:
    """Return how much of what a reader sees of `text` is labels of links, from 0 to 1."""
    if "](" not in text:
        return 0.0
    links = list(LINK.finditer(text))
    labels = sum(len(link[1]) for link in links)
    shown = len(text) - sum(len(link[0]) for link in links) + labels
    return labels / shown if shown else 0.0


def names_given(path: str, text: str, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each document among `wanted` that `text`, of the document at `path`, links to, and what the link calls it.

    A link gives up to two names: its label, and the place in the document that it leads to (`page.html#place`).
    """
    if "](" not in text:
        return
    folder, _ = paths.split(path)
    for link in LINK.finditer(text):
        # What follows a space is the link's title.
        target, _, place = link[2].strip().partition(" ")[0].partition("#")
        # An address of another site gives a path as well, and one that no document has.
        document = posixpath.normpath(posixpath.join(folder, unquote(target))) if target else path
        if document in wanted:
            yield document, link[1]
            yield document, unquote(place)
