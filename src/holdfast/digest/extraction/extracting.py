"""The job that extracts rows of the graph from one content.

What the model answers is kept as a rendition of the content before anything is made of it: a job that dies afterwards,
and the same content elsewhere, do not ask again. The rows, the note that the files were asked, and the end of the job
are one commit (G8).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from holdfast.backend import Backend
from holdfast.catalog import commits, contents
from holdfast.catalog.commits import Commit
from holdfast.catalog.contents import Rendition
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import digests
from holdfast.digest.extraction import documents
from holdfast.digest.extraction.proposals import Resting, RowFindings, findings_of, merge_into, settled
from holdfast.documents import body_of_bytes
from holdfast.errors import NotFound
from holdfast.faults import point
from holdfast.jobs.context import Ending, JobContext, Skipped, branch_of, publish_with_effects
from holdfast.models.port import Model
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, begin
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.standing import codecs_at
from holdfast.tree.committed import CommittedTree

#: what is said where there is no model
NO_MODEL = "no model configured"


@dataclass(frozen=True)
class Extracting:
    """The handler of these jobs."""

    backend: Backend
    #: returns the configured model, or None
    model: Callable[[], Model | None]

    def run(self, context: JobContext) -> None:
        """Extract rows from one content; a job's handler."""
        content, under = str(context.payload["content"]), str(context.payload["under"])
        tree = CommittedTree.lasting_at_head(self.backend.engine.read, branch_of(context))
        kinds = self._kinds(context, tree)
        if not documents.places_of(tree, under, content):
            raise Skipped(f"no file under {under} holds it any more; ask for what is there now")
        text = self._text(content)
        reported, left_out = self._reported(context, tree, kinds, text)
        self._publish(context, kinds, reported, text, left_out)

    def _kinds(self, context: JobContext, tree: CommittedTree) -> list[TypeSchema]:
        schema = codecs_at(self.backend, tree.branch, tree.seq).schema
        try:
            return [schema.type_named(str(name)) for name in context.payload["types"]]
        except NotFound as error:
            raise Skipped(error.message) from error

    def _text(self, content: str) -> str:
        with self.backend.engine.read() as conn:
            rendition = digests.markdown_of(conn, [content]).get(content)
            if rendition is None:
                raise Skipped("the content has no text any more")
            rendered = self.backend.content(conn, rendition.rendered_id)
        return b"".join(self.backend.stream(rendered)).decode("utf-8", "replace")

    # --- asking

    def _reported(
        self, context: JobContext, tree: CommittedTree, kinds: Sequence[TypeSchema], text: str
    ) -> tuple[list[Any], int]:
        from holdfast.digest.extraction import asking

        schema = codecs_at(self.backend, tree.branch, tree.seq).schema
        content, kind = str(context.payload["content"]), f"{documents.EXTRACT}:{asking.fingerprint(schema, kinds)}"
        again = bool(context.payload.get("again")) and context.job.attempts <= 1
        known = None if again else self._known(content, kind)
        if known is not None:
            return asking.from_text(known)
        model = self.model()
        if model is None:
            raise Skipped(NO_MODEL)
        point("extract.before_model")
        reported, left_out = asking.ask_model(model, schema, kinds, text, context.ask)
        point("extract.after_model")
        keep = partial(self._keep, content, kind, model, asking.as_text(reported, left_out))
        publish_with_effects(context, [keep], ending=None)
        return reported, left_out

    def _known(self, content: str, kind: str) -> str | None:
        with self.backend.engine.read() as conn:
            found = contents.rendition(conn, content, kind)
            answer = self.backend.content(conn, found.rendered_id) if found else None
        return b"".join(self.backend.stream(answer)).decode("utf-8") if answer else None

    def _keep(self, content: str, kind: str, model: Model, text: str, conn: Connection) -> None:
        # Garbage collection may have taken the content meanwhile: nothing may then refer to it (G7).
        if not contents.known_among(conn, [content]):
            return
        body = body_of_bytes(text.encode("utf-8", "replace"), "application/json")
        contents.insert(conn, [(body.content, body.data())])
        made = Rendition(
            content_id=content,
            kind=kind,
            deriver=f"llm:{model.name}",
            deriver_version="1",
            rendered_id=body.content_id,
            title=None,
        )
        contents.renew_rendition(conn, made, self.backend.clock.now())

    # --- what becomes of it

    def _publish(
        self, context: JobContext, kinds: Sequence[TypeSchema], reported: Sequence[Any], text: str, left_out: int
    ) -> None:
        from holdfast.digest.extraction.asking import fingerprint

        branch = branch_of(context)
        content, under = str(context.payload["content"]), str(context.payload["under"])
        result: dict[str, Any] = {"content": content}

        def action(tx: InternalTransaction) -> None:
            tree = CommittedTree(self.backend.engine.read, branch, tx.base)
            places = documents.places_of(tree, under, content)
            codecs = codecs_at(self.backend, branch, tx.base)
            rests = Resting(text, content, places, self._is_by_job)
            found = findings_of(reported, codecs, kinds) if places else RowFindings()
            settled(found, lambda: begin(self.backend, CommitOptions(branch)).graph, rests)
            counts = merge_into(tx.graph, found, rests)
            result.update(found.told(counts), documents=sorted(places.values()), left_out=left_out)
            asked = fingerprint(codecs.schema, kinds)

            def noted(conn: Connection, commit: Commit) -> None:
                documents.note(conn, branch, commit.id, asked, [(node, content) for node in places])

            tx.also(noted)
            for path in places.values():
                # So that it is what was extracted, still, when the rows become visible.
                tx.stat(path)

        message = f"Extract rows of the graph from what is in {under}"
        publish_with_effects(context, (), action, message=message, ending=Ending(result=result))

    def _is_by_job(self, seq: int) -> bool:
        with self.backend.engine.read() as conn:
            commit = commits.by_seq(conn, seq)
        return commit is not None and commit.actor.startswith("job:")
