"""What must be so before the API serves others than oneself."""

from lakehouse.errors import SettingError
from lakehouse.process.environment import PREFIX
from lakehouse.process.settings import Settings

LEAST_KEY_CHARACTERS = 50
LEAST_KEY_KINDS = 10
_GIVEN_AWAY = ("insecure", "changeme", "change-me", "example", "secret", "password")


def check_production(settings: Settings) -> None:
    """Raises SettingError, naming the first setting that production does not take."""
    if not settings.production:
        return
    for name, is_right, problem in (
        ("DEBUG", not settings.debug, "production shows no errors in full: leave it out"),
        (
            "SECRET_KEY",
            is_secret(settings.secret_key),
            f"production needs one of its own, {LEAST_KEY_CHARACTERS} random characters or more: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'",
        ),
        (
            "ALLOWED_HOSTS",
            not {"", "*"} & set(settings.host_names),
            "production answers to names that are listed, such as viz.example",
        ),
        (
            "TRUSTED_PROXIES",
            settings.trusted_proxies >= 1,
            "production stands behind a proxy that ends TLS and sets X-Forwarded-Proto and -For: at least 1",
        ),
        ("CORS_ORIGINS", "*" not in settings.cors_origins, "production lists the pages that may read it"),
        ("LIVE_ORIGINS", "*" not in settings.live_origins, "production lists the pages that may follow it"),
    ):
        if not is_right:
            raise SettingError(variable=f"{PREFIX}{name}", problem=problem)


def is_secret(key: str) -> bool:
    """Whether a key is long, of many characters, and not one of those that examples have."""
    return (
        len(key) >= LEAST_KEY_CHARACTERS
        and len(set(key)) >= LEAST_KEY_KINDS
        and not any(word in key.lower() for word in _GIVEN_AWAY)
    )
