"""Django's own settings, made from ours. An entry point: the environment is read here."""

import os
from pathlib import Path

from api.databases import to_database
from lakehouse.settings import Settings

CRYPTOVIZ = Settings.from_environ(os.environ)

_RUNTIME = Path(CRYPTOVIZ.runtime_dir).expanduser().resolve()
_RUNTIME.mkdir(parents=True, exist_ok=True)

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = CRYPTOVIZ.signing_key()
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in CRYPTOVIZ.allowed_hosts.split(",")]
ROOT_URLCONF = "api.urls"
WSGI_APPLICATION = "api.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "rest_framework",
    "api.viewer",
    "api.maintenance",
    "api.metadata",
    "api.access",
]
MIDDLEWARE = [
    "api.head.HeadMiddleware",
    "api.compression.CompressionMiddleware",
    "api.head.ConditionalMiddleware",
    "api.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
SESSION_COOKIE_HTTPONLY = True
STATIC_URL = "/static/"
SECURE_CROSS_ORIGIN_OPENER_POLICY = None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": to_database(CRYPTOVIZ.database_url, sqlite_path=_RUNTIME / "metadata.sqlite3")}
# Counts of requests per address, seen by every process of this machine.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(_RUNTIME / "requests"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# The doorbell of the WebSocket's processes. What it rings for is in Kafka.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # The layer waits 5 s for a message at a time, as long as redis-py waits for an answer by default.
        "CONFIG": {"hosts": [{"address": CRYPTOVIZ.redis_url, "socket_timeout": 15}], "prefix": "cryptoviz"},
    }
    if CRYPTOVIZ.redis_url
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "NUM_PROXIES": CRYPTOVIZ.trusted_proxies,
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.AcceptNegotiation",
    "EXCEPTION_HANDLER": "api.problems.handle_exception",
    "URL_FORMAT_OVERRIDE": None,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": CRYPTOVIZ.log_level.upper()},
    # A client's own mistakes are its answer's business, not the log's.
    # kafka-python writes several lines a second where no broker answers; api.status.lag says it in one.
    "loggers": {
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "ERROR"},
        "kafka": {"level": "CRITICAL"},
        "uvicorn": {"level": "WARNING"},
    },
}
