"""A config.json alone: counted as transformers builds it, in a child process that nothing outlives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint.errors import CheckpointError
from core.count.counter import count_stepwise
from core.locate.location import Location
from core.readers.config_only import child as config_child
from core.readers.config_only import process as config_process
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import gpt2, write
from tests.support.command import ROOT, Command, run_process
from tests.support.counting import counted

GPT2_PARAMETERS = 124_439_808

# Small models of a dozen kinds: the class, the class of its config, and what differs from that one's defaults.
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 99}
SMALL_VISION = {name: SMALL[name] for name in SMALL if name != "vocab_size"}
ENCODER_DECODER = {
    f"{part}_{what}": 4 for part in ("encoder", "decoder") for what in ("layers", "attention_heads", "ffn_dim")
}
KINDS: dict[str, dict[str, Any]] = {
    "GPT2LMHeadModel": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "n_positions": 16},
    "LlamaForCausalLM": {**SMALL, "num_key_value_heads": 2},
    "MixtralForCausalLM": {**SMALL, "num_key_value_heads": 2, "num_local_experts": 4},
    "Qwen3MoeForCausalLM": {**SMALL, "num_key_value_heads": 2, "num_experts": 4, "moe_intermediate_size": 16},
    "BertForMaskedLM": SMALL,
    "T5ForConditionalGeneration": {"d_model": 32, "d_ff": 48, "d_kv": 8, "num_layers": 2, "vocab_size": 99},
    "WhisperForConditionalGeneration": {"d_model": 32, **ENCODER_DECODER},
    "BartForConditionalGeneration": {"d_model": 32, "vocab_size": 99, **ENCODER_DECODER},
    "MambaForCausalLM": {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 99},
    # Its config holds an infinite number.
    "Mamba2ForCausalLM": {"hidden_size": 32, "num_heads": 4, "head_dim": 16, "num_hidden_layers": 2, "vocab_size": 99},
    "Gemma3nForCausalLM": {
        **SMALL,
        "intermediate_size": [48] * 3,
        "layer_types": ["full_attention"] * 3,
        "num_kv_shared_layers": 0,
    },
    "GptOssForCausalLM": {**SMALL, "num_key_value_heads": 2, "num_local_experts": 4, "head_dim": 8},
    "ViTForImageClassification": SMALL_VISION,
    "CLIPModel": {"text_config": {**SMALL_VISION, "vocab_size": 99}, "vision_config": SMALL_VISION},
    "Gemma3ForCausalLM": {**SMALL, "num_key_value_heads": 2, "head_dim": 8},
}


def config_in(folder: Path, config: object, name: str = "config.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def torch() -> Any:
    import torch

    return torch


class BuiltHere:
    """Builds in this process, where transformers is imported once for all tests."""

    def __init__(self, request: dict[str, Any], file: str) -> None:
        self._request = request
        self._file = file

    def __enter__(self) -> BuiltHere:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def records(self) -> Iterator[dict[str, Any]]:
        for record in config_child.records(config_child.request_of(json.dumps(self._request))):
            told = json.loads(json.dumps(record, default=str))
            if "error" in told:
                raise CheckpointError(self._file, told["error"], advice=told["advice"])
            yield told


@pytest.fixture
def built_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.readers.config_only.reader.BuildingProcess", BuiltHere)


@pytest.mark.usefixtures("built_here")
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_config_has_the_parameters_of_the_model_that_transformers_builds(
    kind: str, tmp_path: Path, torch: Any
) -> None:
    import transformers

    model_class: Any = getattr(transformers, kind)
    config = model_class.config_class(**KINDS[kind])
    with torch.device("meta"):
        model = model_class(config)
    config.architectures = [kind]
    config.save_pretrained(tmp_path)
    count = counted(tmp_path)
    parameters = list(model.parameters())
    assert count.totals.parameters == sum(parameter.numel() for parameter in parameters)
    assert count.totals.whole.tensor_count == len(parameters)
    assert count.stored_count == len(model.state_dict())
    assert (count.source.format, count.architecture) == ("config", kind)


@pytest.mark.usefixtures("built_here")
def test_a_language_model_is_built_from_the_config_of_the_whole(tmp_path: Path, torch: Any) -> None:
    from transformers import Llama4Config, Llama4ForCausalLM

    text = {**SMALL, "num_key_value_heads": 2, "num_local_experts": 4, "head_dim": 8}
    config = Llama4Config(text_config=text, architectures=["Llama4ForCausalLM"])
    inside: Any = config.text_config
    config.save_pretrained(tmp_path)
    with torch.device("meta"):
        model = Llama4ForCausalLM(inside)
    count = counted(tmp_path)
    assert count.totals.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert count.architecture == "Llama4ForCausalLM"


def test_gpt2_from_its_config_is_the_built_in_one(tmp_path: Path, command: Command) -> None:
    folder = config_in(tmp_path, {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]})
    result = command(folder, "--json").model
    expected = command("gpt2", "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert result["categories"] == expected["categories"]
    assert result["not_counted"]["tied"] == {"elements": 50257 * 768, "tensor_count": 1, "bytes": 50257 * 768 * 4}
    assert "lm_head.weight is tied to transformer.wte.weight: counted once" in result["notes"]
    built = [note for note in result["notes"] if note.startswith("no weights here: built from config.json")]
    assert len(built) == 1
    assert "as GPT2LMHeadModel by transformers " in built[0]


@pytest.mark.usefixtures("built_here")
def test_its_dtype_decides_the_bytes(tmp_path: Path) -> None:
    small = {"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2, "vocab_size": 9}
    sizes = [
        counted(config_in(tmp_path / key / dtype, {**small, key: dtype})).totals.whole.bytes
        for key, dtype in (("dtype", "float32"), ("torch_dtype", "bfloat16"), ("dtype", "load"))
    ]
    assert sizes[0] == 2 * sizes[1] == sizes[2]


@pytest.mark.usefixtures("built_here")
def test_a_mixture_of_experts_has_its_active_parameters(tmp_path: Path, command: Command) -> None:
    config = {"model_type": "mixtral", "architectures": ["MixtralForCausalLM"], "vocab_size": 32000}
    result = command(config_in(tmp_path, config), "--json").model
    assert (result["parameters"], result["active_parameters"]) == (46_702_792_704, 12_879_925_248)


@pytest.mark.usefixtures("built_here")
def test_quantisation_is_left_out_and_said(tmp_path: Path, command: Command) -> None:
    config = {"model_type": "gpt2", "n_layer": 1, "quantization_config": {"quant_method": "gptq", "bits": 4}}
    result = command(config_in(tmp_path, config), "--json").model
    plain = command(config_in(tmp_path / "plain", {"model_type": "gpt2", "n_layer": 1}), "--json").model
    assert result["parameters"] == plain["parameters"]
    assert "the quantisation that it names is left out: counts and sizes are those without it" in result["notes"]


@pytest.mark.usefixtures("built_here")
@pytest.mark.parametrize("name", ["config.json", "any.json"])
def test_a_path_to_a_config_is_read_even_beside_weights(name: str, tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", {"x": ("F32", (5,))})
    config_in(tmp_path, {"model_type": "gpt2", "n_layer": 0}, name)
    result = command(tmp_path / name, "--json").model
    assert (result["format"], result["parameters"]) == ("config", 50257 * 768 + 1024 * 768 + 2 * 768)
    assert command(tmp_path, "--json").model["parameters"] == 5


@pytest.mark.usefixtures("built_here")
def test_checkpoints_below_are_named(tmp_path: Path, command: Command) -> None:
    config_in(tmp_path, {"model_type": "gpt2", "n_layer": 0})
    write(tmp_path / "checkpoint-500" / "model.safetensors", gpt2())
    assert "checkpoints lie in its folders: checkpoint-500" in command(tmp_path, "--json").model["notes"]


@pytest.mark.usefixtures("built_here")
def test_a_config_without_architectures_is_built_as_it_was_trained(tmp_path: Path, command: Command) -> None:
    for kind, built in (("bert", "BertForPreTraining"), ("llama", "LlamaForCausalLM"), ("vit", "ViTModel")):
        config = {**SMALL, "model_type": kind, "num_key_value_heads": 2}
        assert command(config_in(tmp_path / kind, config), "--json").model["architecture"] == built
    result = command(config_in(tmp_path, {**SMALL, "model_type": "llama", "architectures": ["Foo"]}), "--json").model
    assert "transformers has no Foo: another class of this kind of model was built" in result["notes"]


# A model of another's making beside its config; none of it may ever be imported.
CODE = "import os\nopen(os.path.join({folder!r}, 'was-run'), 'w').close()\n"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"model_type": "own", "architectures": ["OwnModel"]},
            "code lies beside its config and is not run",
        ),
        ({"model_type": "bert", "architectures": ["OwnBertModel"]}, "this model's code lies beside its config"),
        ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, ""),
        ({"model_type": "mpt", "architectures": ["MPTForCausalLM"]}, ""),
    ],
)
def test_code_beside_a_config_is_never_run(config: dict[str, object], reason: str, tmp_path: Path) -> None:
    for name in ("own", "torch", "transformers", "json", "core", "sitecustomize", "configuration_own"):
        (tmp_path / f"{name}.py").write_text(CODE.format(folder=str(tmp_path)))
    auto_map = dict.fromkeys(("AutoConfig", "AutoModel", "AutoModelForCausalLM"), "own.Own")
    config_in(tmp_path, {**config, "n_layer": 1, "n_layers": 1, "auto_map": auto_map})
    # From within the folder, as if it were to import from there; the parent itself imports from the project.
    result = run_process("./config.json", "--json", cwd=tmp_path, before="import sys; sys.path.remove('')", timeout=120)
    assert not (tmp_path / "was-run").exists()
    assert result.status == (1 if reason else 0), result.err
    assert reason in result.err


@pytest.mark.usefixtures("built_here")
def test_attention_kernels_of_the_hub_are_not_looked_for(tmp_path: Path, command: Command) -> None:
    config = {"model_type": "gpt2", "n_layer": 0, "attn_implementation": "evil/kernel", "_attn_implementation": "e/k"}
    assert command(config_in(tmp_path, config), "--json").status == 0


BAD = {
    "unknown": ({"model_type": "nonsense"}, "does not know this kind of model; a newer one may"),
    "an auto class": ({"architectures": ["AutoModel"]}, "does not know this kind of model"),
    "a function": ({"architectures": ["pipeline"]}, "does not know this kind of model"),
    "a billion layers": ({"model_type": "llama", "num_hidden_layers": 10**9}, "num_hidden_layers is above 10,000"),
    "layers deep down": (
        {"model_type": "llava", "text_config": {"num_hidden_layers": 10**9}},
        "num_hidden_layers is above 10,000",
    ),
    "negative": ({"model_type": "gpt2", "n_embd": -768}, "negative dimension -768"),
    "2^60": ({"model_type": "gpt2", "n_embd": 2**60}, "(RuntimeError: Storage size calculation overflowed"),
    "10^400": ({"model_type": "llama", "hidden_size": 10**400}, "transformers could not build it (TypeError"),
    "a text": ({"model_type": "llama", "hidden_size": "\x1b[31m"}, "hidden_size"),
    "activation": ({"model_type": "llama", "hidden_act": "__import__('os')"}, "could not build it (KeyError: "),
    "empty": ({}, "it has neither model_type nor architectures"),
    "diffusers": ({"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.30"}, "a config of diffusers"),
    "timm": ({"architecture": "resnet50", "pretrained_cfg": {}}, "a config of timm"),
    "params.json": ({"dim": 4096, "n_layers": 32, "n_heads": 32}, "the model's own code (params.json)"),
    "an adapter's": ({"peft_type": "LORA"}, "an adapter's config"),
    "a tokenizer's": ({"tokenizer_class": "GPT2Tokenizer"}, "a tokenizer's config, not a model's"),
    "a list": ([], "it holds no JSON object"),
}


@pytest.mark.usefixtures("built_here")
@pytest.mark.parametrize("case", list(BAD))
def test_a_config_of_which_nothing_can_be_built_gives_one_sentence(case: str, tmp_path: Path, command: Command) -> None:
    config, reason = BAD[case]
    result = command(config_in(tmp_path, config), "--json")
    assert result.status == 1
    assert reason in result.complaint
    assert result.complaint.startswith(f"gpt2-explore: {tmp_path}: {tmp_path / 'config.json'}: ")
    assert result.complaint.isprintable()
    assert len(result.complaint) < 800


def test_a_config_that_wants_too_much_memory_is_given_up(tmp_path: Path, command: Command) -> None:
    config = {"model_type": "llama", "layer_types": ["x" * 20] * 10, "id2label": None, "num_labels": 10**9}
    complaint = command(config_in(tmp_path, config), "--json").complaint
    assert "building it takes more than 2 GiB of memory" in complaint


def test_a_child_that_says_nothing_is_given_up(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_process, "_CODE", "import time; time.sleep(600)")
    monkeypatch.setattr(config_process, "SECONDS_TO_START", 0.3)
    assert "transformers could not be imported in 0 s" in command(config_in(tmp_path, {"model_type": "gpt2"})).complaint
    monkeypatch.setattr(
        config_process, "_CODE", "print('{\"building\": true}', flush=True); import time; time.sleep(600)"
    )
    monkeypatch.setattr(config_process, "SECONDS_TO_BUILD", 0.3)
    assert "transformers did not build it in 0 s" in command(tmp_path).complaint


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.abort()", f"its process ended by signal {signal.SIGABRT.value}"),
        ("import os; os.kill(os.getpid(), 9)", "its process ended by signal 9"),
        ("raise SystemExit(3)", "its process ended with status 3"),
        ("1 / 0", "its process ended with status 1"),
    ],
)
def test_a_child_that_breaks_down_gives_one_sentence(
    code: str, reason: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_process, "_CODE", code)
    assert reason in command(config_in(tmp_path, {"model_type": "gpt2"})).complaint


def children() -> set[int]:
    """The processes that this one has begun and that have not ended."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(entry))
    return found


def gone(fits: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not fits() and time.monotonic() < end:
        time.sleep(0.02)
    return fits()


def test_a_cancelled_count_ends_the_child(tmp_path: Path) -> None:
    before = children()
    config_in(tmp_path, {"model_type": "gpt2"})
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    steps = list(count_stepwise(open_reader(Location(str(tmp_path), str(tmp_path))), cancelled))
    assert all(type(step).__name__ == "Snapshot" for step in steps)
    assert children() == before


def test_the_child_is_told_apart_from_the_terminal_and_ends_with_its_parent(tmp_path: Path) -> None:
    config_in(tmp_path, {"model_type": "gpt2"})
    code = (
        "import sys\nfrom core.files.folder import LocalFolder\n"
        "from core.readers.config_only.reader import ConfigReader\n"
        "batches = ConfigReader('x', 'x', LocalFolder(sys.argv[1])).batches()\n"
        "next(batches), next(batches)\nprint('begun', flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin
    assert parent.stdout
    with parent:
        assert parent.stdout.readline() == b"begun\n"
        (child,) = [int(one) for one in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
        assert os.getsid(child) == child, "it is in the session of the terminal"
        parent.kill()
        parent.stdin.close()
        parent.wait()
        assert gone(lambda: not Path(f"/proc/{child}/exe").exists() or not os.path.exists(f"/proc/{child}"))


def test_ctrl_c_ends_the_child_too(tmp_path: Path) -> None:
    config_in(tmp_path, {"model_type": "gpt2"})
    code = "import sys; from tui.cli import main; sys.exit(main())"
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with parent:
        listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        assert gone(lambda: bool(listed.read_text().split()))
        (child,) = map(int, listed.read_text().split())
        parent.send_signal(signal.SIGINT)
        assert parent.wait(30) == 130
        assert gone(lambda: not os.path.exists(f"/proc/{child}"))


@pytest.mark.parametrize(
    ("message", "error", "advice"),
    [
        # transformers, utils/import_utils.py: TIMM_IMPORT_ERROR and DETECTRON2_IMPORT_ERROR.
        (
            "\nTimmBackbone requires the timm library but it was not found in your environment. You can install it with"
            " pip:\n`pip install timm`. Please note that you may need to restart your runtime after installation.\n",
            "transformers builds it with timm, which is not installed beside it",
            f"{sys.executable} -m pip install timm",
        ),
        (
            "\nLayoutLMv2Model requires the detectron2 library but it was not found in your environment. Check out the"
            " instructions on the\ninstallation page\n",
            "transformers builds it with detectron2, which is not installed beside it",
            f"install detectron2 for {sys.executable}",
        ),
        (
            "cannot import name 'x'",
            "transformers could not build it (ImportError: cannot import name 'x')",
            "see its config",
        ),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_place_where_it_is_wanted(
    message: str, error: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        raise ImportError(message)
        yield request

    monkeypatch.setattr(config_child, "_built", missing)
    (record,) = config_child.records({})
    assert record["error"] == error
    assert record["advice"].startswith(advice)


def test_what_a_config_may_not_do_while_it_is_built() -> None:
    code = (
        "import socket, subprocess, sys\nfrom core.readers.config_only.child import forbid\nsys.addaudithook(forbid)\n"
        "for act in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.run(['true']),\n"
        "            lambda: __import__('os').system('true')):\n"
        "    try:\n        act()\n    except PermissionError as error:\n        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 3


def test_a_config_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    before = children()
    with pytest.raises(CheckpointError, match="neither model_type"):
        open_reader(Location("x", str(config_in(tmp_path, {}))))
    assert children() == before
