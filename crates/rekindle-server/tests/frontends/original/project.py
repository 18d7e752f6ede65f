"""The original: Simple JWT in a Django project as its documentation sets it up, rotation and blacklist on.

`project.py migrate` makes the database and the account; `gunicorn project:application` serves it.
"""

import os
import sys
from datetime import timedelta

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    SECRET_KEY=os.environ["SECRET"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE"],
            "CONN_MAX_AGE": 60,
            # As Django's documentation has it for more than one writer: a lock that is waited for, and no logout by
            # "database is locked".
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"},
        }
    },
    # Nothing but logins is quicker by it.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(seconds=int(os.environ["ACCESS_TOKEN_LIFETIME"])),
        "ROTATE_REFRESH_TOKENS": os.environ["ROTATE_REFRESH_TOKENS"] == "True",
        "BLACKLIST_AFTER_ROTATION": True,
    },
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView  # noqa: E402

urlpatterns = [
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view()),
]
application = get_wsgi_application()

if __name__ == "__main__" and sys.argv[1:] == ["migrate"]:
    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("demo", password="demo-password")
