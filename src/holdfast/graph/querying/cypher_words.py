"""Words of Cypher by which a statement would reach beyond the graph, told without understanding the statement."""

import re

#: texts, quoted names and comments, in which a word means nothing; and names of properties behind a dot
_MEANINGLESS = re.compile(
    r"""'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:``|[^`])*` | /\*.*?\*/ | //[^\n\r]*""", re.DOTALL | re.VERBOSE
)
_PROPERTY = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s*\.\s*[A-Za-z_]\w*")
_REFUSED = re.compile(
    r"\b(LOAD|COPY|CALL|INSTALL|UNINSTALL|UPDATE|FORCE|ATTACH|DETACH|EXPORT|IMPORT|USE|BEGIN|COMMIT|ROLLBACK|CHECKPOINT"
    r"|CREATE|MERGE|SET|DELETE|REMOVE|DROP|ALTER|COMMENT|ANALYZE|PROFILE|MACRO|EXTENSION)\b",
    re.IGNORECASE,
)


def refused_word(text: str) -> str | None:
    """Return the first word of a statement that does more than ask the graph; None where there is none."""
    said = _PROPERTY.sub(r"\1", _MEANINGLESS.sub(" ' ", text))
    found = _REFUSED.search(said)
    return found[1].upper() if found else None
