"""Permalink handles: the small signs beside a heading that link to the heading itself, and say nothing."""

import html
import re

#: what generators of documentation show as a handle (a private-use sign of an icon font among them), beside nothing
_SIGNS = frozenset({"", "¶", "#", "§", "🔗", "\uf0c1"})
#: drawn as nothing
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\ufe0f"))

# A link with few tags in it, and no other link. No part of it looks past the next "<" without a bound: a page of a
# million unclosed links is read in one pass.
_LINK = re.compile(r"<a\s([^<>]*)>([^<>]*(?:<(?!/?a[\s>])[^<>]*>[^<>]*){0,12}?)</a\s*>", re.I)
_WITHIN_A_PAGE = re.compile(r"\bhref\s*=\s*[\"']?[^\"'\s>]*#", re.I)
_TAG = re.compile(r"<[^<>]*>")


def without_handles(page: str) -> str:
    """Return an HTML page without its permalink handles."""
    return _LINK.sub(_kept, page)


def _kept(link: re.Match[str]) -> str:
    attributes, shown = link.groups()
    text = html.unescape(_TAG.sub("", shown)).translate(_INVISIBLE).strip()
    return "" if text in _SIGNS and _WITHIN_A_PAGE.search(attributes) else link[0]
