"""A device with a passkey, in a few lines, that can be told to lie about each thing it says."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

ORIGIN = "http://localhost:8000"


@dataclass(kw_only=True)
class Device:
    """Keeps one key for one person; ``recognises`` says whether it checked a fingerprint."""

    origin: str = ORIGIN
    host: str = "localhost"
    recognises: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: str = ""

    def make(self, question: dict[str, Any]) -> str:
        """Answer the question for a new key."""
        self.handle = question["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(Aaguid(b"\0" * 16), self.identifier, public)
        attestation = AttestationObject.create("none", self._says(made), {})
        response = {
            "clientDataJSON": self._client_data("webauthn.create", question),
            "attestationObject": websafe_encode(bytes(attestation)),
        }
        return self._answer(response)

    def show(self, question: dict[str, Any], *, kind: str = "webauthn.get") -> str:
        """Answer the question for the key there is."""
        said, client_data = self._says(None), self._client_data(kind, question)
        hashed = hashlib.sha256(_decoded(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": websafe_encode(bytes(said)),
            "signature": websafe_encode(self.key.sign(bytes(said) + hashed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.handle,
        }
        return self._answer(response)

    def _says(self, made: AttestedCredentialData | None) -> AuthenticatorData:
        self.count += 1
        flags = AuthenticatorData.FLAG.UP | (AuthenticatorData.FLAG.UV if self.recognises else 0)
        flags |= AuthenticatorData.FLAG.AT if made is not None else 0
        host = hashlib.sha256(self.host.encode()).digest()
        said: AuthenticatorData = AuthenticatorData.create(host, flags, self.count, made or b"")
        return said

    def _client_data(self, kind: str, question: dict[str, Any]) -> str:
        data = {"type": kind, "challenge": question["challenge"], "origin": self.origin, "crossOrigin": False}
        return websafe_encode(json.dumps(data).encode())

    def _answer(self, response: dict[str, str]) -> str:
        identifier = websafe_encode(self.identifier)
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": response})


def _decoded(text: str) -> bytes:
    from fido2.utils import websafe_decode

    return bytes(websafe_decode(text))
