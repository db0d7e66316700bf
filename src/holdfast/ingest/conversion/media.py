"""What a file is: its bytes are asked first, its name second.

1. A known signature decides, whatever the name says: a PDF called `notes.md` is a PDF. Zip files are told apart by
   their members. Known binary kinds that Holdfast cannot read are refused by their own name.
2. Bytes with a byte order mark, or none of the signs of a binary file, are text; NUL bytes (outside UTF-16) or many
   control characters in the first 8 KiB make a file binary, and a binary file of no known kind is refused.
3. Among text formats the name decides. Text under a name that says nothing, or that belongs to a binary format, is
   HTML when it begins like HTML, else plain text.

An empty file is what its name says, plain text when that is nothing; its rendition is empty.
"""

import re
from pathlib import Path

from holdfast.errors import Unsupported
from holdfast.ingest.conversion import archive, formats
from holdfast.ingest.conversion.decode import marked_encoding, unmarked_utf16
from holdfast.ingest.conversion.port import read_head

#: bytes looked at to tell text from binary
HEAD_BYTES = 8192
#: a PDF's signature may stand this far into the file
PDF_SIGNATURE_WITHIN = 1024
#: share of control characters in the head above which a file is binary
CONTROL_SHARE = 0.1

_UNREADABLE = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x7fELF", "a program (ELF)"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"OggS", "Ogg media"),
    (b"fLaC", "FLAC audio"),
    (b"ID3", "MP3 audio"),
    (b"wOF2", "a font"),
    (b"\0asm", "a WebAssembly module"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(!doctype\s+html|html)[\s>]", re.I | re.S)
_MAIL_START = re.compile(rb"(From |[A-Za-z][A-Za-z0-9-]*:[ \t])")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\b\x1b") + b"\x7f"


def detect(name: str, source: Path | bytes) -> str:
    """Return the media type of the document called `name` whose bytes are `source`.

    Raises Unsupported for a binary file of another kind, ConversionFailed when the file cannot be read.
    """
    head = read_head(source, name, HEAD_BYTES)
    if not head:
        return formats.named(name) or formats.TEXT
    return _by_signature(name, source, head) or _text_type(name, _checked_text(name, head))


def _by_signature(name: str, source: Path | bytes, head: bytes) -> str | None:
    if b"%PDF-" in head[:PDF_SIGNATURE_WITHIN] and _may_be_pdf(head):
        return formats.PDF
    if head.startswith(_ZIP):
        return _zip_type(name, source)
    if head.startswith(_OLE):
        return _office_container(name, source)
    if head.startswith(b"{\\rtf"):
        return formats.RTF
    kind = next((kind for signature, kind in _UNREADABLE if head.startswith(signature)), None)
    if kind is None or (kind == "MP3 audio" and b"\0" not in head):
        return None
    raise _refused(name, kind)


def _may_be_pdf(head: bytes) -> bool:
    # A text that merely speaks of "%PDF-" does not have it at the start of a line followed by a version.
    return re.search(rb"(?:^|[\r\n\0])[^\r\n]{0,16}%PDF-\d\.\d", head[: PDF_SIGNATURE_WITHIN + 16]) is not None


def _zip_type(name: str, source: Path | bytes) -> str:
    found = archive.container_type(name, source)
    if found:
        return found
    # A truncated zip has lost its directory; if its name is an Office name, the converter says that it is damaged.
    by_name = formats.named(name)
    if by_name in (formats.DOCX, formats.PPTX, formats.XLSX, formats.EPUB) and not archive.has_directory(source, name):
        return by_name
    raise _refused(name, "a zip archive", "Unpack it and add the folder")


def _office_container(name: str, source: Path | bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in read_head(source, name, -1):
        # The converter for this type looks again and says that it is encrypted.
        by_name = formats.named(name)
        return by_name if by_name in (formats.PPTX, formats.XLSX) else formats.DOCX
    raise _refused(name, "an old binary Office file", "Save it as DOCX, PPTX or XLSX and add that")


def _checked_text(name: str, head: bytes) -> bytes:
    if marked_encoding(head) or unmarked_utf16(head):
        return head
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROL)) > CONTROL_SHARE * len(head):
        raise _refused(name, "a binary file")
    return head


def _text_type(name: str, head: bytes) -> str:
    by_name = formats.named(name)
    looks_html = _HTML_START.match(head) is not None
    if by_name == formats.EML:
        return formats.EML if _MAIL_START.match(head) else formats.TEXT
    if by_name == formats.RTF or by_name is None or not formats.is_textual(by_name):
        return formats.HTML if looks_html else formats.TEXT
    return by_name


def _refused(name: str, kind: str, remedy: str = "") -> Unsupported:
    return Unsupported(
        f"{name} is {kind}, which Holdfast cannot read as a document",
        path=name,
        remedy=remedy or "Leave it out (a .holdfastignore file does so), or convert it to a supported format first",
    )
