"""An independent opinion on our OAuth 1.0a headers, by the `oauthlib` package.

`sign` prints the header that oauthlib makes for a request; `verify` lets oauthlib's server side
judge a header that was made elsewhere. The request comes as JSON on standard input:
method, url, realm, consumer_key, consumer_secret, token_id, token_secret, and for `sign` a nonce
and a timestamp, for `verify` the header.
"""

import json
import sys

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client, RequestValidator, ResourceEndpoint


class OneClient(RequestValidator):
    """Knows the one client and the one token of the request under test."""

    client_key_length = (1, 128)
    access_token_length = (1, 128)
    allowed_signature_methods = (SIGNATURE_HMAC_SHA256,)
    dummy_client = "nobody"
    dummy_access_token = "nothing"

    def __init__(self, known):
        super().__init__()
        self.known = known

    def check_client_key(self, client_key):
        return client_key == self.known["consumer_key"]

    def check_access_token(self, request_token):
        return request_token == self.known["token_id"]

    def validate_client_key(self, client_key, request):
        return client_key == self.known["consumer_key"]

    def validate_access_token(self, client_key, token, request):
        return token == self.known["token_id"]

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **tokens):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def get_client_secret(self, client_key, request):
        return self.known["consumer_secret"]

    def get_access_token_secret(self, client_key, token, request):
        return self.known["token_secret"]


def sign(request):
    client = Client(
        request["consumer_key"],
        client_secret=request["consumer_secret"],
        resource_owner_key=request["token_id"],
        resource_owner_secret=request["token_secret"],
        signature_method=SIGNATURE_HMAC_SHA256,
        realm=request["realm"],
        nonce=request["nonce"],
        timestamp=request["timestamp"],
    )
    _, headers, _ = client.sign(request["url"], http_method=request["method"])
    return {"header": headers["Authorization"]}


def verify(request):
    valid, _ = ResourceEndpoint(OneClient(request)).validate_protected_resource_request(
        request["url"],
        http_method=request["method"],
        headers={"Authorization": request["header"]},
    )
    return {"valid": valid}


if __name__ == "__main__":
    print(json.dumps({"sign": sign, "verify": verify}[sys.argv[1]](json.load(sys.stdin))))
