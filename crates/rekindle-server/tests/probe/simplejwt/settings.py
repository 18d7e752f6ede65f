"""A Django project with Simple JWT as its documentation sets it up, rotation and blacklist on."""

import os
from urllib.parse import unquote, urlsplit

DATABASE = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "a secret of at least thirty-two bytes, for tests"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
USE_TZ = True
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]

POSTGRES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": DATABASE.hostname,
        "PORT": DATABASE.port,
        "NAME": DATABASE.path[1:],
        "USER": DATABASE.username,
        "PASSWORD": unquote(DATABASE.password or ""),
        # As Django's documentation recommends. With a new connection for every request (the default) requests that
        # came at the same moment reach the database one after the other, and fewer of them read the blacklist in time.
        "CONN_MAX_AGE": 60,
    }
}

SQLITE = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE.path,
        "CONN_MAX_AGE": 60,
        # As SQLite is best served to several writers.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}

# It says how long an answer is; every project has it.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]

DATABASES = SQLITE if DATABASE.scheme == "sqlite" else POSTGRES

# Nothing but logins is quicker by it, and the probe makes many.
if not os.environ.get("OWN_HASHERS"):
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
}

SIMPLE_JWT = {
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}
