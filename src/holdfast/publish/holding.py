"""Holding a commit that is read for long: gc of whatever process leaves it alone meanwhile."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.errors import ReadOnly, StorageFailed
from holdfast.host.held import held
from holdfast.publish.intention import abandon, intending
from holdfast.tree.snapshot import check_readable

#: the kind of intent that holds a commit
READ = "read"


@held
def holding_commit(backend: Backend, branch: Branch, seq: int) -> Iterator[None]:
    """Hold a commit of a branch; raises CommitTaken when gc was quicker.

    Where nothing can be written it is not held: who reads there is told when it is taken.
    """
    with ExitStack() as stack:
        with suppress(ReadOnly, StorageFailed):
            intent_id = stack.enter_context(intending(backend, READ, backend.actor, commit=(branch.id, seq)))
            stack.callback(abandon, backend, intent_id)
        # After the intent is written: gc has seen it, or what gc decided is seen here.
        with backend.engine.read() as conn:
            check_readable(conn, branch, seq)
        yield
