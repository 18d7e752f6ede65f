"""Compares our verdict on mutated tokens with PyJWT's.

    cargo run --quiet --package rekindle --example mutated_tokens -- 40000 | python3 compare.py

Whatever we accept, PyJWT must accept and read in the same way; where it accepts what we refuse, the refusal
must be one of STRICTER. Two exceptions: the name Ed25519 for EdDSA, and an iat that lies ahead, which PyJWT
refuses and RFC 7519 does not ask to (that is what nbf is for; clocks of two machines differ). Needs PyJWT and cryptography.
"""

import base64
import collections
import json
import sys

import jwt
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

# Where we are stricter, by the words of our refusal, and why.
STRICTER = {
    "the token is of another type": "typ must be at+jwt; PyJWT does not look",
    "the token's key is not known": "kid chooses the key; PyJWT is handed one and does not look",
    "the token's algorithm is not that of its key": "kid names a key of another algorithm",
    "the token is malformed: the header has a member that is not allowed": "an allow-list",
    "the token is malformed: the header repeats a member": "PyJWT takes the last",
    "the token is malformed: the header is not a JSON object of strings": "null is not absent",
    "the token is malformed: the header is not canonical base64url": "PyJWT skips what is not base64url",
    "the token is malformed: the payload is not canonical base64url": "PyJWT skips what is not base64url",
    "the token is malformed: the signature is not canonical base64url, or too long": "the same",
    "the token is malformed: the claims repeat a member": "at every level; PyJWT takes the last",
    "the token is malformed: the claims are not JSON": "Python reads NaN, Infinity and half a surrogate pair",
    "the token's exp claim is missing or invalid": "ours are whole seconds; PyJWT takes strings and floats",
    "the token's nbf claim is missing or invalid": "the same",
    "the token's iat claim is missing or invalid": "the same; required by RFC 9068",
    "the token's iss claim is missing or invalid": "of two, PyJWT takes the last",
    "the token's aud claim is missing or invalid": "of two, PyJWT takes the last",
    "the token's client_id claim is missing or invalid": "required by RFC 9068",
    "the token's sub claim is missing or invalid": "required by RFC 9068",
    "the token's jti claim is missing or invalid": "required by RFC 9068",
    "the token's auth_time claim is missing or invalid": "ours",
    "the token's sid claim is missing or invalid": "ours",
    "the token's gen claim is missing or invalid": "ours",
}


def key_of(jwk):
    if jwk["kty"] == "oct":
        return base64.urlsafe_b64decode(jwk["k"] + "=" * (-len(jwk["k"]) % 4))
    family = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}[jwk["kty"]]
    return family.from_jwk(json.dumps(jwk))


def main():
    head = json.loads(sys.stdin.readline())
    keys = {name: key_of(jwk) for name, jwk in head["keys"].items()}
    counts = collections.Counter()
    stricter = collections.Counter()
    wrong = []
    end = None
    for line in sys.stdin:
        sample = json.loads(line)
        if "end" in sample:
            end = sample["end"]
            continue
        name = sample["algorithm"]
        ahead = False
        try:
            claims = jwt.decode(
                sample["token"],
                keys[name],
                algorithms=[name],
                audience=head["audience"],
                issuer=head["issuer"],
            )
        except jwt.ImmatureSignatureError as error:
            claims = None
            ahead = "(iat)" in str(error)
        except jwt.PyJWTError:
            claims = None
        except (ValueError, TypeError, OverflowError, AttributeError):
            claims = None
            counts["PyJWT raised an error that is not its own"] += 1
        if sample["refused"] is None:
            if claims is None and sample["newer_name"]:
                counts["accepted under the name Ed25519"] += 1
            elif claims is None and ahead:
                counts["accepted with an iat ahead"] += 1
            elif claims is None:
                wrong.append(("accepted here only", sample))
            elif claims != json.loads(sample["payload"]):
                wrong.append(("read differently", sample))
            else:
                counts["both accept"] += 1
        elif claims is None:
            counts["both refuse"] += 1
        elif sample["refused"] in STRICTER:
            stricter[sample["refused"]] += 1
        else:
            wrong.append(("not a listed reason", sample))
    total = sum(counts[name] for name in counts if not name.startswith("PyJWT"))
    total += sum(stricter.values()) + len(wrong)
    print(f"PyJWT {jwt.__version__}, {total} tokens:", dict(counts))
    for reason, count in stricter.most_common():
        print(f"  stricter {count:>6}  {reason}")
    for kind, sample in wrong[:10]:
        print(f"{kind}: {json.dumps(sample)}", file=sys.stderr)
    if wrong:
        return f"{len(wrong)} differences that are not listed"
    if end is None or end != total or not counts["both accept"]:
        return "the tokens ended early"
    unseen = [reason for reason in STRICTER if not stricter[reason]]
    if unseen:
        return f"listed and never seen: {unseen}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
