"""Who holds which path, and taking it away from them: list, break."""

from collections.abc import Iterator
from time import time
from typing import Annotated

import typer

from holdfast import LockInfo, LockStats
from holdfast.cli import shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.completion import complete_path
from holdfast.cli.options import AfterOption, LimitOption, PathArgument, store_path
from holdfast.cli.output import Output, ago, count, iso, visible

app: typer.Typer = group("Paths that somebody holds: see them, break one.")

_COLOURS = {"held": "green", "stale": "yellow", "handed_over": "cyan", "waiting": "magenta"}


@command(app, "list")
def list_(
    call: Call,
    path: Annotated[
        str, typer.Argument(metavar="PATH", autocompletion=complete_path, help="Only locks on it or anything below it.")
    ] = "/",
    limit: LimitOption = None,
    after: AfterOption = None,
) -> None:
    """Show who holds which paths, and who waits.

    A stale lock stands in nobody's way.
    """
    store = call.store_or_main
    last = None if after is None else store_path(after)
    held = store.locks.list(under=store_path(path), limit=limit, after=last)
    waiting, stats = store.locks.waiting(), store.locks.stats()
    document = {
        "locks": [shapes.lock(info) for info in held],
        "waiting": [shapes.lock(info) for info in waiting],
        "counts": shapes.lock_stats(stats),
    }
    call.done(document, _listed(call.out, [*held, *waiting]))
    if not call.json:
        call.out.note(_summary(stats))


@command(app, "break")
def break_(
    call: Call,
    path: PathArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Though its holder is alive: it can then publish nothing.")
    ] = False,
    token: Annotated[
        int | None, typer.Option("--token", metavar="N", help="Only the lock with this token, as `list` shows it.")
    ] = None,
) -> None:
    """Take the lock on a path away from its holder.

    What the holder has not published yet is refused.
    """
    broken = call.store.locks.revoke(store_path(path), force=force, token=token)
    call.done(
        {"broken": [shapes.lock(info) for info in broken]},
        (f"broke the {info.mode} lock on {info.path} of {visible(info.actor)}, {info.process}" for info in broken),
    )


def _listed(out: Output, infos: list[LockInfo]) -> Iterator[str]:
    now = time()
    for info in infos:
        state = out.paint(f"{info.state:<11}", _COLOURS[info.state])
        ends = f"until {iso(info.expires, 'seconds')}" if not out.terminal else _ends(info.expires.timestamp() - now)
        when = out.paint(f"since {out.time(info.since, now)}, {ends}", "dim")
        who = f"{visible(info.actor)}, {info.process}" + (f", {visible(info.purpose)}" if info.purpose else "")
        yield f"{state}  {info.mode:<7}  {info.path}  #{info.token}  {who}, {when}"


def _ends(seconds: float) -> str:
    return f"ends in {seconds:.0f} seconds" if seconds > 0 else f"ended {ago(-seconds)}"


def _summary(stats: LockStats) -> str:
    now = f"{count(stats.held, 'path')} held, {stats.waiting} waiting, {stats.stale} stale"
    before = f"{stats.expired} expired, {stats.orphaned} orphaned, {stats.broken} broken, {stats.lost} lost"
    return f"{now}; so far {stats.acquired} acquired (mean wait {stats.mean_wait:.3f} s), {before}."
