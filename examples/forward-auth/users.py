"""The application's own users. Yours are somewhere already."""

import sqlite3

from werkzeug.security import generate_password_hash

with sqlite3.connect("users.db") as users:
    users.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name UNIQUE, password)")
    row = ("ada", generate_password_hash("correct horse"))
    users.execute("INSERT INTO users (name, password) VALUES (?, ?)", row)
