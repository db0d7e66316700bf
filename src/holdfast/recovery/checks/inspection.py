"""What a check finds, and how it is put: each problem names the thing and what to do about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import branches
from holdfast.catalog.checking import checks
from holdfast.catalog.checking.checks import Place
from holdfast.catalog.engine import CatalogDamaged, Connection, within
from holdfast.catalog.values import FOREVER
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: problems of one kind that are listed one by one
LISTED = 100
#: paths named for one content
NAMED = 3

REPAIR = "Run `holdfast repair`"
RESTORE = CatalogDamaged.default_remedy
BYTES = (
    "Run `holdfast repair`: it looks for the bytes elsewhere, and says which commits have earlier ones. What it calls"
    " lost is nowhere but in a backup of the store"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that `verify` found."""

    #: `catalog`, `tree`, `content`, `bytes`, `rendition`, `figures`, `search`, `table`, `intents`, `session`, `job`
    kind: str
    #: what is wrong, with which path or thing
    what: str
    #: what to do about it
    remedy: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` looked at and found."""

    problems: tuple[Problem, ...]
    #: litter and the like: nothing is wrong, and somebody may want to know
    notes: tuple[str, ...]
    #: how many things were looked at, by kind
    checked: dict[str, int]
    #: whether every byte was read
    deep: bool

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass
class Inspection:
    """One verification under way."""

    backend: Backend
    deep: bool
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    _by_kind: Counter[str] = field(default_factory=Counter)

    def problem(self, kind: str, what: str, remedy: str) -> None:
        """Note a problem; of a kind that has very many, the first are listed."""
        self._by_kind[kind] += 1
        if self._by_kind[kind] <= LISTED:
            self.problems.append(Problem(kind, what, remedy))

    def take(self, other: "Inspection") -> None:
        """Take over what another inspection found."""
        for problem in other.problems:
            self.problem(problem.kind, problem.what, problem.remedy)
        for kind, count in other._by_kind.items():
            self._by_kind[kind] += max(0, count - LISTED)
        self.notes.extend(other.notes)
        self.checked.update(other.checked)

    def report(self) -> VerifyReport:
        """Return all that was found."""
        for kind, count in self._by_kind.items():
            if count > LISTED:
                self.notes.append(f"{count - LISTED} more problems of the kind `{kind}` are not listed")
        return VerifyReport(tuple(self.problems), tuple(self.notes), dict(self.checked), self.deep)


def where(conn: Connection, content_id: str) -> str:
    """Return the paths that hold a content, for a message: those at the head first, else the latest."""
    found = path_of(conn, checks.holders(conn, content_id, NAMED + 1))
    if not found:
        return f"the content {content_id}, which nothing refers to"
    more = " and others" if len(found) > NAMED else ""
    return f"{', '.join(found[:NAMED])}{more} (content {content_id[:12]})"


def path_of(conn: Connection, places: Iterable[Place]) -> list[str]:
    """Return the paths of entries, for a message: as they are now, or as they last were."""
    return [_path(conn, place) for place in places]


def _path(conn: Connection, place: Place) -> str:
    branch, stands = branches.get(conn, place.branch_id), place.to_seq == FOREVER
    if branch is not None:
        # Not the head, which a deleted branch has no more.
        for seq in (FOREVER - 1 if stands else place.to_seq - 1, place.from_seq):
            path = Places(CommittedTree(within(conn), branch, seq)).path(place.node_id)
            if path is not None:
                path = f"{path} on {branch.name}" if branch.forks else path
                return path if stands else f"{path} (until commit {place.to_seq})"
    return f"{place.name!r} from commit {place.from_seq}"
