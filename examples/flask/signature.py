import base64
import hashlib
import hmac
import time


def is_rekindle(headers, body: bytes, secret: str) -> bool:
    """Whether Rekindle sent this, in the last five minutes."""
    moment, signature = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    signed = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    right = hmac.compare_digest(signature.encode(), expected.encode())
    return right and abs(time.time() - int(moment)) < 300
