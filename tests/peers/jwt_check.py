"""An independent opinion on our signed assertions, by the PyJWT and cryptography packages.

`keys` prints fresh private keys as PEM, in every form that we say we read and some that we say we
refuse. `verify` reads JSON from standard input (private_key as PEM, assertion, algorithm,
audience) and prints the header and the claims, or fails.
"""

import json
import sys

import jwt
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def pem(key, form, encryption=None):
    return key.private_bytes(s.Encoding.PEM, form, encryption or s.NoEncryption()).decode()


def keys(_):
    big = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    curve = ec.generate_private_key(ec.SECP256R1())
    password = s.BestAvailableEncryption(b"secret")
    pkcs8, older = s.PrivateFormat.PKCS8, s.PrivateFormat.TraditionalOpenSSL
    return {
        "accepted": {
            "rsa pkcs8": [pem(big, pkcs8), "PS256"],
            "rsa pkcs1": [pem(big, older), "PS256"],
            "ec pkcs8": [pem(curve, pkcs8), "ES256"],
        },
        # Each with a word that the refusal must have.
        "refused": [
            ["passphrase", pem(big, pkcs8, password)],
            ["passphrase", pem(big, older, password)],
            ["pkcs8 -topk8 -nocrypt", pem(curve, older)],
            ["P-384", pem(ec.generate_private_key(ec.SECP384R1()), pkcs8)],
            ["Ed25519", pem(ed25519.Ed25519PrivateKey.generate(), pkcs8)],
        ],
    }


def verify(request):
    public = s.load_pem_private_key(request["private_key"].encode(), None).public_key()
    claims = jwt.decode(
        request["assertion"],
        public,
        algorithms=[request["algorithm"]],
        audience=request["audience"],
        options={"require": ["iss", "aud", "iat", "exp", "jti"]},
    )
    return {"header": jwt.get_unverified_header(request["assertion"]), "claims": claims}


if __name__ == "__main__":
    known = {"keys": keys, "verify": verify}[sys.argv[1]]
    print(json.dumps(known(json.load(sys.stdin))))
