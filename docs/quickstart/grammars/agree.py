"""`agree`: does the second sentence follow from the first, contradict it, or say something else?"""

import random
from typing import NamedTuple

from .expansion import chance, choose, polish, two_different

LABELS = ("follows", "contradicts", "unrelated")


class Actor(NamedTuple):
    """Somebody, and what else they may be called."""

    noun: str
    kinds: tuple[str, ...]


class Activity(NamedTuple):
    """Something done, words for it that always hold, and things nobody can do at the same time."""

    phrase: str
    holds: tuple[str, ...]
    excludes: tuple[str, ...]


class Place(NamedTuple):
    """Where it happens: "on the beach", and whether that is outdoors."""

    phrase: str
    outdoors: bool


ACTORS = [
    Actor("man", ("person", "adult")),
    Actor("woman", ("person", "adult")),
    Actor("boy", ("child", "person")),
    Actor("girl", ("child", "person")),
    Actor("farmer", ("person", "worker")),
    Actor("nurse", ("person", "worker")),
    Actor("teacher", ("person", "worker")),
    Actor("gardener", ("person", "worker")),
    Actor("tourist", ("person", "traveller")),
    Actor("student", ("person", "pupil")),
]
# Each adjective with its opposite.
OPPOSITES = {
    "tall": "short",
    "short": "tall",
    "happy": "sad",
    "sad": "happy",
    "young": "old",
    "old": "young",
    "tired": "lively",
    "lively": "tired",
    "rich": "poor",
    "poor": "rich",
    "quiet": "noisy",
    "noisy": "quiet",
}
_STILL = ("sleeping", "taking a nap", "lying in bed")
_BUSY = ("running a race", "jumping over a fence", "dancing")
ACTIVITIES = [
    Activity("playing the piano", ("making music", "playing an instrument"), _STILL),
    Activity("playing the guitar", ("making music", "playing an instrument"), _STILL),
    Activity("singing a song", ("making music", "using a voice"), ("sleeping", "saying nothing", "keeping silent")),
    Activity("cooking soup", ("preparing food", "making a meal"), _STILL),
    Activity("baking bread", ("preparing food", "making a meal"), _STILL),
    Activity("peeling potatoes", ("preparing food", "holding a knife"), _STILL),
    Activity("eating an apple", ("eating fruit", "having a snack"), ("sleeping", "eating nothing", "fasting")),
    Activity("eating a pear", ("eating fruit", "having a snack"), ("sleeping", "eating nothing", "fasting")),
    Activity("drinking tea", ("drinking something", "having a hot drink"), ("sleeping", "drinking nothing")),
    Activity("drinking coffee", ("drinking something", "having a hot drink"), ("sleeping", "drinking nothing")),
    Activity("running", ("moving fast", "taking exercise"), ("sitting still", "standing still", "sleeping")),
    Activity("riding a bicycle", ("moving fast", "taking exercise"), ("sitting still", "standing still", "sleeping")),
    Activity("swimming", ("moving in water", "taking exercise"), ("sitting still", "staying dry", "sleeping")),
    Activity("kicking a ball", ("playing a game", "taking exercise"), ("sitting still", "sleeping")),
    Activity("reading a book", ("reading something", "looking at pages"), _BUSY),
    Activity("reading a newspaper", ("reading something", "looking at pages"), _BUSY),
    Activity("writing a letter", ("writing something", "holding a pen"), _BUSY),
    Activity("sleeping", ("resting", "lying still"), ("dancing", "running", "singing loudly", "talking")),
    Activity("sitting in a chair", ("sitting down", "resting"), ("standing", "running", "jumping over a fence")),
    Activity("painting a fence", ("using a brush", "working"), _STILL),
    Activity("sweeping the floor", ("cleaning something", "working"), _STILL),
    Activity("washing the dishes", ("cleaning something", "working"), _STILL),
    Activity("laughing at a joke", ("laughing", "making a sound"), ("crying", "keeping silent", "sleeping")),
    Activity("talking on the phone", ("talking", "making a sound"), ("keeping silent", "saying nothing", "sleeping")),
]
PLACES = [
    Place("on the beach", True),
    Place("in the park", True),
    Place("in the garden", True),
    Place("by the river", True),
    Place("on the street", True),
    Place("in the forest", True),
    Place("in the kitchen", False),
    Place("in the living room", False),
    Place("in a classroom", False),
    Place("in a hotel room", False),
    Place("in the library", False),
    Place("at home", False),
]
OTHER_FACTS = [
    "waiting for a friend",
    "wearing a red hat",
    "thinking about the weekend",
    "speaking french",
    "carrying a heavy bag",
    "living near the station",
    "looking for a new job",
    "afraid of dogs",
    "fond of old films",
    "late for a meeting",
    "worried about the weather",
    "listening to the radio",
    "celebrating a birthday",
    "learning to cook",
]
COMPANIONS = ["", " with a friend", " for an hour", " this morning", " as usual", " after lunch"]


def generate(rng: random.Random) -> dict[str, str]:
    """One pair with its label; the three labels are equally likely, and negations occur under each."""
    label = choose(rng, LABELS)
    actor, activity, place = choose(rng, ACTORS), choose(rng, ACTIVITIES), choose(rng, PLACES)
    adjective = choose(rng, list(OPPOSITES)) if chance(rng, 0.5) else ""
    first = f"{choose(rng, ['a', 'the'])} {adjective} {actor.noun} is {activity.phrase} {place.phrase}"
    first += choose(rng, COMPANIONS)
    scene = (actor, adjective, activity, place)
    second = {"follows": _follows, "contradicts": _contradicts, "unrelated": _unrelated}[label](rng, *scene)
    return {"sentence1": polish(first, rng), "sentence2": polish(second, rng), "label": label}


def _subject(rng: random.Random, actor: Actor, adjective: str) -> str:
    noun = choose(rng, actor.kinds) if chance(rng, 0.4) else actor.noun
    return f"{choose(rng, ['a', 'the'])} {adjective if chance(rng, 0.3) else ''} {noun}"


def _follows(rng: random.Random, actor: Actor, adjective: str, activity: Activity, place: Place) -> str:
    subject = _subject(rng, actor, adjective)
    statements = [
        f"{subject} is {choose(rng, activity.holds)}",
        f"{subject} is {choose(rng, activity.holds)} {place.phrase}",
        f"{subject} is {activity.phrase}",
        f"{subject} is not {choose(rng, activity.excludes)}",
        f"someone is {choose(rng, activity.holds)}",
        f"{subject} is {'outdoors' if place.outdoors else 'indoors'}",
        f"there is a {actor.noun} {place.phrase}",
    ]
    if adjective:
        statements += 2 * [f"the {actor.noun} is {adjective}", f"the {actor.noun} is not {OPPOSITES[adjective]}"]
    return choose(rng, statements)


def _contradicts(rng: random.Random, actor: Actor, adjective: str, activity: Activity, place: Place) -> str:
    subject = _subject(rng, actor, adjective)
    statements = [
        f"{subject} is {choose(rng, activity.excludes)}",
        f"{subject} is {choose(rng, activity.excludes)} {place.phrase}",
        f"{subject} is not {choose(rng, activity.holds)}",
        f"{subject} is not {activity.phrase}",
        f"nobody is {choose(rng, activity.holds)}",
        f"{subject} is {'indoors' if place.outdoors else 'outdoors'}",
        f"there is nobody {place.phrase}",
    ]
    if adjective:
        statements += 2 * [f"the {actor.noun} is {OPPOSITES[adjective]}", f"the {actor.noun} is not {adjective}"]
    return choose(rng, statements)


def _unrelated(rng: random.Random, actor: Actor, adjective: str, activity: Activity, place: Place) -> str:
    subject = _subject(rng, actor, adjective)
    stranger, _ = two_different(rng, [someone.noun for someone in ACTORS if someone.noun != actor.noun])
    elsewhere = choose(rng, [choice.phrase for choice in PLACES if choice != place])
    other = choose(rng, [choice for choice in ACTIVITIES if choice != activity])
    negation = "not " if chance(rng, 0.3) else ""
    statements = [
        f"{subject} is {negation}{choose(rng, OTHER_FACTS)}",
        f"{subject} is {negation}{choose(rng, OTHER_FACTS)}",
        f"a {stranger} is {negation}{other.phrase} {elsewhere}",
        f"the {stranger} is {negation}{choose(rng, other.holds)}",
        f"a {choose(rng, list(OPPOSITES))} {stranger} is {negation}{choose(rng, OTHER_FACTS)}",
    ]
    if not adjective:
        statements.append(f"the {actor.noun} is {negation}{choose(rng, list(OPPOSITES))}")
    return choose(rng, statements)
