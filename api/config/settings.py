"""Django's settings, made from those of `lakehouse.process.settings`. An entry point: it reads the environment."""

import os

from api.config.databases import to_database
from api.config.production import check_production
from lakehouse.process.origins import ANY, parse_origins
from lakehouse.process.private_files import restrict_file
from lakehouse.process.settings import Settings

CRYPTOVIZ = Settings.from_environ(os.environ)
check_production(CRYPTOVIZ)

_RUNTIME = CRYPTOVIZ.runtime_dir.resolve()
_RUNTIME.mkdir(parents=True, exist_ok=True)

SECRET_KEY = CRYPTOVIZ.signing_key()
DEBUG = CRYPTOVIZ.debug
ALLOWED_HOSTS = CRYPTOVIZ.host_names
ROOT_URLCONF = "api.config.urls"
WSGI_APPLICATION = "api.config.wsgi.application"
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
    "corsheaders",
    "api.viewer",
    "api.maintenance",
    "api.metadata",
    "api.access",
    "api.accounts",
]
MIDDLEWARE = [
    "api.metrics.registry.MetricsMiddleware",
    "api.http.head.HeadMiddleware",
    "api.http.compression.CompressionMiddleware",
    "api.http.head.ConditionalMiddleware",
    "api.http.problems.ProblemMiddleware",
    *(["corsheaders.middleware.CorsMiddleware"] if CRYPTOVIZ.cors_origins else []),
    "api.access.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
STATIC_URL = "/static/"
LOGIN_URL = "/connexion"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CRYPTOVIZ.production
X_FRAME_OPTIONS = "DENY"
# Browsers honour it over TLS only.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if CRYPTOVIZ.production else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if CRYPTOVIZ.production else 0
SECURE_SSL_REDIRECT = CRYPTOVIZ.production
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)/?$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CRYPTOVIZ.production else None
# HSTS for subdomains and preload lists are the domain owner's decisions.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}}
]
# Pages of other HTTP origins send tokens; they never act in a user's session.
_ORIGINS = parse_origins(CRYPTOVIZ.cors_origins)
CORS_ALLOW_ALL_ORIGINS = ANY in _ORIGINS
CORS_ALLOWED_ORIGINS = [name for name in _ORIGINS if name != ANY]
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = (
    "etag",
    "link",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "cryptoviz-requete",
    "cryptoviz-complet",
    "cryptoviz-retained-from",
    "cryptoviz-exclus",
    "cryptoviz-snapshot",
)
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
for _suffix in ("", "-wal", "-shm"):
    restrict_file(_RUNTIME / f"metadata.sqlite3{_suffix}", CRYPTOVIZ.umask)
DATABASES = {"default": to_database(CRYPTOVIZ.database_url, sqlite_path=_RUNTIME / "metadata.sqlite3")}
# Counts of requests per address, shared by all processes of this machine.
CACHES = {
    "default": {
        "BACKEND": "api.access.counts_cache.CountsCache",
        "LOCATION": str(_RUNTIME / "requests"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# Notifies the gateway's processes; the rows themselves are in Kafka.
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
    "DEFAULT_RENDERER_CLASSES": ["api.http.renderers.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.http.negotiation.AcceptNegotiation",
    "EXCEPTION_HANDLER": "api.http.problems.handle_exception",
    "URL_FORMAT_OVERRIDE": None,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "lakehouse.process.log_lines.to_formatter", "log_format": CRYPTOVIZ.log_format}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": CRYPTOVIZ.log_level.upper()},
    # A client's mistakes are part of its answer, not of the log.
    # kafka-python writes several lines a second where no broker answers; api.status.lag writes one.
    "loggers": {
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "ERROR"},
        "kafka": {"level": "CRITICAL"},
        "uvicorn": {"level": "WARNING"},
    },
}
