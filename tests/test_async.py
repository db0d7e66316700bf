"""The store on asyncio: the same names, the work in threads, and nothing left behind by a cancellation."""

import asyncio
import copy
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Components, Limits, faults
from holdfast.errors import Conflict, Locked, NotFound
from holdfast.front.store import Store


def on(folder: Path, work: Callable[[holdfast.AsyncStore], Awaitable[None]]) -> None:
    async def main() -> None:
        async with await holdfast.open_async(folder) as store:
            await work(store)

    asyncio.run(main())


def test_every_name_is_awaited(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        commit = await mine.write("/a.md", "# Tea")
        assert commit.id == (await mine.commit_at()).id
        assert await mine.read("/a.md") == b"# Tea"
        assert [hit.path for hit in await mine.search("tea")] == ["/a.md"]
        assert mine.address == store.address
        job = await mine.jobs.enqueue("noop")
        assert (await mine.jobs.get(job)).state == "queued"
        await mine.properties.set("/a.md", {"rating": 4})
        assert await mine.glob("/*.md", where={"rating": 4}) == ["/a.md"]
        async with mine.transaction() as tx:
            await tx.properties.update("/a.md", {"rating": 5})
            assert await tx.properties.get("/a.md") == {"rating": 5}
        assert await (await mine.snapshot()).properties.get("/a.md") == {"rating": 5}
        session = await mine.session("chat")
        await session.append("user", "hello")
        assert [message.content for message in await session.messages()] == ["hello"]
        assert await (await mine.snapshot(commit)).read("/a.md") == b"# Tea"
        with pytest.raises(NotFound):
            await mine.read("/b.md")

    on(folder, work)
    assert store.read("/a.md") == b"# Tea"


def test_what_gives_an_iterator_is_awaited_or_iterated_over(folder: Path, store: Store) -> None:
    for number in range(450):
        store.sessions.create(f"chat-{number}")

    async def work(mine: holdfast.AsyncStore) -> None:
        assert len(await mine.sessions.list()) == 450
        assert len([info async for info in mine.sessions.list(limit=440)]) == 440
        with pytest.raises(NotFound):
            async for _ in mine.tree("/nowhere"):
                pass

    on(folder, work)


def test_operations_in_a_block_use_its_lock(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        async with mine.lock("/a") as lock:
            await mine.write("/a/b.md", "mine")
            assert await lock.renew()
            with holdfast.open(folder) as other, pytest.raises(Locked):
                other.lock("/a")
        assert await mine.locks.list() == []

    on(folder, work)


def test_a_transaction_is_committed_or_dropped(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        async with mine.transaction() as tx:
            await tx.write("/a.md", "a")
            await tx.jobs.enqueue("noop")
            assert not store.exists("/a.md")
        with pytest.raises(ValueError, match="no"):
            async with mine.transaction() as tx:
                await tx.write("/b.md", "b")
                raise ValueError("no")
        with pytest.raises(Conflict):
            async with mine.transaction() as tx:
                await tx.write("/a.md", "late")
                await mine.write("/a.md", "early")

    on(folder, work)
    assert [info.path for info in store.tree() if info.path in ("/a.md", "/b.md")] == ["/a.md"]
    assert len(list(store.jobs)) == 1


def test_a_lock_that_a_cancelled_call_takes_is_given_back(folder: Path, store: Store) -> None:
    other = holdfast.open(folder)
    held = other.lock("/a")

    async def work(mine: holdfast.AsyncStore) -> None:
        async def take() -> None:
            await mine.lock("/a", timeout=None)

        refused = threading.Event()
        with faults.observing(lambda name: refused.set() if name == "lock.after_refusal" else None):
            waiting = asyncio.create_task(take())
            assert await asyncio.to_thread(refused.wait, 30)
        assert other.locks.waiting()
        waiting.cancel()
        held.release()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert other.locks.list() == []

    with other:
        on(folder, work)


def test_a_cancelled_call_has_ended_when_the_cancellation_is_raised(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    before = Store.write

    def slow(self: Store, path: str, data: str) -> object:
        begun.set()
        go_on.wait(30)
        return before(self, path, data)

    monkeypatch.setattr(Store, "write", slow)

    async def work(mine: holdfast.AsyncStore) -> None:
        async def write() -> None:
            await mine.write("/a.md", "a")

        writing = asyncio.create_task(write())
        await asyncio.to_thread(begun.wait, 30)
        writing.cancel()
        # The loop goes round, and the task hears of its cancellation.
        await asyncio.wait([writing], timeout=0)
        assert not writing.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert store.exists("/a.md")

    on(folder, work)


def test_many_that_wait_leave_a_thread_to_whoever_ends_their_waits(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        async def count() -> None:
            async with mine.lock("/count", timeout=None):
                number = int(await mine.read("/count"))
                await mine.write("/count", str(number + 1))

        async def next_path() -> str | None:
            async for event in mine.changes(begin, follow=True):
                return event.change.path if event.change else None
            return None

        await mine.write("/count", "0")
        # More than any loop has threads.
        await asyncio.gather(*(count() for _ in range(40)))
        assert await mine.read("/count") == b"40"
        begin = (await mine.commit_at()).id
        following = [asyncio.create_task(next_path()) for _ in range(40)]
        await mine.write("/a.md", "a")
        assert await asyncio.gather(*following) == ["/a.md"] * 40

    on(folder, work)


async def first_of(events: AsyncIterator[object], begun: asyncio.Event) -> None:
    async for _ in events:
        begun.set()


async def wait_for_lock(store: holdfast.AsyncStore, begun: asyncio.Event) -> None:
    begun.set()
    await store.lock("/held", timeout=None)


async def wait_for_change(store: holdfast.AsyncStore, begun: asyncio.Event) -> None:
    await first_of(aiter(store.changes(follow=True)), begun)


async def wait_for_source(store: holdfast.AsyncStore, begun: asyncio.Event) -> None:
    await first_of(aiter(store.watch("papers")), begun)


async def wait_for_job(store: holdfast.AsyncStore, begun: asyncio.Event) -> None:
    job = await store.jobs.enqueue("never")
    begun.set()
    await store.jobs.wait([job])


async def wait_for_work(store: holdfast.AsyncStore, begun: asyncio.Event) -> None:
    worker = await store.jobs.worker()
    begun.set()
    await worker.run()


@pytest.mark.parametrize("wait", [wait_for_lock, wait_for_change, wait_for_source, wait_for_job, wait_for_work])
def test_a_cancelled_wait_ends(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait: Callable[[holdfast.AsyncStore, asyncio.Event], Coroutine[None, None, None]],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("papers").mkdir()

    async def work(mine: holdfast.AsyncStore) -> None:
        begun = asyncio.Event()
        waiting = asyncio.create_task(wait(mine, begun))
        await begun.wait()
        for _ in range(3):
            await mine.exists("/held")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await mine.locks.waiting() == []

    with holdfast.open(folder) as other, other.lock("/held"):
        on(folder, work)


def test_what_is_awaited_can_be_given_to_a_call(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        lock = await mine.lock("/a")
        async with mine.transaction(lock=lock) as tx:
            await tx.write("/a", "mine")
        await lock.release()
        assert await mine.diff((await mine.snapshot("HEAD~1")).commit, (await mine.snapshot()).commit)

    on(folder, work)
    assert store.read("/a") == b"mine"


def test_jobs_are_iterated_over_and_a_handle_is_copied(folder: Path, store: Store) -> None:
    store.jobs.enqueue("noop")

    async def work(mine: holdfast.AsyncStore) -> None:
        assert [job.kind async for job in mine.jobs] == ["noop"]
        with pytest.raises(TypeError):
            async for _ in mine.tags:
                pass
        assert copy.copy(mine).id == mine.id

    on(folder, work)


@pytest.mark.parametrize("in_thread", [False, True], ids=["async def", "def"])
def test_a_transaction_is_done_again_after_a_conflict(folder: Path, store: Store, in_thread: bool) -> None:
    store.write("/n.md", "0")
    seen: list[bytes] = []

    def raced(number: bytes) -> str:
        seen.append(number)
        if len(seen) < 3:
            store.write("/n.md", f"{len(seen)}")
        return f"{int(number) + 10}"

    async def work(mine: holdfast.AsyncStore) -> None:
        async def later(tx: Any) -> str:
            number = raced(await tx.read("/n.md"))
            await tx.write("/n.md", number)
            return number

        def at_once(tx: holdfast.Transaction) -> str:
            number = raced(tx.read("/n.md"))
            tx.write("/n.md", number)
            return number

        assert await mine.transaction(retries=2)(at_once if in_thread else later) == "12"
        seen.clear()
        with pytest.raises(Conflict):
            await mine.transaction(retries=1)(at_once if in_thread else later)
        assert len(seen) == 2

    on(folder, work)
    assert store.read("/n.md") == b"2"


def test_a_transaction_that_is_done_again_uses_its_lock(folder: Path, store: Store) -> None:
    async def work(mine: holdfast.AsyncStore) -> None:
        async def write(tx: Any) -> None:
            await tx.write("/a", "mine")

        lock = await mine.lock("/a")
        await mine.transaction(retries=1, lock=lock)(write)
        with pytest.raises(ValueError, match="no"):
            await mine.transaction(retries=1)(refuse)
        await lock.release()
        with pytest.raises(TypeError, match="Only a transaction"):
            await mine.read("/a")(write)

    async def refuse(tx: Any) -> None:
        await tx.write("/b", "theirs")
        raise ValueError("no")

    on(folder, work)
    assert (store.read("/a"), store.exists("/b")) == (b"mine", False)


def test_a_cancelled_add_publishes_the_group_in_hand_and_ends(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "many"
    source.mkdir()
    for number in range(40):
        (source / f"{number:02}.md").write_text(f"# Note {number}")

    published, cancelled = threading.Event(), threading.Event()

    def tell(name: str) -> None:
        # The add waits there, as if it were slow, until its task has heard of the cancellation.
        if name == "publish.after_commit" and not published.is_set():
            published.set()
            cancelled.wait(30)

    async def main() -> None:
        components = Components(limits=Limits(group_files=2))
        mine = holdfast.AsyncStore(await asyncio.to_thread(lambda: holdfast.open(folder, components=components)))

        async def add() -> None:
            await mine.add(source, workers=1)

        async with mine:
            with faults.observing(tell):
                adding = asyncio.create_task(add())
                assert await asyncio.to_thread(published.wait, 30)
                adding.cancel()
                await asyncio.wait([adding], timeout=0)
                cancelled.set()
                with pytest.raises(asyncio.CancelledError):
                    await adding

    asyncio.run(main())
    with holdfast.open(folder) as store:
        assert 0 < len(list(store.glob("/resources/many/*.md"))) < 40
        assert store.maintenance.verify().ok
        assert store.add(source).failed == ()
        assert len(list(store.glob("/resources/many/*.md"))) == 40
