"""The store for programs that run on asyncio: the same names, and the work is done in threads."""

import asyncio
import contextvars
import inspect
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from holdfast.catalog.branches import MAIN
from holdfast.errors import Conflict
from holdfast.front.opening import open_store
from holdfast.front.store import Store
from holdfast.host.abandoned import heeding
from holdfast.host.flag import Flag
from holdfast.jobs.worker import Worker
from holdfast.locks.lock import Lock
from holdfast.publish.scope import TransactionScope
from holdfast.publish.transaction import Transaction, TransactionJobs, TransactionProperties
from holdfast.sessions.session import Session
from holdfast.tree.snapshot import Snapshot, SnapshotProperties

T = TypeVar("T")

#: what an iterator gives in one visit to a thread
PAGE = 200
#: methods that may wait for what others do, without bound: each has a thread of its own
_WAITING = frozenset({"changes", "lock", "run", "wait", "watch"})
#: what has methods of its own that work, and is given as an `AsyncProxy`
_HANDLES = (
    Store,
    Lock,
    Session,
    Snapshot,
    SnapshotProperties,
    Transaction,
    TransactionJobs,
    TransactionProperties,
    TransactionScope,
    Worker,
)


class AsyncProxy:
    """Something of a store whose methods are awaited.

    What gives an iterator can be awaited, for a list, or iterated over with `async for`. What is used in a `with` is
    used in an `async with`. An attribute that is no method is what it is.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            # `copy` asks an object for such names before it has any.
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = getattr(self._inner, name)
        if callable(value):
            return partial(AsyncCall, value)
        # A namespace of the store, or of a transaction.
        return AsyncProxy(value) if type(value).__module__.startswith("holdfast.front.") else _proxy(value)

    def __repr__(self) -> str:
        return f"<async {self._inner!r}>"

    def __aiter__(self) -> AsyncIterator[Any]:
        return AsyncCall(partial(iter, self._inner)).__aiter__()

    async def __aenter__(self) -> Any:
        return _proxy(await in_thread(self._inner.__enter__))

    async def __aexit__(self, *error: Any) -> None:
        await in_thread(partial(self._inner.__exit__, *error))


class AsyncStore(AsyncProxy):
    """A store whose methods are awaited: `await store.write(...)`, `async for info in store.tree()`.

    Every name is that of `Store`. When a call is cancelled, it is waited for: what it did is done, or it did nothing,
    and nothing goes on behind it; a lock that it took is given back. A call that only waits, for a lock, a commit or a
    job, ends its wait then, and an add publishes the group in hand and ends.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        #: the same store for code that runs in threads of its own
        self.store = store


class AsyncCall:
    """A call that is made when it is awaited, iterated over, or entered; once."""

    def __init__(self, function: Callable[..., Any], *args: Any, **how: Any) -> None:
        name = getattr(function, "__name__", "")
        self._function = partial(function, *map(_plain, args), **{key: _plain(value) for key, value in how.items()})
        self._waits = name in _WAITING
        # What waits for more gives what it has at once, and does not fill a page first.
        self._page = 1 if how.get("follow") or name == "watch" else PAGE

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result().__await__()

    async def _result(self) -> Any:
        return _proxy(await in_thread(partial(_at_once, self._function), waits=self._waits))

    async def __aiter__(self) -> AsyncIterator[Any]:
        found = await in_thread(lambda: iter(self._function()))
        while piece := await in_thread(lambda: list(islice(found, self._page)), waits=self._waits):
            for each in piece:
                yield each

    async def __call__(self, action: Callable[[Any], Any]) -> Any:
        """Call `action` with a transaction and commit it; after a Conflict again, as often as `retries` says.

        That is for `await store.transaction(retries=3)(action)`. An `async def` is given what is awaited; any other
        function is called in a thread.
        """
        scope = self._function()
        if not isinstance(scope, TransactionScope):
            raise TypeError("Only a transaction can be called with what is to be done in it")
        if not inspect.iscoroutinefunction(action):
            return _proxy(await in_thread(partial(scope, action), waits=True))
        for tries_left in range(scope.retries, -1, -1):
            with suppress(Conflict) if tries_left else nullcontext():
                async with AsyncProxy(scope) as tx:
                    result = await action(tx)
                return result
        raise AssertionError("the loop returns or raises")

    async def __aenter__(self) -> Any:
        self._entered = await self._result()
        return await self._entered.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await self._entered.__aexit__(*error)


async def open_async(
    address: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    read_only: bool | None = False,
    durability: str | None = None,
    actor: str | None = None,
    branch: str = MAIN.name,
) -> AsyncStore:
    """Open a store as `open` does, for a program that runs on asyncio; use it in an `async with`, or await `close`."""

    def opened() -> Store:
        return open_store(address, data=data, read_only=read_only, durability=durability, actor=actor, branch=branch)

    return AsyncStore(await in_thread(opened))


async def in_thread(work: Callable[[], T], *, waits: bool = False) -> T:
    """Return what `work` returns, done in a thread with the context of the running task.

    What it sets of that context, the lock it is inside of, is set for the task. A cancellation is raised when the work
    has ended, as soon as it only waits. `waits` is for what may wait for others without bound.
    """
    context, abandoned = contextvars.copy_context(), Flag()
    future = _begun(partial(context.run, heeding, abandoned, work), waits=waits)
    cancelled = await _ended(future, abandoned)
    if cancelled is not None:
        if future.exception() is None:
            await _let_go(future.result())
        raise cancelled
    for variable, value in context.items():
        if variable.get(None) is not value:
            variable.set(value)
    return future.result()


def _begun(work: Callable[[], T], *, waits: bool) -> "asyncio.Future[T]":
    loop = asyncio.get_running_loop()
    if not waits:
        return loop.run_in_executor(None, work)
    # The loop has a few threads. Were all of them to wait, whoever ends the waits would get none.
    own = ThreadPoolExecutor(1, "holdfast-waiting")
    try:
        return loop.run_in_executor(own, work)
    finally:
        own.shutdown(wait=False)


async def _ended(future: "asyncio.Future[Any]", abandoned: Flag) -> asyncio.CancelledError | None:
    """Wait until a future has ended, whatever happens; returns the cancellation that came meanwhile."""
    cancelled = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
            abandoned.set()
    return cancelled


async def _let_go(result: object) -> None:
    """Give back what a cancelled call brought, as nobody else can."""
    ends: Callable[[], object] | None = None
    if isinstance(result, Lock):
        ends = result.release
    elif isinstance(result, Store):
        ends = result.close
    elif isinstance(result, Transaction):
        ends = result.rollback
    elif isinstance(result, Worker):
        ends = result.stop
    if ends is not None:
        await _ended(asyncio.get_running_loop().run_in_executor(None, ends), Flag())


def _at_once(function: Callable[[], Any]) -> Any:
    found = function()
    return list(found) if isinstance(found, Iterator) else found


def _plain(given: Any) -> Any:
    return given._inner if isinstance(given, AsyncProxy) else given


def _proxy(found: Any) -> Any:
    if isinstance(found, Store):
        return AsyncStore(found)
    return AsyncProxy(found) if isinstance(found, _HANDLES) else found
