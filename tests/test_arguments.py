"""What is of the wrong type, or no number of anything, is refused by name before anything is done with it."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import holdfast
from holdfast.arguments import checked
from holdfast.errors import HoldfastError, InvalidPath, Unsupported
from holdfast.front.store import Store

#: of the public classes that are more than values
NAMESPACES = [
    holdfast.Store,
    holdfast.Snapshot,
    holdfast.Transaction,
    holdfast.Lock,
    holdfast.Locks,
    holdfast.Session,
    holdfast.Sessions,
    holdfast.Memories,
    holdfast.Jobs,
    holdfast.JobContext,
    holdfast.Summaries,
    holdfast.Maintenance,
    holdfast.Worker,
]
#: records that users make, to be given to a store
MADE = [holdfast.Backoff, holdfast.Components, holdfast.JobKind, holdfast.Limits]
#: what may be anything, or is of a type that cannot be told without going through it
OPEN = {"how", "action", "questions", "at_once"}


class Nothing:
    """No value of any type that a method takes."""


def every_argument() -> Iterator[Any]:
    functions: list[tuple[str, Callable[..., Any], bool]] = [
        ("open", holdfast.open, False),
        ("create", holdfast.create, False),
    ]
    for kind in NAMESPACES:
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                functions.append((f"{kind.__name__}.{name}", member, True))
    functions += [(kind.__name__, kind, False) for kind in MADE]
    for name, function, bound in functions:
        for parameter in list(inspect.signature(function).parameters.values())[bound:]:
            if parameter.name not in OPEN and parameter.annotation is not Any:
                yield pytest.param(function, bound, parameter, id=f"{name}-{parameter.name}")


@pytest.mark.parametrize(("function", "bound", "parameter"), list(every_argument()))
def test_a_value_of_no_type_that_an_argument_may_have_is_refused_by_name(
    function: Callable[..., Any], bound: bool, parameter: inspect.Parameter
) -> None:
    args: list[object] = [None] if bound else []
    with pytest.raises((Unsupported, InvalidPath), match=rf"\b{parameter.name}\b") as refused:
        if parameter.kind is parameter.VAR_POSITIONAL:
            function(*args, Nothing())
        else:
            function(*args, **{parameter.name: Nothing()})
    assert refused.value.path == parameter.name
    assert refused.value.remedy


WRONG: dict[str, Callable[[Store], object]] = {
    "a number for a text": lambda store: store.write("/a", "x", message=5),  # type: ignore[arg-type]
    "bytes for a text": lambda store: store.search(b"tea"),  # type: ignore[arg-type]
    "a text for a number": lambda store: store.search("tea", limit="5"),  # type: ignore[arg-type]
    "a truth for a number": lambda store: store.search("tea", limit=True),
    "a number for a truth": lambda store: store.remove("/a", recursive=1),  # type: ignore[arg-type]
    "no number": lambda store: store.lock("/a", ttl=float("nan")),
    "a number that no column holds": lambda store: store.jobs.get(2**70),
    "less than nothing": lambda store: store.transaction(retries=-1),
    "a log of less than nothing": lambda store: store.log(limit=-1),
    "a text for a list": lambda store: store.jobs.wait("12"),  # type: ignore[arg-type]
    "one thing among many": lambda store: store.jobs.wait([1, "2"]),  # type: ignore[list-item]
    "bytes for paths": lambda store: store.lock(b"/a"),  # type: ignore[arg-type]
    "none of the words": lambda store: store.locks.adopt(5),  # type: ignore[arg-type]
    "a message that is none": lambda store: store.session("t").extend(iter([5])),  # type: ignore[arg-type]
    "a job's priority": lambda store: store.jobs.enqueue("k", priority="high"),  # type: ignore[arg-type]
    "a job's payload": lambda store: store.jobs.enqueue("k", ["x"]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_and_nothing_is_written(wrong: Callable[[Store], object], store: Store) -> None:
    head = store.commit_at().id
    with pytest.raises(HoldfastError) as refused:
        wrong(store)
    assert refused.value.remedy
    assert store.commit_at().id == head
    assert (list(store.jobs), list(store.sessions.list()), store.locks.list()) == ([], [], [])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: holdfast.Backoff(base=-1.0),
        lambda: holdfast.Backoff(most=-1.0),
        lambda: holdfast.JobKind("k", print, concurrency=0),
        lambda: holdfast.JobKind("k", print, time_limit=0.0),
    ],
)
def test_a_record_with_which_no_job_could_run_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(Unsupported, match="cannot be") as refused:
        wrong()
    assert refused.value.path
    assert refused.value.remedy


def test_what_a_signature_allows_is_taken(store: Store, tmp_path: Path) -> None:
    class Name(str):
        """A text all the same."""

        __slots__ = ()

    store.write(Name("/a"), "x", actor=None)
    store.lock(("/a", "/b"), timeout=None, ttl=60).release()
    store.lock(path="/a", timeout=float("inf")).release()
    store.session("t").append("user", None, parts=({"type": "x"},), at=5)
    assert store.jobs.wait([], timeout=0) == []
    (tmp_path / "f.md").write_text("f")
    assert store.add(tmp_path / "f.md", workers=1, progress=None, stop=lambda: False).added == 1


@pytest.mark.parametrize("pair", [(1,), (0, 1, 2), (), (1, "2")])
def test_a_range_is_two_numbers(store: Store, pair: tuple[int, int]) -> None:
    store.write("/a.md", "words")
    with pytest.raises(Unsupported, match="range cannot be"):
        store.read("/a.md", range=pair)
    with pytest.raises(Unsupported, match="lines cannot be"):
        store.read_text("/a.md", lines=pair)


def test_values_of_one_type_are_told_apart_where_the_signature_lists_them_however_often_it_was_called() -> None:
    @checked
    def choose(word: Literal["left", "right"], number: int = 0, ratio: float = 0.0) -> str:
        return word

    for _ in range(3):
        assert choose("left", 1, 0.5) == "left"
        for wrong in (("up",), ("left", 2**70), ("left", 0, float("nan")), ("left", "1"), (None,)):
            with pytest.raises(Unsupported, match="cannot be"):
                choose(*wrong)


def test_what_was_right_once_is_right_for_its_type_alone() -> None:
    @checked
    def name(text: str, label: str | None = None) -> str:
        return text

    for _ in range(3):
        assert name("a", None) == name("a", "b") == name("a") == "a"
        for wrong in ((None,), (b"a",), ("a", 1), (True, "b")):
            with pytest.raises(Unsupported, match="cannot be"):
                name(*wrong)
