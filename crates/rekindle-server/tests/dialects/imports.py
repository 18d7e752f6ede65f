"""What `rekindle import` prints for an application, run in the originals: their settings come out as they are in effect."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECRET = "the secret that both share, of some length"

# Application, what is imported, its settings, and what comes out of them.
APPLICATIONS = [
    (
        "simplejwt",
        "simplejwt",
        {"ACCESS_TOKEN_LIFETIME": 1800, "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "LEEWAY": 7},
        {
            "ACCESS_TOKEN_LIFETIME": "30m",
            "ROTATE_REFRESH_TOKENS": True,
            "BLACKLIST_AFTER_ROTATION": True,
            "LEEWAY": "7s",
            "blacklist_query": "package",
        },
    ),
    (
        "drf_jwt",
        "drf-jwt",
        {"JWT_EXPIRATION_DELTA": 600, "JWT_REFRESH_EXPIRATION_DELTA": 172800, "JWT_AUTH_COOKIE": "jwt"},
        {
            "JWT_EXPIRATION_DELTA": "10m",
            "JWT_REFRESH_EXPIRATION_DELTA": "2d",
            "JWT_ALLOW_REFRESH": True,
            "JWT_AUTH_COOKIE": "jwt",
            "blacklist_query": "package",
        },
    ),
    (
        "flask_jwt_extended",
        "flask",
        {"JWT_ACCESS_TOKEN_EXPIRES": 600, "JWT_TOKEN_LOCATION": ["cookies"], "JWT_COOKIE_SECURE": True},
        {"JWT_ACCESS_TOKEN_EXPIRES": "10m", "JWT_TOKEN_LOCATION": ["cookies"], "JWT_COOKIE_SECURE": True},
    ),
]


def faults(folder, program):
    return [fault for application in APPLICATIONS for fault in of(folder, program, *application)]


def of(folder, program, application, package, settings, expected):
    path = f"{Path(sys.executable).parent}:{program.parent}:{os.environ['PATH']}"
    database = f"sqlite:{folder / 'import.sqlite3'}"
    environment = {
        **os.environ,
        "PATH": path,
        "SECRET_KEY": SECRET,
        "SETTINGS": json.dumps(settings),
        "DATABASE_URL": database,
    }

    def shell(command):
        place = HERE / "originals" / application
        done = subprocess.run(["sh", "-c", command], cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        return done.stdout

    command = shell(f"rekindle import {package}").splitlines()[-1]
    shown = shell(command.removesuffix(f" | rekindle import {package} -"))
    report = json.loads(shell(f"{command} --json"))
    key = folder / f"{application}.key"
    shell(report["write_key"].replace("> shared_secret", f"> {key}"))
    found = report["settings"]["dialects"][report["dialect"]]
    faults = []
    if found != expected:
        faults.append(f"{package} is imported as {found}, not {expected}")
    if SECRET in shown or SECRET in json.dumps(report):
        faults.append(f"{package}: the secret is shown")
    if key.read_text() != SECRET or key.stat().st_mode & 0o077:
        faults.append(f"{package}: the key is not in its file as it is, for its owner alone")
    return [f"rekindle import: {fault}" for fault in faults]
