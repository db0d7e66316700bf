"""No statement of the catalog reads a whole table, or says here why it may (G9).

The code is walked, not a list of it: every function that asks the catalog something is called with made-up arguments,
every statement it runs is explained, and every place in the source that runs one must have been passed.
"""

import ast
import dataclasses
import importlib
import inspect
import itertools
import re
import sqlite3
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import catalog
from holdfast.catalog import branches, commits, entries, intents, showing
from holdfast.catalog.checking import graph_checks
from holdfast.catalog.engine import Connection, Params, Row
from holdfast.catalog.graph import bases, log, schemas
from holdfast.catalog.graph.bases import Base
from holdfast.catalog.properties import stored
from holdfast.catalog.properties.conditions import AllOf, AnyOf, Between, Condition, NotSo, OneOf, Present
from holdfast.catalog.schema import metadata
from holdfast.catalog.work import jobs, leftovers, locks, sessions
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.errors import HoldfastError
from holdfast.testing.seams import rooms

HOME = Path(catalog.__file__).parent
#: modules that run the database itself, not questions
MACHINERY = {"engine", "sqlite", "frozen", "turnstile", "schema", "values", "upgrade"}
MODULES = {
    path.stem: importlib.import_module(".".join(("holdfast.catalog", *path.relative_to(HOME).with_suffix("").parts)))
    for path in sorted(HOME.rglob("*.py"))
    if path.stem not in MACHINERY | {"__init__"} and path.parent.name not in ("engines", "migrations")
}
TABLES = set(metadata.tables)
#: columns that nearly all rows of a table share: what is found by nothing else is a scan
COMMON = {"branch_id", "embedder"}

#: what may read a whole table, or an index of it, and why; by module and function, or by the index
ALLOWED = {
    "checks": "verify and repair look at everything",
    "work_checks": "verify looks at everything",
    "lines": "verify looks at everything",
    "graph_checks": "verify looks at everything",
    "bases.add_beside": "a move makes a base anew, and looks among all of them for it",
    "bases.every": "verify looks at everything",
    "bases.at_heads": "upkeep looks at all bases once another one is there",
    "bases.versions": "gc looks at all bases, of which there are as many as loads and folds",
    "property_checks": "verify looks at everything",
    "commits.count": "asked by status and verify",
    "statistics.stored": "one row for each place of bytes",
    "moving.forget_some": "the first rows of a former embedder, in order of their key",
    "moving.embedders": "the first row of each embedder, in order of the key",
    "ix_searchable_waiting": "holds contents alone whose rows wait for their vectors",
    "search_rows.totals": "asked by status and verify",
    "search_rows.tail_bounds": "the tail is bounded: it is folded past `index.fold_rows`",
    "search_rows.tail_ids": "the tail is bounded",
    "search_rows.tail_since": "the tail is bounded",
    "search_rows.drop_tail": "the tail is bounded",
    "audit.newest": "the newest rows, in order of their key",
    "intents.newest": "the newest rows, in order of their index",
    "branches.count": "asked by status; there are as many as somebody made",
    "tags.listed": "there are as many as somebody made",
    "tags.without_commit": "asked by verify; there are as many as somebody made",
    "branches.listed": "there are as many as somebody made",
    "ix_branches_uncleared": "holds branches that were deleted since upkeep looked last",
    "branches.every": "asked by verify; there are as many as somebody made",
    "retention.lines": "asked by gc; a row for each branch that was ever made",
    "retention.kept": "asked by gc; there are as many as something refers to",
    "retention.tagged": "asked by gc; there are as many as somebody made",
    "leftovers": "asked by gc: what a deleted branch left, until it is gone",
    "pins.forget_superseded": "asked by gc; the rows are bounded as they are written",
    "sessions.transcripts_without_rows": "asked once in a process, in the background",
    "locks.forget_branch": "the locks of one branch, which are bounded by who holds some",
    "locks.any_held": "the first row",
    "locks.everything": "locks are bounded by who holds some",
    "locks.counts": "one row for each thing that is counted",
    "ix_jobs_running": "holds running jobs alone",
    "ix_jobs_waiting": "holds waiting jobs alone",
    "ix_jobs_of_branch": "holds jobs of other branches than main alone that have not ended",
    "ix_jobs_queued": "holds queued jobs alone",
    "uq_pins_current": "holds one pin for each table",
}
_SITE = {"rows", "row", "run", "run_many"}


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every function of the catalog that begins with a connection, private ones too."""
    for name, module in MODULES.items():
        for each, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters)
            if function.__module__ == module.__name__ and parameters[:1] == ["conn"]:
                yield f"{name}.{each}", function


def sites() -> set[tuple[str, int, int]]:
    """Return (module, first line, last line) of every place in the source that runs a statement."""
    found = set()
    for name in MODULES:
        for node in ast.walk(ast.parse(Path(MODULES[name].__file__ or "").read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            asks = isinstance(node.func, ast.Attribute) and node.func.attr in _SITE
            among = isinstance(node.func, ast.Name) and node.func.id in ("rows_among", "run_among")
            if asks or among:
                found.add((name, node.lineno, node.end_lineno or node.lineno))
    return found


class Planner:
    """A connection that explains each statement before it runs it, and notes from where it was asked."""

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.passed: set[tuple[str, int]] = set()
        #: (statement, step of its plan)
        self.steps: list[tuple[str, str]] = []

    def note(self) -> None:
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(HOME) and path.stem in MODULES:
                self.passed.add((path.stem, frame.f_lineno))
            frame = frame.f_back

    def _explain(self, sql: str, params: Params) -> None:
        self.note()
        self.steps += [(sql, str(row[3])) for row in self.inner.rows(f"EXPLAIN QUERY PLAN {sql}", params)]

    def rows(self, sql: str, params: Params = {}) -> list[Row]:  # noqa: B006 - never changed
        self._explain(sql, params)
        return self.inner.rows(sql, params)

    def row(self, sql: str, params: Params = {}) -> Row | None:  # noqa: B006
        self._explain(sql, params)
        return self.inner.row(sql, params)

    def run(self, sql: str, params: Params = {}) -> int:  # noqa: B006
        self._explain(sql, params)
        return self.inner.run(sql, params)

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        self.note()
        for each in params:
            self.run(sql, each)


def arguments(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Yield made-up arguments for a function, by their types: each optional one with and without a value."""
    hints = typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "conn"]
    for values in itertools.product(*(made_up(hints[name], name) for name in names)):
        yield dict(zip(names, values, strict=True))


def made_up(hint: Any, name: str = "") -> list[Any]:
    """Return values of a type, as many as make a difference to what is asked."""
    plain: dict[Any, list[Any]] = {
        int: [1],
        float: [5.0],
        bool: [False, True],
        bytes: [b"x"],
        type(None): [None],
        Any: [{}],
        str: [locks.HELD, locks.QUEUED] if name == "table" else [jobs.RUNNING if name == "state" else "x"],
    }
    if hint in plain:
        return plain[hint]
    if hint == Condition:
        found, compared = OneOf("k", ("nx",)), Between("k", "t", True, "u", False)
        return [found, compared, Present("k"), AllOf((compared, NotSo(found))), AnyOf((found, compared)), NotSo(found)]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return [value for each in inner for value in made_up(each, name)]
    if origin is typing.Literal:
        return [inner[0]]
    if hint is datetime:
        return [datetime.fromtimestamp(5.0, UTC)]
    if origin is dict:
        return [{}]
    if origin is tuple and Ellipsis not in inner:
        return [tuple(made_up(each)[0] for each in inner)]
    if origin is not None:
        return [many(inner[0])]
    if hint is branches.Branch:
        return [branches.MAIN, branches.Branch(2, "draft", (branches.Fork(1, 2),))]
    assert dataclasses.is_dataclass(hint), f"say how to make up a {hint}"
    types_of = typing.get_type_hints(hint)
    return [hint(**{field.name: made_up(types_of[field.name])[0] for field in dataclasses.fields(hint)})]  # type: ignore[operator]


def many(hint: Any) -> list[Any]:
    """Return as many values as a search asks about: with few, SQLite chooses the right index by itself."""
    if hint is int:
        return list(range(1, 81))
    if hint is str:
        return [f"{number:064}" for number in range(80)]
    return [made_up(hint)[0]]


def intent(intent_id: str) -> intents.NewIntent:
    return intents.NewIntent(
        intent_id=intent_id, kind="publish", actor="user", owner="{}", staged={}, started=1.0, lease_until=2.0
    )


def more(conn: Connection) -> None:
    """Ask what is only asked when rows of some kind are there."""
    job = jobs.enqueue(conn, branches.MAIN, NewJob(kind="k", key="x"), 1.0)
    jobs.enqueue(conn, branches.MAIN, NewJob(kind="k", key="x", supersede=True), 1.0)
    jobs.retry(conn, job, 1.0)
    failed = jobs.enqueue(conn, branches.MAIN, NewJob(kind="k"), 1.0)
    for leased in jobs.claim(conn, [failed], "x", "o", 1.0, 2.0):
        jobs.finish(conn, leased, jobs.FAILED, 1.0)
    jobs.retry(conn, failed, 1.0)
    sessions.append(conn, branches.MAIN, "x", [], 1.0)
    entries.changed_entries(conn, branches.MAIN, 1, 2)
    entries.some_changed_entries(conn, branches.MAIN, 1, 2, 5)
    made = branches.create(conn, "more", branches.MAIN, 1, "ann", 5.0)
    entries.of_node(conn, made, 5, 7)
    showing.shown_among(conn, ["x"])
    commits.following(conn, branches.MAIN, 0, 2, 5)
    jobs.cancel(conn, jobs.enqueue(conn, made, NewJob(kind="k"), 1.0), 2.0)
    leftovers.forget_jobs(conn, made, 5)
    stored.note_standing(conn, 2, ["x"], ["y"])
    for branch in (branches.MAIN, made):
        of_rows(conn, branch)


def of_rows(conn: Connection, branch: branches.Branch) -> None:
    """Ask what is asked of the rows of the graph."""
    span, ids = log.LogSpan(branch, 0, 5), many(str)
    log.newest(conn, span, 1, ids)
    log.touching(conn, span, 1, "src", ids)
    log.touching(conn, span, 1, "dst", ids)
    log.of_type(conn, span, 1)
    log.with_value(conn, span, 1, ids)
    log.said(conn, span)
    log.said(conn, span, limit=5)
    log.history(conn, branch, 1, "x", 5)
    log.count(conn, span, 1, 5)
    graph_checks.log_after(conn, 5, 5)
    log.values_from(conn, span, [-1], ("path:/a/", "path:/a0"), 5)
    log.values_among(conn, span, [-1], ids)
    log.carry_extracted(conn, branch, 5, span)
    bases.load_of(conn, branch, A_BASE, 5)
    log.write_values(conn, branch, 5, [(1, "x", "x")])
    bases.at(conn, branch, 1, 5)
    bases.at(conn, branch, 1, 5, "another")
    bases.loaded(conn, branch, 0, 5)
    schemas.at(conn, branch, 5)


A_BASE = Base(type_id=1, seq=5, covers=5, loaded=True, table="graph-1", version=1, rows=0)


@pytest.fixture(params=["as it is", "with statistics"])
def asked(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Planner]:
    """Return what each function of the catalog asked of a store, rolled back each time."""
    with holdfast.open(folder) as store:
        store.write("/d/note.md", "a pelican")
        store.write("/large.bin", bytes(100_000))
        store.remove("/d", recursive=True)
        store.session("s").append("user", "hello")
        with rooms(store).engine.write() as conn:
            for _ in range(30):
                jobs.claim(conn, [jobs.enqueue(conn, branches.MAIN, NewJob(kind="k"), 1.0)], "t", "o", 1.0, 2.0)
                jobs.cancel(conn, jobs.newest(conn, [jobs.RUNNING], limit=1)[0].id, 1.0)
            jobs.claim(conn, [jobs.enqueue(conn, branches.MAIN, NewJob(kind="k"), 1.0)], "t", "o", 1.0, 2.0)
            for number in range(30):
                intents.begin(conn, intent(str(number)))
                intents.finish(conn, str(number), (intents.SWEPT, intents.COMMITTED)[number % 2], 1.0)
            intents.begin(conn, intent("set aside"))
            intents.set_aside(conn, "set aside", "no rights", 1.0)
        store.jobs.enqueue("k")
        store.maintenance.optimize()
    if request.param == "with statistics":
        pretend_size(folder / "catalog.db")
    planners: dict[str, Planner] = {}
    with holdfast.open(folder) as store:
        for name, function in [*functions(), ("more", more)]:
            calls = arguments(function) if function is not more else [{}]
            for given in calls:
                with suppress(RollBack, HoldfastError), rooms(store).engine.write() as conn:
                    planner = planners.setdefault(name, Planner(conn))
                    planner.inner = conn
                    for module in MODULES.values():
                        if hasattr(module, "rows_among"):
                            monkeypatch.setattr(module, "rows_among", _noting(planner))
                    result = function(planner, **given)
                    if isinstance(result, Iterator):
                        list(itertools.islice(result, 10))
                    raise RollBack
    return planners


class RollBack(Exception):
    """What a question has changed is not to stay."""


def _noting(planner: Planner) -> Callable[..., Any]:
    from holdfast.catalog.engine import rows_among

    def noting(*args: Any, **kwargs: Any) -> Iterator[Row]:
        planner.note()
        return rows_among(*args, **kwargs)

    return noting


def pretend_size(path: Path) -> None:
    """Give a catalog the statistics of a large one."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("ANALYZE")
        for rowid, text in raw.execute("SELECT rowid, stat FROM sqlite_stat1").fetchall():
            rows, *each = (int(number) for number in text.split()[:10] if number.isdecimal())
            large = [rows * 100_000, *(number * 100_000 if number == rows > 1 else number for number in each)]
            raw.execute("UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (" ".join(map(str, large)), rowid))


def test_every_place_that_asks_the_catalog_something_is_passed(asked: dict[str, Planner]) -> None:
    passed = set().union(*(planner.passed for planner in asked.values()))
    missed = {
        f"{name}.py:{first}"
        for name, first, last in sites()
        if not any(module == name and first <= line <= last for module, line in passed)
    }
    assert not missed, "call what asks this in `more`"


def test_no_statement_reads_a_whole_table_without_a_reason(asked: dict[str, Planner]) -> None:
    scans = {
        f"{name}: {step}  <-  {' '.join(sql.split())}"
        for name, planner in asked.items()
        for sql, step in planner.steps
        if is_scan(sql, step) and not may(name, step)
    }
    assert not scans, "\n".join(sorted(scans))


def test_the_newest_rows_are_read_in_their_order_and_not_sorted(asked: dict[str, Planner]) -> None:
    newest = [name for name, reason in ALLOWED.items() if reason.startswith("the newest rows")]
    assert newest
    assert {name: step for name in newest for _, step in asked[name].steps if "TEMP B-TREE" in step} == {}


def test_every_reason_is_still_needed(asked: dict[str, Planner]) -> None:
    used = {
        reason
        for name, planner in asked.items()
        for sql, step in planner.steps
        if is_scan(sql, step)
        for reason in ALLOWED
        if reason in (name, name.split(".")[0]) or reason in step
    }
    assert used >= {reason for reason in ALLOWED if not reason.startswith(("ix_", "uq_"))}


def test_the_log_of_the_graph_is_read_by_what_is_asked_and_not_by_all_commits_of_a_span(
    asked: dict[str, Planner],
) -> None:
    plans = {(sql, step) for sql, step in asked["more"].steps if " graph_log " in sql and step.startswith("SEARCH")}
    for asked_by in ("key", "src", "dst"):
        assert {f"{asked_by}=?" in step for sql, step in plans if f"{asked_by} IN" in sql} == {True}
    assert {"type_id=?" in step for sql, step in plans if "type_id = :type" in sql} == {True}


def may(name: str, step: str) -> bool:
    return name in ALLOWED or name.split(".")[0] in ALLOWED or any(f" {reason}" in step for reason in ALLOWED)


def is_scan(sql: str, step: str) -> bool:
    """Return whether a step of a plan reads all of a table, or all that shares a column with nearly all of it."""
    verb, _, rest = step.partition(" ")
    table = _tables(sql).get(rest.split(" ")[0], rest.split(" ")[0])
    if table not in TABLES:
        return False
    asked = re.search(r"\((.*)\)$", step)
    columns = set(re.findall(r"(\w+)[=<>]", asked[1])) if asked else set()
    return verb == "SCAN" or (verb == "SEARCH" and bool(columns) and columns <= COMMON)


def _tables(sql: str) -> dict[str, str]:
    """Return the tables of a statement by the names it gives them."""
    return {alias: table for table, alias in re.findall(r"(?:FROM|JOIN)\s+(\w+)\s+(?:AS\s+)?(\w+)", sql)}
