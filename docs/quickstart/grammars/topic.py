"""`topic`: weather, cooking, sport or music? Words with two homes (pitch, beat, roll) and mixed sentences, which are
about what their main clause says, keep it from being a matter of single words."""

import random

from .expansion import Rules, chance, choose, expand, polish, two_different

LABELS = ("weather", "cooking", "sport", "music")

# Clauses that stand alone ("main"), and phrases that mention a topic in passing ("aside").
MAIN: dict[str, list[str]] = {
    "weather": [
        "{sky} will {cross} {region} {when}",
        "{when} it will be {feel} with {fall} in {region}",
        "the {wind_noun} {blew} from the {direction} all {day_part}",
        "temperatures will {moved} to {number} degrees {when}",
        "{fall} {fell} on {region} {when}",
        "the forecast {promises} {fall} for {region}",
        "a band of {fall} rolls in from the {direction} {when}",
        "it {rained} all {day_part} and the {ground} {flooded}",
        "the {day_part} was {feel} and {feel}",
        "after a {feel} {day_part} the sky will clear",
        "expect {feel} spells and a {feel} breeze {when}",
        "the pressure fell, and by {day_part} it was {feel}",
    ],
    "cooking": [
        "{chop} the {vegetable} and {heat} it in {fat}",
        "{heat} the {vegetable} for {number} minutes until it is {done}",
        "add a {spoon} of {spice} and stir until the {mix} is {done}",
        "beat the eggs with {spice} and pour the {mix} into a {pan}",
        "roll out the {mix} and cut it into strips",
        "serve the {dish} with {spice} and {vegetable}",
        "leave the {mix} in a {feel} place for {number} minutes",
        "my {relative} makes {dish} with {vegetable} and a {spoon} of {spice}",
        "the {dish} needs {number} more minutes in the {pan}",
        "season the {dish} with {spice} at the end",
        "cover the {pan} and let the {mix} rest",
        "{chop} some {vegetable} for the {dish}",
    ],
    "sport": [
        "the {team} {beat} the {rival} by {number} {points} {past}",
        "{athlete} {scored} in the last minute of the {match}",
        "{athlete} {hurt} a {limb} in training and will miss the {match}",
        "the {team} lost the {match} on a wet pitch",
        "{athlete} ran the {distance} in under {number} minutes",
        "the coach praised {athlete} after the {match}",
        "the fans of the {team} cheered when {athlete} {scored}",
        "the referee stopped the {match} for {number} minutes",
        "the {team} will play the {rival} {when}",
        "{athlete} threw the ball to the {rival} by mistake",
        "the {team} finished the season in {ordinal} place",
        "{athlete} was the first to cross the line",
    ],
    "music": [
        "the {player} played a {tune_adjective} {tune} on the {instrument}",
        "the {ensemble} will give a concert of {tune}s {when}",
        "{singer} sang the {tune} a tone too high",
        "the {player} tuned the {instrument} before the {tune}",
        "the {ensemble} practised the {tune} for {number} hours",
        "{singer} kept the beat while the {instrument} rested",
        "the {tune} opens with a {tune_adjective} roll of the drums",
        "the {tune} is in a minor key and has a {tune_adjective} ending",
        "the new album has {number} {tune_adjective} songs",
        "the pitch of the {instrument} was a little low",
        "{singer} wrote a {tune_adjective} {tune} for the {instrument}",
        "the crowd sang along with {singer}",
    ],
}
ASIDE: dict[str, list[str]] = {
    "weather": ["the rain", "the thunder", "the {feel} {day_part}", "the snow outside", "a sudden storm", "the wind"],
    "cooking": ["a bowl of {dish}", "the smell of {dish}", "lunch in the kitchen", "a plate of {dish}", "the bread"],
    "sport": ["the {match}", "a game of football", "the training", "the race", "a long swim", "the cup"],
    "music": ["a slow {tune}", "the sound of the {instrument}", "the concert", "a song of {singer}", "the choir"],
}
MIXED = [
    "after {aside}, {main}",
    "{main} after {aside}",
    "{main}, in spite of {aside}",
    "before {aside}, {main}",
    "{main}, and nobody thought of {aside}",
    "with {aside} still in mind: {main}",
]
# Sentences that belong to either of two topics.
AMBIGUOUS: dict[tuple[str, str], list[str]] = {
    ("music", "sport"): [
        "all {number} of them have practised for {number} hours",
        "the hall was full and the crowd cheered {past}",
        "{singer} lost the beat, and the crowd went home",
        "the pitch was too {tune_adjective} for the {team}",
    ],
    ("cooking", "weather"): [
        "after {number} minutes it was {feel} and {feel}",
        "it is too {feel} now, so leave it until {day_part}",
        "by {day_part} the ice was {feel}",
    ],
    ("sport", "weather"): [
        "the {ground} was {feel} when all {number} of them set off",
        "the match in {region} is off because of {fall}",
    ],
}
RULES: Rules = {
    "sky": ["heavy clouds", "a cold front", "thin fog", "a {feel} storm", "bands of {fall}", "a {feel} wind"],
    "cross": ["cross", "reach", "cover", "leave", "pass over"],
    "region": [
        "the coast",
        "the north",
        "the valley",
        "the hills",
        "the islands",
        "the city",
        "the south",
        "the lakes",
    ],
    "when": [
        "tomorrow",
        "on sunday",
        "tonight",
        "this week",
        "on friday",
        "in the morning",
        "later today",
        "in spring",
    ],
    "past": ["yesterday", "last night", "on sunday", "on friday", "last week"],
    "ordinal": ["second", "third", "fourth", "fifth", "sixth", "last"],
    "feel": "cold warm dry wet mild icy damp hot cool stormy cloudy sunny foggy frosty humid".split(),
    "fall": ["rain", "snow", "hail", "sleet", "light showers", "drizzle", "thick fog", "heavy rain"],
    "wind_noun": ["wind", "gale", "breeze", "storm"],
    "blew": ["blew", "came", "swept in", "howled"],
    "direction": ["west", "north", "sea", "east", "south", "mountains"],
    "moved": ["rise", "fall", "drop", "climb"],
    "fell": ["will fall", "may fall", "could fall"],
    "promises": ["promises", "shows", "warns of", "speaks of"],
    "rained": ["rained", "snowed", "poured", "drizzled"],
    "ground": ["field", "river", "road", "path", "garden", "track"],
    "flooded": ["flooded", "froze", "turned to mud", "rose"],
    "day_part": ["morning", "evening", "night", "afternoon", "noon"],
    "number": "two three four five six seven eight nine ten twelve fifteen twenty thirty".split(),
    "chop": ["chop", "slice", "peel", "wash", "grate", "dice"],
    "heat": ["fry", "boil", "roast", "simmer", "bake", "steam", "warm"],
    "vegetable": "onion garlic carrot cabbage spinach leek pumpkin celery cauliflower potato beetroot fennel".split(),
    "fat": ["butter", "olive oil", "salted water", "a little oil", "its own juice"],
    "done": ["soft", "golden", "tender", "thick", "smooth", "brown", "crisp"],
    "spoon": ["spoon", "pinch", "cup", "handful", "drop"],
    "spice": "salt pepper sugar parsley ginger cinnamon vinegar cream honey mustard thyme paprika".split(),
    "mix": ["dough", "batter", "sauce", "mixture", "broth", "filling"],
    "pan": ["pan", "oven", "pot", "bowl", "tin"],
    "dish": ["soup", "stew", "pie", "curry", "risotto", "salad", "pasta", "pudding", "rice", "porridge", "bean stew"],
    "relative": ["mother", "uncle", "neighbour", "grandmother", "brother", "aunt"],
    "team": ["home team", "visitors", "reds", "blues", "champions", "juniors", "united", "rovers"],
    "rival": ["rangers", "leaders", "wanderers", "guests", "city side", "old rivals"],
    "beat": ["beat", "defeated", "crushed", "held off"],
    "points": ["goals", "points", "runs", "lengths", "sets"],
    "athlete": ["the captain", "the goalkeeper", "the young striker", "the runner", "the swimmer", "the left winger"],
    "scored": ["scored", "struck", "equalised", "took the lead"],
    "hurt": ["hurt", "broke", "twisted", "strained"],
    "limb": ["knee", "wrist", "ankle", "shoulder", "rib"],
    "match": ["match", "final", "race", "game", "tournament", "derby", "first half"],
    "distance": ["mile", "hurdles", "last lap", "relay", "steep hill"],
    "player": ["pianist", "fiddler", "drummer", "organist", "guitarist", "flautist", "band leader"],
    "instrument": ["piano", "violin", "guitar", "trumpet", "cello", "flute", "organ", "harp", "bass", "clarinet"],
    "tune": ["song", "waltz", "ballad", "melody", "hymn", "chorus", "lullaby", "march", "sonata"],
    "tune_adjective": ["slow", "sad", "lively", "gentle", "loud", "quiet", "simple", "long", "tender", "jolly", "warm"],
    "ensemble": ["choir", "orchestra", "band", "quartet", "string trio", "brass band"],
    "singer": ["the soprano", "the choir", "the singer", "the tenor", "my sister", "the drummer", "the whole band"],
}


def generate(rng: random.Random) -> dict[str, str]:
    """One sentence with its label: 66 % plain, 30 % mixed, 4 % that could be either of two topics."""
    if chance(rng, 0.04):
        pair = choose(rng, list(AMBIGUOUS))
        topic, template = choose(rng, pair), choose(rng, AMBIGUOUS[pair])
    else:
        topic, other = two_different(rng, LABELS)
        template = choose(rng, MAIN[topic])
        if chance(rng, 0.31):
            aside = choose(rng, ASIDE[other])
            template = choose(rng, MIXED).replace("{main}", template).replace("{aside}", aside)
    sentence = polish(expand(RULES, template, rng), rng)
    return {"sentence": sentence, "label": topic}
