"""What the shell offers when Tab is pressed on a path in the store."""

from pathlib import Path
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


def _listing(ctx: Any, folder: str) -> list[Any]:
    import holdfast
    from holdfast.cli.call import find_folder

    option = ctx.params.get("store") or (ctx.parent.params.get("store") if ctx.parent else None)
    with holdfast.open(find_folder(option, Path.cwd()), read_only=True) as store:
        return list(store.ls(folder))
