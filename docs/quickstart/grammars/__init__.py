"""The sentences of the quickstart: one module per task, whose `generate(rng)` returns one labelled example."""
