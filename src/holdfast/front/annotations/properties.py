"""Properties of files and directories, one commit for each change."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.publish.committing import CommitOptions
from holdfast.publish.matching import IfMatch
from holdfast.publish.transaction import TransactionProperties, publish_at_head
from holdfast.tree.properties.checking import property_set
from holdfast.tree.snapshot import At, Snapshot


@checks_arguments
class Properties:
    """Properties, as `store.properties`: a JSON object that any file or directory may have, the root too.

    They are versioned with it: moves, copies, restores, branches and merges carry them, and whoever writes the file
    anew leaves them as they are. What is equal to what is there already makes no commit.
    """

    def __init__(
        self,
        backend: Backend,
        snapshot: Callable[[At | None], Snapshot],
        terms: Callable[[str, str | None], CommitOptions],
    ) -> None:
        self._backend = backend
        self._snapshot = snapshot
        self._terms = terms

    def __repr__(self) -> str:
        return f"<Properties of {self._backend.address}>"

    def get(self, path: str, *, at: At | None = None) -> dict[str, Any]:
        """Return the properties of a file or directory, now or as they were `at` a commit; empty when it has none.

        Raises NotFound when nothing stands at `path`.
        """
        return self._snapshot(at).properties.get(path)

    def set(
        self,
        path: str,
        properties: Mapping[str, Any],
        *,
        if_match: IfMatch | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Give a file or directory these properties in place of all that it had; {} takes them away.

        What is given must be JSON, up to 64 KiB: raises Unsupported or TooLarge, which name the key. Raises NotFound,
        and Conflict when what stands there is not what `if_match` says, as for `write`.
        """
        # Before the writer's turn: what cannot be stored makes nobody wait.
        property_set(path, properties)
        terms = self._terms(message or f"Set properties of {path}", actor)
        return publish_at_head(
            self._backend, lambda tx: tx.properties.set(path, properties, if_match=if_match), [], terms
        )

    def update(
        self,
        path: str,
        properties: Mapping[str, Any] | None = None,
        *,
        remove: Sequence[str] = (),
        if_match: IfMatch | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Give a file or directory some properties beside those that it has, and take away those called in `remove`.

        A property that is given replaces the one of that name; null is a value like others. What others change of the
        same file at the same time is kept, but for the properties named here. Raises what `set` does.
        """
        property_set(path, properties or {})
        terms = self._terms(message or f"Set properties of {path}", actor)
        update = partial(
            TransactionProperties.update, path=path, properties=properties, remove=remove, if_match=if_match
        )
        return publish_at_head(self._backend, lambda tx: update(tx.properties), [], terms)
