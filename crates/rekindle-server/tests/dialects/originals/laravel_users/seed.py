"""The table of Laravel's users, without Laravel: its hashes are what `password_hash($password, PASSWORD_BCRYPT)` says."""

import os
import sqlite3

ADA = "$2y$04$xc6aKSfWTPHO1eVuRnR57OIhOzo7vCis9/Ijf.Rhp7Xml1YZYLDFi"

database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:"))
database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, password TEXT NOT NULL)")
database.execute("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)", (ADA,))
database.commit()
