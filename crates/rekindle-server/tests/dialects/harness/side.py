"""Who is asked: an original, or an original whose token URLs have moved to Rekindle."""

import functools
import json
import shutil
import sqlite3
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import process

HERE = Path(__file__).resolve().parent.parent
SECRET = "the secret that both share, of some length"


class Seeds:
    """Each application's database with its users, made once and copied for every server."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def copy(self, application, to):
        if application not in self.made:
            self.made[application] = self.make(application)
        shutil.copyfile(self.made[application], to)

    def make(self, application):
        file = self.folder / f"{application}.seed.sqlite3"
        file.unlink(missing_ok=True)
        seed(application, f"sqlite:{file}")
        # What is still in the write-ahead log is moved into the file that is copied.
        database = sqlite3.connect(file)
        database.execute("PRAGMA journal_mode=DELETE")
        database.close()
        return file


def seed(application, url):
    folder = HERE / "originals" / application
    environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET}
    if (folder / "manage.py").exists():
        process.run([sys.executable, "manage.py", "migrate", "-v", "0"], folder, environment)
        users = (HERE / "originals/seed_django.py").read_bytes()
        process.run([sys.executable, "manage.py", "shell", "-v", "0"], folder, environment, users)
    else:
        process.run([sys.executable, "seed.py"], folder, environment)


class Original:
    """An application on gunicorn, with a database of its own."""

    # The paths of tokens, where another server answers them.
    algorithm, key, public = "HS256", SECRET, None

    def __init__(self, folder, seeds, name, variant):
        self.name, self.variant = name, variant
        if url := variant.get("database"):
            self.url = url
            seed(variant["application"], url)
        else:
            self.database = folder / f"{name}.sqlite3"
            for old in folder.glob(f"{name}.sqlite3*"):
                old.unlink()
            seeds.copy(variant["application"], self.database)
            self.url = f"sqlite:{self.database}"
        environment = settings_of(variant) | {"DATABASE_URL": self.url}
        if is_rsa(variant):
            self.algorithm, (self.key, self.public) = "RS256", rsa_keys()
        self.socket, self.process = serve(variant["application"], environment, folder / f"{name}.log")
        self.application = self.socket.getsockname()

    def ready(self):
        self.process.wait_for(self.application)

    def address(self, path):
        return self.application

    def altered(self, step, answer):
        return answer

    def snapshot(self):
        """All rows of the application's users."""
        table = "users" if self.variant["application"].startswith("flask") else "auth_user"
        database = sqlite3.connect(self.database, timeout=20)
        rows = database.execute(f"SELECT * FROM {table}").fetchall()
        database.close()
        return table, rows

    def restore(self, snapshot):
        table, rows = snapshot
        _, now = self.snapshot()
        marks = ", ".join("?" * len(rows[0]))
        database = sqlite3.connect(self.database, timeout=20)
        with database:
            changed = [row for row in rows if row not in now]
            database.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", changed)
        database.close()

    def execute(self, statement):
        database = sqlite3.connect(self.database, timeout=20)
        with database:
            database.execute(statement)
        database.close()

    def stop(self):
        self.process.stop()
        self.socket.close()


@functools.cache
def rsa_keys():
    """A key pair of this run, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def is_rsa(variant):
    settings = variant["original"]
    return settings.get("ALGORITHM", settings.get("JWT_ALGORITHM", "HS256")) == "RS256"


def settings_of(variant):
    settings = variant["original"]
    if is_rsa(variant):
        private, public = rsa_keys()
        names = variant["key_settings"]
        settings = settings | {names[0]: private, names[1]: public}
    return {
        "SECRET_KEY": SECRET,
        "SETTINGS": json.dumps(settings),
        "VIEWS": variant.get("views", "pair"),
    }


def serve(application, environment, log, workers=1, threads=4):
    """gunicorn, as most run it. Its log is a file of its own."""
    socket = process.listener()
    module = "app:app" if application.startswith("flask") else "project.wsgi:application"
    arguments = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{socket.fileno()}"]
    arguments += ["--workers", str(workers), "--threads", str(threads), "--no-control-socket", module]
    folder = HERE / "originals" / application
    return socket, process.Process(arguments, folder, environment, log, (socket.fileno(),))
