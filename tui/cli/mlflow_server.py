"""Requests to MLflow's REST API, with the settings of MLflow's own client from the environment."""

from __future__ import annotations

import base64
import functools
import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from engine.errors import DltuiError, InputError
from engine.protocol import Json

API = "/api/2.0/mlflow/"
SECONDS = 30.0
"""that the server has for each answer, unless MLFLOW_HTTP_REQUEST_TIMEOUT says otherwise"""
ANSWER_LIMIT = 32 << 20
NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
TOKEN, USER, PASSWORD = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
CERTIFICATE, INSECURE = "MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_INSECURE_TLS"


class MlflowRefused(DltuiError):
    """The server answered with an error of MLflow; `code` is its name."""

    def __init__(self, message: str, remedy: str, code: str) -> None:
        super().__init__(message, remedy)
        self.code = code


@dataclass(frozen=True, slots=True)
class MlflowServer:
    url: str
    """without user, password and slash at its end"""
    authorization: str
    """the header, or empty"""
    timeout: float

    def get(self, method: str, **query: str) -> Json:
        """Raises DltuiError."""
        return self._request("GET", f"{method}?{urlencode(query)}", None)

    def post(self, method: str, data: Json) -> Json:
        """Raises DltuiError."""
        return self._request("POST", method, json.dumps(data, allow_nan=False).encode())

    def _request(self, verb: str, method: str, body: bytes | None) -> Json:
        url = self.url + API + method
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=verb)
        if self.authorization:
            request.add_unredirected_header("Authorization", self.authorization)
        shown = f"{verb} {url.partition('?')[0]}"
        try:
            opener = _opener(
                os.environ.get(CERTIFICATE), os.environ.get(INSECURE, "").lower() in ("true", "1")
            )
            with opener.open(request, timeout=self.timeout) as answer:
                return _object(shown, answer.headers.get_content_type(), answer.read(ANSWER_LIMIT + 1))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(shown, error) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                reason = f"no answer in {self.timeout:g} s"
            raise DltuiError(
                f"{self.url} cannot be reached: {getattr(reason, 'strerror', None) or reason}.",
                "Start the server (mlflow server), or name the address of one that runs.",
            ) from error


def server_at(url: str) -> MlflowServer:
    """Raises InputError for what is no address of a server."""
    parts = urlsplit(url.strip())
    try:
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or any(sign <= " " for sign in url.strip()):
        raise InputError(f"--mlflow: expected http://HOST:PORT or https://HOST, got {url[:200]!r}.")
    place = parts.netloc.rpartition("@")[2]
    plain = f"{parts.scheme}://{place}{parts.path.rstrip('/')}"
    return MlflowServer(plain, _authorization(parts.username, parts.password), _timeout())


def _authorization(user: str | None, password: str | None) -> str:
    """As MLflow's client: user and password, then the token."""
    user = unquote(user) if user else os.environ.get(USER, "")
    password = unquote(password) if password else os.environ.get(PASSWORD, "")
    if user and password:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    token = os.environ.get(TOKEN, "").strip()
    return f"Bearer {quote(token, safe=':/?#[]@!$&()*+,;=~')}" if token else ""


def _timeout() -> float:
    try:
        return max(0.1, float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]))
    except (KeyError, ValueError):
        return SECONDS


class _RefuseRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection is an error: the token is meant for the address that was named."""

    def redirect_request(self, *_: Any) -> None:
        return None


@functools.lru_cache(maxsize=1)
def _opener(certificate: str | None, is_insecure: bool) -> urllib.request.OpenerDirector:
    """Raises OSError and ValueError for a certificate that cannot be read."""
    context = ssl.create_default_context(cafile=certificate or None)
    if is_insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _RefuseRedirects)


def _object(shown: str, kind: str, data: bytes) -> Json:
    try:
        found = json.loads(data) if len(data) <= ANSWER_LIMIT else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DltuiError(
            f"{shown}: expected an object as JSON, got {kind} of {len(data):,} bytes: {_start(data)}",
            "Is that the address of an MLflow server?",
        )
    return found


def _refusal(shown: str, error: urllib.error.HTTPError) -> DltuiError:
    data = error.read(ANSWER_LIMIT)
    try:
        found = json.loads(data)
        code, text = str(found["error_code"]), str(found.get("message", ""))
    except (ValueError, KeyError, TypeError):
        code, text = "", _start(data)
    came = " ".join(f"HTTP {error.code} {code}".split()) + f": {' '.join(text[:400].split())}"
    return MlflowRefused(f"{shown}: expected HTTP 200, got {came}", _remedy(error), code)


def _remedy(error: urllib.error.HTTPError) -> str:
    if error.code in (401, 403):
        return f"Set {TOKEN}, or {USER} and {PASSWORD}."
    if 300 <= error.code < 400:
        return f"Name the address that it names: {str(error.headers.get('Location'))[:200]}"
    return "Is that the address of an MLflow server?" if error.code in (404, 405) else ""


def _start(data: bytes) -> str:
    return repr(data[:80].decode("utf-8", "replace").strip())
