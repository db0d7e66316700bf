"""What documents and directories are about: a sentence, or about a page."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.digest.digest import ABSTRACT, OVERVIEW, Summary
from holdfast.digest.listing import stored_abstracts
from holdfast.tree.reading import FileInfo

if TYPE_CHECKING:
    from holdfast.digest.digests import Digests


@checks_arguments
class Summaries:
    """Abstracts and overviews, as `store.summaries`."""

    def __init__(
        self, backend: Backend, branch: Branch, digests: "Callable[[], Digests]", head: Callable[[], int]
    ) -> None:
        self._backend = backend
        self._branch = branch
        self._digests = digests
        self._head = head

    def __repr__(self) -> str:
        return f"<Summaries of {self._backend.address}>"

    def abstract(self, path: str, *, derive: bool = True) -> Summary:
        """Return one sentence about a document or a directory, made now if it is missing.

        With `derive=False` only what is there: the last one, which says whether it is fresh and which commit it
        describes. Raises NotFound, or Unsupported for a file without text.
        """
        return self._digests().of_path(paths.parse(path), ABSTRACT, at=self._head(), derive=derive)

    def overview(self, path: str, *, derive: bool = True) -> Summary:
        """Return about a page on a document or a directory, as `abstract` does."""
        return self._digests().of_path(paths.parse(path), OVERVIEW, at=self._head(), derive=derive)

    def stored(self, listed: Iterable[FileInfo]) -> dict[str, str]:
        """Return the abstracts that are stored of what is listed, by path; nothing is made or waited for.

        That of a directory names the commit it describes, as the directory may have changed since.
        """
        return stored_abstracts(self._backend, self._branch, list(listed), self._head())
