"""Rekindle at an original's token URLs, on the original's own tables."""

import json
import re
import shutil
import time

from . import process, side

# One login after another of the same few users, from one address.
MANY = {f"limits.{name}": "1000000/1m" for name in (
    "login_per_account", "login_per_address", "refresh_per_session", "refresh_per_address"
)}

# Who the users are, as each application has them.
ACCOUNTS = {
    "simplejwt": {"accounts.sql_preset": "django"},
    # Its tokens name the user.
    "drf_jwt": {"accounts.sql_preset": "django", "accounts.sql_claims": ["username"]},
    "laravel_users": {"accounts.sql_preset": "laravel"},
    "flask_jwt_extended": {
        f"accounts.sql_{name}": f"SELECT id AS subject, password_hash AS password, is_active AS active FROM users WHERE {condition}"
        for name, condition in (("login", "username = :username"), ("state", "id = :subject"))
    },
}


class Rekindle:
    """A server of whoever has `name`, `folder`, `url`, `key` and `dialect`, and says `own_settings` and `accounts`."""

    rekindle = None

    def start(self, program):
        data = self.folder / f"{self.name}.data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        config = self.folder / f"{self.name}.toml"
        config.write_text(toml(self.settings(data)))
        self.log = self.folder / f"{self.name}.rekindle.log"
        self.log.unlink(missing_ok=True)
        self.rekindle = process.Process(
            [str(program), "serve", "--config", str(config)], self.folder, {}, self.log
        )
        self.tokens = self.said()

    def settings(self, data):
        own = self.own_settings()
        keys = {"keys.shared_secret": self.key}
        accounts = {"accounts.kind": "sql", "accounts.sql_url": self.url} | self.accounts()
        return (
            {
                "listen": "127.0.0.1:0",
                "admin_listen": "127.0.0.1:0",
                "data_dir": str(data),
                "store": "memory:",
                # Short enough that a test can wait for its end.
                "lifetimes.replay_window": "2s",
            }
            | self.server_settings()
            | keys
            | accounts
            | MANY
            | {f"dialects.{self.dialect.name}.{name}": value for name, value in own.items()}
            # A dialect without any setting is mounted by its section.
            | {f"dialects.{self.dialect.name}": None}
        )

    def said(self):
        """The address it says that it listens on."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = self.log.read_text() if self.log.exists() else ""
            if found := re.search(r"^listening on http://([\d.]+):(\d+)", text, re.MULTILINE):
                return found[1], int(found[2])
            self.rekindle.check()
            time.sleep(0.02)
        raise RuntimeError(f"Rekindle does not listen; see {self.log}")

    def server_settings(self):
        """What a variant says of the server itself."""
        return self.variant.get("server", {}) if isinstance(self.variant, dict) else {}

    def stop_rekindle(self):
        if self.rekindle:
            self.rekindle.stop()


class Switched(Rekindle, side.Original):
    """An application whose token URLs lead to Rekindle, as when a proxy's location for them is changed."""

    def __init__(self, folder, seeds, name, variant, dialect):
        super().__init__(folder, seeds, name, variant)
        self.dialect, self.folder = dialect, folder
        # Until the switch all is the application's.
        self.tokens = self.application

    def own_settings(self):
        own = {name: duration(name, value) for name, value in self.variant["original"].items()}
        own = {name: value for name, value in own.items() if name not in self.variant["original_only"]}
        return own | self.variant.get("rekindle", {})

    def accounts(self):
        return self.variant.get("accounts") or ACCOUNTS[self.variant["application"]]

    def address(self, path):
        moved = any(path.startswith(prefix) for prefix in self.dialect.moved)
        return self.tokens if moved else self.application

    def stop(self):
        self.stop_rekindle()
        super().stop()


class Alone(Rekindle):
    """Rekindle on an application's tables, without the application."""

    algorithm, key, public = "HS256", side.SECRET, None

    def __init__(self, folder, seeds, name, fixture, variant):
        self.name, self.folder, self.dialect, self.variant = name, folder, fixture, variant
        database = folder / f"{name}.sqlite3"
        seeds.copy(fixture.application, database)
        self.url = f"sqlite:{database}"

    def own_settings(self):
        return self.dialect.variants[self.variant]

    def accounts(self):
        return ACCOUNTS[self.dialect.application]

    def address(self, path):
        return self.tokens

    def altered(self, step, answer):
        return answer


def duration(name, value):
    """The originals' seconds have a unit here."""
    is_span = isinstance(value, int) and not isinstance(value, bool) and re.search("LIFETIME|DELTA|EXPIRES|LEEWAY", name)
    return f"{value}s" if is_span else value


def toml(settings):
    """Sections by the dots in the names."""
    sections = {}
    for name, value in settings.items():
        if value is None:
            sections.setdefault(name, {})
        else:
            section, _, key = name.rpartition(".")
            sections.setdefault(section, {})[key] = value
    lines = [f"{key} = {json.dumps(value)}" for key, value in sections.pop("", {}).items()]
    for section, values in sections.items():
        lines += ["", f"[{section}]"] + [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
