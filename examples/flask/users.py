"""The application's own users. Yours are there already."""

import sqlite3
from contextlib import closing

from werkzeug.security import check_password_hash, generate_password_hash

FILE = "users.db"

# Checked for names that do not exist, so that they take the time of a wrong password.
NOBODY = generate_password_hash("nobody")


def query(sql, *values):
    with closing(sqlite3.connect(FILE, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql, values).fetchall()


def with_password(name, password):
    user = next(iter(query("SELECT * FROM users WHERE name = ?", name)), None)
    right = check_password_hash(user["password"] if user else NOBODY, password)
    return user if user and right and user["active"] else None


def by_id(id):
    return next(iter(query("SELECT * FROM users WHERE id = ?", id)), None)


def everybody():
    return query("SELECT * FROM users ORDER BY name")


def change(id, role, active):
    query("UPDATE users SET role = ?, active = ? WHERE id = ?", role, active, id)


def create():
    query("CREATE TABLE users (id INTEGER PRIMARY KEY, name UNIQUE, password, role, active DEFAULT 1)")
    for name, password, role in [("ada", "correct horse", "member"), ("grace", "battery staple", "admin")]:
        hashed = generate_password_hash(password)
        query("INSERT INTO users (name, password, role) VALUES (?, ?, ?)", name, hashed, role)
