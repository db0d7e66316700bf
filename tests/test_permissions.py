"""A store is for whoever made it, unless it is said to be shared; what is in it follows the umask."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import Child

MAKE = """
import os
os.umask(int(sys.argv[2], 8))
holdfast.create(sys.argv[1], shared=sys.argv[3] == "shared").close()
with holdfast.open(sys.argv[1]) as store:
    store.write("/a.txt", "words " * 20_000)
    store.session("s").append("user", "hello")
    say("open")
    hear()
"""

WRITE_AS_ANOTHER = """
import os
folder, group = sys.argv[1], int(sys.argv[2])
# First all that a write imports: the other user may not be allowed to read it.
with holdfast.create(sys.argv[3]) as store:
    store.write("/b.txt", "words " * 20_000)
    store.read("/b.txt")
os.setgroups([])
os.setgid(group)
os.setuid(group + 1)
os.umask(0o002)
with holdfast.open(folder) as store:
    store.write("/b.txt", "other words " * 20_000)
    say(store.read("/a.txt")[:5].decode())
"""


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def made(child: Callable[..., Child], folder: Path, umask: str, how: str) -> None:
    """Make a store and look at the rights of all in it while it is open, with the log and its index there."""
    maker = child(MAKE, folder, umask, how)
    assert maker.hear() == "open"
    assert (folder / "catalog.db-wal").exists()
    without = int(umask, 8)
    for path in folder.rglob("*"):
        assert rights(path) == (0o777 if path.is_dir() else 0o666) & ~without, path
    maker.say()
    maker.finish()


@pytest.mark.parametrize("umask", ["022", "002", "077"])
def test_nobody_else_enters_a_store_unless_it_is_shared(
    umask: str, tmp_path: Path, child: Callable[..., Child]
) -> None:
    made(child, tmp_path / "kb", umask, "mine")
    assert rights(tmp_path / "kb") == 0o700


@pytest.mark.parametrize("umask", ["022", "002", "077"])
def test_a_shared_store_follows_the_umask_in_all_its_files(
    umask: str, tmp_path: Path, child: Callable[..., Child]
) -> None:
    made(child, tmp_path / "kb", umask, "shared")
    assert rights(tmp_path / "kb") == 0o777 & ~int(umask, 8)


def test_a_folder_that_holds_other_things_keeps_its_rights(tmp_path: Path, child: Callable[..., Child]) -> None:
    folder = tmp_path / "kb"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "notes.txt").write_text("mine")
    (folder / "notes.txt").chmod(0o644)
    made(child, folder, "022", "mine")
    assert rights(folder) == 0o755


def test_the_command_makes_a_shared_store_when_told(tmp_path: Path) -> None:
    for name, arguments in {"mine": [], "shared": ["--shared"]}.items():
        subprocess.run(
            [sys.executable, "-m", "holdfast", "init", str(tmp_path / name), *arguments],
            check=True,
            capture_output=True,
            umask=0o027,
        )
    assert (rights(tmp_path / "mine"), rights(tmp_path / "shared")) == (0o700, 0o750)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users")
def test_two_users_of_one_group_write_to_a_shared_store(child: Callable[..., Child]) -> None:
    # Not below pytest's own folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder, group = Path(place) / "kb", 54321
        made(child, folder, "002", "shared")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, -1, group)
        assert child(WRITE_AS_ANOTHER, folder, group, Path(place) / "warm").finish() == "words"
