"""What a reader of the figures should know beside them, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from core.checkpoint.config import ModelConfig
from core.checkpoint.learned import Claims
from core.checkpoint.metadata import MAX_KEYS, Metadata
from core.checkpoint.source import Source
from core.classify.averaged_copies import prefix_of_copy
from core.classify.category import ROLES
from core.classify.groups import TensorGroup
from core.classify.ties import TieCandidate, Ties, is_head
from core.count.totals import Totals, add_group
from core.naming.speculative import is_speculative
from core.text.numbers import amount, exact, plural

_MAX_TIES_TOLD = 4
_BILLION = 10**9
_GPT_OSS = ("gpt_oss", "gpt-oss")
"""As transformers and llama.cpp call it."""
_MAX_ENTRY_BYTES = 512
"""More than the entry of a tensor takes in a header."""


def notes_of(source: Source, groups: Sequence[TensorGroup], totals: Totals, active: int | None) -> Iterator[str]:
    """The notes on a count.

    Args:
        source: what was read.
        groups: all its tensors, with their meaning.
        totals: of them all.
        active: parameters that work on one token, where that is known.
    """
    if not any(group.count for group in groups):
        yield "there is not one tensor in it"
        return
    yield from _averaged_copies(groups)
    yield from _ties(groups, source.config, not source.piece)
    yield from _unknown(groups)
    yield from _speculative(groups, totals, active)
    yield from _active(source.config, totals, active)
    yield from _metadata(source.metadata)
    for claims in source.claims:
        yield from _claims(claims, groups, totals)


def ungathered(groups: Sequence[TensorGroup]) -> str:
    """What to say of parameters without a single element; "" where there are none.

    Under ZeRO-3 and FSDP a parameter is an empty placeholder on every GPU until it is gathered, and a model that is
    saved before has their names alone (deepspeed/runtime/zero/partition_parameters.py, `free_param`).
    """
    empty = [
        group
        for group in groups
        if 0 in group.tensor.shape and group.classification and group.classification.role in {"parameter", "tied"}
    ]
    if not empty:
        return ""
    count, all_of_them = sum(group.count for group in empty), sum(group.count for group in groups)
    return (
        f"{exact(count)} of {plural(all_of_them, 'tensor')} have no elements, such as {empty[0].tensor.name}: saved"
        " under ZeRO-3 or FSDP without being gathered; save again with stage3_gather_16bit_weights_on_model_save"
        " (DeepSpeed) or a full state dict (FSDP), or run zero_to_fp32.py in the checkpoint's folder"
    )


def _averaged_copies(groups: Sequence[TensorGroup]) -> Iterator[str]:
    copies: dict[str, Totals] = {}
    for group in groups:
        if group.classification and group.classification.role == "beside_model":
            add_group(copies.setdefault(prefix_of_copy(group.template).rstrip("."), Totals()), group)
    for beginning, totals in copies.items():
        left = totals.not_counted["beside_model"]
        size = amount(left.elements, left.tensor_count, left.bytes)
        yield f"not counted: {beginning} ({size}), an averaged copy (EMA) of the model"


def _ties(groups: Sequence[TensorGroup], config: ModelConfig, complete: bool) -> Iterator[str]:
    parameters = [
        TieCandidate(group.template, group.tensor, group.classification.parameters)
        for group in groups
        if group.classification and group.classification.role == "parameter"
    ]
    ties = Ties(parameters, config)
    tied = [group for group in groups if group.classification and group.classification.role == "tied"]
    for group in tied[:_MAX_TIES_TOLD]:
        others = f" and {plural(group.count - 1, 'tensor')} like it" if group.count > 1 else ""
        are = "are" if others else "is"
        to = group.classification.tied_to if group.classification else ""
        said = ""
        if is_head(group.template) and ties.flag is False:
            said = ", though the config says that it is not"
        elif is_head(group.template) and ties.by_default:
            said = ", which the config means by not speaking of it"
        yield f"{group.tensor.name}{others} {are} tied to {to or 'an earlier tensor'}: counted once{said}"
    if len(tied) > _MAX_TIES_TOLD:
        more = sum(group.count for group in tied[_MAX_TIES_TOLD:])
        yield f"{plural(more, 'more tensor')} tied: counted once"
    if ties.embeddings:
        yield from _head(groups, ties, config, complete)


def _head(groups: Sequence[TensorGroup], ties: Ties, config: ModelConfig, complete: bool) -> Iterator[str]:
    """What the config says of the output head, where the tensors say something else or nothing."""
    embedding = ties.embeddings[0].tensor.name
    says = "both that and the opposite" if ties.disputed else "nothing of it"
    for head in ties.heads[:_MAX_TIES_TOLD]:
        if alike := ties.embedding_like(head):
            # An adapter holds what was trained, and a tied head is not trained beside its embedding.
            if ties.flag is None and ties.may_be_tied(head, alike) and not config.is_adapter:
                yield f"{head.tensor.name} could be tied to {alike}, the config says {says}: both are counted"
        elif ties.flag and not ties.by_default:
            yield (
                f"the config says that the output head is tied, but {head.tensor.name} has another shape than"
                f" {embedding}: both are counted"
            )
    any_head = any(
        group.classification and (group.classification.category == "head" or is_head(group.template))
        for group in groups
    )
    if any_head or not complete or not _is_language_model(config):
        return
    if ties.flag and not ties.by_default:
        yield f"the output head is tied to {embedding}: counted once"
    elif ties.flag is False:
        yield "the config says that the output head is not tied to the input embedding, but there is none in the file"


def _is_language_model(config: ModelConfig) -> bool:
    return any(word in (config.architecture or "") for word in ("LM", "Generation"))


def _unknown(groups: Sequence[TensorGroup]) -> Iterator[str]:
    if unknown := [group for group in groups if group.classification and group.classification.unknown]:
        elements = sum(group.classification.elements * group.count for group in unknown if group.classification)
        stored = plural(elements, "element")
        yield f"{_named(unknown)}: not known how the weights are packed, {stored} counted as stored"
    if assumed := [group for group in groups if group.classification and group.classification.assumed]:
        bits = assumed[0].classification.bits if assumed[0].classification else 0
        yield f"{_named(assumed)}: no config says how many bits a weight takes, {bits} are assumed"


def _named(groups: list[TensorGroup]) -> str:
    first, tensors = groups[0].tensor, sum(group.count for group in groups)
    which = first.name if tensors == 1 else f"{plural(tensors, 'tensor')} such as {first.name}"
    return f"{which} ({first.dtype})"


def _speculative(groups: Sequence[TensorGroup], totals: Totals, active: int | None) -> Iterator[str]:
    held = _speculative_parameters(groups)
    if held:
        among = " and not among the active ones" if active not in {None, totals.parameters} else ""
        rest = exact(totals.parameters - held)
        yield (
            f"{exact(held)} of the parameters are for speculative decoding (multi-token prediction){among};"
            f" without them there are {rest}"
        )


def _speculative_parameters(groups: Sequence[TensorGroup]) -> int:
    return sum(
        group.classification.parameters * group.count
        for group in groups
        if group.classification and is_speculative(group.template)
    )


def _active(config: ModelConfig, totals: Totals, active: int | None) -> Iterator[str]:
    embedding = totals.categories.get("embedding")
    if active is None or active == totals.parameters or not embedding or config.model_type not in _GPT_OSS:
        return
    without = active - embedding.parameters
    billions = f": {without / _BILLION:.2f} B" if without >= _BILLION else ""
    yield f"without the input embedding {exact(without)} are active{billions}, as its makers count"


def _metadata(metadata: Metadata) -> Iterator[str]:
    if len(metadata.values) == MAX_KEYS < metadata.count:
        yield f"of {plural(metadata.count, 'key')} of metadata the first {exact(MAX_KEYS)} are told"


def _claims(claims: Claims, groups: Sequence[TensorGroup], totals: Totals) -> Iterator[str]:
    """What somebody says of the whole, and by what that differs from what was counted."""
    whole = totals.whole
    left = totals.not_counted
    if claims.parameters and claims.parameters != whole.parameters:
        packed = sum(
            group.classification.elements * group.count - group.classification.parameters * group.count
            for group in groups
            if group.classification and group.classification.role == "parameter"
        )
        terms = {
            ROLES["buffer"].plural: _elements(totals, "buffer"),
            ROLES["tied"].plural: _elements(totals, "tied"),
            ROLES["quantization"].plural: _elements(totals, "quantization"),
            "packed weights": packed,
            "speculative decoding": -_speculative_parameters(groups),
        }
        yield _difference(
            claims.by, exact(claims.parameters), "parameters", claims.parameters - whole.parameters, terms
        )
    # Categories have the bytes of their quantisation data.
    averaged = sum(
        group.tensor.nbytes * group.count
        for group in groups
        if group.classification and group.classification.role == "beside_model"
    )
    stored = whole.bytes + averaged
    stored += sum(one.bytes for role, one in left.items() if role not in {"quantization", "beside_model"})
    # Some indexes count the headers too.
    if claims.bytes and not 0 <= claims.bytes - stored <= _MAX_ENTRY_BYTES * (totals.stored_count + 8):
        terms = {
            ROLES["buffer"].plural: -left["buffer"].bytes if "buffer" in left else 0,
            ROLES["tied"].plural: -left["tied"].bytes if "tied" in left else 0,
            ROLES["quantization"].plural: -left["quantization"].bytes if "quantization" in left else 0,
        }
        yield _difference(claims.by, exact(claims.bytes), "bytes", claims.bytes - stored, terms)


def _elements(totals: Totals, role: str) -> int:
    return totals.not_counted[role].elements if role in totals.not_counted else 0


def _difference(by: str, claimed: str, unit: str, difference: int, terms: dict[str, int]) -> str:
    """`INDEX says 751,632,384 parameters, 155,582,464 more: tied copies 155,582,464`."""
    present = [(what, amount) for what, amount in terms.items() if amount]
    ways = (some for n in range(1, len(present) + 1) for some in combinations(present, n))
    why = next((some for some in ways if sum(amount for _, amount in some) == difference), None)
    more = f"{exact(abs(difference))} {'more' if difference > 0 else 'fewer'}"
    if not why:
        return f"{by} says {claimed} {unit}, {more} than {'counted' if unit == 'parameters' else 'stored'}: unexplained"
    reasons = " and ".join(f"{what} ({exact(abs(amount))})" for what, amount in why)
    return f"{by} says {claimed} {unit}, {more}: {reasons}"
