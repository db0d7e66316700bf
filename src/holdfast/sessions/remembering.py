"""Phase 2 of a session's commit: the job that derives an archive's abstract and overview, and what to remember of it.

It reads the archive and nothing else of the session, so it can run again from its start at any time. The memories, the
digests and the job's end are one commit (G8).
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import sessions
from holdfast.catalog.work.sessions import Archive, Message
from holdfast.digest.deriving import write_pair
from holdfast.digest.digest import Digester, SummaryPair
from holdfast.digest.extractive import Extractive
from holdfast.errors import CorruptStore
from holdfast.faults import point
from holdfast.jobs.context import Ending, Failed, JobContext, branch_of, publish_with_effects
from holdfast.models.port import Model
from holdfast.publish.transaction import Transaction
from holdfast.sessions.memories import read_memories
from holdfast.sessions.memory import ROOT, Memory, MemorySource
from holdfast.sessions.merging import Merged, Report, merge
from holdfast.sessions.reading import read_archive, read_content
from holdfast.sessions.tombstones import forgotten_since
from holdfast.sessions.transcript_index import missing_rows, write_rows
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import Snapshot

if TYPE_CHECKING:
    from holdfast.sessions.extraction import Extract

#: why a memory job without a model ends as it does
NO_MODEL = "no model configured"


@dataclass(frozen=True)
class Remembering:
    """The handler of memory jobs."""

    backend: Backend
    #: returns the configured model, or None
    model: Callable[[], Model | None]
    #: makes the digester of a model
    digester: Callable[[Model], Digester]
    #: returns the kinds of memory, each with what belongs there
    kinds: Callable[[], Mapping[str, str]]

    def run(self, context: JobContext) -> None:
        """Remember one archive; a job's handler. Raises Failed when the archive cannot be read."""
        archive, messages, text = self._read(context)
        self._make_searchable(context, archive)
        model = self.model()
        if model is None:
            digester = Extractive()
            pair = digester.of_text(None, text)
            effect = self._digests(digester, archive, pair)
            publish_with_effects(context, [effect], ending=Ending("skipped", NO_MODEL))
            return
        known = self._known(context)
        kinds = self.kinds()
        point("memory.before_model")
        extract, shown = _extract(model, messages, known, kinds, context)
        point("memory.after_model")
        self._publish(context, archive, messages, extract, shown, model)

    def _read(self, context: JobContext) -> tuple[Archive, list[Message], str]:
        session_id, number = str(context.payload["session"]), int(context.payload["archive"])
        with self.backend.engine.read() as conn:
            archive = sessions.archive(conn, session_id, number)
        if archive is None:
            raise Failed(f"archive {number} of session {session_id} is gone")
        try:
            messages = read_archive(self.backend, archive)
            text = read_content(self.backend, archive.transcript_id, f"{archive.path}/transcript.md")
        except CorruptStore as error:
            # Trying again reads the same bytes. The job says what is wrong, and is never done.
            raise Failed(f"the archive cannot be read: {error.message}") from error
        return archive, messages, text.decode("utf-8", "replace")

    def _make_searchable(self, context: JobContext, archive: Archive) -> None:
        """Give a long transcript its search rows, if the process that committed it died before it could."""
        derived = missing_rows(self.backend, archive.transcript_id)
        if derived.rows:
            effect = functools.partial(
                write_rows, backend=self.backend, transcript_id=archive.transcript_id, derived=derived
            )
            publish_with_effects(context, [effect], ending=None)

    def _known(self, context: JobContext) -> dict[str, Memory]:
        return read_memories(
            Snapshot(self.backend, CommittedTree.lasting_at_head(self.backend.engine.read, branch_of(context)))
        )

    def _publish(
        self,
        context: JobContext,
        archive: Archive,
        messages: list[Message],
        extract: "Extract",
        seen: Mapping[str, Memory],
        model: Model,
    ) -> None:
        # What is written depends on the archive and the answer alone, so a run after a crash writes the same bytes.
        kinds, now = self.kinds(), archive.at
        where, ids = archive.path, {message.id for message in messages}
        reports = [
            Report(
                action=m.action,
                kind=m.kind,
                key=m.key,
                title=m.title,
                content=m.content,
                target=m.target,
                source=MemorySource(where, tuple(sorted(ids.intersection(m.messages)))),
            )
            for m in extract.memories
            if m.kind in kinds
        ]
        result: dict[str, Any] = {"archive": where}

        def action(tx: Transaction) -> None:
            standing = {info.id: info.path for info in tx.tree(ROOT)} if tx.exists(ROOT) else {}
            gone = forgotten_since(self.backend, branch_of(context), archive.commit, tx.base, standing)
            merged = merge(read_memories(tx), seen, reports, now, gone)
            _write(tx, merged)
            result["memories"] = merged.counts
            # Nothing is dropped silently: what was of no known kind is counted.
            result["of_no_kind"] = len(extract.memories) - len(reports)

        pair = SummaryPair(extract.abstract, extract.overview).trimmed()
        effect = self._digests(self.digester(model), archive, pair)
        publish_with_effects(context, [effect], action, message=f"Remember {where}", ending=Ending(result=result))

    def _digests(self, digester: Digester, archive: Archive, pair: SummaryPair) -> Callable[[Connection], None]:
        return lambda conn: write_pair(conn, digester, archive.transcript_id, pair, self.backend.clock.now())


def _write(tx: Transaction, merged: Merged) -> None:
    for path in sorted(merged.removed):
        tx.remove(path)
    for path in sorted(merged.changed):
        tx.write(path, merged.memories[path].to_markdown(), media_type="text/markdown")


def _extract(
    model: Model,
    messages: list[Message],
    remembered: Mapping[str, Memory],
    kinds: Mapping[str, str],
    context: JobContext,
) -> tuple["Extract", Mapping[str, Memory]]:
    """Return what the model answers, and the memories it was shown."""
    from holdfast.sessions.extraction import extract, relevant

    shown = relevant(remembered, messages, model.max_input_characters)
    return extract(model, messages, shown, kinds, context.ask), shown
