"""The engagement's configuration: one `postmortem.toml`, checked as a whole, every value with its origin.

Flags win over ``POSTMORTEM_SECTION__KEY`` environment variables, which win over the file, which wins over
the defaults below. An unknown key is an error that suggests the nearest one.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, field_validator

from postmortem.ground import schema
from postmortem.ground.brand import Brand, logo_png
from postmortem.ground.errors import ConfigError, nearest
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.sources import LookupTable, Section, Source, table_faults

FILE_NAME = "postmortem.toml"
PREFIX = "POSTMORTEM_"
PLAIN_VARIABLES = ("POSTMORTEM_CACHE", "POSTMORTEM_BROWSER")
LISTS = ("frame.categories", "report.pages", "taxonomy.crosswalks")


class Company(Section):
    """Whose deals these are."""

    name: str = "Your company"
    currency: str | None = None
    time_zone: str = "UTC"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone such as 'Europe/Berlin'")
        return value


class Fiscal(Section):
    """When fiscal years start."""

    start_month: int = Field(default=1, ge=1, le=12)
    named_by: Literal["ending", "starting"] = "ending"

    @property
    def calendar(self) -> FiscalCalendar:
        """The calendar these settings describe."""
        return FiscalCalendar(self.start_month, self.named_by)


class Data(Section):
    """Where the exports lie and how they are written."""

    folder: str = "."
    snapshots: str = "snapshots"
    extracted_on: dt.date | None = None
    date_format: str | None = None
    decimal: Literal[".", ","] = "."
    encoding: str | None = None
    delimiter: str | None = None
    zero_amounts: Literal["auto", "unknown", "keep"] = "auto"
    max_quarantined_share: float = Field(default=1.0, ge=0, le=1)


class ReasonMap(Section):
    """What one recorded value means: codes of the taxonomy, and to whom the deal was lost."""

    codes: list[str] = Field(default_factory=list)
    lost_to: Literal["competitor", "status_quo", "disqualified", "unknown"] | None = None


class TaxonomyChoice(Section):
    """Which taxonomy, and what the CRM's own values mean in it."""

    id: str = "red_zone"
    folder: str | None = None
    crosswalks: tuple[str, ...] = ()
    reasons: dict[str, str | ReasonMap] = Field(default_factory=dict)
    lost_to: dict[str, Literal["competitor", "status_quo", "disqualified", "unknown"]] = Field(default_factory=dict)


class Frame(Section):
    """Which deals a report is about."""

    kind: Literal["auto", "forecast", "late_stage", "closed"] = "auto"
    window: int = Field(default=4, ge=1, le=20)
    snapshot_day: int = Field(default=5, ge=1, le=60)
    categories: tuple[str, ...] = schema.FORECAST_DEFAULT

    @field_validator("categories")
    @classmethod
    def _known_categories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in schema.FORECAST_CATEGORIES:
                raise ValueError(f"{name!r} is no forecast category; {nearest(name, schema.FORECAST_CATEGORIES)}")
        if not value:
            raise ValueError("at least one forecast category is needed")
        return value


class Preflight(Section):
    """What the data of a run must be like before a report is made of them."""

    max_age_days: int | None = Field(default=None, ge=0)
    require_tier: Literal["snapshots", "history", "sheet", "stage entries", "current"] | None = None
    fail_on_change: bool = False


class Report(Section):
    """Where reports go and what they carry."""

    output: str = "reports"
    pages: tuple[str, ...] = ()
    prepared_by: str | None = None
    confidentiality: str | None = None
    brand: Brand = Brand()


class ProcessFile(Section):
    """The sales process, where the company has written it down."""

    file: str | None = None


class Config(Section):
    """The whole configuration of an engagement."""

    company: Company = Company()
    fiscal: Fiscal = Fiscal()
    data: Data = Data()
    tables: dict[str, Source] = Field(default_factory=dict)
    taxonomy: TaxonomyChoice = TaxonomyChoice()
    process: ProcessFile = ProcessFile()
    frame: Frame = Frame()
    preflight: Preflight = Preflight()
    report: Report = Report()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder of the engagement, where `postmortem.toml` lies."""
        return self._folder

    def origin(self, key: str) -> str:
        """Say where the value of a dotted key (``frame.window``) came from: flag, variable, file or default."""
        return self._origins.get(key, "default")


def load_config(folder: Path, flags: Mapping[str, Any] | None = None) -> Config:
    """Read `postmortem.toml` of `folder`, with variables and flags laid over it.

    Parameters
    ----------
    folder : Path
        The engagement.
    flags : mapping of str to object, optional
        Dotted keys to values (``{"frame.window": 4}``); None values are left out.

    Raises
    ------
    ConfigError
        With every fault at once.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise ConfigError(
            f"There is no {FILE_NAME} in this folder.",
            got=folder.name or str(folder),
            do="make one with: postmortem init DIR --from EXPORT",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE_NAME} is not valid TOML.", got=str(error)) from None
    origins = dict.fromkeys(_dotted(raw), FILE_NAME)
    for variable, key, value in _variables(os.environ):
        _set(raw, key, value)
        origins[key] = variable
    for key, value in (flags or {}).items():
        if value is not None:
            _set(raw, key, value)
            origins[key] = "command line"
    return build_config(raw, folder, origins)


def build_config(raw: Mapping[str, Any], folder: Path, origins: Mapping[str, str] | None = None) -> Config:
    """Check a configuration given as nested mappings; see `load_config`."""
    config, faults = Config(), table_faults(raw.get("tables"))
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults = [*(_explain(fault) for fault in error.errors()), *faults]
    faults += _logo_faults(raw, folder)
    if faults:
        raise ConfigError(
            f"{FILE_NAME} has {len(faults)} setting{'s' if len(faults) > 1 else ''} that cannot be used.",
            rows=faults,
            do="correct them; every setting is described in docs/configuration.md",
        )
    config._origins.update(origins or {})
    config._folder = folder
    return config


def _logo_faults(raw: Mapping[str, Any], folder: Path) -> list[str]:
    """Say what is wrong with the logo, beside whatever is wrong elsewhere."""
    value: Any = raw
    for name in ("report", "brand", "logo"):
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        return []
    try:
        logo_png(folder / value)
    except ValueError as error:
        return [f"report.brand.logo: {value} {error}"]
    return []


def _dotted(raw: Mapping[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, value in raw.items():
        keys += _dotted(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [f"{prefix}{name}"]
    return keys


def _variables(environ: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    found = []
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and variable not in PLAIN_VARIABLES:
            key = variable.removeprefix(PREFIX).lower().replace("__", ".")
            if "." not in key:
                raise ConfigError(
                    "This environment variable names no setting.",
                    got=variable,
                    expected=f"{PREFIX}SECTION__KEY, such as {PREFIX}FRAME__WINDOW",
                )
            found.append((variable, key, text.split(",") if key in LISTS else text))
    return found


def _set(raw: dict[str, Any], key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
        if not isinstance(raw, dict):
            raise ConfigError(
                f"{FILE_NAME} gives a value where a section belongs.",
                got=f"{section} = {raw!r}",
                expected=f"[{section}]",
            )
    raw[name] = value


def _explain(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "file"
    if fault["type"] == "extra_forbidden":
        known = _fields_at(fault["loc"][:-1])
        return f"{place}: no such setting, {nearest(str(fault['loc'][-1]), known)}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {message}"


def _fields_at(location: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        if part == ReasonMap.__name__:
            model = ReasonMap
            continue
        if part == "lookups":
            return list(LookupTable.model_fields)
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field is not None else Source
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else Source
    return list(model.model_fields)
