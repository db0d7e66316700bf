"""The kinds of jobs that Holdfast itself enqueues, and the model they use: put together from the settings.

Nothing here is made before it is needed: settings cost an import of pydantic, a model one of its client.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.digest.digest import ABSTRACT, OVERVIEW, Digester
from holdfast.digest.digests import Digests
from holdfast.digest.extraction.documents import EXTRACT
from holdfast.digest.extraction.extracting import Extracting
from holdfast.digest.extractive import Extractive
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.models.port import Model
from holdfast.publish.staging import EMBED
from holdfast.sessions.archiving import MEMORY
from holdfast.sessions.memory import KINDS
from holdfast.sessions.remembering import Remembering

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.models.openai_model import OpenAiModel


class BuiltinJobs:
    """What runs Holdfast's own jobs over one store."""

    def __init__(
        self, backend: Backend, branch: Branch, settings: Callable[[], "Settings"], *, read_only: bool
    ) -> None:
        self._backend = backend
        self._settings = settings
        self._endpoint: OpenAiModel | None = None
        #: the store's abstracts and overviews
        self.digests: Digests = Digests(backend, branch, lambda: self.digester, keep=not read_only)

    @cached_property
    def model(self) -> Model | None:
        """The configured language model, or None."""
        settings = self._settings().llm
        if not settings.configured:
            return None
        from holdfast.config import api_key
        from holdfast.models.call_limiter import GatedModel, gate_of
        from holdfast.models.openai_model import OpenAiModel

        gate = gate_of(str(settings.base_url), settings.concurrency)
        self._endpoint = OpenAiModel(settings, api_key(settings))
        return GatedModel(self._endpoint, gate)

    @cached_property
    def digester(self) -> Digester:
        """What makes abstracts and overviews."""
        return Extractive() if self.model is None else digester_of(self.model)

    def _embed(self, context: JobContext) -> dict[str, int]:
        """Make the vectors that rows wait for: a job's handler."""
        from holdfast.upkeep.waiting import embed_waiting

        return {"made": embed_waiting(self._backend, context.check)}

    def close(self) -> None:
        """Let go of the connections to the model."""
        if self._endpoint is not None:
            self._endpoint.close()

    def attempts(self) -> int:
        """Return how often a job is begun before it is given up."""
        return self._settings().jobs.attempts

    def kinds(self) -> list[JobKind]:
        """Return the kinds of jobs that Holdfast enqueues itself."""
        settings = self._settings().jobs
        backoff = Backoff(settings.backoff, settings.backoff_most)
        remembering = Remembering(
            self._backend, lambda: self.model, digester_of, lambda: {**KINDS, **self._settings().memory.kinds}
        )
        digest = self.digests.run
        extracting = Extracting(self._backend, lambda: self.model)
        return [
            JobKind(MEMORY, remembering.run, time_limit=settings.time_limit, backoff=backoff),
            JobKind(ABSTRACT, digest, time_limit=settings.time_limit, backoff=backoff),
            JobKind(OVERVIEW, digest, time_limit=settings.time_limit, backoff=backoff),
            JobKind(EXTRACT, extracting.run, time_limit=settings.time_limit, backoff=backoff),
            JobKind(EMBED, self._embed, time_limit=settings.time_limit, backoff=backoff),
        ]


def digester_of(model: Model) -> Digester:
    """Return the digester that asks a model."""
    from holdfast.digest.by_model import ModelDigester

    return ModelDigester(model)
