"""The settings a person may edit: `holdfast.toml` in the store's folder, overridden by HOLDFAST_* variables.

`HOLDFAST_INGEST__JOBS=4` overrides `jobs` in the table `[ingest]`. Reading them costs an import of pydantic, so a store
asks for them only when it needs one.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from holdfast.errors import InvalidConfig, StoreNotFound

FILE_NAME = "holdfast.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """How commits are made durable."""

    #: `full`: a commit survives power loss; `relaxed`: it survives the process's death only
    durability: Literal["full", "relaxed"] = "full"
    #: who commits are attributed to when nobody says
    actor: str = "user"


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


class SearchSettings(_Section):
    """How search rows are kept."""

    #: tail rows at which the background fold appends them to the table
    fold_rows: int = Field(default=512, ge=1, le=4096)


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", env_nested_delimiter="__", extra="forbid", frozen=True)

    store: StoreSettings = StoreSettings()
    ingest: IngestSettings = IngestSettings()
    search: SearchSettings = SearchSettings()

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
        return env_settings, init_settings


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


def default_actor() -> str:
    """Return who commits are attributed to unless told otherwise: HOLDFAST_ACTOR, else `user`."""
    return os.environ.get("HOLDFAST_ACTOR", "user")
