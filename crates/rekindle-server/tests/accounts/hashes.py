"""Hashes by the originals, of passwords that people have and of those that break things.

    hashes.py fill                       into the tables `people`, "user" and `users` of PGDATABASE
    hashes.py log-in URL TABLE           every one of them logs in at URL, and nobody with another password
    hashes.py check TABLE                the originals take what stands there for their own, and for today's

PostgreSQL is where PGHOST and its like say.
"""

import concurrent.futures
import json
import subprocess
import sys
import urllib.error
import urllib.request

import argon2
import bcrypt
import psycopg
from django.conf import settings
from werkzeug.security import check_password_hash, generate_password_hash

settings.configure()
from django.contrib.auth import hashers  # noqa: E402

# No control characters: a login with one is refused before anybody is asked. The borders are bcrypt's 72 bytes.
PASSWORDS = [
    "a",
    "correct horse",
    " leading and trailing ",
    "$2y$04$not.a.hash",
    "pässwörd",
    "пароль-密码-كلمة",
    "🔑🔑🔑",
    "e\u0301 is not é",
    "x" * 55,
    "x" * 64,
    "x" * 71,
    "x" * 72,
    "x" * 73,
    "é" * 36,
    "x" + "é" * 36,
    "x" * 128,
    "x" * 129,
    "y" * 1000,
]


def django():
    """Cheap ones, of every hasher."""
    bcrypt_sha256 = hashers.BCryptSHA256PasswordHasher()
    kinds = {
        "pbkdf2_sha256": lambda p: hashers.PBKDF2PasswordHasher().encode(p, "salt", 1000),
        "pbkdf2_sha1": lambda p: hashers.PBKDF2SHA1PasswordHasher().encode(p, "salt", 1000),
        "scrypt": lambda p: hashers.ScryptPasswordHasher().encode(p, "salt", n=1024, r=8, p=5),
        "bcrypt_sha256": lambda p: bcrypt_sha256.encode(p, bcrypt.gensalt(4)),
        # The library of today refuses longer ones; that of yesterday cut them off.
        "bcrypt": lambda p: "bcrypt$" + bcrypt.hashpw(p.encode()[:72], bcrypt.gensalt(4)).decode(),
    }
    for name, kind in [("argon2id", argon2.Type.ID), ("argon2i", argon2.Type.I), ("argon2d", argon2.Type.D)]:
        hasher = argon2.PasswordHasher(memory_cost=128, time_cost=2, parallelism=4, type=kind)
        kinds[name] = lambda p, hasher=hasher: "argon2" + hasher.hash(p)
    return kinds


def werkzeug():
    methods = ["scrypt:1024:8:1", "scrypt:2048:4:3", "pbkdf2:sha1:1000", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000"]
    return {method: lambda p, method=method: generate_password_hash(p, method) for method in methods}


PHP = """
require 'Illuminate/autoload.php';
[$kind, $passwords] = json_decode(stream_get_contents(STDIN));
$hasher = match ($kind) {
    'bcrypt' => new Illuminate\\Hashing\\BcryptHasher(['rounds' => 4]),
    'bcrypt of today' => new Illuminate\\Hashing\\BcryptHasher(['rounds' => 12]),
    'argon2id' => new Illuminate\\Hashing\\Argon2IdHasher(['memory' => 128, 'time' => 2, 'threads' => 1]),
    'argon2i' => new Illuminate\\Hashing\\ArgonHasher(['memory' => 128, 'time' => 2, 'threads' => 1]),
};
echo json_encode(array_map(fn ($p) => is_array($p)
    ? [$hasher->check($p[0], $p[1]), $hasher->check('!' . $p[0], $p[1]), $hasher->needsRehash($p[1])]
    : $hasher->make($p), $passwords));
"""


def laravel(kind, passwords):
    """Laravel's own hashers: its hashes of `passwords`, or what it says of pairs of a password and a hash."""
    asked = json.dumps([kind, passwords])
    done = subprocess.run(["php", "-r", PHP], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def fill():
    people, flask, users = [], [], []
    for name, make in django().items():
        people += [(f"django {name} {n}", make(password), password) for n, password in enumerate(PASSWORDS)]
    for name, make in werkzeug().items():
        flask += [(f"werkzeug {name} {n}", make(password), password) for n, password in enumerate(PASSWORDS)]
    for kind in ["bcrypt", "argon2id", "argon2i"]:
        made = laravel(kind, PASSWORDS)
        users += [
            (f"{kind}-{n}@example.com", made[n], password) for n, password in enumerate(PASSWORDS)
        ]
    with psycopg.connect() as connection:
        connection.execute(
            """CREATE TYPE standing AS ENUM ('on', 'off');
               CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE NOT NULL,
                 hash varchar(256), standing standing NOT NULL DEFAULT 'on', plain text);
               CREATE TABLE "user" (id serial PRIMARY KEY, username varchar(80) UNIQUE NOT NULL,
                 password varchar(256) NOT NULL, plain text);
               CREATE TABLE users (id bigserial PRIMARY KEY, name varchar(255) NOT NULL,
                 email varchar(255) UNIQUE NOT NULL, email_verified_at timestamp(0) without time zone,
                 password varchar(255) NOT NULL, remember_token varchar(100), created_at timestamp(0),
                 updated_at timestamp(0), plain text)"""
        )
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO people (name, hash, plain) VALUES (%s, %s, %s)", people)
        cursor.executemany('INSERT INTO "user" (username, password, plain) VALUES (%s, %s, %s)', flask)
        users = [(email, *rest) for email, *rest in users]
        cursor.executemany("INSERT INTO users (name, email, password, plain) VALUES ('U', %s, %s, %s)", users)
    print(f"{len(people)} hashes of Django, {len(flask)} of Werkzeug, {len(users)} of Laravel")


NAMES = {"people": ("name", "hash"), "user": ("username", "password"), "users": ("email", "password")}


def rows(table):
    name, hash = NAMES[table]
    with psycopg.connect() as connection:
        return connection.execute(f'SELECT {name}, {hash}, plain FROM "{table}" ORDER BY {name}').fetchall()


def status(url, username, password):
    body = json.dumps({"username": username, "password": password}).encode()
    request = urllib.request.Request(f"{url}/v1/login", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def near_miss(hash, password, number):
    """Another password, near by: one that the original refuses as well."""
    cut = "bcrypt$" in hash or hash.startswith("$2")
    if cut and len(password.encode()) >= 72:
        return password[:30] + "!" + password[31:]
    return [password + "!", password[:-1] or "b", password.swapcase() if password.swapcase() != password else "!" + password][number % 3]


def log_in(url, table):
    def wrong(numbered):
        number, (name, hash, password) = numbered
        found = []
        if (answer := status(url, name, password)) != 200:
            found.append(f"{name}: {password!r} is right, and was answered {answer}: {hash}")
        other = near_miss(hash, password, number)
        if (answer := status(url, name, other)) != 401:
            found.append(f"{name}: {other!r} is wrong, and was answered {answer}: {hash}")
        return found

    all = rows(table)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        failed = [line for lines in threads.map(wrong, enumerate(all)) for line in lines]
    if failed or not all:
        sys.exit("\n".join(failed) or f"{table} is empty")
    print(f"{len(all)} of {table} log in, and nobody else")


def check(table):
    failed = []
    if table == "user":
        for name, hash, password in rows(table):
            right = check_password_hash(hash, password) and not check_password_hash(hash, password + "!")
            if not right or not hash.startswith("scrypt:32768:8:1$"):
                failed.append(f"{name}: {hash}")
    else:
        bcrypt = [row for row in rows(table) if row[0].startswith("bcrypt")]
        said = laravel("bcrypt of today", [[password, hash] for _, hash, password in bcrypt])
        for (name, hash, _), (right, other, weak) in zip(bcrypt, said, strict=True):
            if not right or other or weak or not hash.startswith("$2y$12$"):
                failed.append(f"{name}: {hash} {right} {other} {weak}")
    if failed:
        sys.exit("\n".join(failed))
    print(f"the originals take what was written into {table} for their own")


match sys.argv[1:]:
    case ["fill"]:
        fill()
    case ["log-in", url, table]:
        log_in(url, table)
    case ["check", table]:
        check(table)
    case other:
        sys.exit(__doc__)
