"""The searching half of a store."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.errors import CommitTaken, Unsupported
from holdfast.front.shared import SharedParts
from holdfast.search.evaluation import Evaluation, result_of, wanted_answers
from holdfast.search.hits import Explanation, Hit, HitKind, SearchMode
from holdfast.search.request import SearchRequest
from holdfast.tree.properties.where import Where, condition_of
from holdfast.tree.snapshot import At, CommitPlace


@checks_arguments
class Searches(ABC):
    """Searching a store, as a part of `Store`."""

    _backend: Backend
    _shared: SharedParts

    @abstractmethod
    def _place(self, at: At | None = None) -> CommitPlace:
        """Return the commit that `at` names, the head unless told, and the branch that it is on."""

    def search(
        self,
        query: str,
        *,
        under: str = paths.ROOT,
        where: Where | None = None,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        at: At | None = None,
        by: HitKind = "document",
        passages: int = 3,
        after: str | None = None,
    ) -> list[Hit]:
        """Return the documents that answer `query` best, best first: from the store as it is now, or as it was `at`.

        `mode` is `hybrid`, `text` (full text: words, identifiers, any language) or `vector` (meaning). At most `limit`
        hits; fewer only when there are no more that match. Each is at its best passage and has up to `passages`;
        documents that say nearly the same are one, which names the others (`also`). With `by="passage"` each passage is
        a hit. `where` finds only files that have such properties, as for `ls`. `after` is the cursor of the last hit
        that one has: the next ones follow, of the same commit. Raises NotFound when `under` is not there, and
        Unsupported for a cursor of another search.
        """
        asked = SearchTerms(
            query=query, under=under, where=where, limit=limit, mode=mode, at=at, by=by, passages=passages, after=after
        )
        return self._searched(asked).hits

    def explain(
        self,
        query: str,
        *,
        under: str = paths.ROOT,
        where: Where | None = None,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        at: At | None = None,
        by: HitKind = "document",
        passages: int = 3,
        after: str | None = None,
    ) -> Explanation:
        """Search, and tell how the hits were found: candidates, what was hidden and why, milliseconds by stage.

        `why` of a hit has what each part added to its score, and what put the hit above ahead of it; `cursor` is where
        the next page begins, None when there is none.
        """
        asked = SearchTerms(
            query=query, under=under, where=where, limit=limit, mode=mode, at=at, by=by, passages=passages, after=after
        )
        return self._searched(asked)

    def evaluate(
        self,
        queries: Iterable[str | Mapping[str, Any]],
        *,
        under: str = paths.ROOT,
        where: Where | None = None,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        at: At | None = None,
    ) -> Evaluation:
        """Search for each of some queries, and tell how well what is wanted was found among the first `limit` hits.

        A query is an object, or a line of JSON: `{"query": "...", "wanted": ["/a.md", ...]}`; a directory is for all
        files below it. All are asked of one commit. Raises Unsupported for what is no query, naming its number.
        """
        asked = wanted_answers(queries)
        where_it_stood = self._place(at).seq if at is None else at
        results = []
        for each in asked:
            found = self.search(each.query, under=under, where=where, limit=limit, mode=mode, at=where_it_stood)
            results.append(result_of(each, [(hit.path, *hit.also) for hit in found]))
        return Evaluation(results=tuple(results), limit=limit)

    def _searched(self, asked: "SearchTerms") -> Explanation:
        from holdfast.search.search import search

        while True:
            try:
                return search(self._backend, self._shared.reader, self._request(asked))
            except CommitTaken:
                # What was the head when the search began is long past.
                if asked.at is not None or asked.after is not None:
                    raise

    def _request(self, asked: "SearchTerms") -> SearchRequest:
        """Return what to search for, and at which commit: that of the cursor, where the pages go on."""
        where = self._place(asked.at)
        request = SearchRequest(
            asked.query,
            paths.parse(asked.under),
            asked.limit,
            asked.mode,
            where.branch,
            where.seq,
            condition=condition_of(asked.where),
            by=asked.by,
            passages=asked.passages,
            store=self._shared.store_id,
        )
        if asked.after is None:
            return request
        seq, left = request.left_at(asked.after)
        if asked.at is not None and seq != where.seq:
            raise Unsupported(
                f"The cursor is of commit {seq}, and not of {where.seq}",
                remedy=f"Search at commit {seq}, or leave the commit out: the cursor says which it is",
            )
        return replace(request, seq=self._place(seq).seq if asked.at is None else seq, left=left)


@dataclass(frozen=True, kw_only=True)
class SearchTerms:
    """What a caller of `search` says."""

    query: str
    under: str
    where: Where | None
    limit: int
    mode: SearchMode
    at: At | None
    by: HitKind
    passages: int
    after: str | None
