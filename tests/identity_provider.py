"""An identity provider on this machine that signs real tokens, and lies about one thing when told to."""

import contextlib
import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "billow", "a secret: with colon & ümlaut"


@dataclass(kw_only=True)
class IdentityProvider:
    """``says`` are the claims about whoever comes; ``lie`` may change what is signed, ``answers`` whole answers.

    ``codes`` holds what was asked for, by code; each is good once, with the right verifier.
    """

    address: str = ""
    says: dict[str, Any] = field(default_factory=dict)
    lie: Callable[[dict[str, Any]], None] = lambda claims: None
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    document: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    key_id: str = "first"
    sign: Callable[[dict[str, Any]], str] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def visit(self, address: str) -> str:
        """Come to the provider as a browser does, and return where it sends the browser to."""
        question = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = question
        back = urlencode({"code": code, "state": question["state"], "iss": self.address})
        return f"{question['redirect_uri']}?{back}"

    def answer_to(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, object]:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, self._about() | self.document
        if path == "/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            return self._tokens(form, authorization)
        if path == "/userinfo" and authorization == "Bearer open sesame":
            return 200, self.userinfo or {}
        return 404, {"error": "not_found"}

    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
        }
        return about if self.userinfo is None else about | {"userinfo_endpoint": f"{self.address}/userinfo"}

    def _tokens(self, form: dict[str, str], authorization: str) -> tuple[int, object]:
        given = b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        name, _, secret = given.partition(":")
        pair = (unquote(name), unquote(secret)) if given else (form.get("client_id"), form.get("client_secret"))
        question = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if pair != (CLIENT, SECRET):
            return 401, {"error": "invalid_client", "error_description": secret}
        if question is None or question["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": question["nonce"]}
        claims |= self.says
        self.lie(claims)
        signed = self.sign(claims) if self.sign else self.signed(claims)
        return 200, {"id_token": signed, "access_token": "open sesame", "token_type": "Bearer"}

    def signed(self, claims: dict[str, Any], *, key: Any = None, algorithm: str = "RS256", kid: str = "") -> str:
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers={"kid": kid or self.key_id})


@contextlib.contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run a provider on a free port of this machine."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                self.send_response(302)
                self.send_header("Location", provider.visit(self.path))
                self.end_headers()
                return
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, content = provider.answer_to(self.path, form, self.headers.get("Authorization", ""))
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", f"{provider.address}/keys")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
