"""Creates the account that the probe signs in with."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402

get_user_model().objects.create_user("ada", password="correct horse battery staple")
