"""The settings a person may edit: `holdfast.toml` in the store's folder, overridden by HOLDFAST_* variables.

`HOLDFAST_INGEST__JOBS=4` overrides `jobs` in the table `[ingest]`. Reading them costs an import of pydantic, so a store
asks for them only when it needs one.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from holdfast.bootstrap import FILE_NAME, FOLD_LEAST, FOLD_MOST, FOLD_ROWS, KEEP
from holdfast.errors import InvalidConfig, StoreNotFound

#: what an endpoint is given that wants no key
NO_KEY = "none"


class _Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """How commits are made durable."""

    #: `full`: a commit survives power loss; `relaxed`: it survives the process's death only
    durability: Literal["full", "relaxed"] = "full"
    #: who commits are attributed to when nobody says
    actor: str = "user"
    #: the address of the catalog, when that is a database on a server: postgresql://...
    catalog: str | None = None
    #: the store whose data lie in the folder, when the catalog is on a server; written when the store is made
    id: str | None = None


class IngestSettings(_Section):
    """How documents are added."""

    #: worker processes; 0 is one per core
    jobs: int = Field(default=0, ge=0, le=256)
    #: bytes; a larger file is refused
    max_file_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    #: seconds that one file may take to convert
    max_file_seconds: float = Field(default=120.0, gt=0)
    #: MiB of memory that one file's conversion may take
    max_file_memory_mib: int = Field(default=2048, ge=256)
    #: whether URLs may point into private networks (loopback and link-local addresses included)
    private_urls: bool = False


class SearchSettings(_Section):
    """How search rows are kept."""

    #: tail rows at which the background fold appends them to the table
    fold_rows: int = Field(default=FOLD_ROWS, ge=FOLD_LEAST, le=FOLD_MOST)


class EmbedderSettings(_Section):
    """How the store's embedder is run. Which one it is, the store remembers: `reindex --embedder` changes it."""

    #: threads of a model that runs here; 0 is one per core, eight at most
    threads: int = Field(default=0, ge=0, le=256)
    #: the environment variable that holds the key of an endpoint
    api_key_variable: str = "OPENAI_API_KEY"
    #: seconds that one request to an endpoint may take
    timeout: float = Field(default=60.0, gt=0)
    #: texts in one request
    request_texts: int = Field(default=128, ge=1, le=2048)
    #: times that a request is made which fails in a way that may pass
    tries: int = Field(default=4, ge=1, le=20)
    #: requests that one process makes at once
    concurrency: int = Field(default=4, ge=1, le=64)
    #: MiB of vectors from an endpoint that are kept for texts that come again; 0 keeps none
    cache_mib: int = Field(default=256, ge=0)


class HistorySettings(_Section):
    """How much of its history a store keeps."""

    #: what `gc` leaves of each branch when it is not told: `100` commits, `12h`, `30d`, `8w`, or `all`
    keep: str = Field(default="all", pattern=f"^(?:{KEEP})$")


class LlmSettings(_Section):
    """The language model that writes abstracts, overviews and memories; none unless both names are given."""

    #: an OpenAI-compatible endpoint, such as http://localhost:11434/v1
    base_url: str | None = None
    #: the model's name there
    model: str | None = None
    #: the environment variable that holds the key; an endpoint that wants none is given a placeholder
    api_key_variable: str = "OPENAI_API_KEY"
    #: seconds until a call that says nothing is given up; one that is answered drop by drop, after ten times as long
    timeout: float = Field(default=60.0, gt=0)
    #: how an answer's form is asked for; `text` for endpoints that know neither of the others
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    #: characters of input in one call; longer archives take several calls
    max_input_characters: int = Field(default=60_000, ge=1000)
    #: calls that one process makes at once
    concurrency: int = Field(default=8, ge=1, le=256)

    @property
    def configured(self) -> bool:
        """Whether there is a model to ask."""
        return self.model is not None and self.base_url is not None


class JobsSettings(_Section):
    """How background jobs are run."""

    #: times that a memory, abstract or overview job is begun before it is given up
    attempts: int = Field(default=5, ge=1, le=100)
    #: seconds that a job rests after its first failed attempt; twice as long after each further one
    backoff: float = Field(default=2.0, ge=0)
    #: seconds that it rests at most
    backoff_most: float = Field(default=300.0, ge=0)
    #: seconds that one attempt may take
    time_limit: float = Field(default=900.0, gt=0)


class MemorySettings(_Section):
    """What is remembered of sessions."""

    #: further kinds of memory by name, each with a sentence that tells the model what belongs there
    kinds: dict[str, str] = {}

    @field_validator("kinds")
    @classmethod
    def _names_are_plain(cls, kinds: dict[str, str]) -> dict[str, str]:
        for name in kinds:
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
                raise ValueError(f"{name!r} is no name for a kind: lower-case letters, digits, - and _")
        return kinds


class Settings(BaseSettings):
    """All settings."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="HOLDFAST_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    store: StoreSettings = StoreSettings()
    ingest: IngestSettings = IngestSettings()
    search: SearchSettings = SearchSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    history: HistorySettings = HistorySettings()
    llm: LlmSettings = LlmSettings()
    jobs: JobsSettings = JobsSettings()
    memory: MemorySettings = MemorySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The file is passed as init values and the environment wins over it.
        return _NestedVariables(settings_cls), init_settings


class _NestedVariables(EnvSettingsSource):
    """Reads HOLDFAST_STORE__ACTOR and its like. HOLDFAST_STORE alone is no setting: it names the store's folder."""

    def prepare_field_value(self, field_name: str, field: Any, value: Any, value_is_complex: bool) -> Any:
        return super().prepare_field_value(field_name, field, None, value_is_complex)


def load(folder: Path) -> Settings:
    """Return the settings of the store in `folder`; raises InvalidConfig naming the setting, or StoreNotFound."""
    path = folder / FILE_NAME
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise StoreNotFound(f"{folder} is not a store: it has no {FILE_NAME}", path=str(folder)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path} is not valid TOML ({error})", path=str(path)) from error
    try:
        return Settings(**{name: value for name, value in found.items() if name != "format"})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InvalidConfig(f"{path}: {name}: {first['msg']}", path=str(path)) from error


def api_key(settings: LlmSettings) -> str:
    """Return the key of the model's endpoint; a placeholder when the environment has none."""
    return os.environ.get(settings.api_key_variable) or NO_KEY
