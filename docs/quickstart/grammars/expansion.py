"""Random expansion of small context-free grammars, the same on every machine and Python version."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
Rules = Mapping[str, Sequence[str]]

_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\ba (?=[aeio]|u(?!s|ni))")


def choose(rng: random.Random, options: Sequence[T]) -> T:
    """One of `options`, from one call of `random()`: `random.choice` has changed its draws between versions."""
    return options[int(rng.random() * len(options))]


def chance(rng: random.Random, probability: float) -> bool:
    """True with the given probability."""
    return rng.random() < probability


def two_different(rng: random.Random, options: Sequence[str]) -> tuple[str, str]:
    """Two distinct entries of `options`, in random order."""
    first = choose(rng, options)
    return first, choose(rng, [option for option in options if option != first])


def expand(rules: Rules, template: str, rng: random.Random) -> str:
    """Replaces each `{symbol}` by a random alternative of that rule, and the slots in it in turn."""
    while match := _SLOT.search(template):
        alternative = choose(rng, rules[match[1]])
        template = template[: match.start()] + alternative + template[match.end() :]
    return template


def polish(sentence: str, rng: random.Random) -> str:
    """Makes "a" into "an" where it should be, closes up spaces, and sets a full stop on two sentences of three."""
    sentence = _ARTICLE.sub("an ", " ".join(sentence.split()))
    return sentence + "." if chance(rng, 2 / 3) else sentence
