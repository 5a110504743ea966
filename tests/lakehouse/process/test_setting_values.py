"""Values of settings: whatever a variable holds is read or refused in one sentence that names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import SettingError
from lakehouse.process.settings import Settings, describe_settings

VARIABLES = [variable for variable, _, _, _ in describe_settings()]
ODD_VALUES = (
    "nan", "inf", "-1", "1e400", "1_000", "१", "9" * 30, "true", "None", '"', "\t", "\n", "a b", ",,", "*,x", "é",
    "http://[::1", "https://x:99999", "//x", ":9092", "a:1,,b:2", "redis://", "redis://[::1", "postgresql://",
    "postgresql://u@h:99999/x", "mysql://h/d", "~nobody/x", "~0", "~",
    "a\x01b", "{", '{"a":null}', "0/minute", "bronze=nan", "=3",
    "stream=x:99999", "s3://", "foo://x", "file://host/x", "256.1.1.1", "wss://x:99999", "javascript:alert(1)",
)  # fmt: skip
ACCEPTED = (
    ("HTTP_HOST", "127.0.0.1"), ("HTTP_HOST", "0.0.0.0"), ("HTTP_HOST", "::1"), ("HTTP_HOST", "localhost"),
    ("HTTP_HOST", "Viz-1.example"), ("HTTP_WORKERS", "1000"), ("HTTP_THREADS", "64"), ("LIVE_PROCESSES", "0"),
    ("QUERY_SECONDS", "0"), ("LAG_SECONDS", "0.25"), ("TAIL_MESSAGES", "0"),
    ("DATABASE_URL", "postgresql://viz:p%40ss@db.example:5432/viz?sslmode=verify-full"),
    ("DATABASE_URL", "postgres:///viz?host=/var/run/postgresql"),
    ("REDIS_URL", "redis://host:6379/0"), ("REDIS_URL", "rediss://:secret@[::1]:6380"),
    ("REDIS_URL", "unix:///run/redis.sock?db=1"),
    ("SPARK_MASTER", "local[*]"), ("SPARK_MASTER", "local"), ("SPARK_MASTER", "spark://a:7077,b:7077"),
    ("SPARK_MASTER", "yarn"), ("SPARK_MASTER", "k8s://https://host:6443"), ("SPARK_MASTER", "local[2,4]"),
    ("LAKE_URI", "/data/lake"), ("LAKE_URI", "lake"), ("LAKE_URI", "~/lake"), ("LAKE_URI", "file:///data/lake"),
    ("LAKE_URI", "s3://bucket"), ("LAKE_URI", "s3://bucket/a/lake"),
    ("LIVE_URL", "wss://viz.example:8443/ws/v1/flux"), ("LIVE_URL", "/ws/v1/flux"),
)  # fmt: skip
REFUSED = (
    ("HTTP_HOST", "host name"), ("HTTP_HOST", "256.1.1.1"), ("HTTP_HOST", "1.2.3"), ("HTTP_HOST", "http://x"),
    ("HTTP_HOST", "localhost:80"), ("HTTP_HOST", "*"), ("HTTP_HOST", "a,b"), ("HTTP_HOST", ".example"),
    ("HTTP_HOST", "[::1]"), ("HTTP_HOST", ":::"), ("HTTP_HOST", " x"), ("HTTP_HOST", "é"),
    ("HTTP_WORKERS", "1001"), ("HTTP_THREADS", "9" * 23), ("LIVE_PROCESSES", "1001"), ("LIVE_BUFFER_BYTES", "9" * 23),
    ("LAG_SECONDS", "9" * 23), ("QUERY_SECONDS", "1e300"), ("HTTP_HEAD_SECONDS", "0"),
    ("DATABASE_URL", "mysql://viz:secret@db/viz"), ("DATABASE_URL", "secret"), ("DATABASE_URL", "postgresql://secret"),
    ("DATABASE_URL", "postgresql://u:secret@[::1/viz"), ("DATABASE_URL", "postgresql://u:secret@h:99999/viz"),
    ("DATABASE_URL", "postgresql://u:secret@h/viz?sslmode=on"), ("DATABASE_URL", "postgresql://u:sec ret@h/viz"),
    ("REDIS_URL", "secret"), ("REDIS_URL", "redis://"), ("REDIS_URL", "redis://:secret@h:99999/0"),
    ("REDIS_URL", "redis://:secret@h/first"), ("REDIS_URL", "http://secret@h"), ("REDIS_URL", "unix://"),
    ("SPARK_MASTER", "local[0]"), ("SPARK_MASTER", "local[two]"), ("SPARK_MASTER", "spark://host"),
    ("SPARK_MASTER", "host:7077"), ("SPARK_MASTER", "mesos://host:5050"), ("SPARK_MASTER", "local[2] "),
    ("LAKE_URI", "s3://"), ("LAKE_URI", "foo://bucket"), ("LAKE_URI", "https://host/lake"),
    ("LAKE_URI", "file://host/lake"), ("LAKE_URI", "s3://buc ket/lake"),
    ("LIVE_URL", "wss://host:99999"), ("LIVE_URL", "wss://[::1"), ("LIVE_URL", "https://host"),
)  # fmt: skip


def refusal(variable: str, value: str) -> str | None:
    """Return the message that refuses a value; None where it is read."""
    try:
        Settings.from_environ({variable: value})
    except SettingError as error:
        return str(error)
    return None


def assert_is_sentence(message: str, variable: str) -> None:
    assert message.startswith(f"{variable}: ")
    assert "\n" not in message


@pytest.mark.parametrize("variable", VARIABLES)
def test_an_odd_value_is_read_or_refused_in_one_sentence(variable: str) -> None:
    for value in ODD_VALUES:
        message = refusal(variable, value)
        if message is not None:
            assert_is_sentence(message, variable)


@given(
    variable=st.sampled_from(VARIABLES), value=st.text(st.characters(exclude_characters="\0"), max_size=40)
)
def test_any_value_is_read_or_refused_in_one_sentence(variable: str, value: str) -> None:
    message = refusal(variable, value)
    if message is not None:
        assert_is_sentence(message, variable)


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_a_value_that_can_work_is_accepted(name: str, value: str) -> None:
    assert refusal(f"CRYPTOVIZ_{name}", value) is None


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_that_cannot_work_is_refused_and_no_secret_shown(name: str, value: str) -> None:
    variable = f"CRYPTOVIZ_{name}"
    message = refusal(variable, value)

    assert message is not None
    assert_is_sentence(message, variable)
    assert "secret" not in message


@pytest.mark.parametrize(
    "options",
    [
        '{"nonsense": "1"}',
        '{"aws_nonsense": "1"}',
        '{"allow_http": "perhaps"}',
        '{"timeout": "soon"}',
        '{"aws_virtual_hosted_style_request": "maybe"}',
    ],
)
def test_an_option_that_no_storage_takes_is_refused_when_settings_are_read(options: str) -> None:
    variable = "CRYPTOVIZ_LAKE_STORAGE_OPTIONS"
    with pytest.raises(SettingError) as refused:
        Settings.from_environ({"CRYPTOVIZ_LAKE_URI": "s3://bucket/lake", variable: options})

    assert_is_sentence(str(refused.value), variable)
    assert "s3://bucket/lake" in str(refused.value)


@pytest.mark.parametrize(
    "options",
    [
        '{"aws_endpoint": "http://127.0.0.1:8333", "allow_http": "true", "aws_region": "local"}',
        '{"AWS_ENDPOINT_URL": "http://127.0.0.1:8333", "AWS_ALLOW_HTTP": "true"}',
        '{"endpoint": "http://127.0.0.1:8333", "ALLOW_HTTP": "true", "timeout": "30s"}',
        '{"aws_s3_allow_unsafe_rename": "true", "max_retries": "3"}',
    ],
)
def test_options_of_connections_are_taken_beside_those_of_a_bucket(options: str) -> None:
    environ = {"CRYPTOVIZ_LAKE_URI": "s3://bucket/lake", "CRYPTOVIZ_LAKE_STORAGE_OPTIONS": options}

    assert Settings.from_environ(environ).lake_location().uri == "s3://bucket/lake"
