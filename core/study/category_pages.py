"""A page to learn from for each category: what it is, and how its size comes about in the model at hand."""

from __future__ import annotations

from typing import NamedTuple

from core.profile.profile import ModelProfile
from core.text.numbers import exact, percent

# Each category in three to five sentences: what it does, what it is made of, how it grows.
WHAT_IT_IS = {
    "attention": (
        "Attention lets each token look at other tokens and take over what it needs from them. "
        "Every token is projected to a query, a key and a value; queries are matched with keys, the values of the keys "
        "that match are mixed, and an output projection brings the mix back to the model's width. "
        "These four are matrices of about width × width, so that attention grows with the width squared. "
        "Where several heads share one key and value (grouped queries), two of the four are smaller."
    ),
    "mlp": (
        "The MLP, or feed-forward network, works on each token alone: it widens it, lets a non-linear function choose, "
        "and narrows it again. "
        "In GPT-2 it is two matrices, to four times the width and back, which is 8d² and twice what attention has. "
        "A gated MLP, as in Llama, has a third matrix that scales what the first lets through. "
        "With a mixture of experts there are many such networks side by side, of which a token uses a few."
    ),
    "router": (
        "The router decides which experts work on a token. "
        "It is one small matrix a layer that gives each expert a score; the few with the highest scores are used. "
        "It has as many rows as there are experts, and so next to no parameters beside them."
    ),
    "mixer": (
        "A mixer moves information between tokens as attention does, without comparing each token with each other. "
        "State-space models such as Mamba, linear recurrences and convolutions over tokens belong here. "
        "What they are made of differs from one architecture to the next."
    ),
    "convolution": (
        "A convolution slides a small window, its kernel, over an image or a sound, and weighs what it sees there. "
        "It has a weight for each point of the kernel and each pair of channels, one that goes out and one that comes "
        "in: out × in × height × width; a depthwise one sees its own channel alone, and in is 1. "
        "The formula adds up the pairs of kernels with as many points, biases with those of one point. "
        "The same weights serve at every place, so that the size of the image does not matter to their number. "
        "ResNets, U-Nets, vocoders and codecs are made of them; a kernel inside attention, an MLP, a mixer, a patch "
        "embedding or a head counts there."
    ),
    "norm": (
        "A norm brings each token's vector to one scale before the next part works on it; that keeps training stable. "
        "Layer norm, as in GPT-2, has a weight and a bias for each of the width's values; RMSNorm, as in Llama, has "
        "a weight alone. "
        "It grows with the width, not with its square, and is therefore a vanishing part of a large model."
    ),
    "embedding": (
        "The embedding is a table with one vector for each token of the vocabulary; GPT-2 has one for positions too. "
        "A token's number picks its row, which is all that the model then knows of it. "
        "The table grows with vocabulary and width and not with the layers: it is a large part of a small model and a "
        "small part of a large one. "
        "Where the output head is tied to it, the same values serve at both ends and count once."
    ),
    "head": (
        "The output head turns the last layer's vector into a score for each token of the vocabulary, or each class. "
        "For a language model it is a matrix of vocabulary × width, as large as the token embedding. "
        "Many models, GPT-2 among them, use the embedding's values here too; then there is no head to count."
    ),
    "adapter": (
        "An adapter is a small addition that is trained while the model itself stays as it is. "
        "LoRA adds the product of two thin matrices to a large one: of width × rank values each. "
        "Which matrices have one, and of which rank, was chosen by whoever trained it."
    ),
    "other": (
        "What the rules know no name for is counted here, so that nothing is guessed in silence. "
        "It is part of the total. "
        "The tree shows which tensors they are."
    ),
}


class CategoryPage(NamedTuple):
    """A page on a category in a model.

    Attributes:
        title: the category and the model.
        text: what it is, in sentences.
        formula: lines of the formula with the model's numbers put in, the last of them the count; empty where the
            shapes fit no formula that is known.
        symbols: what stands for what: symbol, its size, its meaning.
        counted: the count, in a sentence.
        shapes: of the largest tensors: how many, name, shape, and what they hold together.
    """

    title: str
    text: str
    formula: list[str]
    symbols: list[tuple[str, str, str]]
    counted: str
    shapes: list[tuple[str, str, str, str]]


def category_page(category: str, model: ModelProfile) -> CategoryPage:
    """The page on a category in a model."""
    held = model.tally(category).parameters
    formula = model.formula(category) or model.formula(category, nameless=True)
    lines, symbols = [], []
    if formula:
        steps = dict.fromkeys((formula.text(), formula.with_numbers(), formula.sums(), exact(formula.value)))
        lines = list(steps)
        symbols = [(symbol, exact(size), meaning) for symbol, size, meaning in formula.symbols()]
    counted = f"counted: {exact(held)}, {percent(model.percent(category))} % of {exact(model.parameters)} parameters"
    tensors = sorted((t for t in model.tensors if t.category == category), key=lambda t: -t.parameters * t.tensor_count)
    shapes = [
        (
            f"{exact(t.tensor_count)} ×",
            t.name,
            " × ".join(map(exact, t.shape)) or "1",
            exact(t.parameters * t.tensor_count),
        )
        for t in tensors
    ]
    return CategoryPage(
        f"{model.label(category)} in {model.name}", WHAT_IT_IS[category], lines, symbols, counted, shapes
    )
