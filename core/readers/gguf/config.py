"""What a GGUF file's metadata says of the model, in the words of a config.json.

Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Standardized key-value pairs".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.checkpoint.metadata import ArrayLength
from core.readers.gguf.ggml_types import file_type_name
from core.readers.gguf.header import GgufHeader, Value
from core.text.escape import escaped
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Keys behind `{architecture}.`, each with the name that transformers has for it.
_SIZES = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.q_lora_rank": "q_lora_rank",
    "attention.kv_lora_rank": "kv_lora_rank",
    "attention.sliding_window": "sliding_window",
    "context_length": "max_position_embeddings",
    "vocab_size": "vocab_size",
    "expert_count": "num_experts",
    "expert_used_count": "num_experts_per_tok",
    "expert_feed_forward_length": "moe_intermediate_size",
    "expert_shared_count": "n_shared_experts",
    "ssm.state_size": "ssm_state_size",
    "ssm.conv_kernel": "conv_kernel",
}
# Models whose head is their token embedding, and whose files from llama.cpp's converter repeat it all the same
# (convert_hf_to_gguf.py).
_TIED = {"gpt2", "mpt", "bloom"}
_KINDS = {
    "adapter": "it is a LoRA adapter, not a whole model",
    "mmproj": "it is the projector of a multimodal model, whose language model is another file",
    "vocab": "it is a vocabulary without a model",
}


def config_of(metadata: Mapping[str, Value]) -> dict[str, Any]:
    """The architecture and sizes that metadata gives."""
    config: dict[str, Any] = {}
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        return config
    config["architectures"] = [architecture]
    config["model_type"] = architecture
    for key, name in _SIZES.items():
        value = metadata.get(f"{architecture}.{key}")
        if type(value) is int:
            config[name] = value
    layers, more = config.get("num_hidden_layers"), metadata.get(f"{architecture}.nextn_predict_layers")
    if type(layers) is int and type(more) is int and 0 < more < layers:
        # Layers for speculative decoding are the last of its blocks (llama.cpp, llama-model.cpp), and beyond
        # transformers' number.
        config["num_hidden_layers"], config["num_nextn_predict_layers"] = layers - more, more
    tokens = metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, ArrayLength):
        config.setdefault("vocab_size", tokens.length)
    if architecture in _TIED:
        config["tie_word_embeddings"] = True
    return config


def notes_of(header: GgufHeader) -> Iterator[str]:
    """What a header says of the model as a whole, a sentence each."""
    metadata = header.metadata
    kind = metadata.get("general.type")
    if isinstance(kind, str) and kind in _KINDS:
        base = _text(metadata.get("general.base_model.0.name"))
        yield _KINDS[kind] + (f"; its base model is {base}" if base else "")
    size = _text(metadata.get("general.size_label"))
    parts = [_text(metadata.get("general.name")), f"size label {size}" if size else ""]
    file_type = metadata.get("general.file_type")
    if type(file_type) is int:
        parts.append(f"file type {file_type_name(file_type)}")
    if header.big_endian:
        parts.append("big-endian")
    if any(parts):
        yield f"its metadata says: {', '.join(filter(None, parts))}"


def _text(value: Value | None) -> str:
    return shortened(escaped(value), 80) if isinstance(value, str) else ""
