#!/usr/bin/env python3
"""Writes the labelled text of the quickstart: `data/{mood,topic,agree}/{train,validation,test}.{jsonl,tsv}`.

Every sentence comes from the grammars beside this script, which were written for this project. The same seed gives
the same bytes on every machine. No text occurs in two splits, nor twice in one.

The three tasks show three ways to write labels: `mood` has numbers in JSON lines, `topic` label names in a table
separated by tabs, and `agree` label names in JSON lines with two columns of text.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from grammars import agree, mood, topic

Example = dict[str, str]

GENERATORS: dict[str, Callable[[random.Random], Example]] = {
    "mood": mood.generate,
    "topic": topic.generate,
    "agree": agree.generate,
}
LABELS: dict[str, tuple[str, ...]] = {"mood": mood.LABELS, "topic": topic.LABELS, "agree": agree.LABELS}
SUFFIX = {"mood": "jsonl", "topic": "tsv", "agree": "jsonl"}
ROWS = {
    "mood": {"train": 1500, "validation": 300, "test": 400},
    "topic": {"train": 600, "validation": 300, "test": 400},
    "agree": {"train": 2400, "validation": 300, "test": 400},
}
WORDS = range(3, 26)


def text_of(example: Example) -> str:
    """All text of an example, without its label."""
    return "\t".join(text for column, text in example.items() if column != "label")


def examples(task: str, seed: str) -> Iterator[Example]:
    """An endless stream of distinct examples of a task, none shorter or longer than `WORDS` allows."""
    rng = random.Random(f"{task} {seed}")
    seen: set[str] = set()
    while True:
        example = GENERATORS[task](rng)
        text = text_of(example)
        if text not in seen and all(len(part.split()) in WORDS for part in text.split("\t")):
            seen.add(text)
            yield example


def splits(task: str, seed: int) -> dict[str, list[Example]]:
    """The rows of each split, in the order of the files."""
    stream = examples(task, str(seed))
    return {split: [next(stream) for _ in range(rows)] for split, rows in ROWS[task].items()}


def unlabelled(tasks: dict[str, dict[str, list[Example]]], rows: int, seed: int) -> dict[str, list[str]]:
    """Further text for pre-training: for each task `rows` pieces of two sentences, parted by a tab.

    A piece is a pair of `agree`, or two sentences that could follow one another: two reviews of one mood, two remarks
    on one topic. Texts of the test and validation files are left out.
    """
    corpus: dict[str, list[str]] = {}
    for task, parts in tasks.items():
        held_out = {text_of(example) for split in ("validation", "test") for example in parts[split]}
        waiting: dict[str, str] = {}
        pieces: list[str] = []
        stream = examples(task, f"pre-training {seed}")
        while len(pieces) < rows:
            example = next(stream)
            text, label = text_of(example), example["label"]
            if text in held_out:
                continue
            if task == "agree":
                pieces.append(text)
            elif label in waiting:
                pieces.append(f"{waiting.pop(label)}\t{text}")
            else:
                waiting[label] = text
        corpus[task] = pieces
    return corpus


def write(task: str, rows: list[Example], path: Path) -> None:
    """Writes one split in the format of its task."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if SUFFIX[task] == "tsv":
        lines = ["\t".join(rows[0])] + ["\t".join(example.values()) for example in rows]
    else:
        number = {name: index for index, name in enumerate(LABELS[task])}
        label = number.get if task == "mood" else str
        lines = [json.dumps(example | {"label": label(example["label"])}) for example in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def read(task: str, data: Path, split: str) -> list[Example]:
    """Reads one split back, with labels as names."""
    lines = (data / task / f"{split}.{SUFFIX[task]}").read_text(encoding="utf-8").splitlines()
    if SUFFIX[task] == "tsv":
        columns = lines[0].split("\t")
        return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[1:]]
    rows = [json.loads(line) for line in lines]
    return [row | {"label": LABELS[task][row["label"]] if task == "mood" else row["label"]} for row in rows]


def main() -> None:
    """Writes all files and prints one line for each."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=here / "data", help="directory of the task directories")
    parser.add_argument("--seed", type=int, default=1, help="seed of the committed files: 1")
    options = parser.parse_args()
    for task in GENERATORS:
        for split, rows in splits(task, options.seed).items():
            path = options.output / task / f"{split}.{SUFFIX[task]}"
            write(task, rows, path)
            print(f"{task:6} {split:10} {len(rows):4} rows  {path.name}")


if __name__ == "__main__":
    main()
