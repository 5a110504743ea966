from dataclasses import fields
from pathlib import Path

import pytest

from lakehouse.errors import SettingError
from lakehouse.process.settings import Settings, describe_settings


def test_absent_and_empty_variables_leave_the_defaults() -> None:
    assert Settings.from_environ({"CRYPTOVIZ_HTTP_PORT": ""}) == Settings()


def test_variables_are_read_as_their_type() -> None:
    settings = Settings.from_environ({"CRYPTOVIZ_HTTP_PORT": "0", "CRYPTOVIZ_LAG_SECONDS": "1.5"})
    assert (settings.http_port, settings.lag_seconds) == (0, 1.5)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CRYPTOVIZ_HTTP_PORT", "eighty"),
        ("CRYPTOVIZ_HTTP_PORT", "65536"),
        ("CRYPTOVIZ_LAG_SECONDS", "soon"),
        ("CRYPTOVIZ_LAKE_STORAGE_OPTIONS", "{"),
        ("CRYPTOVIZ_LAKE_STORAGE_OPTIONS", '{"a": 1}'),
        ("CRYPTOVIZ_LAKE_STORAGE_OPTIONS", "[]"),
    ],
)
def test_value_that_cannot_be_used_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingError, match=variable):
        Settings.from_environ({variable: text})


def test_secrets_do_not_show() -> None:
    secret = "s3cret-value"
    settings = Settings(
        secret_key=secret, kafka_sasl_password=secret, lake_storage_options=f'{{"key": "{secret}"}}'
    )
    assert secret not in repr(settings)


def test_lake_is_in_the_runtime_folder_unless_told(tmp_path: Path) -> None:
    assert Settings(runtime_dir=str(tmp_path)).lake_location().uri == (tmp_path / "lake").as_uri()
    assert Settings(lake_uri="s3://bucket/lake").lake_location().uri == "s3://bucket/lake"


def test_signing_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings(runtime_dir=str(tmp_path))
    key = settings.signing_key()
    assert len(key) >= 50
    assert settings.signing_key() == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_every_setting_is_described() -> None:
    described = {variable for variable, _, _, meaning in describe_settings() if meaning}
    assert described == {f"CRYPTOVIZ_{setting.name.upper()}" for setting in fields(Settings)}
