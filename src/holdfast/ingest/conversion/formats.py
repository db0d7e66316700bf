"""The table of supported formats: which media type a file name stands for."""

from dataclasses import dataclass
from pathlib import PurePosixPath

MARKDOWN = "text/markdown"
TEXT = "text/plain"
HTML = "text/html"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EPUB = "application/epub+zip"
EML = "message/rfc822"
RTF = "application/rtf"
JSON = "application/json"
NOTEBOOK = "application/x-ipynb+json"
CSV = "text/csv"
TSV = "text/tab-separated-values"

#: prefix of the media types of source code; the language follows, as a Markdown fence names it
CODE_PREFIX = "text/x-code."


@dataclass(frozen=True)
class Format:
    """One supported format."""

    #: what people call it
    label: str
    media_type: str
    #: file name endings, lower case, without the dot
    extensions: tuple[str, ...]
    #: whether the bytes are characters: then the limit for text applies, and other text may carry the name
    textual: bool = True


FORMATS = (
    Format("Markdown", MARKDOWN, ("md", "markdown", "mdown", "mkd", "mdx", "rmd", "qmd")),
    Format("plain text", TEXT, ("txt", "text", "log", "rst", "adoc", "asciidoc", "org", "srt", "vtt", "po")),
    Format("HTML", HTML, ("html", "htm", "xhtml")),
    Format("CSV", CSV, ("csv",)),
    Format("TSV", TSV, ("tsv", "tab")),
    Format("JSON", JSON, ("json", "geojson", "webmanifest")),
    Format("Jupyter notebook", NOTEBOOK, ("ipynb",)),
    Format("e-mail", EML, ("eml",)),
    Format("RTF", RTF, ("rtf",)),
    Format("PDF", PDF, ("pdf",), textual=False),
    Format("DOCX", DOCX, ("docx", "docm", "dotx"), textual=False),
    Format("PPTX", PPTX, ("pptx", "pptm", "ppsx"), textual=False),
    Format("XLSX", XLSX, ("xlsx", "xlsm"), textual=False),
    Format("EPUB", EPUB, ("epub",), textual=False),
)

#: language of a Markdown fence -> file name endings
LANGUAGES: dict[str, tuple[str, ...]] = {
    "python": ("py", "pyi", "pyx", "pyw"),
    "javascript": ("js", "mjs", "cjs", "jsx"),
    "typescript": ("ts", "tsx", "mts", "cts"),
    "rust": ("rs",),
    "go": ("go",),
    "c": ("c", "h"),
    "cpp": ("cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp"),
    "csharp": ("cs",),
    "java": ("java",),
    "kotlin": ("kt", "kts"),
    "scala": ("scala", "sc"),
    "swift": ("swift",),
    "objectivec": ("m", "mm"),
    "ruby": ("rb", "rake", "gemspec"),
    "php": ("php",),
    "perl": ("pl", "pm"),
    "lua": ("lua",),
    "r": ("r",),
    "julia": ("jl",),
    "haskell": ("hs",),
    "ocaml": ("ml", "mli"),
    "elixir": ("ex", "exs"),
    "erlang": ("erl", "hrl"),
    "clojure": ("clj", "cljs", "cljc", "edn"),
    "lisp": ("lisp", "el", "scm"),
    "dart": ("dart",),
    "zig": ("zig",),
    "nim": ("nim",),
    "fortran": ("f", "f90", "f95"),
    "bash": ("sh", "bash", "zsh", "fish", "ksh"),
    "powershell": ("ps1", "psm1"),
    "bat": ("bat", "cmd"),
    "sql": ("sql",),
    "graphql": ("graphql", "gql"),
    "protobuf": ("proto",),
    "yaml": ("yaml", "yml"),
    "toml": ("toml",),
    "ini": ("ini", "cfg", "conf", "properties", "env"),
    "xml": ("xml", "xsd", "xsl", "svg", "plist"),
    "json": ("jsonl", "ndjson", "json5"),
    "css": ("css", "scss", "sass", "less"),
    "vue": ("vue",),
    "svelte": ("svelte",),
    "latex": ("tex", "sty", "bib"),
    "makefile": ("mk", "mak"),
    "cmake": ("cmake",),
    "dockerfile": ("dockerfile",),
    "hcl": ("hcl", "tf"),
    "nix": ("nix",),
    "diff": ("diff", "patch"),
    "asm": ("s", "asm"),
}

#: whole file names (lower case) that name a language without an ending
_NAMED = {"makefile": "makefile", "gnumakefile": "makefile", "dockerfile": "dockerfile", "cmakelists.txt": "cmake"}

_BY_EXTENSION = {extension: entry for entry in FORMATS for extension in entry.extensions}
_BY_TYPE = {entry.media_type: entry for entry in FORMATS}
_CODE = {extension: language for language, extensions in LANGUAGES.items() for extension in extensions}


def named(name: str) -> str | None:
    """Return the media type that the file name `name` stands for, or None when it says nothing."""
    last = PurePosixPath(name).name.lower()
    if last in _NAMED:
        return CODE_PREFIX + _NAMED[last]
    extension = last.rpartition(".")[2] if "." in last else ""
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension].media_type
    return CODE_PREFIX + _CODE[extension] if extension in _CODE else None


def language(media_type: str) -> str | None:
    """Return the programming language of a code media type, None for all others."""
    return media_type.removeprefix(CODE_PREFIX) if media_type.startswith(CODE_PREFIX) else None


def is_textual(media_type: str) -> bool:
    """Tell whether documents of this media type are characters rather than a binary container."""
    return media_type.startswith(CODE_PREFIX) or (media_type in _BY_TYPE and _BY_TYPE[media_type].textual)


def label(media_type: str) -> str:
    """Return what people call the format of this media type."""
    if media_type in _BY_TYPE:
        return _BY_TYPE[media_type].label
    return f"{language(media_type)} source" if language(media_type) else media_type
