"""What can go wrong between here and the hub, each as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.hub.environment import DEFAULT_ENDPOINT
from core.text.numbers import size
from core.text.width import shortened


class HubError(CheckpointError):
    """The hub did not give what was asked for.

    Attributes:
        unreachable: whether it could not be spoken to at all, so that what was kept of it may do.
    """

    def __init__(self, file: str, reason: str, *, advice: str = "", unreachable: bool = False) -> None:
        super().__init__(file, reason, advice=advice)
        self.unreachable = unreachable


class Asked(NamedTuple):
    """What was asked for, for the sentence that says why it was not given.

    Attributes:
        file: the model, or a file in it, as errors name it.
        repo: the model's id.
        revision: the revision asked for.
        endpoint: the hub's address.
        signed: whether a token was sent along.
        listing: whether the list of files was asked for, and not a file.
    """

    file: str
    repo: str
    revision: str
    endpoint: str
    signed: bool
    listing: bool = False

    @property
    def page(self) -> str:
        """The model's page."""
        return f"{self.endpoint}/{self.repo}"

    @property
    def host(self) -> str:
        """The hub, as a sentence names it."""
        return "the hub" if self.endpoint == DEFAULT_ENDPOINT else f"the hub {self.endpoint}"


def refusal(asked: Asked, status: int, headers: Mapping[str, str], text: str) -> HubError:
    """What an answer with an error status means, by the codes that the hub sends with it.

    The codes are those of huggingface_hub (utils/_http.py, hf_raise_for_status).

    Args:
        asked: what was asked for.
        status: 400 or more.
        headers: the answer's, their names in lower case.
        text: the beginning of its body.
    """
    code = headers.get("x-error-code", "")
    message = shortened(headers.get("x-error-message", "").strip(), 120)
    if code == "GatedRepo":
        return _gated(asked)
    if message == "Access to this resource is disabled.":
        return HubError(asked.file, f"{asked.host} has disabled this model", advice=f"see {asked.page}")
    if status == 401 and (asked.signed and message.startswith(("Invalid credentials", "Invalid user token"))):
        return HubError(
            asked.file,
            f"{asked.host} refuses the token (HF_TOKEN, or that of hf auth login): it is wrong or has ended",
            advice=f"make a new one at {asked.endpoint}/settings/tokens, then hf auth login",
        )
    if code == "RevisionNotFound":
        advice = f"see its branches and commits at {asked.page}/tree/main"
        return HubError(asked.file, f"the model has no revision {shortened(asked.revision, 80)}", advice=advice)
    if code == "EntryNotFound":
        return HubError(asked.file, "the model has no such file at this revision", advice=f"see {asked.page}/tree/main")
    if code == "RepoNotFound" or (status == 401 and asked.listing):
        return _unknown(asked)
    if status == 429:
        return _too_many(asked, headers)
    if status >= 500:
        answer = f"{status}, {message}" if message else f"{status}"
        return HubError(
            asked.file,
            f"{asked.host} is out of order ({answer})",
            advice=f"try again later; see {'https://status.huggingface.co' if _is_default(asked) else asked.endpoint}",
            unreachable=True,
        )
    if is_page(headers, text) or (status == 404 and not code):
        return no_hub(asked, headers, text)
    return _denied(asked, status, message)


def _denied(asked: Asked, status: int, message: str) -> HubError:
    """What an error status means that no code explains."""
    if status in (401, 403):
        what = "the token does not allow it" if asked.signed else "it wants a token"
        return HubError(
            asked.file,
            f"{asked.host} does not give it: {what}" + (f" ({message})" if message else ""),
            advice=f"see {asked.page} and {asked.endpoint}/settings/tokens"
            if asked.signed
            else "sign in: hf auth login, or set HF_TOKEN",
        )
    answer = f"{status}: {message}" if message else f"{status}"
    return HubError(asked.file, f"{asked.host} does not give it ({answer})", advice=f"see {asked.page}")


def _is_default(asked: Asked) -> bool:
    return asked.endpoint == DEFAULT_ENDPOINT


def _gated(asked: Asked) -> HubError:
    if asked.signed:
        reason = "the model is gated, and the account of your token has no access to it"
        return HubError(asked.file, reason, advice=f"ask for it at {asked.page}")
    reason = "the model is gated: its makers want their terms accepted first, and no token is set"
    return HubError(asked.file, reason, advice=f"accept them at {asked.page}, then hf auth login (or set HF_TOKEN)")


def _unknown(asked: Asked) -> HubError:
    if asked.signed:
        reason = f"no such path here, and {asked.host} has no such model that your token may see"
        return HubError(asked.file, reason, advice=f"check the spelling, and the token's rights if {asked.page} exists")
    reason = f"no such path here, and {asked.host} has no public model of that name"
    return HubError(asked.file, reason, advice="check the spelling; for a private one: hf auth login, or set HF_TOKEN")


def _too_many(asked: Asked, headers: Mapping[str, str]) -> HubError:
    wait = wait_seconds(headers)
    when = f"in {wait} seconds" if wait else "in some minutes"
    advice = f"try again {when}" + ("" if asked.signed else "; signed in (hf auth login) more is allowed")
    return HubError(asked.file, f"{asked.host} was asked too much from here (429)", advice=advice, unreachable=True)


def wait_seconds(headers: Mapping[str, str]) -> int:
    """How long an answer asks to wait, in seconds; 0 where it does not say.

    By `Retry-After` (RFC 9110, section 10.2.3), or by `RateLimit: "api";r=0;t=55` as the hub sends it.
    """
    for text in (headers.get("retry-after", ""), headers.get("ratelimit", "").partition(";t=")[2]):
        if text.strip().isascii() and text.strip().isdigit():
            return int(text.strip()[:9])
    return 0


def is_page(headers: Mapping[str, str], text: str) -> bool:
    """Whether an answer is a web page, as a captive portal or a proxy sends one in place of what was asked for."""
    start = text.lstrip("\ufeff \t\r\n").lower()
    return "text/html" in headers.get("content-type", "") or start.startswith(("<!doctype", "<html", "<head"))


def no_hub(asked: Asked, headers: Mapping[str, str], text: str) -> HubError:
    """The answer is none that a hub gives."""
    if not _is_default(asked):
        return HubError(
            asked.file,
            f"what answers at {asked.endpoint} is no hub",
            advice="check HF_ENDPOINT, or unset it",
            unreachable=True,
        )
    what = "a web page" if is_page(headers, text) else "something else"
    return HubError(
        asked.file,
        f"{what} came in place of the hub's answer: a network that wants a sign-in first, or a proxy, it may be",
        advice=f"open {asked.endpoint} in a browser",
        unreachable=True,
    )


def no_ranges(asked: Asked, whole: int | None) -> HubError:
    """The server would send a whole file, weights and all."""
    length = f" ({size(whole)})" if whole else ""
    return HubError(
        asked.file,
        f"the server sends whole files only{length}, no ranges of them, so that headers alone cannot be read",
        advice=f"download it: hf download {asked.repo}",
    )


def cut_off(asked: Asked, got: int, wanted: int) -> HubError:
    """The answer was shorter than it said."""
    reason = f"the answer ended after {got:,} of {wanted:,} bytes"
    return HubError(asked.file, reason, advice="try again, or from another network", unreachable=True)


def broken(asked: Asked, error: Exception, patience: float) -> HubError:
    """What the client's exception means (https://www.python-httpx.org/exceptions), told by its class and its cause.

    Args:
        asked: what was asked for.
        error: one of httpx2's, or that of a token that no header can carry.
        patience: the time limit, in seconds.
    """
    kind, text = type(error).__name__, shortened(str(error) or type(error).__name__, 160)
    if kind in ("ReadTimeout", "WriteTimeout"):
        return too_slow(asked, patience)
    if kind in ("LocalProtocolError", "UnicodeEncodeError"):
        reason = "the token (HF_TOKEN) has characters that none can have"
        return HubError(asked.file, reason, advice="set it again, without blanks or line breaks")
    if kind in ("UnsupportedProtocol", "InvalidURL"):
        reason = f"the hub's address {asked.endpoint} is none ({text})"
        return HubError(asked.file, reason, advice="HF_ENDPOINT begins with https://")
    if kind == "TooManyRedirects":
        return HubError(asked.file, f"{asked.host} sends in circles", advice="try again later", unreachable=True)
    if kind == "ProxyError":
        advice = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        return HubError(asked.file, f"the proxy refuses ({text})", advice=advice, unreachable=True)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return HubError(
            asked.file,
            f"the certificate of {asked.endpoint} is not trusted: a proxy looks into the traffic, it may be",
            advice="name its certificate in SSL_CERT_FILE",
            unreachable=True,
        )
    if kind in ("ConnectError", "ConnectTimeout"):
        answer = "no answer" if kind == "ConnectTimeout" else text
        return HubError(
            asked.file,
            f"{asked.host} cannot be reached ({answer})",
            advice="check the network and HTTPS_PROXY; without a network name a file, or a model of --list",
            unreachable=True,
        )
    reason = f"the connection to {asked.host} broke off ({text})"
    return HubError(asked.file, reason, advice="try again, or from another network", unreachable=True)


def too_slow(asked: Asked, seconds: float) -> HubError:
    """No answer, or too little of it, within the time."""
    return HubError(
        asked.file,
        f"{asked.host} is too slow: it took more than {seconds:.0f} seconds",
        advice="try again later, or allow more: HF_HUB_DOWNLOAD_TIMEOUT=60",
        unreachable=True,
    )


def off(file: str, local: str, download: str, cache: str) -> HubError:
    """The hub may not be asked, and nothing here will do instead."""
    here = local or f"no such path, and no such model in the hub cache {cache}"
    return HubError(
        file,
        f"{here}; HF_HUB_OFFLINE forbids to ask the hub",
        advice=f"unset it, or get the model: {download}",
        unreachable=True,
    )


def not_kept(file: str) -> HubError:
    """What was kept of a model's headers is not all, and the hub is not asked."""
    return HubError(
        file,
        "not all of its headers were kept, and the hub is not asked",
        advice="open it once online",
        unreachable=True,
    )
