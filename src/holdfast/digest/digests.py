"""Abstracts and overviews as a store gives them: on demand, and by job."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.entries import Entry
from holdfast.catalog.work import digests
from holdfast.digest.deriving import Deriving, read_head
from holdfast.digest.digest import ABSTRACT, Digester, Summary, SummaryPair
from holdfast.digest.extractive import Extractive
from holdfast.digest.states import survey
from holdfast.errors import NotFound, Unsupported
from holdfast.jobs.context import JobContext, branch_of, publish_with_effects
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

#: failures of the model one after the other that end an attempt at a job
PATIENCE = 5


@dataclass(frozen=True)
class Digests:
    """The abstracts and overviews of a store."""

    backend: Backend
    branch: Branch
    #: makes the digester that is configured; called when something is to be derived
    digester: Callable[[], Digester]
    #: whether what is derived is kept
    keep: bool = True

    def of_path(self, path: str, kind: str, *, at: int, derive: bool = True) -> Summary:
        """Return the digest of what stands at a parsed path at commit `at`, deriving what is missing.

        Without `derive`, what is there is returned: for a directory that has changed since, the last one, not fresh and
        with the commit it describes. Raises NotFound when there is none, Unsupported for a file without text.
        """
        tree = CommittedTree.lasting(self.backend.engine.read, self.branch, at)
        entry = walking.need(tree, path)
        if not derive:
            return self._stored(path, entry, kind, at)
        digester = self.digester()
        pair = self._derive(self._deriving(digester, at), tree, entry)
        if pair is None:
            raise Unsupported(f"{path} has no text", path=path, remedy="Only documents and directories have digests")
        return Summary(
            path=path,
            kind=kind,
            text=_text(pair, kind),
            deriver=digester.name,
            deriver_version=digester.version,
            commit=at,
            fresh=True,
        )

    def of_content(self, content_id: str, kind: str = ABSTRACT) -> Summary | None:
        """Return the stored digest of a content, the configured deriver's if there is one."""
        for digester in self._preferred():
            with self.backend.engine.read() as conn:
                texts = digests.texts_of_contents(conn, [content_id], kind, digester.name, digester.version)
                head = commits.head(conn, self.branch)
            if content_id in texts:
                return Summary(
                    path="",
                    kind=kind,
                    text=texts[content_id],
                    deriver=digester.name,
                    deriver_version=digester.version,
                    commit=head,
                    fresh=True,
                )
        return None

    def abstract_at_hand(self, content_id: str) -> Summary:
        """Return the stored abstract of a content, or one of its own sentences: no model is asked and nothing kept.

        Raises CorruptStore when the content cannot be read.
        """
        found = self.of_content(content_id)
        if found is None:
            with self.backend.engine.read() as conn:
                head, content = commits.head(conn, self.branch), self.backend.content(conn, content_id)
            maker = Extractive()
            text = maker.of_text(None, read_head(self.backend, content)).abstract
            found = Summary(
                path="",
                kind=ABSTRACT,
                text=text,
                deriver=maker.name,
                deriver_version=maker.version,
                commit=head,
                fresh=True,
            )
        return found

    def run(self, context: JobContext) -> dict[str, int]:
        """Derive what is missing at and below the job's `path`, and of the directories above it: a job's handler."""
        path = paths.parse(str(context.payload.get("path", paths.ROOT)))
        tree = CommittedTree.lasting_at_head(self.backend.engine.read, branch_of(context))
        deriving = self._deriving(self.digester(), tree.seq)
        deriving.check, deriving.patience = context.check, PATIENCE
        # A cancel does not wait for the model's answers; and what somebody waits for is asked before these.
        deriving.ask = functools.partial(context.ask, urgent=False)
        deriving.save = lambda effect: _publish(context, effect)
        for each in _upward(path):
            entry = walking.find(tree, each)
            if entry is not None:
                self._derive(deriving, tree, entry)
        return {"made": deriving.made, "commit": tree.seq}

    def _derive(self, deriving: Deriving, tree: CommittedTree, entry: Entry) -> SummaryPair | None:
        if entry.content_id is not None:
            return deriving.document(entry.content_id)
        return deriving.folder(tree, entry)

    def _deriving(self, digester: Digester, at: int) -> Deriving:
        return Deriving(backend=self.backend, digester=digester, commit=at, save=self._save)

    def _save(self, effect: Callable[[Connection], None]) -> None:
        if self.keep:
            with self.backend.engine.write() as conn:
                effect(conn)

    def _stored(self, path: str, entry: Entry, kind: str, at: int) -> Summary:
        if entry.content_id is not None:
            found = self.of_content(entry.content_id, kind)
            found = replace(found, path=path, commit=at) if found else None
        else:
            found = self._stored_of_folder(path, entry, kind, at)
        if found is None:
            raise NotFound(f"{path} has no {kind} yet", path=path, remedy=f"Make it: holdfast {kind} {path}")
        return found

    def _stored_of_folder(self, path: str, entry: Entry, kind: str, at: int) -> Summary | None:
        with self.backend.engine.read() as conn:
            state = survey(CommittedTree(within(conn), self.branch, at), entry)[-1].state_id
            for digester in self._preferred():
                found = digests.of_states(conn, [state], kind, digester.name, digester.version).get(state)
                if found is not None:
                    return Summary(
                        path=path,
                        kind=kind,
                        text=found.text,
                        deriver=found.deriver,
                        deriver_version=found.deriver_version,
                        commit=at,
                        fresh=True,
                    )
            old = digests.newest_of_node(conn, self.branch, entry.node_id, kind, at)
        if old is None:
            return None
        return Summary(
            path=path,
            kind=kind,
            text=old.text,
            deriver=old.deriver,
            deriver_version=old.deriver_version,
            commit=old.commit_seq,
            fresh=False,
        )

    def _preferred(self) -> list[Digester]:
        configured = self.digester()
        return [configured] if isinstance(configured, Extractive) else [configured, Extractive()]


def _upward(path: str) -> list[str]:
    """Return `path` and the directories above it; the root only when it is asked for itself."""
    found = [path]
    while (path := paths.split(path)[0]) != paths.ROOT:
        found.append(path)
    return found


def _publish(context: JobContext, effect: Callable[[Connection], None]) -> None:
    # Digests are keyed by what they describe: written again after a crash they are the same, so the job need not end
    # with them.
    publish_with_effects(context, [effect], ending=None)


def _text(pair: SummaryPair, kind: str) -> str:
    return pair.abstract if kind == ABSTRACT else pair.overview
