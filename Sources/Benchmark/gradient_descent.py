#!/usr/bin/env python3
"""What training reaches on the same rows: the honest opponent of a merge, for launch/reproduce.

    gradient_descent.py --task NAME MODEL TRAIN TEST [--task …] --seconds S [S …] --output FILE

From the plain average of the models' encoders, AdamW towards each model's own logits (Kullback-Leibler divergence) on the
rows of its TRAIN file, whose labels are not looked at; heads stay as they are. The rate falls linearly to 0 at the end of
the given processor seconds of one core; the best of three rates on the TEST files is reported, which favours it. Needs PyTorch
and transformers. FILE gets what `fishermerge compare --others` reads.
"""

import argparse
import json
import os
import random
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

RATES = [3e-5, 1e-4, 3e-4]
BATCH = 16
PAIRS = [("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("question", "sentence")]


def rows(path):
    """Texts (or pairs) and labels of a file of JSON lines."""
    with open(path, encoding="utf-8") as file:
        found = [json.loads(line) for line in file if line.strip()]
    for first, second in PAIRS:
        if first in found[0] and second in found[0]:
            return [(row[first], row[second]) for row in found], [row["label"] for row in found]
    key = next(key for key in ("sentence", "text") if key in found[0])
    return [(row[key],) for row in found], [row["label"] for row in found]


class Task:
    def __init__(self, name, directory, train, test):
        self.name = name
        self.model = AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(directory)
        self.train, _ = rows(train)
        self.test, self.labels = rows(test)
        self.heads = {key for key in self.model.state_dict() if self.is_head(key)}

    @staticmethod
    def is_head(key):
        return key.startswith(("classifier", "pre_classifier", "pooler.", "head."))

    def encode(self, texts):
        columns = [list(column) for column in zip(*texts)]
        return self.tokenizer(*columns, truncation=True, padding=True, return_tensors="pt")

    def batches(self, texts, size, shuffle=None):
        order = list(range(len(texts)))
        if shuffle:
            shuffle.shuffle(order)
        for start in range(0, len(order), size):
            yield order[start : start + size]

    @torch.no_grad()
    def logits(self, texts):
        return torch.cat([self.model(**self.encode([texts[i] for i in part])).logits for part in self.batches(texts, 64)])

    @torch.no_grad()
    def accuracy(self, names=None):
        answers = self.logits(self.test).argmax(-1).tolist()
        # Labels are given by name or by number.
        label2id = {str(key): value for key, value in self.model.config.label2id.items()}
        known = [label2id.get(str(label), label) for label in self.labels]
        return sum(a == int(b) for a, b in zip(answers, known)) / len(known)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--task", nargs=4, action="append", required=True, metavar=("NAME", "MODEL", "TRAIN", "TEST"))
    parser.add_argument("--seconds", type=float, nargs="+", required=True)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tasks = [Task(*task) for task in arguments.task]
    own = [{k: v.clone() for k, v in task.model.state_dict().items()} for task in tasks]
    begin = time.process_time()
    targets = [task.logits(task.train) for task in tasks]
    teaching = time.process_time() - begin

    results = []
    for budget in arguments.seconds:
        best = None
        for rate in RATES:
            # One encoder for all: the first model's parameters, with the others' as views of them.
            shared = {}
            for key in own[0]:
                if key not in tasks[0].heads and own[0][key].is_floating_point():
                    mean = sum(state[key] for state in own) / len(own)
                    shared[key] = torch.nn.Parameter(mean)
            for task, state in zip(tasks, own):
                task.model.load_state_dict(state)
                task.model.train(False)
                for key, parameter in list(task.model.named_parameters()):
                    module, _, name = key.rpartition(".")
                    place = task.model.get_submodule(module)
                    if key in shared:
                        setattr(place, name, shared[key])
                    else:
                        parameter.requires_grad_(False)
            optimizer = torch.optim.AdamW(list(shared.values()), lr=rate, weight_decay=0.0)
            draws, used, begin = random.Random(0), teaching, time.process_time()
            queue = []
            while used < budget:
                if not queue:
                    for index, task in enumerate(tasks):
                        queue += [(index, part) for part in task.batches(task.train, BATCH, draws)]
                    draws.shuffle(queue)
                index, part = queue.pop()
                task = tasks[index]
                for group in optimizer.param_groups:
                    group["lr"] = rate * max(0.0, 1 - used / budget)
                logits = task.model(**task.encode([task.train[i] for i in part])).logits
                loss = torch.nn.functional.kl_div(
                    logits.log_softmax(-1), targets[index][part].softmax(-1), reduction="batchmean")
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                used = teaching + time.process_time() - begin
            scores = {task.name: task.accuracy() for task in tasks}
            mean = sum(scores.values()) / len(scores)
            print(f"{budget:g} s, rate {rate:g}: {100 * mean:.1f}", flush=True)
            if best is None or mean > best[0]:
                best = (mean, used, scores)
            # The next rate starts with parameters of its own.
            for task in tasks:
                for key, parameter in list(task.model.named_parameters()):
                    module, _, name = key.rpartition(".")
                    setattr(task.model.get_submodule(module), name, torch.nn.Parameter(parameter.detach().clone()))
        results.append(
            {"name": f"gradient descent, {best[1]:.0f} s", "processor_seconds": best[1], "scores": best[2]})
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
