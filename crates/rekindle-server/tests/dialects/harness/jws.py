"""Compact tokens, made and read without a library: most of those made here are ones that no library would make."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(header, claims, key):
    """`key` is a shared secret or an RSA key as PEM, and is used as the header's `alg` says."""
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return signed(".".join(encode(part) for part in parts), header.get("alg"), key)


def signed(message, algorithm, key):
    return f"{message}.{encode(signature(message.encode(), algorithm, key))}"


def signature(message, algorithm, key):
    if algorithm in HMACS:
        return hmac.new(key.encode(), message, HMACS[algorithm]).digest()
    if algorithm == "RS256":
        private = serialization.load_pem_private_key(key.encode(), None)
        return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return b""


def read(text):
    """Header and claims, or None where it is no token."""
    try:
        header, claims, _ = text.split(".")
        header, claims = json.loads(decode(header)), json.loads(decode(claims))
    except (ValueError, AttributeError):
        return None
    return (header, claims) if isinstance(header, dict) and isinstance(claims, dict) else None


def raw_header(text):
    return decode(text.split(".")[0]).decode()


def is_signed_by(text, key):
    """Whether `key` (a secret, or an RSA private key as PEM) made the signature."""
    message, _, seal = text.rpartition(".")
    header, _ = read(text)
    return hmac.compare_digest(decode(seal), signature(message.encode(), header.get("alg"), key))
