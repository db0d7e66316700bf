"""Deriving what is missing: documents once per content, directories once per state, from below upward.

A digester that waits for a model is asked about many documents at once; then about the directories, those of one height
at once, as each is described by what is in it.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from holdfast.backend import Backend
from holdfast.catalog import contents
from holdfast.catalog.contents import Content, Rendition
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.entries import Entry
from holdfast.catalog.work import digests
from holdfast.catalog.work.digests import FolderDigest
from holdfast.digest.digest import ABSTRACT, OVERVIEW, Digester, DirectoryItem, SummaryPair
from holdfast.digest.extractive import LOOKED_AT
from holdfast.digest.states import Folder, survey
from holdfast.documents import body_of_bytes
from holdfast.errors import ProviderFailed
from holdfast.faults import point
from holdfast.models.concurrent_calls import Answer, Errand, in_turn, side_by_side
from holdfast.tree.walking import TreeView

T = TypeVar("T")

#: digests written in one commit; of a model, whose answers cost time and money, as many as come at once
SAVED_AT_ONCE = 64
#: characters of what a failure says it was about
SHOWN = 80

#: asks questions, at most as many at once as the second argument says, and yields what comes of them
Ask = Callable[[Iterable[Callable[[], SummaryPair]], Callable[[], int]], Generator[Answer[SummaryPair], None, None]]


@dataclass
class StoredText:
    """Digests that were made and not written yet."""

    documents: dict[str, SummaryPair] = field(default_factory=dict)
    folders: list[tuple[Folder, SummaryPair]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.documents) + len(self.folders)


@dataclass(kw_only=True)
class Deriving:
    """One run over part of the tree at one commit."""

    backend: Backend
    digester: Digester
    #: the commit the digests describe
    commit: int
    #: writes what was made so far
    save: Callable[[Callable[[Connection], None]], None]
    #: called between two derivations; raises to stop
    check: Callable[[], None] = lambda: None
    #: asks the digester, if it is slow
    ask: Ask = lambda questions, at_once: side_by_side(questions, at_once, Errand())
    #: calls of the digester that may fail one after the other: a text that a model refuses does not keep the others
    #: from theirs, and a model that is down is not asked about each
    patience: int = 1
    #: how many were made
    made: int = 0
    #: why others were not, in the order of what was asked
    failures: list[ProviderFailed] = field(default_factory=list)
    _in_a_row: int = 0
    #: contents that have text and no digest
    _failed: set[str] = field(default_factory=set)
    _waiting: StoredText = field(default_factory=StoredText)

    def document(self, content_id: str) -> SummaryPair | None:
        """Return both digests of a content, made now if they are missing; None when it has no text.

        Raises ProviderFailed when it could not be made.
        """
        found = dict(self._documents([content_id])).get(content_id)
        self._finish()
        return found

    def folder(self, view: TreeView, top: Entry) -> SummaryPair:
        """Return both digests of a directory, after making what is missing of all below it.

        Raises ProviderFailed when something below could not be made; what could be made is kept.
        """
        order = survey(view, top)
        known = self._known_folders(folder.state_id for folder in order)
        missing = {folder.state_id: folder for folder in order if folder.state_id not in known}
        wanted = dict.fromkeys(each for folder in missing.values() for each in folder.contents)
        abstracts = {content_id: pair.abstract for content_id, pair in self._documents(wanted)}
        for level in _levels(missing):
            known.update(self._folders(level, known, abstracts))
        self._finish()
        return known[order[-1].state_id]

    def flush(self) -> None:
        """Write what was made."""
        found, self._waiting = self._waiting, StoredText()
        if found:
            point("digest.before_save")
            self.save(lambda conn: self._write(conn, found))

    def _finish(self) -> None:
        self.flush()
        if self.failures:
            raise self.failures[0]

    # --- documents

    def _documents(self, ids: Iterable[str]) -> Iterator[tuple[str, SummaryPair]]:
        """Yield digests of contents that have text: those that are stored, then the others as they are made."""
        missing = list[str]()
        for batch in batches(ids):
            stored = self._stored(batch)
            missing += (each for each in batch if each not in stored)
            yield from stored.items()
        about: dict[int, Rendition] = {}
        for rendition, pair in self._answers(self._questions(missing, about), about, _of_document):
            if pair is None:
                self._failed.add(rendition.content_id)
                continue
            self._waiting.documents[rendition.content_id] = pair
            self._count()
            yield rendition.content_id, pair

    def _questions(self, ids: list[str], about: dict[int, Rendition]) -> Iterator[Callable[[], SummaryPair]]:
        number = 0
        for batch in batches(ids):
            with self.backend.engine.read() as conn:
                renditions = digests.markdown_of(conn, batch)
            for rendition in renditions.values():
                self.check()
                text = self._text(rendition)
                if text.strip():
                    about[number] = rendition
                    number += 1
                    yield self._question_of_text(rendition.title, text)

    def _question_of_text(self, title: str | None, text: str) -> Callable[[], SummaryPair]:
        return lambda: self.digester.of_text(title, text)

    def _text(self, rendition: Rendition) -> str:
        with self.backend.engine.read() as conn:
            content = self.backend.content(conn, rendition.rendered_id)
        return read_head(self.backend, content)

    # --- directories

    def _folders(
        self, level: list[Folder], known: dict[str, SummaryPair], abstracts: dict[str, str]
    ) -> Iterator[tuple[str, SummaryPair]]:
        about: dict[int, Folder] = {}
        for folder, pair in self._answers(self._questions_of(level, known, abstracts, about), about, _of_folder):
            if pair is not None:
                self._waiting.folders.append((folder, pair))
                self._count()
                yield folder.state_id, pair

    def _questions_of(
        self, level: list[Folder], known: dict[str, SummaryPair], abstracts: dict[str, str], about: dict[int, Folder]
    ) -> Iterator[Callable[[], SummaryPair]]:
        for folder in level:
            # What holds something that could not be digested would not describe all that it holds.
            if self._failed.isdisjoint(folder.contents) and all(state in known for state in folder.folders):
                self.check()
                children = self._children(folder, known, abstracts)
                about[len(about)] = folder
                yield self._question_of_folder(children)

    def _question_of_folder(self, children: list[DirectoryItem]) -> Callable[[], SummaryPair]:
        return lambda: self.digester.of_folder(children)

    def _children(
        self, folder: Folder, known: dict[str, SummaryPair], abstracts: dict[str, str]
    ) -> list[DirectoryItem]:
        with self.backend.engine.read() as conn:
            titles = contents.titles(conn, folder.contents)
        children = [DirectoryItem(titles.get(each), abstracts.get(each), is_folder=False) for each in folder.contents]
        return _ordered(
            children + [DirectoryItem(None, known[state].abstract, is_folder=True) for state in folder.folders]
        )

    # --- asking

    def _answers(
        self, questions: Iterable[Callable[[], SummaryPair]], about: dict[int, T], named: Callable[[T], str]
    ) -> Iterator[tuple[T, SummaryPair | None]]:
        """Yield what each question was about, with its answer as it comes; None when the model failed."""
        ask = in_turn if self.digester.at_once == 1 else self.ask
        failed: dict[int, ProviderFailed] = {}
        succeeded = False

        def at_once() -> int:
            # Until the model is known to work, no more are asked than may fail.
            left = max(0, self.patience - self._in_a_row)
            return self.digester.at_once if succeeded and not self._in_a_row else min(left, self.digester.at_once)

        with closing(ask(questions, at_once)) as answers:
            for answer in answers:
                subject = about[answer.number]
                if isinstance(answer.error, ProviderFailed):
                    failed[answer.number] = _about(answer.error, named(subject))
                    self._in_a_row += 1
                    yield subject, None
                else:
                    pair = answer.get()
                    self._in_a_row, succeeded = 0, True
                    yield subject, pair
        self.failures += (failed[number] for number in sorted(failed))
        if self._in_a_row >= self.patience:
            self._finish()

    # --- what is stored

    def _stored(self, ids: Sequence[str]) -> dict[str, SummaryPair]:
        name, version = self.digester.name, self.digester.version
        with self.backend.engine.read() as conn:
            abstracts = digests.texts_of_contents(conn, ids, ABSTRACT, name, version)
            overviews = digests.texts_of_contents(conn, ids, OVERVIEW, name, version)
        return {each: SummaryPair(abstracts[each], overviews[each]) for each in abstracts if each in overviews}

    def _known_folders(self, states: Iterable[str]) -> dict[str, SummaryPair]:
        wanted, name, version = list(states), self.digester.name, self.digester.version
        with self.backend.engine.read() as conn:
            abstracts = digests.of_states(conn, wanted, ABSTRACT, name, version)
            overviews = digests.of_states(conn, wanted, OVERVIEW, name, version)
        return {
            each: SummaryPair(abstracts[each].text, overviews[each].text) for each in abstracts if each in overviews
        }

    def _count(self) -> None:
        self.made += 1
        if len(self._waiting) >= (SAVED_AT_ONCE if self.digester.at_once == 1 else self.digester.at_once):
            self.flush()

    def _write(self, conn: Connection, found: StoredText) -> None:
        for content_id, pair in found.documents.items():
            write_pair(conn, self.digester, content_id, pair, self.backend.clock.now())
        name, version = self.digester.name, self.digester.version
        new = [
            FolderDigest(
                node_id=folder.node_id,
                state_id=folder.state_id,
                kind=kind,
                deriver=name,
                deriver_version=version,
                text=text,
                commit_seq=self.commit,
            )
            for folder, pair in found.folders
            for kind, text in ((ABSTRACT, pair.abstract), (OVERVIEW, pair.overview))
        ]
        if new:
            digests.insert_folder_digests(conn, new)


def _levels(folders: dict[str, Folder]) -> Iterator[list[Folder]]:
    """Yield directories, given with those in them before them, by how many are one in the other below them."""
    heights: dict[str, int] = {}
    for state, folder in folders.items():
        heights[state] = 1 + max((heights.get(each, 0) for each in folder.folders), default=0)
    for _, level in groupby(sorted(folders.values(), key=lambda f: heights[f.state_id]), lambda f: heights[f.state_id]):
        yield list(level)


def _about(error: ProviderFailed, what: str) -> ProviderFailed:
    """Return an error that says what the model was asked about."""
    told = ProviderFailed(f"{error.message} (asked about {what})", path=what, remedy=error.remedy)
    told.retry_after, told.busy = error.retry_after, error.busy
    return told


def _of_document(rendition: Rendition) -> str:
    return f"the document {(rendition.title or rendition.content_id)[:SHOWN]!r}"


def _of_folder(folder: Folder) -> str:
    return f"a folder of {len(folder.contents) + len(folder.folders)} things"


def write_pair(conn: Connection, digester: Digester, content_id: str, pair: SummaryPair, now: float) -> None:
    """Write both digests of a content as renditions, unless the content is gone."""
    # Garbage collection may have taken the content while it was digested: nothing may then refer to it (G7).
    if not contents.known_among(conn, [content_id]):
        return
    for kind, text in ((ABSTRACT, pair.abstract), (OVERVIEW, pair.overview)):
        body = body_of_bytes(text.encode("utf-8"), "text/markdown")
        contents.insert(conn, [(body.content, body.data())])
        made = Rendition(
            content_id=content_id,
            kind=kind,
            deriver=digester.name,
            deriver_version=digester.version,
            rendered_id=body.content_id,
            title=None,
        )
        contents.insert_renditions(conn, [made], now)


def read_head(backend: Backend, content: Content) -> str:
    """Return the start of a text: all that any digester looks at, and at most that in memory."""
    pieces, size = [], 0
    for piece in backend.stream(content):
        pieces.append(piece)
        size += len(piece)
        if size >= LOOKED_AT * 4:
            break
    return b"".join(pieces).decode("utf-8", "ignore")


def _ordered(children: list[DirectoryItem]) -> list[DirectoryItem]:
    return sorted(children, key=lambda child: (child.is_folder, child.title or "", child.abstract or ""))
