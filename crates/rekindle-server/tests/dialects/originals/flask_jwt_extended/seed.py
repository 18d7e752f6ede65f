"""The tables and users of the Flask application."""

import os
import sqlite3

from werkzeug.security import generate_password_hash

database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:"))
database.execute("PRAGMA journal_mode=WAL")
database.execute(
    "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT UNIQUE NOT NULL, password_hash TEXT NOT NULL,"
    " is_active BOOLEAN NOT NULL)"
)
database.execute("CREATE TABLE token_blocklist (id INTEGER PRIMARY KEY, jti TEXT NOT NULL)")
database.execute("CREATE INDEX token_blocklist_jti ON token_blocklist (jti)")
for name, active in [("ada", 1), ("bob", 1), ("eve", 0), ("dan", 1), ("fay", 1)]:
    hashed = generate_password_hash(f"{name}-password", "pbkdf2:sha256:1000")
    database.execute(
        "INSERT INTO users (username, password_hash, is_active) VALUES (?, ?, ?)", (name, hashed, active)
    )
# As Werkzeug hashes by default: scrypt.
database.execute(
    "INSERT INTO users (username, password_hash, is_active) VALUES (?, ?, 1)",
    ("grace", generate_password_hash("grace-password")),
)
database.commit()
