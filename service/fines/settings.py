"""Django's settings, all of them from the environment and from the files of secrets."""

import os
from datetime import timedelta
from pathlib import Path

from fines.database.login import FileLogin, Login, SecretLogin
from fines.database.patience import PATIENCE
from fines.environment import Environment
from fines.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(os.environ)

SECRETS_DIR = Path(env.text("SECRETS_DIR", "/run/secrets/fines"))
SECRET_KEY = env.secret(SECRETS_DIR / "secret_key", least=32)
DATABASE_SECRET = env.text("DATABASE_SECRET_ARN", "")
DATABASE_LOGIN: Login
if DATABASE_SECRET:
    env.text("AWS_REGION")
    DATABASE_LOGIN = SecretLogin(DATABASE_SECRET)
else:
    env.secret(SECRETS_DIR / "database_password")
    DATABASE_LOGIN = FileLogin(env.text("DATABASE_USER", "fines_service"), SECRETS_DIR / "database_password")
DATABASE_CA = env.text("DATABASE_CA", "")  # of a database that is reached over TLS

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
PUBLIC_URL = env.origin("PUBLIC_URL")
STATIC_ORIGIN = env.origin("STATIC_ORIGIN", "")  # of the files that pages name; without it, the pages' own
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
TOKEN_DAYS = env.integer("TOKEN_DAYS", 90, least=1, most=3650)
REPORT_NEEDS_TOKEN = env.boolean("REPORT_NEEDS_TOKEN", default=False)
UPLOAD_ROWS = env.integer("UPLOAD_ROWS", 50_000, least=1, most=50_000)
# Of an upload, unpacked: rows of the longest comments, in letters of three bytes each, fit.
UPLOAD_BYTES = 2**20 * env.integer("UPLOAD_MIB", 320, least=1, most=1024)
WEB_THREADS = env.integer("WEB_THREADS", 4, least=1, most=64)  # of the server; files leave one of them free
METRIC_NAMESPACE = env.text("METRIC_NAMESPACE", "")  # of the metrics in the log; none without it
MEDIA_BUCKET = env.text("MEDIA_BUCKET", "")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", of=("DEBUG", "INFO", "WARNING", "ERROR"))

DATABASES = {
    "default": {
        "ENGINE": "fines.database",
        "HOST": env.text("DATABASE_HOST", "/run/postgresql"),
        "PORT": env.integer("DATABASE_PORT", 5432, least=1, most=65535),
        "NAME": env.text("DATABASE_NAME", "fines"),
        # A connection lasts as long as its thread. Before a request uses it, the engine looks whether it still stands.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "fines",
            # Django turns prepared statements off, for poolers; here no pooler stands between. Only statements that ask for it
            # are prepared (infracciones/registration.py): no other is met so often.
            "prepare_threshold": 2**31,
            **PATIENCE,
            **({"sslmode": "verify-full", "sslrootcert": DATABASE_CA} if DATABASE_CA else {}),
            # Migrations take as long as they take (their timeout is 0), but may be told to wait for no lock for long.
            "options": f"-c statement_timeout={env.integer('DATABASE_TIMEOUT_MS', 8000, least=0, most=600_000)}"
            f" -c lock_timeout={env.integer('DATABASE_LOCK_TIMEOUT_MS', 0, least=0, most=600_000)}",
        },
    }
}
env.check()

DEBUG = False
ROOT_URLCONF = "fines.urls"
WSGI_APPLICATION = "fines.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "infracciones",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "drf_spectacular_sidecar",
    "axes",
]
MIDDLEWARE = [
    "fines.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "fines.office.OfficeMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Ten wrong passwords for a name from an address close that door for a quarter of an hour; from elsewhere it stays open, so
# that nobody can lock an administrator out.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "fines.middleware.address_of"
AXES_LOCKOUT_TEMPLATE = "admin/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "es"
USE_I18N = True
USE_TZ = True

STATIC_URL = f"{STATIC_ORIGIN}/static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    # Photos: names are made up, so nobody asks the bucket whether one is taken; links are signed, and last five minutes.
    "default": {
        "BACKEND": "fines.storage.PrivateBucket",
        "OPTIONS": {
            "bucket_name": MEDIA_BUCKET,
            "region_name": env.text("AWS_REGION", "us-east-1"),
            "default_acl": None,
            "file_overwrite": True,
            "querystring_expire": 300,
            "object_parameters": {"CacheControl": "private, max-age=300"},
        },
    }
    if MEDIA_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": BASE_DIR / "media"}},
    # Names carry the content's hash: a browser may keep them for ever, and two releases can be served side by side.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

# TLS ends at the proxy in front, the only one that can reach this port; it sets the header on every request.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_ENGINE = "fines.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60  # an administrator's working day
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "fines.middleware.forged"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings(LOG_LEVEL)
