"""Every built-in converter against the conformance suite."""

from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.limits import DEFAULT_LIMITS
from holdfast.ingest.conversion.port import Document
from holdfast.ingest.converters.html import HtmlConverter
from holdfast.ingest.converters.mail import MailConverter
from holdfast.ingest.converters.notebook import NotebookConverter
from holdfast.ingest.converters.office import OfficeConverter
from holdfast.ingest.converters.pdf import PdfConverter
from holdfast.ingest.converters.table import TableConverter
from holdfast.ingest.converters.text import TextConverter
from holdfast.testing.converters import ConverterSuite, Sample
from tests.support import documents as make

PDF = make.pdf([["Leases", *make.SENTENCES], ["Fences", *make.SENTENCES]], title="On leases")
DOCX = make.docx()
PPTX = make.pptx([("First slide", "A lease ends."), ("Second slide", "A fence holds.")])
XLSX = make.xlsx([["term", "meaning"], ["lease", "a lock with an end"]])
EPUB = make.epub()
MAIL = (
    b"From: Ann Author <ann@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Caf=C3=A9_leases?=\r\n"
    b"Date: Tue, 2 Jan 2024 03:04:05 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe lease_id is 7.\r\n"
)
HTML = make.page(
    "<nav>menu</nav><h1>How leases end</h1><p>With a <b>bang</b>.</p><ul><li>one</li></ul>"
    "<pre><code>a_b = 1\n</code></pre>"
    "<table><tr><th>term</th><th>meaning</th></tr><tr><td>lease</td><td>lock</td></tr></table><script>evil()</script>",
    '<title>Leases &amp; fences</title><meta name="author" content="A. Writer"><meta name="date" content="2024-01-02">',
)


class TestTextConverter(ConverterSuite):
    converter = TextConverter()
    samples = (
        Sample(
            "a.md", formats.MARKDOWN, b"---\ntitle: Front\n---\r\n# Head\r\n\r\nBody.", ("# Head\n\nBody.",), "Front"
        ),
        Sample("b.md", formats.MARKDOWN, b"```\n# no heading\n```\n\n## The *real* one\n", ("# no",), "The real one"),
        Sample("a.txt", formats.TEXT, b"plain\0 words\n", ("plain\ufffd words\n",)),
        Sample("a.py", formats.CODE_PREFIX + "python", b"# note\nx = '```'\n", ("```python\n# note\nx = '```'\n```",)),
        Sample("a.json", formats.JSON, b'{"key": "' + b"v" * 3000 + b'"}', ('{\n  "key": "vvv',)),
        Sample("bad.json", formats.JSON, b"[" * 5000, ("[[[[",)),
    )


class TestHtmlConverter(ConverterSuite):
    converter = HtmlConverter()
    samples = (
        Sample(
            "a.html",
            formats.HTML,
            HTML,
            ("# How leases end", "**bang**", "- one", "a_b = 1", "| term | meaning |", "| lease | lock |"),
            "Leases & fences",
        ),
        Sample(
            "handles.html",
            formats.HTML,
            make.page(
                '<h1>Fences<a class="headerlink" href="#fences" title="Link to this heading">¶</a></h1>'
                '<h2><a class="anchor" href="#u"><svg><path d="M1"></path></svg></a>Of wood</h2>'
                '<h2>Of stone <a href="walls.html#s">&sect;</a></h2><h2><a href="#iron">Of iron</a></h2>'
                '<p>A note<a href="#n1">[1]</a> and <a href="/issues">#</a>.</p><pre>[¶](#code)</pre>',
            ),
            (
                "# Fences\n",
                "## Of wood\n",
                "## Of stone\n",
                "## [Of iron](#iron)",
                "A note[[1]](#n1)",
                "[#](/issues)",
                "[¶](#code)",
            ),
            "Fences",
        ),
        Sample(
            "ruler.html",
            formats.HTML,
            make.page("<pre>\n----\n name\n<b>------</b>\n Ada\n====\n</pre><p>Not</p>"),
            ("```\n----\n name\n------\n Ada\n====\n```\n\nNot",),
        ),
    )


def html(body: str) -> str:
    return HtmlConverter().convert(Document("a.html", make.page(body), formats.HTML), DEFAULT_LIMITS).markdown.strip()


def test_what_stands_around_the_text_of_a_page_is_left_out() -> None:
    around = [
        '<div class="related" role="navigation"><h3>Navigation</h3><a href="b.html">next</a></div>',
        '<div class="navheader"><table><tr><th>Fences</th></tr></table></div>',
        '<div class="footer">All rights reserved.</div>',
    ]
    assert html(around[0] + around[1] + "<h1>Fences</h1><p>Of wood.</p>" + around[2]) == "# Fences\n\nOf wood."
    assert html(around[0]) == "### Navigation\n\n[next](b.html)"


def test_a_power_is_told_from_a_longer_number() -> None:
    page = "<p>2<sup>32</sup> values, 10<sup>-9</sup> s, n<sup>k</sup>, the 1<sup>st</sup></p>"
    assert html(page) == "2^32 values, 10^-9 s, n^k, the 1st"


def test_the_title_of_a_page_without_a_head_is_not_among_its_text() -> None:
    page = Document("a.html", b"<title>Fences</title><h1>Of wood</h1>", formats.HTML)
    found = HtmlConverter().convert(page, DEFAULT_LIMITS)
    assert (found.markdown.strip(), found.title) == ("# Of wood", "Fences")


class TestPdfConverter(ConverterSuite):
    converter = PdfConverter()
    samples = (
        Sample("a.pdf", formats.PDF, PDF, ("<!-- page 1 -->", "Leases", "<!-- page 2 -->", "Fences"), "On leases", 2),
    )
    broken = (
        Sample("cut.pdf", formats.PDF, PDF[: len(PDF) // 2]),
        Sample("stub.pdf", formats.PDF, b"%PDF-1.7\n"),
        Sample("locked.pdf", formats.PDF, make.pdf([make.SENTENCES], encrypted=True)),
        Sample("holes.pdf", formats.PDF, PDF[:9] + b"\0" * (len(PDF) - 60) + PDF[-51:]),
    )


class TestOfficeConverter(ConverterSuite):
    converter = OfficeConverter()
    samples = (
        Sample(
            "a.docx",
            formats.DOCX,
            DOCX,
            ("# How leases end", make.SENTENCES[0], "| term | meaning |", "| lease | a lock with an end |"),
            "Leases and fences",
        ),
        Sample("a.pptx", formats.PPTX, PPTX, ("First slide", "A lease ends.", "Second slide"), "Leases and fences", 2),
        Sample("a.xlsx", formats.XLSX, XLSX, ("Terms", "| term | meaning |", "| lease |"), "Leases and fences"),
        Sample("a.epub", formats.EPUB, EPUB, ("# Chapter one", make.SENTENCES[3]), "The book of leases"),
        Sample(
            "a.rtf",
            formats.RTF,
            rb"{\rtf1\ansi{\info{\title On RTF}}Caf\u233?\par leases}",
            ("Café", "leases"),
            "On RTF",
        ),
    )
    broken = tuple(
        Sample(f"{how}-{formats.label(media)}", media, data)
        for media, whole in ((formats.DOCX, DOCX), (formats.PPTX, PPTX), (formats.XLSX, XLSX), (formats.EPUB, EPUB))
        for how, data in (
            ("cut", whole[: len(whole) // 2]),
            ("stub", whole[:40]),
            ("scribbled", whole[: len(whole) // 3] + b"\xff" * 60 + whole[len(whole) // 3 + 60 :]),
            ("other", make.zipped({"readme.txt": "nothing of the kind"})),
        )
    )


class TestTableConverter(ConverterSuite):
    converter = TableConverter()
    samples = (
        Sample(
            "a.csv", formats.CSV, b'term;"what, it is"\nlease;"a|b"\n', ("| term | what, it is |", "| lease | a\\|b |")
        ),
        Sample("a.tsv", formats.TSV, b"a\tb\nragged\n", ("| a | b |\n| --- | --- |\n| ragged |  |",)),
    )


class TestNotebookConverter(ConverterSuite):
    converter = NotebookConverter()
    samples = (
        Sample(
            "a.ipynb",
            formats.NOTEBOOK,
            make.notebook(),
            ("# Counting leases", "```python\n# a comment\nprint(6 * 7)\n```", "```text\n42\n```"),
            "Counting leases",
        ),
    )
    broken = (
        Sample("cut.ipynb", formats.NOTEBOOK, make.notebook()[:50]),
        Sample("list.ipynb", formats.NOTEBOOK, b"[]"),
        Sample("deep.ipynb", formats.NOTEBOOK, b'{"cells":' + b"[" * 100_000),
    )


class TestMailConverter(ConverterSuite):
    converter = MailConverter()
    samples = (
        Sample("a.eml", formats.EML, MAIL, ("Café leases", "<ann@example.org>", "The lease_id is 7."), "Café leases"),
    )
