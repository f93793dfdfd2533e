"""What tokenizers makes of every Unicode scalar by itself: writes families_scalars.json.

    python make_scalars.py

Classes are lists of ranges. The normal forms are hashes (FNV-1a of 32 bits, as in make_families.py) over all scalars of
each block of 4096 in their order, Hangul syllables included: of the scalar, then those of its form.
"""

import json
import pathlib

from make_families import fnv
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [value for value in range(0x110000) if not 0xD800 <= value < 0xE000]


def ranges(test):
    found = []
    for value in SCALARS:
        if test(chr(value)):
            if found and found[-1][1] + 1 == value:
                found[-1][1] = value
            else:
                found.append([value, value])
    return found


def vanishes(normalizer):
    return lambda c: normalizer.normalize_str(c) == ""


def hashes(normalizer):
    blocks = {}
    for value in SCALARS:
        form = [ord(c) for c in normalizer.normalize_str(chr(value))]
        blocks.setdefault(value >> 12, []).extend([value] + form)
    return [fnv(numbers) for _, numbers in sorted(blocks.items())]


if __name__ == "__main__":
    words = pre_tokenizers.Whitespace()
    result = {
        "letter": ranges(vanishes(normalizers.Replace(Regex(r"\p{L}"), ""))),
        "number": ranges(vanishes(normalizers.Replace(Regex(r"\p{N}"), ""))),
        "white_space": ranges(vanishes(normalizers.Replace(Regex(r"\s"), ""))),
        "mark": ranges(vanishes(normalizers.StripAccents())),
        "word": ranges(lambda c: len(words.pre_tokenize_str(f"a{c}b")) == 1),
        "forms": {name: hashes(getattr(normalizers, name)()) for name in ["NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase"]},
    }
    path = pathlib.Path(__file__).parent / "families_scalars.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
