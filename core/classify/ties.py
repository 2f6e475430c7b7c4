"""Tied weights: heads and embeddings that are stored although their values are another tensor's."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from core.checkpoint.config import ModelConfig
from core.checkpoint.tensors import StoredTensor
from core.naming.speculative import is_speculative

_INPUT_EMBEDDINGS = {
    *("wte", "embed_tokens", "word_embeddings", "tok_embeddings", "embed_in", "shared", "token_embd"),
    *("word_embedding", "tok_embed", "tokens_embed", "embeddings", "embedding"),
}
_OUTPUT_HEADS = {
    *("lm_head", "embed_out", "output", "decoder", "generator_lm_head", "vocab_projector"),
    *("output_projection", "proj_out", "lm_loss"),
}
_SPECULATIVE_HEADS = {"head", "shared_head_head"}  # the second is llama.cpp's
# Kinds of models that are tied where their config does not speak of it: transformers' classes of configs.
_TIED_BY_DEFAULT = {
    *("albert", "bart", "bert", "bert-generation", "big_bird", "bigbird_pegasus", "biogpt", "blenderbot"),
    *("blenderbot-small", "bloom", "camembert", "cohere", "cohere2", "convbert", "cpmant", "ctrl"),
    *("data2vec-text", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "ernie4_5", "ernie4_5_moe"),
    *("esm", "falcon", "falcon_mamba", "flaubert", "fnet", "funnel", "gemma", "gemma2", "gemma3_text"),
    *("gemma3n_text", "gemma4_text", "gpt-sw3", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox_japanese", "ibert"),
    *("jetmoe", "layoutlm", "led", "lfm2", "lfm2_moe", "longformer", "longt5", "luke", "lxmert", "m2m_100"),
    *("mamba", "marian", "mbart", "megatron-bert", "minicpm3", "mobilebert", "modernbert", "modernbert-decoder"),
    *("mpnet", "mpt", "mra", "mt5", "mvp", "nllb-moe", "nomic_bert", "nystromformer", "openai-gpt", "opt"),
    *("pegasus", "pegasus_x", "plbart", "prophetnet", "recurrent_gemma", "roberta", "roberta-prelayernorm"),
    *("roc_bert", "roformer", "seamless_m4t", "seamless_m4t_v2", "smollm3", "squeezebert", "starcoder2"),
    *("switch_transformers", "t5", "tapas", "trocr", "umt5", "vaultgemma", "visual_bert", "whisper", "xglm"),
    *("xlm", "xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod", "yoso", "zamba", "zamba2"),
}
_WEIGHT = {"weight", "qweight", "weight_packed"}
_MOST = 64
"""Embeddings and heads that are compared with others; a hostile file has thousands."""


class Known(NamedTuple):
    """A tensor, for all whose names differ in digits only: its name without digits, itself, and what it stands for."""

    template: str
    tensor: StoredTensor
    weights: int


def is_head(template: str) -> bool:
    """Whether a name without digits is that of an output head's weight."""
    parts = template.rsplit(".", 2)
    return len(parts) > 1 and parts[-1] in _WEIGHT and parts[-2] in _OUTPUT_HEADS and not is_speculative(template)


def is_embedding(template: str) -> bool:
    """Whether a name without digits is that of an input embedding's weight."""
    parts = template.rsplit(".", 2)
    return len(parts) > 1 and parts[-1] in _WEIGHT and parts[-2] in _INPUT_EMBEDDINGS and not is_speculative(template)


class Ties:
    """Which tensors of a checkpoint repeat the values of others, as its names and its config tell.

    Attributes:
        flag: the config's `tie_word_embeddings`, or what it means by leaving that out; None where that is not known, or
            where it says yes in one place and no in another.
        by_default: whether it means yes by leaving it out.
        disputed: whether it says both.
        embeddings: the input embeddings.
        heads: the output heads, tied or not.
    """

    def __init__(self, tensors: Sequence[Known], config: ModelConfig) -> None:
        """
        Args:
            tensors: all of the checkpoint that are no copies.
            config: what its config says.
        """
        # Of several models in one config, the language model's kind says what is meant by not speaking of ties.
        self.by_default = not config.tied and config.language_model_type in _TIED_BY_DEFAULT
        self.flag = next(iter(config.tied)) if len(config.tied) == 1 else self.by_default or None
        self.disputed = len(config.tied) > 1
        self._shares_embeddings = config.shares_embeddings
        named: dict[str, list[Known]] = {}
        self.embeddings: list[Known] = []
        self.heads: list[Known] = []
        for known in tensors:
            if is_embedding(known.template):
                self.embeddings += [known] * (len(self.embeddings) < _MOST)
            elif is_head(known.template):
                self.heads += [known] * (len(self.heads) < _MOST)
            elif known.template.endswith(".bias"):
                named.setdefault(known.template, []).append(known)
        self._biases = named

    def tied_to(self, known: Known) -> str:
        """The tensor whose values a stored one repeats; "" where it has its own.

        - An output head, where the config's `tie_word_embeddings` says so. Where the config is silent, GPT-2's and
          BERT's names do: GPT-2's head is always its `wte` (GPT-J and CodeGen, which have the same names, give theirs
          a bias), BERT's `predictions.decoder` is its `word_embeddings` and has the bias of `predictions`
          (transformers, models/bert/modeling_bert.py, `_tied_weights_keys`).
        - `encoder.embed_tokens` and `decoder.embed_tokens` beside `shared`: T5, BART, Marian, SeamlessM4T.
        - A speculative layer's embedding and head: DeepSeek-V3's README_WEIGHTS.md, "shares parameters".
        """
        parts = known.template.rsplit(".", 3)
        if len(parts) < 2:
            return ""
        *_, module, last = parts
        if last == "bias" and module == "decoder":
            return self._bias_of_head(known, parts)
        if last not in _WEIGHT:
            return ""
        if is_speculative(known.template):
            same = (
                self.embeddings if module in _INPUT_EMBEDDINGS else self.heads if module in _SPECULATIVE_HEADS else []
            )
            return _first_alike(known, same)
        of_one_side = "".join(parts[-3:-2]).endswith(("encoder", "decoder"))
        if module == "embed_tokens" and of_one_side and self._shares_embeddings:
            shared = [other for other in self.embeddings if other.template.split(".")[-2] == "shared"]
            return _first_alike(known, shared)
        if module not in _OUTPUT_HEADS or self.flag is False:
            return ""
        candidates = self.embeddings
        if not self.flag:
            candidates = [other for other in candidates if self._is_named_as_tied(known, parts, other)]
        return _first_alike(known, candidates)

    def alike(self, head: Known) -> str:
        """The first input embedding that has as many weights in the same shape as an output head."""
        return _first_alike(head, self.embeddings)

    def has_bias(self, head: Known) -> bool:
        """Whether an output head has a bias, which no embedding has."""
        return head.template.rpartition(".")[0] + ".bias" in self._biases

    def _is_named_as_tied(self, head: Known, parts: list[str], embedding: Known) -> bool:
        module = embedding.template.split(".")[-2]
        if parts[-2] == "lm_head" and module == "wte":
            return not self.has_bias(head)
        return parts[-3:-1] in (["predictions", "decoder"], ["lm_head", "decoder"]) and module == "word_embeddings"

    def _bias_of_head(self, known: Known, parts: list[str]) -> str:
        if parts[-3:-2] not in (["predictions"], ["lm_head"]):
            return ""
        return _first_alike(known, self._biases.get(known.template.removesuffix("decoder.bias") + "bias", []))


def _first_alike(known: Known, others: Sequence[Known]) -> str:
    tensor, weights = known.tensor, known.weights
    for other in others:
        packed = weights != prod(tensor.shape) or other.weights != prod(other.tensor.shape)
        same = weights == other.weights if packed else tensor.shape == other.tensor.shape
        if same and other.tensor.name != tensor.name:
            return other.tensor.name
    return ""
