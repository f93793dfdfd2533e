"""`mood`: is a short review glad or sorry? Polarity is turned by negations and contrasts, and a few rows say both."""

import random

from .expansion import Rules, chance, choose, expand, polish, two_different

LABELS = ("negative", "positive")

OPINIONS = {
    "positive": "good great lovely wonderful excellent charming delightful superb brilliant pleasant fine splendid",
    "negative": "bad awful terrible poor dreadful dull disappointing horrible dismal miserable feeble unpleasant",
}

# One entry per kind of thing reviewed: what it is called, its parts, adjectives and whole clauses of either mood.
SUBJECTS: list[dict[str, str | list[str]]] = [
    {
        "thing": ["cafe", "little restaurant", "bakery", "tea room", "pizza place"],
        "aspect": ["soup", "coffee", "bread", "cake", "fish", "salad", "sauce", "tea", "pie", "pasta"],
        "positive": "fresh tasty warm rich homely",
        "negative": "stale bland cold greasy overpriced",
        "positive clauses": [
            "the staff remembered our names",
            "we went home full and smiling",
            "every plate came back empty",
            "i asked for the recipe at once",
            "my sister ordered a second slice",
            "they gave the children a free drink",
            "the kitchen took real care with my order",
        ],
        "negative clauses": [
            "we waited an hour for two cups of tea",
            "they forgot half of our order",
            "the table was sticky and nobody wiped it",
            "i left most of it on the plate",
            "the waiter rolled his eyes at us",
            "they charged us for bread we never had",
            "my stomach hurt all night",
        ],
    },
    {
        "thing": ["film", "play", "series", "concert", "show", "musical"],
        "aspect": ["story", "ending", "music", "acting", "plot", "singer", "first act", "script", "sound", "last song"],
        "positive": "gripping funny clever moving original",
        "negative": "slow silly tedious confusing predictable",
        "positive clauses": [
            "i laughed until i cried",
            "the whole room stood up and clapped",
            "i did not look at my watch once",
            "we talked about it all the way home",
            "i would happily see it again tomorrow",
            "the two hours flew by",
            "the last scene stayed with me for days",
        ],
        "negative clauses": [
            "i fell asleep before the break",
            "half of the audience left early",
            "i looked at my watch every five minutes",
            "nobody in our row laughed once",
            "i want those two hours back",
            "the jokes fell flat",
            "we could not hear a single word",
        ],
    },
    {
        "thing": ["hotel", "guest house", "cabin", "flat", "campsite"],
        "aspect": [
            "room",
            "bedroom",
            "bathroom",
            "kitchen",
            "hall",
            "balcony",
            "lounge",
            "terrace",
            "dining room",
            "lobby",
        ],
        "positive": "clean quiet bright spacious comfortable",
        "negative": "dirty noisy damp cramped shabby",
        "positive clauses": [
            "we slept like babies",
            "we stayed two nights longer than planned",
            "the owner met us with a pot of tea",
            "we have already booked for next summer",
            "everything we needed was there",
            "the children did not want to leave",
            "they fixed the heating within minutes",
        ],
        "negative clauses": [
            "we hardly slept at all",
            "the tap dripped all night",
            "there was hair in the sink",
            "we packed our bags after one night",
            "the owner never answered the phone",
            "the heating was broken and nobody came",
            "it smelled of smoke and old socks",
        ],
    },
    {
        "thing": ["phone", "kettle", "lamp", "bicycle", "radio", "tent", "coat", "speaker"],
        "aspect": ["handle", "design", "frame", "case", "switch", "strap", "lid", "stand", "lock", "cover"],
        "positive": "sturdy solid reliable neat handy",
        "negative": "flimsy clumsy unreliable ugly useless",
        "positive clauses": [
            "it has never let me down",
            "i bought a second one for my mother",
            "it still looks like new after three years",
            "it does exactly what it should",
            "it was worth every penny",
            "even my grandfather could use it at once",
            "it survived a fall down the stairs",
        ],
        "negative clauses": [
            "it broke after a week",
            "i sent it back the next day",
            "they refused to return my money",
            "it stopped working in the rain",
            "two screws were missing from the box",
            "it makes a noise like an old train",
            "i have gone back to my old one",
        ],
    },
]

# `same` is the row's mood and `other` the opposite one.
PATTERNS = [
    "the {aspect} was {adverb} {same}",
    "the {aspect} was {same}",
    "what a {same} {thing}",
    "this is a {adverb} {same} {thing}",
    "{same clause}",
    "{opener}, {same clause}",
    "the {aspect} was {same} and {same clause}",
    "the {aspect} was {adverb} {same} and the {aspect2} was {same2}",
    "{same} and {adverb} {same2}: that is all i can say about this {thing}",
    "we found the {aspect} {adverb} {same}, and {same clause}",
    "the {thing} itself was {same} and so was the {aspect}",
]
NEGATIONS = [
    "the {aspect} was not {other}",
    "the {aspect} was not {other} at all",
    "there was nothing {other} about the {aspect}",
    "nobody could call this {thing} {other}",
    "i can not say that the {aspect} was {other}",
    "the {aspect} was far from {other}",
    "i was told that the {aspect} was {other}, and it was not",
    "it is hard to say anything {other} about the {aspect} of this {thing}",
]
CONTRASTS = [
    "the {aspect} was {other}, but the {aspect2} was {adverb} {same}",
    "the {aspect} was {other}, but in the end {same clause}",
    "although {other clause}, the {thing} was {adverb} {same}",
    "although the {aspect} was {other}, {same clause}",
    "my friends found it {other}, but i thought that the {thing} was {same}",
    "i expected a {other} {thing}, but {same clause}",
    "{other clause}, but all in all it was a {same} {thing}",
    "in spite of the {other} {aspect} it was a {adverb} {same} {thing}",
]
AMBIGUOUS = [
    "the {aspect} was {same} and the {aspect2} was {other}",
    "{same} {aspect}, {other} {aspect2}",
    "{same clause}, and yet {other clause}",
]
COMMON: Rules = {
    "adverb": "very really quite rather truly simply surprisingly thoroughly".split(),
    "opener": [
        "on our second visit",
        "to be honest",
        "last weekend",
        "as always",
        "for once",
        "on the first day",
        "in short",
        "a fair warning",
        "i will be brief",
    ],
}


def generate(rng: random.Random) -> dict[str, str]:
    """One review with its label: 55 % plain, 19 % negated, 20 % contrasts, 6 % ambiguous."""
    same, other = two_different(rng, LABELS)
    subject = choose(rng, SUBJECTS)
    aspect, aspect2 = two_different(rng, subject["aspect"])
    adjectives = {mood: OPINIONS[mood].split() + 2 * subject[mood].split() for mood in LABELS}
    adjective, adjective2 = two_different(rng, adjectives[same])
    template = choose(rng, _patterns(rng))
    filled = {
        "aspect": aspect,
        "aspect2": aspect2,
        "thing": choose(rng, subject["thing"]),
        "same": adjective,
        "same2": adjective2,
        "other": choose(rng, adjectives[other]),
        "same clause": choose(rng, subject[f"{same} clauses"]),
        "other clause": choose(rng, subject[f"{other} clauses"]),
    }
    for slot, words in filled.items():
        template = template.replace("{" + slot + "}", words)
    sentence = polish(expand(COMMON, template, rng), rng)
    return {"sentence": sentence, "label": same}


def _patterns(rng: random.Random) -> list[str]:
    if chance(rng, 0.06):
        return AMBIGUOUS
    if chance(rng, 0.2):
        return NEGATIONS
    return CONTRASTS if chance(rng, 0.26) else PATTERNS
