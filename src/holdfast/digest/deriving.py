"""Deriving what is missing: documents once per content, directories once per state, from below upward."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import contents, digests
from holdfast.catalog.contents import Content, Rendition
from holdfast.catalog.digests import FolderDigest
from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
from holdfast.digest.digest import ABSTRACT, OVERVIEW, Child, Digester, Pair
from holdfast.digest.extractive import LOOKED_AT
from holdfast.digest.states import Folder, survey
from holdfast.documents import body_of_bytes
from holdfast.errors import ProviderFailed
from holdfast.tree import TreeView

#: digests written in one commit
SAVED_AT_ONCE = 64


@dataclass
class Found:
    """Digests that were made and not written yet."""

    documents: dict[str, Pair] = field(default_factory=dict)
    folders: list[tuple[Folder, Pair]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.documents) + len(self.folders)


@dataclass
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
    #: calls of the digester that may fail one after the other: a text that a model refuses does not keep the others
    #: from theirs, and a model that is down is not asked about each
    patience: int = 1
    #: how many were made
    made: int = 0
    #: why others were not
    failures: list[ProviderFailed] = field(default_factory=list)
    _in_a_row: int = 0
    _waiting: Found = field(default_factory=Found)
    _pairs: dict[str, Pair] = field(default_factory=dict)

    def document(self, content_id: str) -> Pair | None:
        """Return both digests of a content, made now if they are missing; None when it has no text.

        Raises ProviderFailed when it could not be made.
        """
        found = self._documents([content_id]).get(content_id)
        self._finish()
        return found

    def folder(self, view: TreeView, top: Entry) -> Pair:
        """Return both digests of a directory, after making what is missing of all below it.

        Raises ProviderFailed when something below could not be made; what could be made is kept.
        """
        order = survey(view, top)
        known = self._known_folders(folder.state_id for folder in order)
        for folder in order:
            if folder.state_id not in known and (pair := self._make_folder(folder, known)) is not None:
                known[folder.state_id] = pair
        self._finish()
        return known[order[-1].state_id]

    def flush(self) -> None:
        """Write what was made."""
        found, self._waiting = self._waiting, Found()
        if found:
            self.save(lambda conn: self._write(conn, found))

    def _finish(self) -> None:
        self.flush()
        if self.failures:
            raise self.failures[0]

    def _make_folder(self, folder: Folder, known: dict[str, Pair]) -> Pair | None:
        """Return the digests of a directory; None when those of something in it could not be made."""
        before = len(self.failures)
        texts = self._documents(dict.fromkeys(folder.contents))
        if len(self.failures) > before or not all(state in known for state in folder.folders):
            return None
        titles = self._titles(folder.contents)
        children = [
            Child(titles.get(each), texts[each].abstract if each in texts else None, is_folder=False)
            for each in folder.contents
        ]
        children += [Child(None, known[state].abstract, is_folder=True) for state in folder.folders]
        self.check()
        pair = self._ask(lambda: self.digester.of_folder(_ordered(children)))
        if pair is not None:
            self._waiting.folders.append((folder, pair))
            self._count()
        return pair

    def _documents(self, ids: Iterable[str]) -> dict[str, Pair]:
        wanted = list(ids)
        found = {each: self._pairs[each] for each in wanted if each in self._pairs}
        missing = [each for each in wanted if each not in found]
        found.update(self._stored(missing))
        with self.backend.engine.read() as conn:
            texts = digests.markdown_of(conn, [each for each in missing if each not in found])
        for content_id, rendition in texts.items():
            self.check()
            pair = self._make_document(rendition)
            if pair is not None:
                found[content_id] = self._pairs[content_id] = pair
        return found

    def _make_document(self, rendition: Rendition) -> Pair | None:
        with self.backend.engine.read() as conn:
            content = self.backend.content(conn, rendition.rendered_id)
        text = read_head(self.backend, content)
        if not text.strip():
            return None
        pair = self._ask(lambda: self.digester.of_text(rendition.title, text))
        if pair is not None:
            self._waiting.documents[rendition.content_id] = pair
            self._count()
        return pair

    def _ask(self, question: Callable[[], Pair]) -> Pair | None:
        try:
            pair = question()
        except ProviderFailed as error:
            self.failures.append(error)
            self._in_a_row += 1
            if self._in_a_row >= self.patience:
                self._finish()
            return None
        self._in_a_row = 0
        return pair

    def _stored(self, ids: Sequence[str]) -> dict[str, Pair]:
        name, version = self.digester.name, self.digester.version
        with self.backend.engine.read() as conn:
            abstracts = digests.texts_of_contents(conn, ids, ABSTRACT, name, version)
            overviews = digests.texts_of_contents(conn, ids, OVERVIEW, name, version)
        return {each: Pair(abstracts[each], overviews[each]) for each in abstracts if each in overviews}

    def _known_folders(self, states: Iterable[str]) -> dict[str, Pair]:
        wanted, name, version = list(states), self.digester.name, self.digester.version
        with self.backend.engine.read() as conn:
            abstracts = digests.of_states(conn, wanted, ABSTRACT, name, version)
            overviews = digests.of_states(conn, wanted, OVERVIEW, name, version)
        return {each: Pair(abstracts[each].text, overviews[each].text) for each in abstracts if each in overviews}

    def _titles(self, ids: Sequence[str]) -> dict[str, str]:
        with self.backend.engine.read() as conn:
            return contents.titles(conn, ids)

    def _count(self) -> None:
        self.made += 1
        if len(self._waiting) >= SAVED_AT_ONCE:
            self.flush()

    def _write(self, conn: Connection, found: Found) -> None:
        for content_id, pair in found.documents.items():
            write_pair(conn, self.digester, content_id, pair, self.backend.clock.now())
        name, version = self.digester.name, self.digester.version
        new = [
            FolderDigest(folder.node_id, folder.state_id, kind, name, version, text, self.commit)
            for folder, pair in found.folders
            for kind, text in ((ABSTRACT, pair.abstract), (OVERVIEW, pair.overview))
        ]
        if new:
            digests.insert_folder_digests(conn, new)


def write_pair(conn: Connection, digester: Digester, content_id: str, pair: Pair, now: float) -> None:
    """Write both digests of a content as renditions, unless the content is gone."""
    # Garbage collection may have taken the content while it was digested: nothing may then refer to it (G7).
    if not contents.known_among(conn, [content_id]):
        return
    for kind, text in ((ABSTRACT, pair.abstract), (OVERVIEW, pair.overview)):
        body = body_of_bytes(text.encode("utf-8"), "text/markdown")
        contents.insert(conn, [(body.content, body.data())])
        made = Rendition(content_id, kind, digester.name, digester.version, body.content_id, None)
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


def _ordered(children: list[Child]) -> list[Child]:
    return sorted(children, key=lambda child: (child.is_folder, child.title or "", child.abstract or ""))
