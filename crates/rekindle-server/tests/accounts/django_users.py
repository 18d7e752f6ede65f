"""Django itself: its migrations make `auth_user`, its own functions make and change the users.

    django_users.py make|deactivate NAME|activate NAME|weaken NAME PASSWORD|check NAME PASSWORD

The database is the SQLite file DJANGO_SQLITE, or PostgreSQL as PGHOST and its like say.
"""

import os
import sys

import django
from django.conf import settings

HASHERS = [
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "Argon2PasswordHasher",
    "BCryptSHA256PasswordHasher",
    "BCryptPasswordHasher",
    "ScryptPasswordHasher",
]

if "DJANGO_SQLITE" in os.environ:
    DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_SQLITE"]}
else:
    DATABASE = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "django",
        **{name: os.environ[f"PG{name}"] for name in ["HOST", "PORT", "USER", "PASSWORD"]},
    }

settings.configure(
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.hashers import get_hashers, identify_hasher, make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402

PASSWORD = "correct horse"
User = get_user_model()


def make():
    call_command("migrate", verbosity=0)
    User.objects.create_user("ada", "ada@example.com", PASSWORD)
    User.objects.create_user("Zoë Müller", "zoe@example.com", "pässwörd " + "x" * 70)
    User.objects.create_user("eve", password=PASSWORD, is_active=False)
    User.objects.create_user("nil", password=None)
    for hasher in get_hashers():
        user = User(username=hasher.algorithm, password=make_password(PASSWORD, hasher=hasher))
        user.save()


def weaken(name, password):
    """As a Django of ten years ago left it."""
    hasher = get_hashers()[0]
    User.objects.filter(username=name).update(password=hasher.encode(password, hasher.salt(), 20000))


def check(name, password):
    """Whether it is this password, and hashed as Django would today."""
    user = User.objects.get(username=name)
    hasher = identify_hasher(user.password)
    right = hasher.verify(password, user.password) and not hasher.verify(password + "x", user.password)
    if not right or hasher.must_update(user.password):
        sys.exit(f"Django does not take the hash of {name} for one of its own: {user.password}")


match sys.argv[1:]:
    case ["make"]:
        make()
    case ["deactivate", name]:
        assert User.objects.filter(username=name).update(is_active=False) == 1
    case ["activate", name]:
        assert User.objects.filter(username=name).update(is_active=True) == 1
    case ["weaken", name, password]:
        weaken(name, password)
    case ["check", name, password]:
        check(name, password)
    case other:
        sys.exit(__doc__)
