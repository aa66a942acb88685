"""What the page on explanations says in words: how to read, reproduce and cite it, and what is measured."""

from __future__ import annotations

__all__ = ["CITE", "INTRODUCTION", "MEASURES", "PEER", "READING", "REPRODUCE"]

INTRODUCTION = """# Explanations that are measured

"Because you watched A" is a claim about a model: without A the item must fade. This page removes events in the
order that each method of explaining gives, asks the model again, and shows how fast the item falls. It is
written by `python benchmarks/explanations.py`, which fits the models too.

**What is explained** is what is served: a transformer, an item memory and a trend, weighed together. *Removal*
methods cover all of it and need no look inside. *Slope* methods cover the transformer and the memory (the trend
knows no events). *Attention* is the transformer's alone and knows nothing of the item asked about; it claims
nothing here and is a control, as are the latest events first and a random order.
"""

READING = """## How to read the tables

Each row is a way to order the events of a history. "Left" is the share of the item's probability that is left,
at most 1. **DEL** is the area under it while events are removed, the most important first: *lower* is better.
**INS** is the area while they come: *higher* is better. A row is a better explanation than another only where
their intervals do not overlap; a method that is not better than *attention*, *latest first* and *random order*
explains nothing. *One by one* is the greedy deletion that the others are measured by: it asks the model about
every event that is left, again after each removal, and costs the square of the history. *Covers* says of which
part of the served score a method can speak. *Ties* is the rank correlation of an explanation with itself after
events of one moment have changed places; *calls* counts histories that the model read, *ms* is wall time.

What a table does not say: that the events caused what the user did, that a person finds the explanation
helpful, or that a model trained without the events would act alike (a chapter of its own where it has been
measured). Histories are cut, so that longer ones are not covered. Units are events; attributes have a measure
of their own (`regard explain`), and no curves yet.
"""

PEER = """## A model that is not ours

The same evaluator, for the SASRec of RecTools 0.19, trained by us in its own environment on the same log. Its
weights are read into a network of our own whose scores are held to those of RecTools' `recommend`. It has no
item memory and no trend: the network is all that is served. "Attention by values" needs our own blocks and is
not there.
"""

MEASURES = """## What is measured

For a history of E events, an item with probability p under the softmax over all items that can be recommended,
and an order of the events; *left(s)* is min(1, p without the first s E events / p), *known(s)* the same with
nothing but these. What the user has had stays no candidate, so an item falls because others overtake it. Where
no event is left popularity answers.

| measure | definition | after |
|---|---|---|
| DEL | area under left(s), s from 0 to 1 | Petsiuk et al., *RISE*, BMVC 2018; for recommenders Barkan et al., WWW 2024 |
| INS | area under known(s) | the same |
| POS | share of the way of s on which the item is in the first k | Barkan et al., *A Counterfactual Framework for Learning and Evaluating Explanations for Recommender Systems*, WWW 2024 |
| CDCG | mean over s of 1 / log2(1 + place) | the same |
| comprehensiveness | 1 - mean of left(s), s = 1, 5, 10, 20, 50 % | DeYoung et al., *ERASER*, ACL 2020 |
| sufficiency | 1 - mean of known(s) at the same shares | the same |
| counterfactual: size, found | fewest events (at most 5) without which the item leaves the first k | Ghazimatin et al., *PRINCE*, WSDM 2020; Tran et al., SIGIR 2021 |
| verified | the recommender, asked for the edited history, leaves the item out | here |
| ties | Spearman's rank correlation after shuffling events of one moment | here |

What is ours: the bound of *left* by 1, without which few users make every mean, and straight lines between at
most 21 points of a curve, which is what makes it cheap. Intervals are 95 %, by bootstrap over users; values of
a user are averaged over seeds first.

Methods: leave-one-out influence; greedy deletion; Shapley values by sampled orders (Castro et al., 2009) in
antithetic pairs (Mitchell et al., JMLR 2022); gradient x input (Shrikumar et al., 2016); integrated gradients
(Sundararajan et al., ICML 2017); paths from popular users (after SPINRec, Barkan et al., 2025); attention of
the last layer and its mean over layers (Jain & Wallace, NAACL 2019, on why it is a control), rollout (Abnar &
Zuidema, ACL 2020), weighed by values (Kobayashi et al., EMNLP 2020). `tests/laws/test_explanations.py` holds
that every method that claims faithfulness names planted causes first in 95 of 100 histories of the synthetic
world, and that it finds nothing in a model of random weights (Adebayo et al., NeurIPS 2018).
"""

REPRODUCE = """## How to make these tables again

```
python benchmarks/explanations.py          # our models: fits them, measures, writes this page
python benchmarks/explanations_peer.py     # RecTools' SASRec: makes its environment, trains, checks, measures
python benchmarks/retraining.py            # counterfactuals, trained again
python benchmarks/explanation_speed.py     # time, and what screening costs
python benchmarks/explanations_page.py     # only writes this page from what is kept
```

Each is one command, keeps every run in `benchmarks/results/`, and goes on where it was interrupted. Data are
read from `$REGARD_DATA`; `--quick` (ours) and `--data ml-100k --epochs 3 --users 40` (RecTools) show in minutes
that it works. For any model of your own, `regard evaluate MODEL --explanations` prints the table; in Python a
`Recommender` of anything that satisfies `Scorer` (`regard.models.protocols`: `query` and `score`) can be given to
`measure_explanations`. `benchmarks/rectools_network.py` shows how a foreign network gets attention and slopes too.
"""

CITE = """## How to cite it

```
@misc{regard_explanations_2026,
  title  = {Explanations that are measured: faithfulness of explanations of sequential attention recommenders},
  author = {{The Regard developers}},
  year   = {2026},
  note   = {docs/explanations.md of Regard; give the commit named below, data set, split and number of users}
}
```
"""
