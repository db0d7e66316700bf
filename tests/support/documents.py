"""Documents made on the fly, as small as their formats allow."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

#: enough of a document to look like one, so that refusals are about what was done to it
SENTENCES = (
    "A lease is a lock with an end.",
    "The fencing token grows with every lease that is granted.",
    "The storage refuses a token that is older than the newest one it has seen.",
    "A holder that wakes up late finds its writes refused and nothing is lost.",
)


def pdf(pages: Sequence[Sequence[str]], title: str = "", encrypted: bool = False) -> bytes:
    """Return a PDF; the first line of each page is set large."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for lines in pages:
        stream = _page_stream(lines)
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        fonts = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {fonts} /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) /Author (A. Writer) /CreationDate (D:20240102030405+01'00') >>")
    return _assembled(objects, encrypted)


def _page_stream(lines: Sequence[str]) -> str:
    shown = [f"BT /F1 {24 if at == 0 else 11} Tf 72 {760 - 26 * at} Td ({line}) Tj ET" for at, line in enumerate(lines)]
    return "\n".join(shown)


def _assembled(objects: Sequence[str], encrypted: bool) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    # Keys that no password explains: a reader must ask for one.
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{'42' * 32}> >>" if encrypted else ""
    trailer = (
        f"<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R /ID [<{'00' * 16}> <{'00' * 16}>] {lock} >>"
    )
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file of `members`, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in members.items():
            container.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _package(main: str, main_type: str, members: Mapping[str, str | bytes]) -> bytes:
    core = (
        f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>Leases and fences</dc:title>'
        "<dc:creator>A. Writer</dc:creator>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2024-01-02T03:04:05Z</dcterms:created></cp:coreProperties>'
    )
    kind = f"application/vnd.openxmlformats-officedocument.{main_type}.main+xml"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/{main}" ContentType="{kind}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="r1" Type="{LINKS}/officeDocument" Target="{main}"/>'
            f'<Relationship Id="r2" Type="{PACKAGE}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/>'
            "</Relationships>",
            "docProps/core.xml": core,
            **members,
        }
    )


def docx(
    paragraphs: Sequence[str] = SENTENCES, body: str = "", extra: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return a DOCX of `paragraphs`, or one whose body is the XML `body`, with `extra` members."""
    style = '<w:pPr><w:pStyle w:val="Heading1"/><w:outlineLvl w:val="0"/></w:pPr>'
    heading = f"<w:p>{style}<w:r><w:t>How leases end</w:t></w:r></w:p>"
    text = "".join(f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>" for paragraph in paragraphs)
    rows = (("term", "meaning"), ("lease", "a lock with an end"))
    table = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in rows
    )
    body = body or f"{heading}{text}<w:tbl>{table}</w:tbl>"
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return _package("word/document.xml", "wordprocessingml.document", {"word/document.xml": document, **(extra or {})})


def pptx(slides: Sequence[tuple[str, str]], order: Sequence[int] = (), notes: Mapping[int, str] | None = None) -> bytes:
    """Return a presentation of (title, text) slides, shown in `order`, with the speaker's notes to some, by number."""
    numbers = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in order or numbers)
    members: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{SLIDE}" xmlns:r="{LINKS}"><p:sldIdLst>{ids}</p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": _links((f"rId{n}", "slide", f"slides/slide{n}.xml") for n in numbers),
    }
    for n, (title, text) in zip(numbers, slides, strict=True):
        members[f"ppt/slides/slide{n}.xml"] = _slide("sld", _shape(1, "title", title) + _shape(2, "body", text))
    for at, (n, text) in enumerate((notes or {}).items(), 1):
        shapes = _shape(1, "sldNum", str(n)) + _shape(2, "body", text)
        members[f"ppt/notesSlides/notesSlide{at}.xml"] = _slide("notes", shapes)
        link = ("rId1", "notesSlide", f"../notesSlides/notesSlide{at}.xml")
        members[f"ppt/slides/_rels/slide{n}.xml.rels"] = _links([link])
    return _package("ppt/presentation.xml", "presentationml.presentation", members)


def _links(links: Iterable[tuple[str, str, str]]) -> str:
    each = (f'<Relationship Id="{name}" Type="{LINKS}/{kind}" Target="{target}"/>' for name, kind, target in links)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(each)}</Relationships>'


def _slide(kind: str, shapes: str) -> str:
    return (
        f'<p:{kind} xmlns:p="{SLIDE}" xmlns:a="{DRAWING}"><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="0" name=""/>'
        f"<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:{kind}>"
    )


def _shape(number: int, kind: str, text: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{kind}"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/></p:nvPr>'
        f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet called Terms."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    return _package(
        "xl/workbook.xml",
        "spreadsheetml.sheet",
        {
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>'
            '<sheet name="Terms" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>',
        },
    )


def epub(extra: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return an e-book of one chapter."""
    chapter = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container version="1.0" '
            'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>'
            "<dc:title>The book of leases</dc:title><dc:creator>A. Writer</dc:creator><dc:language>en</dc:language>"
            '</metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
            "a.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head>'
            f"<body><h1>Chapter one</h1>{chapter}</body></html>",
            **(extra or {}),
        }
    )


def notebook() -> bytes:
    """Return a notebook with prose, code, output and a picture."""
    printed = [
        {"output_type": "stream", "name": "stdout", "text": ["42\n"]},
        {"output_type": "display_data", "data": {"image/png": "aGk="}},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Counting leases\n", "Some prose."]},
        {"cell_type": "code", "metadata": {}, "source": "# a comment\nprint(6 * 7)", "outputs": printed},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def page(body: str, head: str = "") -> bytes:
    """Return an HTML page."""
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{body}</body></html>".encode()


def nested(depth: int, text: str, tag: str = "div") -> str:
    """Return `text` inside `depth` elements."""
    return f"<{tag}>" * depth + text + f"</{tag}>" * depth
