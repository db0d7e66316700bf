"""What every converter keeps, as a suite that a converter's own tests subclass.

class TestMyConverter(ConverterSuite):
    converter = MyConverter()
    samples = (Sample("report.pdf", formats.PDF, REPORT, words=("lease", "fence"), title="A report", pages=3),)
    broken = (Sample("cut.pdf", formats.PDF, REPORT[:400]),)
"""

import asyncio
import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest

from holdfast.errors import ConversionFailed, TooLarge
from holdfast.ingest.conversion import pages
from holdfast.ingest.conversion.convert import Registry, convert
from holdfast.ingest.conversion.limits import DEFAULT_LIMITS
from holdfast.ingest.conversion.port import ConvertedDocument, Converter, Document


@dataclass(frozen=True)
class Sample:
    """One document to try a converter with, and what must be found in it."""

    name: str
    media_type: str
    data: bytes
    #: texts that the Markdown must hold, in this order
    words: tuple[str, ...] = ()
    title: str | None = None
    #: pages or slides, None for formats without
    pages: int | None = None

    def document(self) -> Document:
        """Return the sample as a document in memory."""
        return Document(self.name, self.data, self.media_type)


class ConverterSuite:
    """The conformance suite of the converter port."""

    #: the converter under test
    converter: ClassVar[Converter]
    #: at least one document that it reads
    samples: ClassVar[Sequence[Sample]]
    #: documents of its media types that it must refuse; none for a converter that can read any bytes
    broken: ClassVar[Sequence[Sample]] = ()

    def rendered(self, document: Document) -> ConvertedDocument:
        """Return the rendition as the ingest room would make it."""
        return convert(document, registry=Registry([self.converter]))

    def test_its_samples_are_accepted_and_a_made_up_type_is_not(self) -> None:
        assert self.samples
        assert all(self.converter.accepts(sample.media_type) for sample in self.samples)
        assert not self.converter.accepts("application/x-made-up")

    def test_it_signs_the_rendition_with_a_stable_name_and_version(self) -> None:
        rendition = self.rendered(self.samples[0].document())
        assert rendition.key == f"{self.converter.name}/{self.converter.version}"
        assert self.converter.name
        assert self.converter.version
        assert not set(" \n\t/") & set(self.converter.name + self.converter.version)

    def test_the_words_are_kept_in_order(self) -> None:
        for sample in self.samples:
            markdown, at = self.rendered(sample.document()).markdown, 0
            for text in sample.words:
                at = markdown.find(text, at)
                assert at >= 0, f"{sample.name} lacks {text!r} in its place:\n{markdown[:2000]}"

    def test_titles_and_pages_are_found(self) -> None:
        for sample in self.samples:
            rendition = self.rendered(sample.document())
            assert (rendition.title, rendition.pages) == (sample.title, sample.pages), sample.name

    def test_each_page_begins_with_its_marker(self) -> None:
        for sample in self.samples:
            numbers = [number for _, number in pages.starts(self.rendered(sample.document()).markdown)]
            assert numbers == list(range(1, (sample.pages or 0) + 1)), sample.name

    def test_dates_are_iso_8601(self) -> None:
        for sample in self.samples:
            rendition = self.rendered(sample.document())
            for moment in filter(None, (rendition.created, rendition.modified)):
                assert datetime.fromisoformat(moment)

    def test_the_text_has_line_feeds_only_and_no_nul(self) -> None:
        for sample in self.samples:
            assert not {"\r", "\0"} & set(self.rendered(sample.document()).markdown), sample.name

    def test_the_same_bytes_give_the_same_rendition(self) -> None:
        for sample in self.samples:
            assert self.rendered(sample.document()) == self.rendered(sample.document()), sample.name

    def test_a_file_and_its_bytes_give_the_same_rendition(self, tmp_path: Path) -> None:
        for sample in self.samples:
            file = tmp_path / Path(sample.name).name
            file.write_bytes(sample.data)
            from_file = self.rendered(Document(sample.name, file, sample.media_type))
            assert from_file == self.rendered(sample.document()), sample.name
            assert file.read_bytes() == sample.data

    def test_an_empty_document_has_an_empty_rendition(self) -> None:
        for sample in self.samples:
            assert self.rendered(Document(sample.name, b"", sample.media_type)).markdown == ""

    def test_a_rendition_crosses_a_process_boundary(self) -> None:
        rendition = self.rendered(self.samples[0].document())
        assert pickle.loads(pickle.dumps(rendition)) == rendition

    def test_it_works_inside_a_running_event_loop(self) -> None:
        async def inside() -> ConvertedDocument:
            return self.rendered(self.samples[0].document())

        assert asyncio.run(inside()) == self.rendered(self.samples[0].document())

    def test_threads_may_share_it(self) -> None:
        documents = [sample.document() for sample in self.samples] * 4
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(self.rendered, documents))
        assert together == [self.rendered(document) for document in documents]

    def test_a_broken_document_fails_by_name_and_with_a_remedy(self) -> None:
        for sample in self.broken:
            with pytest.raises((ConversionFailed, TooLarge)) as caught:
                self.converter.convert(sample.document(), DEFAULT_LIMITS)
            assert sample.name in caught.value.message
            assert caught.value.path == sample.name
            assert caught.value.remedy

    def test_a_missing_file_fails_by_name(self, tmp_path: Path) -> None:
        absent = Document("gone.bin", tmp_path / "gone.bin", self.samples[0].media_type)
        with pytest.raises(ConversionFailed, match=r"gone\.bin"):
            self.rendered(absent)
