import base64, hashlib, json, sqlite3, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from werkzeug.security import check_password_hash

def django_ok(password, encoded):
    _, rounds, salt, digest = encoded.split("$")
    return base64.b64encode(hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(rounds))).decode() == digest

def serve(database, flask):
    table, column = ("users", "password_hash") if flask else ("auth_user", "password")
    def row(where, value):
        db = sqlite3.connect(database, timeout=20)
        try:
            return db.execute(f"SELECT id, {column}, is_active FROM {table} WHERE {where} = ?", (value,)).fetchone()
        finally:
            db.close()
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *a): pass
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path.endswith("/verify"):
                r = row("username", body["username"])
                ok = r and r[2] and (check_password_hash if flask else lambda h, p: django_ok(p, h))(r[1], body["password"])
                out = {"verdict": "verified", "subject": str(r[0]), "credential_version": hash(r[1]) % 2**31} if ok else {"verdict": "denied"}
            else:
                try: r = row("id", int(body["subject"]))
                except ValueError: r = None
                out = {"state": "gone"} if not r else {"state": "active", "credential_version": hash(r[1]) % 2**31} if r[2] else {"state": "disabled"}
            data = json.dumps(out).encode()
            self.send_response(200); self.send_header("content-type", "application/json"); self.send_header("content-length", str(len(data))); self.end_headers(); self.wfile.write(data)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
