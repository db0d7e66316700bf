"""Beginning a transaction: once as a context manager, or several times around a callable."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from types import TracebackType
from typing import TypeVar

from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.errors import Conflict, HoldfastError
from holdfast.locks.lock import Lock
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import Transaction, begin, tell_why
from holdfast.tree.committed import CommittedTree

T = TypeVar("T")

#: races that one operation may lose before it gives up
MAX_RACES = 20


def publish_retried(backend: Backend, action: Callable[[Transaction], None], terms: CommitOptions) -> Commit:
    """Run `action` on the head and commit it, again from a new snapshot when somebody else was quicker.

    For an operation that reads what it writes. A Conflict that `action` itself raises is raised.
    """
    for tries_left in range(MAX_RACES, -1, -1):
        tx = begin(backend, terms)
        telling_why(tx, action)
        try:
            return tx.commit()
        except Conflict:
            if not tries_left:
                raise
    raise AssertionError("the loop returns or raises")


def telling_why(tx: Transaction, action: Callable[[Transaction], T]) -> T:
    """Call an action with a transaction; what it raises because gc took what that stands on becomes a Conflict."""
    try:
        return action(tx)
    except Conflict:
        raise
    except HoldfastError:
        tell_why(tx)
        raise


class TransactionScope:
    """A transaction about to begin: a context manager for one try, a callable for several."""

    def __init__(
        self, backend: Backend, terms: Callable[[], CommitOptions], retries: int, lock: Lock | None = None
    ) -> None:
        self._backend = backend
        self._terms = terms
        #: times that a callable is called again after a Conflict
        self.retries: int = retries
        self._lock = lock
        self._inside = ExitStack()
        self._open: Transaction | None = None

    def __repr__(self) -> str:
        return f"<TransactionScope of {self._backend.address}>"

    def __enter__(self) -> Transaction:
        self._open = self._begin()
        if self._lock is not None:
            self._inside.enter_context(self._lock.used())
        return self._open

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._open is not None
        with self._inside:
            # Whoever ended it inside the block has said what is to become of it.
            if self._open.ended:
                return
            if error is None:
                self._open.commit()
                return
            try:
                if isinstance(error, HoldfastError):
                    tell_why(self._open)
            finally:
                self._open.rollback()

    def __call__(self, action: Callable[[Transaction], T]) -> T:
        """Call `action` with a transaction and commit it; after a Conflict, again from a new snapshot."""
        with self._lock.used() if self._lock else nullcontext():
            return self._run(action)

    def _run(self, action: Callable[[Transaction], T]) -> T:
        for tries_left in range(self.retries, -1, -1):
            tx = self._begin()
            try:
                result = telling_why(tx, action)
                tx.commit()
                return result
            except Conflict:
                if not tries_left:
                    raise
        raise AssertionError("the loop returns or raises")

    def _begin(self) -> Transaction:
        terms = self._terms()
        return Transaction(self._backend, CommittedTree.at_head(self._backend.engine.read, terms.branch), terms)
