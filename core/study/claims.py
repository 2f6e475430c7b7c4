"""The study's nine claims, each checked on some models and answered from their counts.

The sentences and figures are the study's own; whether a claim holds for the models at hand, and why, is worked out from
their counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from core.profile.formula import Formula
from core.profile.profile import ModelProfile
from core.study.findings import Claim, Figures, Finding, Verdict, claim, reasons
from core.study.reasons import ABOUT, RATIO, is_about, layers_of, ratio_of, why_largest, why_ratio, why_shares
from core.text.numbers import decimals, exact, percent, share, short

# The study's own figures, in whole percents: attention, MLP.
_CLAIMED_SHARES = {"gpt2": (22, 45), "gpt2-medium": (28, 56), "gpt2-large": (30, 60), "gpt2-xl": (31, 63)}
_CLAIMED_NORM = (10_000, 100_000)
_CLAIMED_NORM_PERCENT = 0.01
_MAX_TERMS = 6
"""A formula with more terms is left out of a reason, which is one line."""


def claims_of(models: Sequence[ModelProfile]) -> list[Claim]:
    """The answers to all nine claims for some models; none where there are no models."""
    asked = (_shares, _twice, _largest, _rising, _proportional, _one_size, _norm_size, _norm_share, _norm_halves)
    return [ask(models) for ask in asked] if models else []


def _shares(models: Sequence[ModelProfile]) -> Claim:
    spans = [(min(column), max(column) + 1) for column in zip(*_CLAIMED_SHARES.values())]
    least = [low for low, _ in spans]
    findings = {}
    for model in models:
        shares = (model.percent("attention"), model.percent("mlp"))
        figures: Figures = {"attention_percent": shares[0], "mlp_percent": shares[1]}
        claimed = _CLAIMED_SHARES.get(model.model) if model.built_in else None
        if claimed:
            figures |= {"claimed_attention_percent": claimed[0], "claimed_mlp_percent": claimed[1]}
            holds = tuple(map(int, shares)) == claimed
            reason = "" if holds else f"{shares[0]:.2f} and {shares[1]:.2f} %, not {claimed[0]} and {claimed[1]}"
        else:
            holds = all(low <= held < high for held, (low, high) in zip(shares, spans))
            reason = "" if holds else why_shares(f"{shares[0]:.2f} and {shares[1]:.2f} %", model, least)
        findings[model.model] = Finding(figures, holds, reason)
    each = [f"{a} and {m} % in {name}" for name, (a, m) in _CLAIMED_SHARES.items()]
    sentence = f"Attention and the MLP hold about {', '.join(each)}."
    if not any("claimed_mlp_percent" in finding.figures for finding in findings.values()):
        (low, high), (mlp_low, mlp_high) = spans
        sentence = f"Attention holds {low} to {high - 1} % and the MLP {mlp_low} to {mlp_high - 1} % of the parameters."
    why = reasons(findings, models) or "the shares counted, cut to whole percents, are these"
    return claim(1, sentence, findings, why)


def _twice(models: Sequence[ModelProfile]) -> Claim:
    findings = {}
    for model in models:
        attention, mlp = model.tally("attention").parameters, model.tally("mlp").parameters
        ratio = ratio_of(model)
        holds = is_about(ratio, RATIO)
        reason = ""
        if not holds:
            reason = "it has no attention" if ratio is None else why_ratio(f"{_rounded(ratio)} times", model)
        findings[model.model] = Finding({"attention": attention, "mlp": mlp, "mlp_to_attention": ratio}, holds, reason)
    why = reasons(findings, models)
    if not why:
        built = set(map(layers_of, models))
        why = (built.pop() if len(built) == 1 else "") or "so it is counted in each"
    return claim(2, "The MLP holds about twice as many parameters as attention, in every size.", findings, why)


def _largest(models: Sequence[ModelProfile]) -> Claim:
    findings, margins = {}, []
    for model in models:
        order = sorted(model.totals.categories, key=lambda key: -model.tally(key).parameters)
        first, second = [*order, "", ""][:2]
        figures: Figures = {
            "largest": model.label(first) if first else None,
            "largest_percent": model.percent(first),
            "next": model.label(second) if second else None,
            "next_percent": model.percent(second),
        }
        holds = first == "mlp"
        reason = "" if holds else why_largest(f"{model.label(first)} is", model, first) if first else "nothing is"
        findings[model.model] = Finding(figures, holds, reason)
        margins.append((model.percent("mlp") - model.percent(second), model, second))
    _, model, second = min(margins, key=lambda each: each[0])
    nearest = f"its lead is the smallest in {model.name}: " if len(models) > 1 else "it is ahead of the next: "
    nearest = (nearest if second else "") + f"{percent(model.percent('mlp'))} % MLP"
    if second:
        nearest += f", {percent(model.percent(second))} % {model.label(second)}"
    return claim(3, "The MLP is the largest group.", findings, reasons(findings, models) or nearest)


def _rising(models: Sequence[ModelProfile]) -> Claim:
    findings: dict[str, Finding] = {}
    steps: list[bool] = []
    ordered = sorted(models, key=lambda model: model.parameters)
    before: ModelProfile | None = None
    for model in ordered:
        figures: Figures = {
            "parameters": model.parameters,
            "attention_percent": model.percent("attention"),
            "mlp_percent": model.percent("mlp"),
        }
        holds, reason = None, ""
        if before:
            falls = [key for key in ("attention", "mlp") if model.percent(key) <= before.percent(key)]
            steps += [key not in falls for key in ("attention", "mlp")]
            holds = not falls
            steps_down = [f"{model.label(key)} {_step(before.percent(key), model.percent(key))}" for key in falls]
            reason = f"after {before.name} {' and '.join(steps_down)}" if falls else ""
        findings[model.model] = Finding(figures, holds, reason)
        before = model
    sentence = "The shares of attention and of the MLP rise with the model's size."
    findings = {model.model: findings[model.model] for model in models}
    if not steps:
        return claim(4, sentence, findings, "that takes two models or more")
    verdict: Verdict = "holds" if all(steps) else "holds in part" if any(steps) else "does not hold"
    small, large = (share(model.outside, model.parameters) for model in (ordered[0], ordered[-1]))
    why = f"what lies outside of the layers goes from {percent(small)} % to {percent(large)} %"
    if large < small:
        why += ": embeddings grow with the width, layers with its square, and there are more of them"
    return claim(4, sentence, findings, reasons(findings, models) or why, verdict)


def _proportional(models: Sequence[ModelProfile]) -> Claim:
    findings, alike = {}, []
    for model in models:
        layers = len(model.layers)
        kinds = {(layer.attention, layer.mlp) for layer in model.layers}
        kinds = kinds if any(map(any, kinds)) else set()
        alike.append(len(kinds) == 1)
        each = next(iter(kinds)) if len(kinds) == 1 else (None, None)
        figures: Figures = {
            "layers": layers,
            "hidden_size": model.dimensions.hidden_size,
            "attention_per_layer": each[0],
            "mlp_per_layer": each[1],
        }
        reason = "" if len(kinds) == 1 else "its layers are not alike" if kinds else "its layers have neither of them"
        reason = reason if layers else "it has no layers"
        findings[model.model] = Finding(figures, len(kinds) == 1 if len(models) == 1 else None, reason)
    sentence = "The counts of attention and of the MLP rise in proportion to the number of layers."
    within = all(alike)
    kinds_between = {(f.figures["attention_per_layer"], f.figures["mlp_per_layer"]) for f in findings.values()}
    between = within and len(kinds_between) == 1
    if len(models) == 1:
        why = "all its layers are alike" if within else reasons(findings, models)
        return claim(5, sentence, findings, why)
    if between:
        return claim(5, sentence, findings, "a layer holds the same in each of them", "holds")
    ordered = sorted(models, key=lambda model: model.parameters)
    small, large = ordered[0], ordered[-1]
    widths = {model.dimensions.hidden_size for model in models}
    changes = "the width differs, and a layer with it" if len(widths) > 1 else "a layer differs"
    between_why = f"between these {changes}: {_a_layer(small)}, {_a_layer(large)}"
    if within:
        where = "at one width" if len(widths) > 1 else "within a model"
        why = f"{where} it does, as a model's layers are alike; {between_why}"
        return claim(5, sentence, findings, why, "holds in part")
    verdict: Verdict = "holds in part" if any(alike) else "does not hold"
    return claim(5, sentence, findings, f"{reasons(findings, models)}; {between_why}", verdict)


def _a_layer(model: ModelProfile) -> str:
    """What a layer of a model holds in attention and MLP, with its width."""
    layers = len(model.layers) or 1
    held = sum(layer.attention + layer.mlp for layer in model.layers) // layers
    width = f" at d = {exact(model.dimensions.hidden_size)}" if model.dimensions.hidden_size else ""
    return f"{short(held)} in {model.name}{width}"


def _one_size(models: Sequence[ModelProfile]) -> Claim:
    findings = {}
    counts = {model.model: model.tally("embedding").parameters for model in models}
    for model in models:
        others = [count for key, count in counts.items() if key != model.model]
        mine = counts[model.model]
        same = sum(abs(count - mine) <= ABOUT * mine for count in others)
        # Where only a few of many models have embeddings of one size, that is chance.
        holds = same + 1 >= max(2, len(models) / 2)
        figures: Figures = {
            "embedding": mine,
            "embedding_percent": model.percent("embedding"),
            "vocabulary": model.dimensions.vocabulary,
            "hidden_size": model.dimensions.hidden_size,
        }
        findings[model.model] = Finding(figures, holds if others else None)
    sentence = "The embeddings are of the same size in every model."
    if len(models) < 2:
        return claim(6, sentence, findings, "that takes two models or more")
    low, high = (choose(models, key=lambda model: counts[model.model]) for choose in (min, max))
    held = [counts[low.model], counts[high.model]]
    if not held[1]:
        return claim(6, sentence, {key: found._replace(holds=None) for key, found in findings.items()}, "none has any")
    if held[1] - held[0] <= ABOUT * held[0]:
        return claim(6, sentence, findings, f"{short(held[0])} to {short(held[1])} in all of them", "holds")
    formulas = [_formula(model, "embedding") for model in (low, high)]
    positions = any("n" in summand.each.symbols for formula in formulas if formula for summand in formula.summands)
    ends = " to ".join(map(_embedding, (low, high), formulas))
    why = f"{'vocabulary and positions' if positions else 'vocabulary'} times width: {ends}"
    shares = [model.percent("embedding") for model in sorted(models, key=lambda model: counts[model.model])]
    if all(before > after for before, after in pairwise(shares)):
        why += f"; what falls is their share, {percent(shares[0])} to {percent(shares[-1])} %"
    else:
        why += f"; they are {percent(min(shares))} to {percent(max(shares))} % of a model"
    some: Verdict = "holds in part" if any(finding.holds for finding in findings.values()) else "does not hold"
    return claim(6, sentence, findings, why, some)


def _embedding(model: ModelProfile, formula: Formula | None) -> str:
    """`39.4M in gpt2 (50,257 × 768 + 1,024 × 768)`."""
    made = f" ({formula.with_numbers()})" if formula else ""
    return f"{short(model.tally('embedding').parameters)} in {model.name}{made}"


def _formula(model: ModelProfile, category: str) -> Formula | None:
    """The formula of a category's size; None where there is none, or where it is too long for a line."""
    formula = model.formula(category, nameless=True)
    return formula if formula and sum(len(summand.each.terms) for summand in formula.summands) <= _MAX_TERMS else None


def _norm_size(models: Sequence[ModelProfile]) -> Claim:
    low, high = _CLAIMED_NORM[0], _CLAIMED_NORM[1] * (1 + ABOUT)
    findings = {}
    for model in models:
        held = model.tally("norm").parameters
        holds = low <= held <= high
        formula = _formula(model, "norm")
        made = f" = {formula.text()}" if formula else ""
        findings[model.model] = Finding({"norm": held}, holds, "" if holds else f"{exact(held)}{made}")
    known = [_formula(model, "norm") for model in models]
    formulas = [formula.text() for formula in known if formula]
    why = reasons(findings, models) or (f"it is {formulas[0]}" if formulas else "so it is counted")
    return claim(7, "Layer norm holds tens of thousands to about 100,000 parameters.", findings, why)


def _norm_share(models: Sequence[ModelProfile]) -> Claim:
    findings = {}
    for model in models:
        norm_share = model.percent("norm")
        holds = norm_share < _CLAIMED_NORM_PERCENT
        findings[model.model] = Finding(
            {"norm_percent": norm_share}, holds, "" if holds else f"{decimals(norm_share, 4)} %"
        )
    shares = [finding.figures["norm_percent"] for finding in findings.values() if not finding.holds]
    why = "it is in each of them"
    numbers = [held for held in shares if isinstance(held, float)]
    if numbers:
        span = _span(numbers, 4)
        times = _span([held / _CLAIMED_NORM_PERCENT for held in numbers], 1)
        where = f"in {len(numbers)} of {len(findings)} " if len(numbers) < len(findings) else ""
        why = f"{where}it is {span} %, which is {times} times that"
    return claim(8, f"Layer norm is less than {_CLAIMED_NORM_PERCENT} % of the model.", findings, why)


def _span(numbers: Sequence[float], places: int) -> str:
    """`0.0198 to 0.0309`, or one number alone, with so many decimals."""
    least, most = min(numbers), max(numbers)
    return f"{least:.{places}f} to {most:.{places}f}" if len(numbers) > 1 else f"{least:.{places}f}"


def _norm_halves(models: Sequence[ModelProfile]) -> Claim:
    findings = {}
    for model in models:
        norm, whole = model.tally("norm"), model.totals.whole
        equal, whole_equal = norm.weights == norm.biases > 0, whole.weights == whole.biases
        reason = ""
        if not equal:
            reason = "weights and biases differ" if norm.biases else "its norms have no biases"
            reason = reason if norm.parameters else "it has no norms"
        elif whole_equal:
            reason = "so it is in the whole model too"
        figures: Figures = {
            **{"norm_weights": norm.weights, "norm_biases": norm.biases},
            **{"weights": whole.weights, "biases": whole.biases},
        }
        findings[model.model] = Finding(figures, equal and not whole_equal, reason)
    why = (
        reasons(findings, models) or "a layer norm has a weight and a bias of d values each, a matrix far more weights"
    )
    return claim(9, "Layer norm has as many weights as biases, unlike the whole model.", findings, why)


def _rounded(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 0.95 else f"{ratio:.2g}"


def _step(before: float, now: float) -> str:
    return f"{percent(before)} → {percent(now)} %"
