"""The users of both Django projects, with the project's own code: `python manage.py shell < seed_django.py`."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User

for name, active in [("ada", True), ("bob", True), ("eve", False), ("dan", True), ("fay", True)]:
    User.objects.create_user(name, f"{name}@example.com", f"{name}-password", is_active=active)

# With as many rounds as Django takes by default.
grace = User.objects.create_user("grace", "grace@example.com")
grace.password = PBKDF2PasswordHasher().encode("grace-password", "saltsaltsaltsaltsalt22")
grace.save()
