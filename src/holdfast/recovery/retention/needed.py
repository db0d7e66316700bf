"""Which older commits something refers to: with each of them, what its branch shows of those below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.catalog.branches import Branch
from holdfast.catalog.history.retention import Line

#: (branch, commit, branch that was merged, its commit)
Merge = tuple[int, int, int, int]


@dataclass
class Needed:
    """Commits that are needed, by branch."""

    lines: Mapping[int, Line]
    commits: dict[int, set[int]] = field(default_factory=dict)

    def add(self, branch_id: int, seq: int) -> None:
        """Add a commit, and those of the levels below that it shows."""
        if branch_id in self.lines:
            for level in self.lines[branch_id].branch.levels(seq):
                self.commits.setdefault(level.branch_id, set()).add(level.seq)

    def add_forks(self, line: Line) -> None:
        """Add what a branch shows of those below it, unless nothing shows the branch any more."""
        if not line.is_over:
            for fork in line.branch.forks:
                self.commits.setdefault(fork.branch_id, set()).add(fork.seq)

    def add_merges(self, merges: Sequence[Merge]) -> None:
        """Add what merges between the branches that are there would begin from.

        Two branches have in common, of each branch, the older of what either has seen of it. What one of them has seen
        is therefore all that can be asked for. A branch that is over and was merged into one other is seen through that
        alone, whose own commit is newer, and has it all.
        """
        if not merges:
            return
        by_branch: dict[int, list[Merge]] = {}
        for merge in merges:
            by_branch.setdefault(merge[0], []).append(merge)
        shared = self._seen_in_two_ways(merges)
        for line in self.lines.values():
            if line.is_there:
                for branch_id, seq in self._seen(line, by_branch).items():
                    if branch_id in shared:
                        self.add(branch_id, seq)

    def _seen_in_two_ways(self, merges: Sequence[Merge]) -> set[int]:
        """Return the branches that are not over, and those that were merged into more than one."""
        into: dict[int, set[int]] = {}
        for branch_id, _, source, seq in merges:
            if source in self.lines:
                for level in self.lines[source].branch.levels(seq):
                    into.setdefault(level.branch_id, set()).add(branch_id)
        return {
            branch_id for branch_id, line in self.lines.items() if not line.is_over or len(into.get(branch_id, ())) > 1
        }

    def _seen(self, line: Line, merges: Mapping[int, Sequence[Merge]]) -> dict[int, int]:
        """Return the newest commit of each branch that the head of one has seen."""
        seen: dict[int, int] = {}
        coming: list[tuple[Branch, int]] = [(line.branch, line.head)]
        while coming:
            branch, until = coming.pop()
            for level in branch.levels(until):
                since = seen.get(level.branch_id, 0)
                if level.seq <= since:
                    continue
                seen[level.branch_id] = level.seq
                for _, seq, source, taken in merges.get(level.branch_id, ()):
                    if since < seq <= level.seq and taken > seen.get(source, 0) and source in self.lines:
                        coming.append((self.lines[source].branch, taken))
        return seen
