from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Two users to try it out with."

    def handle(self, **options):
        User.objects.create_user("ada", password="correct horse")
        User.objects.create_user("grace", password="battery staple", is_staff=True)
