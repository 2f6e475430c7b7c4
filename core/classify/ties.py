"""Tied weights: heads and embeddings that are stored although their values are another tensor's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from core.checkpoint.config import ModelConfig
from core.checkpoint.tensors import StoredTensor
from core.naming.components import INPUT_EMBEDDING, OUTPUT_HEAD, SPECULATIVE_HEAD, WEIGHT_WORDS, Component
from core.naming.speculative import is_speculative

# Values of `model_type` whose config class in transformers ties head and embedding where the config.json is silent.
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
# Classes of transformers that tie no head, whatever their config says: `_tied_weights_keys` in their modelling code.
_NEVER_TIED = {
    *("BigBirdPegasusForCausalLM", "FlavaForPreTraining", "LukeForMaskedLM", "Pop2PianoForConditionalGeneration"),
}
_MAX_CANDIDATES = 64
"""Embeddings and heads that are compared with others; a hostile file has thousands."""


class TieCandidate:
    """A tensor that may be tied to another, which stands for all that differ from it in digits only.

    Attributes:
        template: its name without digits.
        tensor: itself.
        parameters: how many it stands for; more than it has elements where it is packed.
    """

    __slots__ = ("parameters", "template", "tensor")

    def __init__(self, template: str, tensor: StoredTensor, parameters: int) -> None:
        self.template = template
        self.tensor = tensor
        self.parameters = parameters

    @property
    def module(self) -> str:
        """The name of the module that holds it."""
        return self.template.split(".")[-2]


def is_head(template: str) -> bool:
    """Whether a template is that of an output head's weight."""
    return _is_weight_of(OUTPUT_HEAD, template)


def is_embedding(template: str) -> bool:
    """Whether a template is that of an input embedding's weight."""
    return _is_weight_of(INPUT_EMBEDDING, template)


def _is_weight_of(component: Component, template: str) -> bool:
    parts = template.rsplit(".", 2)
    is_weight = len(parts) > 1 and parts[-1] in WEIGHT_WORDS
    return is_weight and parts[-2] in component.words and not is_speculative(template)


class Ties:
    """Which tensors of a checkpoint repeat the values of others, as its names and its config tell.

    Attributes:
        flag: the config's `tie_word_embeddings`, or what it means by leaving that out; None where that is unknown, or
            where it says yes in one place and no in another.
        by_default: whether it means yes by leaving it out.
        disputed: whether it says both.
        embeddings: the input embeddings.
        heads: the output heads, tied or not.
    """

    def __init__(self, tensors: Iterable[TieCandidate], config: ModelConfig) -> None:
        """
        Args:
            tensors: all of the checkpoint that are no copies.
            config: what its config says.
        """
        # Of several models in one config, the language model's kind says what is meant by not speaking of ties.
        self.by_default = not config.tied and config.language_model_type in _TIED_BY_DEFAULT
        self.flag = next(iter(config.tied)) if len(config.tied) == 1 else self.by_default or None
        self._ties_nothing = config.architecture in _NEVER_TIED
        self.disputed = len(config.tied) > 1
        self._shares_embeddings = config.shares_embeddings
        self._biases: dict[str, list[TieCandidate]] = {}
        self.embeddings: list[TieCandidate] = []
        self.heads: list[TieCandidate] = []
        self._has_wpe = self._has_transposed_qkv = False
        for candidate in tensors:
            if is_embedding(candidate.template):
                self.embeddings.append(candidate)
            elif is_head(candidate.template):
                self.heads.append(candidate)
            elif candidate.template.endswith(".bias"):
                self._biases.setdefault(candidate.template, []).append(candidate)
            elif candidate.template.endswith("wpe.weight"):
                self._has_wpe = True
            elif candidate.template.endswith(".attn.c_attn.weight"):
                rows, columns = candidate.tensor.shape if len(candidate.tensor.shape) == 2 else (0, 0)
                self._has_transposed_qkv = self._has_transposed_qkv or columns == 3 * rows > 0
        del self.embeddings[_MAX_CANDIDATES:], self.heads[_MAX_CANDIDATES:]

    def tied_to(self, tensor: TieCandidate) -> str:
        """The name of the tensor whose values a stored one repeats; "" where it has its own.

        - An output head, where the config's `tie_word_embeddings` says so. Where the config is silent, GPT-2's
          architecture and BERT's names do: GPT-2's head is always its `wte`, BERT's `predictions.decoder` is its
          `word_embeddings` and has the bias of `predictions` (transformers, models/bert/modeling_bert.py,
          `_tied_weights_keys`). GPT-2 is known by its places `wpe` and by queries, keys and values as its Conv1D has
          them, inputs first; minGPT, LitGPT and nanochat, which have a `wte` and an `lm_head` too, tie nothing.
        - `encoder.embed_tokens` and `decoder.embed_tokens` where there is `shared`: T5, BART, Marian, SeamlessM4T.
        - A speculative layer's embedding and head: DeepSeek-V3's README_WEIGHTS.md, "shares parameters".
        """
        parts = tensor.template.rsplit(".", 3)
        if len(parts) < 2:
            return ""
        module, last = parts[-2:]
        if last == "bias" and module == "decoder":
            return self._head_bias_tied_to(tensor, parts)
        if last not in WEIGHT_WORDS:
            return ""
        if is_speculative(tensor.template):
            return self._speculative_tied_to(tensor)
        is_of_one_side = len(parts) > 2 and parts[-3].endswith(("encoder", "decoder"))
        if module == "embed_tokens" and is_of_one_side and self._shares_embeddings:
            return _first_match(tensor, [other for other in self.embeddings if other.module == "shared"])
        if module in OUTPUT_HEAD.words:
            return self._head_tied_to(tensor, parts)
        return ""

    def embedding_like(self, head: TieCandidate) -> str:
        """The name of the first input embedding that has an output head's shape; "" where there is none."""
        return _first_match(head, self.embeddings)

    def may_be_tied(self, head: TieCandidate, name: str) -> bool:
        """Whether nothing in the tensors speaks against that a head has the values of an embedding of its shape."""
        embedding = next(other.tensor for other in self.embeddings if other.tensor.name == name)
        # A torch file names the storages of both where it has any.
        apart = head.tensor.storage is not None and embedding.storage is not None
        return head.tensor.dtype == embedding.dtype and not apart and not self.has_bias(head)

    def has_bias(self, head: TieCandidate) -> bool:
        """Whether an output head has a bias, which no embedding has."""
        return head.template.rpartition(".")[0] + ".bias" in self._biases

    def _speculative_tied_to(self, tensor: TieCandidate) -> str:
        if tensor.module in INPUT_EMBEDDING.words:
            return _first_match(tensor, self.embeddings)
        return _first_match(tensor, self.heads) if tensor.module in SPECULATIVE_HEAD.words else ""

    def _head_tied_to(self, head: TieCandidate, parts: list[str]) -> str:
        if self.flag is False or self._ties_nothing:
            return ""
        if self.flag:
            return _first_match(head, self.embeddings)
        return _first_match(head, [other for other in self.embeddings if self._is_named_as_tied(head, parts, other)])

    def _is_named_as_tied(self, head: TieCandidate, parts: list[str], embedding: TieCandidate) -> bool:
        if parts[-2] == "lm_head" and embedding.module == "wte":
            is_gpt2 = self._has_wpe and self._has_transposed_qkv
            return is_gpt2 and head.tensor.dtype == embedding.tensor.dtype and not self.has_bias(head)
        is_of_bert = parts[-3:-1] in (["predictions", "decoder"], ["lm_head", "decoder"])
        return is_of_bert and embedding.module == "word_embeddings"

    def _head_bias_tied_to(self, bias: TieCandidate, parts: list[str]) -> str:
        if parts[-3:-2] not in (["predictions"], ["lm_head"]):
            return ""
        weight = bias.template.removesuffix("bias") + "weight"
        head = next((head for head in self.heads if head.template == weight), None)
        # Reformer's head is as wide as two of its streams: it repeats no embedding, nor its bias another.
        if head and not self.embedding_like(head):
            return ""
        return _first_match(bias, self._biases.get(bias.template.removesuffix("decoder.bias") + "bias", []))


def _first_match(tensor: TieCandidate, others: Sequence[TieCandidate]) -> str:
    """The name of the first other tensor that may have the same values."""
    return next((other.tensor.name for other in others if _may_be_same(tensor, other)), "")


def _may_be_same(tensor: TieCandidate, other: TieCandidate) -> bool:
    """Whether two tensors have one shape or, where they are packed, as many weights."""
    if other.tensor.name == tensor.tensor.name:
        return False
    is_packed = any(each.parameters != prod(each.tensor.shape) for each in (tensor, other))
    return tensor.parameters == other.parameters if is_packed else tensor.tensor.shape == other.tensor.shape
