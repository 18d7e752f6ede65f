"""Settings of a shop, as they grow in a project: most of them are none of an import's business."""

import os
from datetime import timedelta
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# SECURITY WARNING: keep the secret key used in production secret!
SECRET_KEY = "django-insecure-zx0)4w6p2#v@1k5r!q8m^h3t&s7d9f(u=c-e+b_gjynaliow"
DEBUG = True

DJANGO_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
OTHER_APPS = [
    "rest_framework",
    "rest_framework_simplejwt",
]
INSTALLED_APPS = DJANGO_APPS + OTHER_APPS + ["accounts.apps.AccountsConfig"]

AUTH_USER_MODEL = "accounts.User"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["DB_NAME"],
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
    }
}

DAYS = 7

SIMPLE_JWT = {
    # The access token lives half an hour.
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=DAYS * 2),  # two weeks
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "VERIFYING_KEY": None,
    "AUDIENCE": None,
    "ISSUER": "shop" ".example",
    "LEEWAY": 60 * 10 // 60,
    "AUTH_HEADER_TYPES": ("Bearer", "JWT"),
    "AUTH_HEADER_NAME": "HTTP_AUTHORIZATION",
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "AUTH_TOKEN_CLASSES": ("rest_framework_simplejwt.tokens.AccessToken",),
    "TOKEN_OBTAIN_SERIALIZER": "accounts.tokens.ObtainWithRoles",
    "CHECK_REVOKE_TOKEN": True,
    "SLIDING_TOKEN_LIFETIME": timedelta(minutes=int(os.environ.get("SLIDING_MINUTES", "5"))),
    "AUTH_COOKIE": "access_token",
}
