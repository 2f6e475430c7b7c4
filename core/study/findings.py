"""A claim of the study with its answer, and how the figures behind it are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from core.profile.profile import ModelProfile
from core.text.numbers import decimals, exact, percent

Verdict = Literal["holds", "holds in part", "does not hold"]
VERDICTS: tuple[Verdict, ...] = ("holds", "holds in part", "does not hold")
Figure = int | float | str | None
Figures = dict[str, Figure]


class Finding(NamedTuple):
    """What was found of one model.

    Attributes:
        figures: by name; see `FIGURES` for how each is shown.
        holds: whether the claim does; None where one model alone cannot tell.
        reason: why not, in terms of its shapes; "" where it does.
    """

    figures: Figures
    holds: bool | None
    reason: str = ""


class Claim(NamedTuple):
    """A claim and its answer.

    Attributes:
        number: as the study's claims are numbered.
        claim: in a sentence.
        verdict: None where there are too few models to ask.
        findings: by the model's name as the user gave it.
        why: the reason, in one line.
    """

    number: int
    claim: str
    verdict: Verdict | None
    findings: dict[str, Finding]
    why: str


# Each figure's name for people, and how its value is written.
FIGURES: dict[str, tuple[str, Callable[..., str]]] = {
    "attention_percent": ("attention %", percent),
    "mlp_percent": ("MLP %", percent),
    "claimed_attention_percent": ("claimed att. %", str),
    "claimed_mlp_percent": ("claimed MLP %", str),
    "attention": ("attention", exact),
    "mlp": ("MLP", exact),
    "mlp_to_attention": ("MLP ÷ attention", lambda ratio: decimals(ratio, 4)),
    "largest": ("largest", str),
    "largest_percent": ("its share %", percent),
    "next": ("the next", str),
    "next_percent": ("its share %", percent),
    "parameters": ("parameters", exact),
    "layers": ("layers", exact),
    "attention_per_layer": ("att. a layer", exact),
    "mlp_per_layer": ("MLP a layer", exact),
    "embedding": ("embedding", exact),
    "embedding_percent": ("embedding %", percent),
    "vocabulary": ("vocabulary", exact),
    "hidden_size": ("hidden size", exact),
    "norm": ("norm", exact),
    "norm_percent": ("norm %", lambda value: decimals(value, 4)),
    "norm_weights": ("norm weights", exact),
    "norm_biases": ("norm biases", exact),
    "weights": ("all weights", exact),
    "biases": ("all biases", exact),
}


def figure_text(name: str, value: Figure) -> str:
    """A figure as people read it."""
    return "–" if value is None else FIGURES[name][1](value)


def claim(number: int, sentence: str, findings: dict[str, Finding], why: str, verdict: Verdict | None = None) -> Claim:
    """A claim; its verdict follows from the findings unless one is given."""
    answers = [finding.holds for finding in findings.values() if finding.holds is not None]
    if verdict is None and answers:
        verdict = "holds" if all(answers) else "holds in part" if any(answers) else "does not hold"
    return Claim(number, sentence, verdict, findings, why)


def reasons(findings: dict[str, Finding], models: Sequence[ModelProfile]) -> str:
    """Why a claim does not hold, for each model of which it does not."""
    names = {model.model: model.name for model in models}
    return "; ".join(f"{names[key]}: {finding.reason}" for key, finding in findings.items() if finding.reason)
