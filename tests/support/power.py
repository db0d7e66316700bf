"""A disk whose power can be cut: a file system in an image file, of which only what reached the disk survives.

The image is mounted through a loop device. What a program writes stays in the kernel's memory until it is flushed, by
an fsync or in time; a copy of the image taken at some instant is what a machine would find after the power went then.
"""

import os
import shutil
import subprocess
from pathlib import Path

#: MiB
SIZE = 192
#: tries to copy the image while the kernel writes nothing to it
COPIES = 20


def why_not() -> str | None:
    """Return why this machine cannot run these tests, or None when it can."""
    if os.geteuid() != 0:
        return "needs root, to mount a file system"
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount", "losetup") if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    if not Path("/dev/loop-control").exists():
        return "needs loop devices"
    return None


class Disk:
    """A mounted ext4 file system."""

    def __init__(self, image: Path, mount: Path) -> None:
        self.image = image
        self.mount = mount
        mount.mkdir()
        self.device = _run("losetup", "--find", "--show", str(image)).strip()
        # The kernel may flush by itself only much later than the test takes: what is not fsynced is lost.
        _run("mount", "-o", "commit=600", self.device, str(mount))

    @classmethod
    def new(cls, folder: Path) -> "Disk":
        """Make an empty disk, with its image and its mount point in `folder`."""
        image = folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(SIZE * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        return cls(image, folder / "mount")

    def cut(self, folder: Path) -> "Disk":
        """Return the disk as it would be found if the power went now, mounted in `folder`."""
        copy = folder / "after.img"
        for _ in range(COPIES):
            before = self._written()
            _run("cp", "--sparse=always", str(self.image), str(copy))
            if self._written() == before:
                return Disk(copy, folder / "after")
        raise AssertionError("the kernel never stopped writing to the disk")

    def close(self) -> None:
        """Unmount."""
        subprocess.run(["umount", "--lazy", str(self.mount)], check=False)
        subprocess.run(["losetup", "--detach", self.device], check=False)

    def _written(self) -> str:
        return (Path("/sys/block") / Path(self.device).name / "stat").read_text().split()[6]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
