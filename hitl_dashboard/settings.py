"""Settings of every process, from the environment. A laptop needs none; production does not start without its secrets.

| variable | means | default |
|---|---|---|
| DATABASE_URL | PostgreSQL; with it this is production | SQLite in VAR_DIR |
| REDIS_URL | broker and live facts | the embedded server's |
| SECRET_KEY, ALLOWED_HOSTS | needed in production | made here; loopback |
| ORIGINS | where browsers come from, scheme and port included | https:// each allowed host |
| DEMO | 1: demo accounts and paced work, on loopback; 0: none | 1 without DATABASE_URL |
| EMBEDDED | 1: plain http on loopback, secrets made here | 1 without DATABASE_URL, or with DEMO |
| PORT, VAR_DIR, LOG_LEVEL | | 8000, var/, INFO |
| SESSION_IDLE_SECONDS, SESSION_TOTAL_SECONDS | when a session ends | 3600, 43200 |

Each may be given as NAME_FILE, the path of a file that holds it.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from hitl_dashboard.environment import embedded_redis_url, env, flag, folder, kept_secret, listed, number

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_URL = env("DATABASE_URL", "")
DEMO = flag("DEMO", default=not DATABASE_URL)
EMBEDDED = flag("EMBEDDED", default=not DATABASE_URL or DEMO)
if DEMO and not EMBEDDED:
    raise ImproperlyConfigured("DEMO=1 makes accounts that everybody knows: only EMBEDDED=1 may have them.")
DEBUG = False
PORT = number("PORT", 8000)
VAR_DIR = folder(Path(env("VAR_DIR", str(BASE_DIR / "var"))).resolve())
WORKSPACE_DIR = VAR_DIR / "workspace"

# Secrets and addresses -----------------------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY", "" if EMBEDDED else None) or kept_secret(VAR_DIR / "secret.key")
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", "127.0.0.1,localhost" if EMBEDDED else None)
_homes = [f"http://{host}:{PORT}" if EMBEDDED else f"https://{host}" for host in ALLOWED_HOSTS]
ORIGINS = CSRF_TRUSTED_ORIGINS = listed("ORIGINS", ",".join(_homes))
REDIS_URL = env("REDIS_URL", embedded_redis_url(VAR_DIR) if EMBEDDED else None)

# What it is made of --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "agents",
    "agents.toolbox",
    "approvals",
    "hitl_dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hitl_dashboard.middleware.SessionLimits",
    "hitl_dashboard.middleware.Reading",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hitl_dashboard.middleware.Refusals",
]
ROOT_URLCONF = "hitl_dashboard.urls"
ASGI_APPLICATION = "hitl_dashboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hitl_dashboard.context.demo",
                "approvals.context.shell",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rows ----------------------------------------------------------------------------------------------------------------
# FULL, because an acknowledged decision must survive a power cut; IMMEDIATE, because without it writes are lost.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
    "PRAGMA recursive_triggers=ON;PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;"
    "PRAGMA cache_size=2000;",
}
# Prepared, because planning the joins of a decision takes longer than running them. A pooler between here and the server
# must therefore keep prepared statements (PgBouncer does from 1.21 on).
POSTGRESQL = {
    "pool": {"min_size": 1, "max_size": 4, "timeout": 10},
    "server_side_binding": True,
    "prepare_threshold": 5,
    "options": "-c lock_timeout=3s -c idle_in_transaction_session_timeout=15s",
}


def database(url: str) -> dict[str, Any]:
    """PostgreSQL under its address, or the SQLite file of this folder."""
    if not url:
        name, test = VAR_DIR / "hitl.sqlite3", VAR_DIR / "test.sqlite3"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": SQLITE, "TEST": {"NAME": test}}
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0))
    except ValueError:
        found = {}
    if found.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must be the address of a PostgreSQL database.")
    return found | {"OPTIONS": {**POSTGRESQL, **found.get("OPTIONS", {})}}


DATABASES = {"default": database(DATABASE_URL)}
# Only the limits of sign-in live here: they hold across processes and while Redis is away.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "rate_limits"}}

# Who signs in --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "agents.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "board"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "hitl_dashboard.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
SESSION_IDLE_SECONDS = SESSION_COOKIE_AGE = int(env("SESSION_IDLE_SECONDS", "3600"))
SESSION_TOTAL_SECONDS = int(env("SESSION_TOTAL_SECONDS", "43200"))

# What browsers are told ----------------------------------------------------------------------------------------------
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("hitl-session", "hitl-csrf") if EMBEDDED else ("__Host-session", "__Host-csrf")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = not EMBEDDED
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 365 * 24 * 60 * 60
# Whether neighbours under the same domain speak https too is for their owner to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Words and files -----------------------------------------------------------------------------------------------------
USE_TZ = USE_I18N = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own words
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = None if EMBEDDED else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS, WHITENOISE_ALLOW_ALL_ORIGINS = EMBEDDED, False
WHITENOISE_MAX_AGE = 0 if EMBEDDED else 60
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Hints ---------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 1.0,
    "socket_connect_timeout": 0.5,
    # kombu would otherwise try again for seconds while a person waits for the answer to a decision.
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 90, 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_DB_REUSE_MAX = 500
CELERY_ENABLE_UTC = True
# In memory: a schedule of intervals needs no file that a kill could break.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
_late = {"expires": 60}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "approvals.tasks.sweep", "schedule": 5.0, "options": _late},
    "heartbeat": {"task": "approvals.tasks.heartbeat", "schedule": 5.0, "options": _late},
    **({"demo": {"task": "approvals.tasks.demo", "schedule": 4.0, "options": _late}} if DEMO else {}),
}

# Logs: one line for each thing that happened, ids instead of what agents wrote --------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "hitl_dashboard.logs.OneLine", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "filters": {"no_probes": {"()": "hitl_dashboard.logs.NoProbes"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_probes"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # whoever knocks under another name is told 400
        "daphne": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
