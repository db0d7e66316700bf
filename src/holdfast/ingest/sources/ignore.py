"""Which files a source asks to leave out: `.gitignore` and `.holdfastignore`, at every level below the source."""

from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from holdfast.lines import lines_of

#: read at every level; where both speak, the later one has the last word
IGNORE_FILES = (".gitignore", ".holdfastignore")
#: bytes of an ignore file that are read; a longer one is not an ignore file
IGNORE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Rules:
    """The ignore rules in force in one folder: its own and, where they say nothing, those of the folders above.

    Files above the source are not asked: what is added depends on the source alone.
    """

    #: the folder's path relative to the source, "" for the source itself
    folder: str
    #: the folder's own rules, the first one with an opinion decides
    specs: tuple[GitIgnoreSpec, ...] = ()
    above: "Rules | None" = None

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Tell whether `path`, relative to the source, is to be left out."""
        asked: Rules | None = self
        while asked:
            local = path[len(asked.folder) + 1 :] if asked.folder else path
            for spec in asked.specs:
                opinion = spec.check_file(local + "/" if is_folder else local).include
                if opinion is not None:
                    return opinion
            asked = asked.above
        return False

    def inside(self, folder: Path, relative: str) -> "Rules":
        """Return the rules in force in the sub-folder `folder`; raises OSError when its ignore file is unreadable."""
        specs = tuple(spec for name in reversed(IGNORE_FILES) if (spec := _read(folder / name)))
        return Rules(relative, specs, self) if specs else self


def _read(file: Path) -> GitIgnoreSpec | None:
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        lines = lines_of(opened.read(IGNORE_BYTES).decode("utf-8", "replace"))
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _sound(line)])


def _sound(line: str) -> bool:
    # git passes over a pattern it cannot read; so do we, rather than refuse the folder for it.
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
