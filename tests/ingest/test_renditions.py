"""What a reader finds in a rendition, and in which order: things that the engine alone gets wrong."""

import json
from email import policy
from email.message import EmailMessage
from typing import Any

from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.convert import ConvertedDocument, convert
from holdfast.ingest.conversion.port import Document
from tests.support import documents as make


def rendition(media_type: str, data: bytes) -> ConvertedDocument:
    return convert(Document("a", data, media_type))


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "Ann <ann@example.org>"
    return message


def printed(*outputs: dict[str, Any]) -> str:
    cell = {"cell_type": "code", "source": "f()", "outputs": list(outputs)}
    book = {"cells": [cell], "metadata": {"title": "Leases", "authors": [{"name": "Ann"}, {"name": "Bob"}]}}
    found = rendition(formats.NOTEBOOK, json.dumps(book).encode())
    assert (found.title, found.author) == ("Leases", "Ann, Bob")
    return found.markdown.removeprefix("```python\nf()\n```\n").strip()


def test_slides_come_in_the_order_they_are_shown_in_each_with_its_notes() -> None:
    slides = [("First made", "a lease"), ("Second made", "a fence"), ("Third made", "a lock")]
    shown = rendition(formats.PPTX, make.pptx(slides, order=[3, 1, 2], notes={2: "Say why.", 3: "Wait."}))
    first, second, third = shown.markdown.split("<!-- page ")[1:]
    assert ("Third made" in first, "First made" in second, "Second made" in third) == (True, True, True)
    assert "### Notes\n\nWait." in first
    assert "Notes" not in second
    assert "### Notes\n\nSay why." in third


def test_slides_whose_order_cannot_be_told_come_as_they_are_numbered() -> None:
    shown = rendition(formats.PPTX, make.pptx([("One", "a"), ("Two", "b")], order=[2, 7]))
    assert shown.markdown.index("One") < shown.markdown.index("Two")
    assert shown.pages == 2


def test_the_lines_of_a_plain_mail_stay_lines() -> None:
    message = mail("Leases")
    message.set_content("Hi,\n\n> When?\n> Soon.\n\n1. one\n2. two\n")
    body = rendition(formats.EML, message.as_bytes(policy=policy.SMTP)).markdown
    assert (
        body == "**Subject**: Leases\n\n**From**: Ann <ann@example.org>\n\nHi,\n\n> When?\n> Soon.\n\n1. one\n2. two\n"
    )


def test_of_two_forms_of_a_mail_the_richer_one_is_read_and_attachments_are_named() -> None:
    message = mail("Leases")
    message.set_content("plain")
    message.add_alternative("<style>p {}</style><h1>Rich</h1><ul><li>one</li></ul>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    message.add_attachment("not read", filename="notes.txt")
    body = rendition(formats.EML, message.as_bytes()).markdown
    assert body.partition("org>\n\n")[2] == "# Rich\n\n- one\n\nAttachments:\n\n- plan.pdf\n- notes.txt\n"


def test_a_mail_whose_rich_form_says_nothing_is_read_in_its_plain_one() -> None:
    message = mail("Leases")
    message.set_content("plain")
    message.add_alternative('<img src="cid:1">', subtype="html")
    assert "plain" in rendition(formats.EML, message.as_bytes()).markdown


def test_a_forwarded_mail_is_read_with_its_headers() -> None:
    inner, outer = mail("Inner"), mail("Outer")
    inner.set_content("The walrus.")
    outer.set_content("See below.")
    outer.add_attachment(inner)
    found = rendition(formats.EML, outer.as_bytes())
    assert found.title == "Outer"
    assert found.markdown.partition("See below.\n\n---\n\n")[2].startswith("**Subject**: Inner\n")
    assert "The walrus." in found.markdown


def test_mails_inside_of_mails_are_read_to_a_stated_depth() -> None:
    message = mail("0")
    message.set_content("The walrus.")
    for depth in range(1, 12):
        outer = mail(str(depth))
        outer.add_attachment(message)
        message = outer
    assert "The walrus." not in rendition(formats.EML, message.as_bytes()).markdown


def test_a_mail_in_letters_that_it_does_not_name_rightly_is_read_all_the_same() -> None:
    head = b"Subject: x\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: 8bit\n\n"
    for charset, data in ((b"no-such", "Grüße"), (b"utf-8", "Grüße"), (b"iso-8859-1", "Grüße")):
        assert "Grüße" in rendition(formats.EML, head % charset + data.encode("latin-1")).markdown


def test_printed_colours_are_left_out_of_a_notebook() -> None:
    assert printed({"output_type": "stream", "text": "\x1b[31mred\x1b[0m"}) == "```text\nred\n```"


def test_what_only_stands_for_a_picture_or_a_page_is_left_out_of_a_notebook() -> None:
    figure = {"data": {"image/png": "aGk=", "text/plain": "<Figure size 640x480 with 1 Axes>"}}
    page = {"data": {"text/html": "<b>bold</b> <i>move</i>", "text/plain": ["<IPython.core.display.HTML object>"]}}
    assert printed(figure, page) == "```text\nbold move\n```"


def test_markdown_that_a_notebook_shows_is_prose() -> None:
    assert printed({"data": {"text/markdown": "**x** shown", "text/plain": "<object>"}}) == "**x** shown"


def test_the_items_of_a_list_in_a_pdf_stand_on_lines_of_their_own() -> None:
    lines = ["Leases", "\\267 a lease ends", "\\267 a fence holds"]
    assert "- a lease ends\n- a fence holds" in rendition(formats.PDF, make.pdf([lines])).markdown


def test_a_short_pdf_is_added_without_a_warning() -> None:
    assert rendition(formats.PDF, make.pdf([["Leases"]])).warnings == ()
