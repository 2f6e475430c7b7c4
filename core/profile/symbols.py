"""The sizes that stand in formulas: what a model's widths are, told by the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from core.naming.experts import is_one_by_one, is_routed_expert, is_shared_expert
from core.profile.dimensions import Dimensions, Repeated, position_rows

_QUERY = (".q_proj.", ".query.", ".wq.", ".attn_q.", ".q.")
_KEY = (".k_proj.", ".key.", ".wk.", ".attn_k.", ".k.")
_FUSED = ("qkv", "query_key_value", "c_attn", "W_pack", "in_proj")
# Multi-head latent attention: transformers' DeepseekV3Attention, DeepSeek's own names, llama.cpp's.
_QUERY_DOWN = (".q_a_proj.", ".wq_a.", ".attn_q_a.")
_QUERY_UP = (".q_b_proj.", ".wq_b.", ".attn_q_b.")
_LATENT_DOWN = (".kv_a_proj_with_mqa.", ".wkv_a.", ".attn_kv_a_mqa.")
_LATENT_UP = (".kv_b_proj.", ".wkv_b.", ".attn_kv_b.")
_LATENT_NORM = (".kv_a_layernorm.", ".kv_norm.", ".attn_kv_a_norm.")
_OUTPUT = (".o_proj.", ".wo.", ".attn_output.")
_MAX_WINDOW = 16


def unpacked(tensors: Iterable[Repeated], dimensions: Dimensions) -> list[Repeated]:
    """The same with the shape of the weights that packed ones stand for, as far as the model's width tells it."""
    d, experts = dimensions.hidden_size or 0, dimensions.experts

    def shape(tensor: Repeated) -> tuple[int, ...]:
        if prod(tensor.shape) == tensor.parameters:
            return tensor.shape
        lengths, rest = [], tensor.parameters
        for length in (experts if len(tensor.shape) > 2 else None, d):
            if length and rest and not rest % length:
                lengths.append(length)
                rest //= length
        return (*lengths, rest)

    return [tensor._replace(shape=shape(tensor)) for tensor in tensors]


def sizes_of(tensors: Iterable[Repeated], dimensions: Dimensions) -> dict[str, int]:
    """The symbols that a model has, and how large they are; a width that is another one's is not there."""
    tensors = unpacked(tensors, dimensions)
    d = dimensions.hidden_size or 0
    found: dict[str, int | None] = {
        "d": d,
        "L": dimensions.layers,
        "V": dimensions.vocabulary,
        "E": dimensions.experts,
        "n": max(position_rows(tensors), default=None),
    }
    latent = _latent_widths(tensors, d)
    queries, keys = (latent.pop("q"), d) if latent else _widths(tensors, dimensions, d)
    found.update(latent)
    if queries != d:
        found["q"] = queries
    if keys not in {d, queries}:
        found["k"] = keys
    found["H"] = dimensions.heads
    if not latent and dimensions.head_size and dimensions.head_size not in {d, queries, keys}:
        found["h"] = dimensions.head_size
    mlp = [t for t in tensors if t.category == "mlp"]
    shared = [t for t in mlp if is_shared_expert(t.template)]
    routed = [t for t in mlp if is_routed_expert(t.template)]
    dense = [t for t in mlp if not (is_shared_expert(t.template) or is_routed_expert(t.template))]
    found["f"] = _inner(dense, d, None)
    found["g"] = _inner(routed, d, dimensions.experts)
    found["s"] = _inner(shared, d, None)
    if not found["f"]:  # experts alone: their width is the MLP's
        found["f"], found["g"] = found["g"], None
    return {symbol: size for symbol, size in found.items() if size}


def _widths(tensors: list[Repeated], dimensions: Dimensions, d: int) -> tuple[int, int]:
    """The widths of queries and of keys, by the projections' shapes, else by heads times their size."""
    attention = [t for t in tensors if t.category == "attention" and len(t.shape) == 2]
    heads, shared, size = dimensions.heads, dimensions.key_value_heads, dimensions.head_size
    if not attention:
        return d, d
    queries = _other(attention, _QUERY, d) or (heads * size if heads and size else d)
    keys = _other(attention, _KEY, d)
    if not keys:
        fused = _other(attention, _FUSED, d)
        keys = (fused - queries) // 2 if fused > queries else (shared * size if shared and size else d)
    return queries, keys


def _latent_widths(tensors: list[Repeated], d: int) -> dict[str, int]:
    """The widths of multi-head latent attention; {} where the model has none."""
    attention = [t for t in tensors if t.category == "attention" and len(t.shape) == 2]
    norms = [t for t in tensors if len(t.shape) == 1]
    c = next((t.shape[0] for t in norms if any(name in t.name for name in _LATENT_NORM)), 0)
    down, r = _other(attention, _LATENT_DOWN, d), _other(attention, _QUERY_DOWN, d)
    if not d or not c or down < c:
        return {}
    q = _other(attention, _QUERY_UP, r) if r else _other(attention, _QUERY, d)
    found = {"r": r, "z": _other(attention, _LATENT_UP, c), "w": _other(attention, _OUTPUT, d), "c": c, "t": down - c}
    # A width that is another one's too goes by the other's letter, but for the latent: its rotary part is beside it.
    taken = {d, q}
    for symbol in "rzw":
        found[symbol] *= found[symbol] not in taken
        taken.add(found[symbol])
    return {"q": q or d, **{symbol: size for symbol, size in found.items() if size}}


def _other(tensors: list[Repeated], names: tuple[str, ...], d: int) -> int:
    """The width that a projection of one of these names goes to; 0 where there is none."""
    for tensor in tensors:
        if any(name in tensor.name for name in names) and d in tensor.shape:
            return tensor.shape[0] if tensor.shape[1] == d else tensor.shape[1]
    return 0


def _inner(tensors: list[Repeated], d: int, experts: int | None) -> int | None:
    """The least width beside the model's that some MLP matrices have: a gate and an up projection may be in one."""
    widths = []
    for tensor in tensors:
        if len(tensor.shape) >= 2 and d in tensor.shape:
            # The last lengths of a convolution are those of its window.
            is_window = len(tensor.shape) > 2 and tensor.shape[-1] <= _MAX_WINDOW
            matrix = tensor.shape[:2] if is_window else tensor.shape[-2:]
            width = min((n for n in matrix if n != d), default=d)
            # Of two lengths one may tell how many experts have a bias here.
            sure = len(tensor.shape) > 2 or is_one_by_one(tensor.template)
            widths += [width] if sure or width == d or width != experts else []
    return min(widths, default=None)
