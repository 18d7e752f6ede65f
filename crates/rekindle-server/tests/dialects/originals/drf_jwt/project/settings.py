"""What `django-admin startproject` writes, plus the two packages. The environment says what differs from run to run."""

import json
import os
import urllib.parse
from datetime import timedelta

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_jwt",
    "rest_framework_jwt.blacklist",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
USE_TZ = True
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def database(url):
    if url.startswith("postgres://"):
        parts = urllib.parse.urlsplit(url)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "USER": parts.username,
            "PASSWORD": urllib.parse.unquote(parts.password or ""),
            "HOST": parts.hostname,
            "PORT": parts.port,
            # As one does under load: a connection for each request would be most of its cost.
            "CONN_MAX_AGE": 600,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": url.removeprefix("sqlite:"),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


DATABASES = {"default": database(os.environ["DATABASE_URL"])}

# Django's own format and check with few rounds: hundreds of logins are made here. `hash` of the same name, so what
# has Django's full number of rounds is verified too.
PASSWORD_HASHERS = ["project.hashers.Quick"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_jwt.authentication.JSONWebTokenAuthentication"],
}


def setting(name, value):
    """Spans of time come as seconds."""
    return timedelta(seconds=value) if name.endswith("_DELTA") else value


JWT_AUTH = {name: setting(name, value) for name, value in json.loads(os.environ.get("SETTINGS", "{}")).items()}
