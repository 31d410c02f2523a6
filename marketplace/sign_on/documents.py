"""What an identity provider publishes of itself: OpenID Connect's discovery, SAML's metadata."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.conf import settings
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from urllib3.exceptions import HTTPError

from marketplace.errors import InvalidInput, Unavailable
from marketplace.sign_on.fetching import make_session

DISCOVERY = "/.well-known/openid-configuration"
LARGEST = 1 << 20
"""Bytes of metadata."""


@dataclass(frozen=True)
class SamlProvider:
    """Of its metadata, what is kept."""

    entity_id: str
    address: str
    certificate: str


def check_issuer(issuer: str) -> str:
    """The issuer as the provider writes it itself. Raises InvalidInput, Unavailable."""
    issuer = issuer.strip().removesuffix(DISCOVERY).rstrip("/")
    _check_address(issuer, "issuer")
    try:
        said = json.loads(_fetch(issuer + DISCOVERY))
    except ValueError:
        said = None
    if not isinstance(said, dict) or not {"authorization_endpoint", "token_endpoint", "jwks_uri"} <= said.keys():
        raise InvalidInput("issuer", f"Nothing at {issuer}{DISCOVERY} says how to sign in there.")
    if str(said.get("issuer", "")).rstrip("/") != issuer:
        raise InvalidInput("issuer", f"The provider calls itself {said.get('issuer')}: write that.")
    return str(said["issuer"])


def read_metadata(*, address: str, text: str) -> SamlProvider:
    """Of what stands at `address`, or of the text itself. Raises InvalidInput, Unavailable."""
    field = "metadata" if text else "metadata_address"
    if not text:
        _check_address(address, field)
        text = _fetch(address).decode(errors="replace")
    try:
        said = OneLogin_Saml2_IdPMetadataParser.parse(text.encode()).get("idp", {})
    except (ValueError, SyntaxError, OneLogin_Saml2_Error):  # lxml's errors are SyntaxErrors
        said = {}
    entity_id, sign_on = said.get("entityId"), said.get("singleSignOnService", {}).get("url")
    certificate = said.get("x509cert") or next(iter(said.get("x509certMulti", {}).get("signing", [])), None)
    if not entity_id or not sign_on or not certificate:
        raise InvalidInput(field, "This is no metadata of an identity provider: it lacks its name, address or key.")
    _check_address(sign_on, field)
    return SamlProvider(entity_id, sign_on, "".join(certificate.split()))


def _check_address(address: str, field: str) -> None:
    parts = urlsplit(address)
    allowed = {"https", "http"} if settings.WEBHOOK_PRIVATE_NETWORKS else {"https"}
    if parts.scheme not in allowed or not parts.hostname or len(address) > 400:
        raise InvalidInput(field, "Write an address that begins with https://.")


def _fetch(address: str) -> bytes:
    try:
        with make_session() as session, session.get(address, stream=True) as answer:
            answer.raise_for_status()
            return bytes(answer.raw.read(LARGEST, decode_content=True))
    except (requests.RequestException, HTTPError, OSError):
        raise Unavailable(f"{address} does not answer as it should: is it right, and on the internet?") from None
