"""Settings that production requires."""

from lakehouse.errors import SettingError
from lakehouse.process.environment import PREFIX
from lakehouse.process.origins import allows_any, names_a_registry
from lakehouse.process.settings import Settings

MIN_KEY_CHARACTERS = 50
MIN_DISTINCT_CHARACTERS = 10
_EXAMPLE_WORDS = ("insecure", "changeme", "change-me", "example", "secret", "password")


def check_production(settings: Settings) -> None:
    """Raise SettingError with the first setting that production does not accept."""
    if not settings.production:
        return
    for name, is_right, problem in (
        ("DEBUG", not settings.debug, "production shows no errors in full: leave it out"),
        (
            "SECRET_KEY",
            is_secret(settings.secret_key),
            f"production needs one of its own, {MIN_KEY_CHARACTERS} random characters or more: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'",
        ),
        (
            "ALLOWED_HOSTS",
            not allows_any(settings.allowed_hosts),
            "production answers to names that are listed, such as viz.example",
        ),
        (
            "ALLOWED_HOSTS",
            names_a_registry(settings.allowed_hosts) is None,
            f"{names_a_registry(settings.allowed_hosts)} lets in names of everybody there: production answers to names "
            "of its own, such as viz.example or .viz.example",
        ),
        (
            "TRUSTED_PROXIES",
            settings.trusted_proxies >= 1,
            "production stands behind a proxy that ends TLS and sets X-Forwarded-Proto and -For: at least 1",
        ),
        (
            "CORS_ORIGINS",
            not allows_any(settings.cors_origins),
            "production lists the pages that may read it",
        ),
        (
            "LIVE_ORIGINS",
            not allows_any(settings.live_origins),
            "production lists the pages that may follow it",
        ),
    ):
        if not is_right:
            raise SettingError(variable=f"{PREFIX}{name}", problem=problem)


def is_secret(key: str) -> bool:
    """Return whether a key is long, has many distinct characters, and no word that examples have."""
    return (
        len(key) >= MIN_KEY_CHARACTERS
        and len(set(key)) >= MIN_DISTINCT_CHARACTERS
        and not any(word in key.lower() for word in _EXAMPLE_WORDS)
    )
