"""What can go wrong between here and the hub: each has its own sentence, and none hangs or downloads weights."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from core.hub.errors import Asked, HubError, broken
from tests.support.checkpoints import gpt2, split, write, write_raw, write_shards
from tests.support.command import Command, run_process
from tests.support.hub import PAGE, Answer, Handler, Hub, Request, unused_port


@pytest.fixture(autouse=True)
def here(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub with GPT-2, whose faults show soon."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("core.hub.client._PAUSES_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 10)
    write(tmp_path / "gpt2" / "model.safetensors", gpt2())
    hub.add("org/name", tmp_path / "gpt2")
    return folder


@pytest.fixture
def complaint(command: Command, hub: Hub) -> Callable[..., str]:
    """What the command says of a model that it cannot read, the hub's address as URL."""

    def ask(model: str = "org/name") -> str:
        result = command(model, "--json")
        assert result.status == 1
        assert result.complaint.isprintable()
        text = result.complaint.replace(hub.url, "URL").removeprefix(f"gpt2-explore: {model}: ")
        return re.sub(r"127\.0\.0\.1:\d+", "HOST", text)

    return ask


Complaint = Callable[..., str]


def always(answer: Callable[[Handler], None], cdn: bool = False) -> Answer:
    """Answers every request so, or those of the CDN alone."""

    def instead(handler: Handler, request: Request) -> bool:
        if cdn and not request.cdn:
            return False
        answer(handler)
        return True

    return instead


def test_a_model_that_is_not_there(complaint: Complaint) -> None:
    assert complaint("org/nothing") == (
        "no such path here, and the hub URL has no public model of that name;"
        " check the spelling; for a private one: hf auth login, or set HF_TOKEN"
    )


def test_a_model_that_the_token_does_not_see(hub: Hub, complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.tokens.add("hf_mine")
    assert complaint("org/nothing") == (
        "no such path here, and the hub URL has no such model that your token may see;"
        " check the spelling, and the token's rights if URL/org/nothing exists"
    )


def test_a_revision_that_is_not_there(complaint: Complaint) -> None:
    assert complaint("org/name@v9") == (
        "the model has no revision v9; see its branches and commits at URL/org/name/tree/main"
    )


def test_a_gated_model_without_a_token(hub: Hub, complaint: Complaint) -> None:
    hub.models["org/name"].gated = True
    assert complaint() == (
        "org/name/model.safetensors: the model is gated: its makers want their terms accepted first, and no token is"
        " set; accept them at URL/org/name, then hf auth login (or set HF_TOKEN)"
    )


def test_a_gated_model_with_a_token_that_was_not_admitted(
    hub: Hub, complaint: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.tokens.add("hf_mine")
    hub.models["org/name"].gated = True
    assert complaint() == (
        "org/name/model.safetensors: the model is gated, and the account of your token has no access to it;"
        " ask for it at URL/org/name"
    )


def test_a_token_that_is_refused(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert complaint() == (
        "the hub URL refuses the token (HF_TOKEN, or that of hf auth login): it is wrong or has ended;"
        " make a new one at URL/settings/tokens, then hf auth login"
    )


def test_a_token_that_can_be_none(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_tökén")
    assert complaint() == (
        "the token (HF_TOKEN) has characters that none can have; set it again, without blanks or line breaks"
    )


def test_a_model_that_was_disabled(hub: Hub, complaint: Complaint) -> None:
    hub.models["org/name"].disabled = True
    assert complaint() == "the hub URL has disabled this model; see URL/org/name"


def test_no_network(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    assert complaint() == (
        "the hub http://HOST cannot be reached ([Errno 111] Connection refused); check the network and HTTPS_PROXY;"
        " without a network name a file, or a model of --list"
    )


def test_a_hub_that_does_not_answer(hub: Hub, complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 1)
    hub.answer = always(lambda handler: time.sleep(3))
    assert complaint() == (
        "the hub URL is too slow: it took more than 1 seconds;"
        " try again later, or allow more: HF_HUB_DOWNLOAD_TIMEOUT=60"
    )
    assert len(hub.requests) <= 3


def test_an_answer_that_trickles(hub: Hub, complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.hub.client._MAX_BODY_SECONDS", 1.0)

    def trickle(handler: Handler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", "bytes 0-99999/497772352")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)
        handler.close_connection = True

    hub.answer = always(trickle, cdn=True)
    assert "org/name/model.safetensors: the hub URL is too slow" in complaint()


def test_an_answer_cut_off(hub: Hub, complaint: Complaint) -> None:
    def cut(handler: Handler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", "bytes 0-99999/497772352")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"x" * 5000)
        handler.close_connection = True

    hub.answer = always(cut, cdn=True)
    assert complaint().startswith("org/name/model.safetensors: the connection to the hub URL broke off (")
    assert len([request for request in hub.requests if request.cdn]) == 3


def test_a_connection_that_breaks_once_is_no_matter(hub: Hub, command: Command) -> None:
    broke: list[Request] = []

    def once(handler: Handler, request: Request) -> bool:
        if request.cdn and not broke:
            broke.append(request)
            handler.close_connection = True
            return True
        return False

    hub.answer = once
    assert command("org/name", "--json").model["parameters"] == 124_439_808
    assert broke


def test_no_ranges(hub: Hub, complaint: Complaint, tmp_path: Path) -> None:
    path = tmp_path / "gpt2" / "model.safetensors"
    hub.answer = always(lambda handler: handler.send_file(path, ranges=False), cdn=True)
    assert complaint() == (
        "org/name/model.safetensors: the server sends whole files only (497.8 MB), no ranges of them, so that headers"
        " alone cannot be read; download it: hf download org/name"
    )
    assert hub.sent < 30_000_000


def test_a_small_file_may_come_whole(hub: Hub, command: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "small" / "model.safetensors", {"x": ("F32", (5,))})
    hub.add("org/small", path.parent)

    def whole(handler: Handler, request: Request) -> bool:
        if "resolve" in request.path:
            handler.send_file(path, ranges=False)
            return True
        return False

    hub.answer = whole
    assert command("org/small", "--json").model["parameters"] == 5


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_hub_that_is_busy_once_is_asked_again(status: int, hub: Hub, command: Command) -> None:
    refused: list[str] = []

    def busy(handler: Handler, request: Request) -> bool:
        if request.path in refused:
            return False
        refused.append(request.path)
        handler.send(status, b"busy")
        return True

    hub.answer = busy
    assert command("org/name", "--json").model["parameters"] == 124_439_808


@pytest.mark.parametrize(("status", "message"), [(500, "Internal Error"), (502, ""), (503, "")])
def test_a_hub_that_is_out_of_order(status: int, message: str, hub: Hub, complaint: Complaint) -> None:
    headers = {"X-Error-Message": message} if message else {}
    hub.answer = always(lambda handler: handler.send(status, b"<html>sorry</html>", headers))
    answer = f"{status}, {message}" if message else f"{status}"
    assert complaint() == f"the hub URL is out of order ({answer}); try again later; see URL"
    assert len(hub.requests) == 3


def test_a_hub_that_was_asked_too_much(hub: Hub, complaint: Complaint) -> None:
    hub.answer = always(lambda handler: handler.send(429, b"", {"RateLimit": '"api";r=0;t=55'}))
    assert complaint() == (
        "the hub URL was asked too much from here (429);"
        " try again in 55 seconds; signed in (hf auth login) more is allowed"
    )
    assert len(hub.requests) == 1


@pytest.mark.parametrize("status", [200, 404, 403, 511])
def test_an_endpoint_that_is_no_hub(status: int, hub: Hub, complaint: Complaint) -> None:
    hub.answer = always(lambda handler: handler.send(status, PAGE, {"Content-Type": "text/html"}))
    if status == 511:
        assert complaint() == "the hub URL is out of order (511); try again later; see URL"
    else:
        assert complaint() == "what answers at URL is no hub; check HF_ENDPOINT, or unset it"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000),
        *(b'{"sha": 5, "siblings": []}', b'{"sha": "../x", "siblings": []}'),
        b'{"sha": "' + b"c" * 40 + b'"}',
        b'{"sha": "' + b"c" * 40 + b'", "siblings": {}}',
    ],
)
def test_a_list_that_is_none(body: bytes, hub: Hub, complaint: Complaint) -> None:
    hub.answer = always(lambda handler: handler.send(200, body, {"Content-Type": "application/json"}))
    assert complaint() == "what answers at URL is no hub; check HF_ENDPOINT, or unset it"


def test_a_list_with_odd_entries(hub: Hub, command: Command) -> None:
    siblings: list[object] = [None, 5, {}, {"rfilename": None}, {"rfilename": ""}, {"rfilename": "a/../../x"}]
    odd_names = ("../x", "/x", "x//x", "./x", "\ud800", "x\0", "x" * 100_000)
    siblings += [{"rfilename": f"{name}.safetensors"} for name in odd_names]
    siblings += [{"rfilename": "model.safetensors", "size": size} for size in (True, -5, "x", 1 << 70)]
    content = {"sha": "c" * 40, "id": 5, "siblings": siblings}

    def odd(handler: Handler, request: Request) -> bool:
        if "/api/models/" in request.path:
            handler.send(200, json.dumps(content).encode())
            return True
        return False

    hub.answer = odd
    model = command("org/name", "--json").model
    assert model["parameters"] == 124_439_808
    assert [note for note in model["notes"] if "headers" not in note and "tied" not in note] == []


@pytest.mark.parametrize("repo", ["../../x", "org/../x", "org/name\x1b", "org/name?x", "org/name@x", "o" * 2000 + "/x"])
def test_a_list_of_a_model_that_can_be_none(repo: str, hub: Hub, command: Command) -> None:
    content = {"sha": "c" * 40, "id": repo, "siblings": [{"rfilename": "model.safetensors"}]}

    def odd(handler: Handler, request: Request) -> bool:
        if "/api/models/" in request.path:
            handler.send(200, json.dumps(content).encode())
            return True
        return False

    hub.answer = odd
    assert command("org/name", "--json").model["parameters"] == 124_439_808


def test_a_list_of_millions_of_values(hub: Hub, complaint: Complaint) -> None:
    body = b'{"sha": "' + b"c" * 40 + b'", "siblings": [' + b"[]," * 5_000_000 + b"[]]}"
    hub.answer = always(lambda handler: handler.send(200, body, {"Content-Type": "application/json"}))
    assert complaint() == "its list of files has more than 1,000,000 values"


def test_a_web_page_in_place_of_a_file(hub: Hub, complaint: Complaint) -> None:
    hub.answer = always(lambda handler: handler.send(200, PAGE, {"Content-Type": "text/html"}), cdn=True)
    assert complaint() == ("org/name/model.safetensors: what answers at URL is no hub; check HF_ENDPOINT, or unset it")


def test_a_file_that_is_shorter_than_the_list_says(hub: Hub, complaint: Complaint, tmp_path: Path) -> None:
    short = write_raw(tmp_path / "short", b"{}", 60_000)
    hub.answer = always(lambda handler: handler.send_file(short), cdn=True)
    assert complaint() == (
        "org/name/model.safetensors: the file ends at byte 60,010, and by the hub's list it is longer; try again"
    )


def test_a_range_that_was_not_asked_for(hub: Hub, complaint: Complaint) -> None:
    headers = {"Content-Range": "bytes 5-9/100"}
    hub.answer = always(lambda handler: handler.send(206, b"xxxxx", headers), cdn=True)
    assert "no ranges of them" in complaint()


def test_a_circle(hub: Hub, complaint: Complaint) -> None:
    hub.answer = always(lambda handler: handler.send(302, b"", {"Location": handler.path}))
    assert complaint() == "the hub URL sends in circles; try again later"


@pytest.mark.parametrize("address", ["huggingface.co", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none(address: str, complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert complaint().endswith("; HF_ENDPOINT begins with https://")


def test_a_damaged_file_on_the_hub_is_its_makers_matter(hub: Hub, complaint: Complaint, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", split(gpt2().items(), 2))
    hub.add("org/shards", tmp_path / "shards")
    (tmp_path / "shards" / "model-00002-of-00002.safetensors").unlink()
    assert complaint("org/shards") == (
        "org/shards/model-00002-of-00002.safetensors: missing, one of 2 shards that model.safetensors.index.json names;"
        " the file is so on the hub: tell its makers at URL/org/shards/discussions"
    )
    write_raw(tmp_path / "gpt2" / "model.safetensors", b"{]", 20_000)
    assert complaint().startswith("org/name/model.safetensors, byte ")


@pytest.mark.parametrize(
    ("proxy", "sentence"),
    [
        ("http://127.0.0.1:{port}", "the proxy refuses"),
        ("foo://127.0.0.1", "the proxy of the environment cannot be used"),
    ],
)
def test_a_proxy_that_does_not_work(proxy: str, sentence: str, here: Path, hub: Hub, hub_cache: Path) -> None:
    environment = {"HTTP_PROXY": proxy.format(port=unused_port()), "HF_ENDPOINT": hub.url, "NO_PROXY": ""}
    environment |= {"HF_HOME": str(hub_cache.parent), "HF_HUB_OFFLINE": "0"}
    result = run_process("org/name", cwd=here, environment=environment)
    assert result.status == 1
    assert sentence in result.complaint or "cannot be reached" in result.complaint
    assert not hub.requests


ASKED = Asked("org/name", "org/name", "main", "https://huggingface.co", False)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx2.ConnectTimeout("x"), "the hub cannot be reached (no answer)"),
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "the hub cannot be reached ([Errno -2] Name"),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "is not trusted"),
        (httpx2.ProxyError("403 Forbidden"), "the proxy refuses (403 Forbidden)"),
        (httpx2.ReadTimeout("x"), "the hub is too slow"),
        (httpx2.ReadError("reset"), "the connection to the hub broke off (reset)"),
        (httpx2.RemoteProtocolError("x"), "broke off"),
        (httpx2.DecodingError("x"), "broke off"),
        (httpx2.LocalProtocolError("Illegal header value"), "the token (HF_TOKEN) has characters"),
        (ssl.SSLError("odd"), "broke off"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_exception_of_the_client_has_its_sentence(error: Exception, sentence: str) -> None:
    problem = broken(ASKED, error, 10)
    assert isinstance(problem, HubError)
    assert sentence in problem.sentence()
    assert problem.advice


def test_settings_that_cannot_be_used(here: Path, hub: Hub, hub_cache: Path) -> None:
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(hub_cache.parent), "HF_HUB_OFFLINE": "0"}
    result = run_process("org/name", cwd=here, environment={**environment, "HF_HUB_DOWNLOAD_TIMEOUT": "soon"})
    assert result.status == 1
    assert result.complaint == (
        "gpt2-explore: org/name: a setting of the environment cannot be used (invalid literal for int() with base 10:"
        " 'soon'); check the variables that begin with HF_"
    )


def test_a_token_that_cannot_be_had(complaint: Complaint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path))
    assert complaint().startswith("the token could not be had (IsADirectoryError: ")


def test_the_client_is_not_imported_where_nothing_is_asked(here: Path, hub_cache: Path) -> None:
    write(here / "x.safetensors", {"x": ("F32", (5,))})
    code = (
        "import sys, tui.cli\n"
        "for model in ('./x.safetensors', 'gpt2', 'org/name', 'nothing'): tui.cli.main([model, '--json'])\n"
        "sys.exit(bool({'huggingface_hub', 'httpx2'} & set(sys.modules)) * 7)"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1", "HF_HOME": str(hub_cache.parent)}
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
