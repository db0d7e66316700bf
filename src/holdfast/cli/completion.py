"""What the shell offers when Tab is pressed on a path in the store, or on the name of a branch."""

from typing import Any

from holdfast import paths
from holdfast.errors import HoldfastError


def complete_path(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the paths that begin with what was typed; nothing where there is no store."""
    typed = incomplete if incomplete.startswith("/") else f"/{incomplete}"
    folder, _, start = typed.rpartition("/")
    try:
        found = _listing(ctx, folder or paths.ROOT)
    except HoldfastError:
        return []
    offered = [f"{info.path}/" if info.is_dir else info.path for info in found if info.name.startswith(start)]
    return [path if incomplete.startswith("/") else path[1:] for path in offered]


def complete_branch(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the branches that begin with what was typed; nothing where there is no store."""
    try:
        with _opened(ctx) as store:
            return [branch.name for branch in store.branches.list() if branch.name.startswith(incomplete)]
    except HoldfastError:
        return []


def _listing(ctx: Any, folder: str) -> list[Any]:
    from holdfast.cli.call import branch_named

    with _opened(ctx) as store:
        return list(store.branch(branch_named(_typed(ctx, "branch"))).ls(folder))


def _opened(ctx: Any) -> Any:
    import holdfast
    from holdfast.cli.call import find_folder

    return holdfast.open(find_folder(_typed(ctx, "store")), read_only=True)


def _typed(ctx: Any, option: str) -> str | None:
    """Return what an option says, after the command or before it."""
    typed: str | None = ctx.params.get(option) or ctx.find_root().params.get(option)
    return typed
