"""Groups of settings as frozen models, read from environment variables with errors that name the variable."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from lakehouse.errors import SettingError
from lakehouse.process.suggestions import nearest

PREFIX: Final = "CRYPTOVIZ_"
_KINDS: Final[dict[object, str]] = {bool: "true or false", int: "a whole number", float: "a number"}


def setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    """Return a field with its description; the value of a secret is in no repr and no error."""
    return Field(default=default, description=meaning, repr=not secret, json_schema_extra={"secret": secret})


class SettingsGroup(BaseSettings):
    """Settings that are read together. Constructed with keywords alone, a group knows nothing of the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @classmethod
    def read(cls, environ: Mapping[str, str], **given: Any) -> Self:
        """Return the group as the variables say; an empty one counts as absent, and `given` values replace them.

        Raises: SettingError, which names the variable, what was wrong and what is accepted.
        """
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): text for name, text in environ.items() if text}
        try:
            return cls(**{**source(), **given})
        except ValidationError as error:
            raise cls._to_setting_error(error) from None  # its text would show the values of secrets

    @classmethod
    def variables(cls) -> Mapping[str, FieldInfo]:
        """Return the field of each variable; fields that are groups themselves have none."""
        prefix = cls.model_config["env_prefix"]
        return {
            f"{prefix}{name}".upper(): field for name, field in cls.model_fields.items() if field.description
        }

    @classmethod
    def _to_setting_error(cls, error: ValidationError) -> SettingError:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        variable = f"{cls.model_config['env_prefix']}{name}".upper()
        if first["type"] == "value_error":
            one_line = " ".join(str(first["ctx"]["error"]).split())
            return SettingError(variable=variable, problem=one_line)
        field = cls.model_fields[name]
        shown = "it" if is_secret(field) else repr(first["input"])
        return SettingError(variable=variable, problem=f"{shown} is not {accepted_values(field)}")


def is_secret(field: FieldInfo) -> bool:
    """Return whether the value of a field must not be shown."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("secret"))


def accepted_values(field: FieldInfo) -> str:
    """Return in words which values a field takes, such as "a whole number from 0 to 9"."""
    if get_origin(field.annotation) is Literal:
        return " or ".join(map(str, get_args(field.annotation)))
    words = [_KINDS.get(field.annotation, "text")]
    for bound in field.metadata:
        if isinstance(bound, Ge):
            words.append(f"from {bound.ge}")
        elif isinstance(bound, Gt):
            words.append(f"above {bound.gt}")
        elif isinstance(bound, Le):
            words.append(f"to {bound.le}")
    return " ".join(words)


def refuse_unknown_variables(environ: Mapping[str, str], groups: Sequence[type[SettingsGroup]]) -> None:
    """Raise SettingError for a variable with our prefix that is no setting, and name the one that is close to it."""
    known = {variable for group in groups for variable in group.variables()}
    for variable, text in environ.items():
        if text and variable.startswith(PREFIX) and variable not in known:
            names = [name.removeprefix(PREFIX) for name in known]  # the prefix would make all of them similar
            near = nearest(variable.removeprefix(PREFIX), names)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "docs/settings.md lists every one"
            raise SettingError(variable=variable, problem=f"there is no such setting; {hint}")


def describe(groups: Sequence[type[SettingsGroup]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (variable, type, default, meaning) of every setting, for the docs."""
    for group in groups:
        for variable, field in group.variables().items():
            kind = "path" if field.annotation is Path else type(field.default).__name__
            yield variable, kind, str(field.default), field.description or ""
