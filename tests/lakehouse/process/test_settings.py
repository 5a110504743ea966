from pathlib import Path

import pytest
from pydantic import ValidationError

from lakehouse.errors import SettingError
from lakehouse.process.kafka_settings import KafkaSettings
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
        ("CRYPTOVIZ_HTTP_WORKERS", "0"),
        ("CRYPTOVIZ_QUERY_SECONDS", "nan"),
        ("CRYPTOVIZ_LIVE_RECHECK_SECONDS", "0"),
        ("CRYPTOVIZ_DEBUG", "perhaps"),
        ("CRYPTOVIZ_LOG_LEVEL", "LOUD"),
        ("CRYPTOVIZ_RATE_LIMIT", "many"),
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
        secret_key=secret,
        lake_storage_options=f'{{"key": "{secret}"}}',
        kafka=KafkaSettings(
            bootstrap_servers="k1:9092",
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            sasl_username="alice",
            sasl_password=secret,
        ),
    )
    assert secret not in repr(settings)
    assert secret not in str(settings)


@pytest.mark.parametrize(
    "variable", ["CRYPTOVIZ_LAKE_STORAGE_OPTIONS", "CRYPTOVIZ_KAFKA_SASL_PASSWORD", "CRYPTOVIZ_SECRET_KY"]
)
def test_error_does_not_show_a_value_that_may_be_secret(variable: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environ({variable: '{"s3cret-value'})
    assert "s3cret" not in str(refused.value)


def test_misspelt_variable_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(SettingError, match=r"CRYPTOVIZ_LAKE_URL: .* did you mean CRYPTOVIZ_LAKE_URI\?"):
        Settings.from_environ({"CRYPTOVIZ_LAKE_URL": "/data/lake"})


def test_unknown_variable_that_resembles_none_is_refused() -> None:
    with pytest.raises(SettingError, match=r"CRYPTOVIZ_QQ: there is no such setting; docs/settings\.md"):
        Settings.from_environ({"CRYPTOVIZ_QQ": "1", "PATH": "/bin"})


def test_error_says_what_was_wrong_and_what_is_accepted() -> None:
    with pytest.raises(
        SettingError, match=r"CRYPTOVIZ_HTTP_PORT: '65536' is not a whole number from 0 to 65535"
    ):
        Settings.from_environ({"CRYPTOVIZ_HTTP_PORT": "65536"})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().http_port = 1


def test_default_values_are_valid() -> None:
    defaults = {variable: default for variable, _, default, _ in describe_settings()}
    assert Settings.from_environ(defaults) == Settings()


def test_folder_of_the_user_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert Settings.from_environ({"CRYPTOVIZ_RUNTIME_DIR": "~/viz"}).runtime_dir == Path("/home/ann/viz")


def test_lake_is_in_the_runtime_folder_unless_told(tmp_path: Path) -> None:
    assert Settings(runtime_dir=tmp_path).lake_location().uri == (tmp_path / "lake").as_uri()
    assert Settings(lake_uri="s3://bucket/lake").lake_location().uri == "s3://bucket/lake"


def test_signing_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings(runtime_dir=tmp_path)
    key = settings.signing_key()
    assert len(key) >= 50
    assert settings.signing_key() == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_every_setting_is_described() -> None:
    described = {variable for variable, _, _, meaning in describe_settings() if meaning}
    names = {f"CRYPTOVIZ_{name.upper()}" for name in Settings.model_fields if name != "kafka"}
    assert described == names | {f"CRYPTOVIZ_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
