"""Looking at the tree: ls, tree, stat, glob."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from holdfast import FileInfo, Snapshot, paths
from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.filters import WhereOption, where_of
from holdfast.cli.options import AfterOption, AtOption, LimitOption, PathArgument, store_path
from holdfast.cli.output import Output, count, iso, visible

app: typer.Typer = typer.Typer()


@command(app)
def ls(
    call: Call,
    path: PathArgument = "/",
    long: Annotated[bool, typer.Option("-l", "--long", help="With size, time, commit and abstract.")] = False,
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    limit: LimitOption = None,
    after: AfterOption = None,
    at: AtOption = None,
) -> None:
    """List a directory, or show a file.

    A path without a leading slash is taken from the root, here and everywhere.
    """
    listed = _listed(call.at(at), store_path(path), where_of(where), limit, after)
    lines = (
        _long_lines(call.out, listed, call.store.summaries.stored(listed))
        if long
        else (_name(call.out, info) for info in listed)
    )
    call.done({"entries": [shapes.entry(info) for info in listed]}, lines)


@command(app)
def tree(
    call: Call,
    path: PathArgument = "/",
    depth: Annotated[int | None, typer.Option("-L", "--depth", metavar="N", min=1, help="Levels to show.")] = None,
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    limit: LimitOption = None,
    after: AfterOption = None,
    at: AtOption = None,
) -> None:
    """Draw all that is below a directory."""
    path = paths.parse(store_path(path))
    found = list(call.at(at).tree(path, where=where_of(where), limit=limit, after=_cursor(after)))
    if depth is not None:
        top = len(paths.names(path))
        found = [info for info in found if len(paths.names(info.path)) - top <= depth]
    call.done({"entries": [shapes.entry(info) for info in found]}, _drawn(call.out, path, found))


@command(app)
def stat(call: Call, path: PathArgument, at: AtOption = None) -> None:
    """Show what is known of a file or directory."""
    view = call.at(at)
    info, has = view.stat(store_path(path)), view.properties.get(store_path(path))
    call.done({**shapes.entry(info), "properties": has}, _facts(call.out, info, has))


@command(app)
def glob(
    call: Call,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="Such as '/notes/**/*.md'; quote it.")],
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    limit: LimitOption = None,
    after: AfterOption = None,
    at: AtOption = None,
) -> None:
    """List the paths that match a pattern.

    * ? [...] match within a name, ** any number of directories.
    """
    found = list(call.at(at).glob(pattern, where=where_of(where), limit=limit, after=_cursor(after)))
    call.done({"paths": found}, found)


def _listed(
    snapshot: Snapshot, path: str, where: dict[str, Any] | None, limit: int | None, after: str | None
) -> list[FileInfo]:
    info = snapshot.stat(path)
    if info.is_dir:
        return list(snapshot.ls(path, where=where, limit=limit, after=_cursor(after)))
    if where is None:
        return [info]
    above, name = paths.split(paths.parse(path))
    return [each for each in snapshot.ls(above, where=where) if each.name == name]


def _cursor(after: str | None) -> str | None:
    return None if after is None else store_path(after)


def _name(out: Output, info: FileInfo) -> str:
    return out.paint(info.name, "bold", "blue") + "/" if info.is_dir else info.name


def _about(out: Output, info: FileInfo, abstracts: dict[str, str]) -> str:
    abstract = abstracts.get(info.path)
    return _name(out, info) + (out.paint(f"  {abstract}", "dim") if abstract else "")


def _long_lines(out: Output, infos: list[FileInfo], abstracts: dict[str, str]) -> Iterator[str]:
    from time import time

    now = time()
    rows = [
        ("-" if i.is_dir else out.size(i.size), out.time(i.modified, now), f"#{i.commit}", _about(out, i, abstracts))
        for i in infos
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for size, when, commit, name in rows:
        faint = out.paint(f"{when:<{widths[1]}}  {commit:>{widths[2]}}", "dim")
        yield f"{size:>{widths[0]}}  {faint}  {name}"


def _drawn(out: Output, top: str, infos: list[FileInfo]) -> Iterator[str]:
    """Yield a line per entry, with branches; `infos` are depth first."""
    yield out.paint(top, "bold", "blue")
    depths = [len(paths.names(info.path)) for info in infos]
    last = _lasts(depths)
    base = len(paths.names(top)) + 1
    bars: list[str] = []
    for info, depth, is_last in zip(infos, depths, last, strict=True):
        del bars[depth - base :]
        yield out.paint("".join(bars) + ("└── " if is_last else "├── "), "dim") + _name(out, info)
        bars.append("    " if is_last else "│   ")
    folders = sum(info.is_dir for info in infos)
    yield ""
    yield f"{count(folders, 'directory', 'directories')}, {count(len(infos) - folders, 'file')}"


def _lasts(depths: list[int]) -> list[bool]:
    """Return for each depth whether no sibling follows it: one pass from the end."""
    last, followed = [False] * len(depths), set[int]()
    for index in range(len(depths) - 1, -1, -1):
        depth = depths[index]
        last[index] = depth not in followed
        followed = {each for each in followed if each < depth} | {depth}
    return last


def _facts(out: Output, info: FileInfo, properties: dict[str, Any]) -> Iterator[str]:
    from time import time

    facts = [("path", info.path), ("kind", info.kind)]
    if not info.is_dir:
        facts += [("size", f"{out.size(info.size)} ({info.size} bytes)" if out.terminal else f"{info.size} bytes")]
        facts += [("content", info.content_id or "")]
    when = iso(info.modified, "seconds")
    facts += [("modified", f"{when} ({out.time(info.modified, time())})" if out.terminal else when)]
    facts += [("commit", str(info.commit)), ("node", str(info.id))]
    if info.source is not None:
        facts += [("source", info.source)]
    if properties:
        facts += [("has", visible(json.dumps(properties, ensure_ascii=False)))]
    return (f"{out.paint(f'{name:<9}', 'dim')} {value}" for name, value in facts)
