"""DIN of FuxiCTR on a click task, in its own environment.

Its wheel has the layers of its DIN (the attention unit with Dice, the network) but not the model itself, which its
repository puts together from them: user, candidate, pooled history, then the network (`model_zoo/DIN`). So does
this file, with the defaults of that model; the candidate attends to two histories, what was liked and what was
passed over, so that it reads what Regard reads. Numbers of items and users are Regard's.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fuxictr.pytorch.layers import DIN_Attention, MLP_Block
from torch import nn

_LONGEST = 100


class Din(nn.Module):
    """User, item and attributes, two pooled histories, the network."""

    def __init__(self, sizes: dict[str, int], width: int, *, dropout: float) -> None:
        super().__init__()
        self.user = nn.Embedding(sizes["user"] + 1, width, padding_idx=0)
        self.item = nn.Embedding(sizes["item"] + 1, width, padding_idx=0)
        self.genre = nn.EmbeddingBag(sizes["genre"] + 1, width, mode="mean", padding_idx=0)
        for table in (self.user, self.item, self.genre):
            nn.init.normal_(table.weight, std=1e-2)
        self.pools = nn.ModuleList(
            DIN_Attention(2 * width, attention_units=[64], hidden_activations="Dice", use_softmax=False)
            for _ in range(2)
        )
        self.deep = MLP_Block(
            input_dim=7 * width,
            output_dim=1,
            hidden_units=[256, 64],
            hidden_activations="ReLU",
            dropout_rates=dropout,
            batch_norm=True,
        )

    def items(self, item: torch.Tensor, genres: torch.Tensor) -> torch.Tensor:
        """Return ids and genres side by side, for any shape of `item`."""
        flat = item.reshape(-1)
        both = torch.cat([self.item(flat), self.genre(genres[flat])], dim=1)
        return both.view(*item.shape, -1)

    def forward(self, rows: dict[str, torch.Tensor], genres: torch.Tensor) -> torch.Tensor:
        """Return one logit a row."""
        target = self.items(rows["item"], genres)
        parts = [self.user(rows["user"]), target]
        for pool, name in zip(self.pools, ("liked", "passed"), strict=True):
            history = rows[name]
            parts.append(pool(target, self.items(history, genres), history > 0))
        return self.deep(torch.cat(parts, dim=1))[:, 0]


def learn(job: dict[str, Any]) -> dict[str, Any]:
    """Train with the settings of `job` and write the logits of the best epoch on validation."""
    torch.set_num_threads(int(job["threads"]))
    seed = int(job["seed"])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    file = np.load(job["data"], allow_pickle=False)
    every = {
        name: torch.from_numpy(file[name].astype(np.int64)) for name in ("user", "item", "liked", "passed")
    }
    label, part = torch.from_numpy(file["label"]).float(), file["part"]
    genres = torch.from_numpy(file["genres"].astype(np.int64))
    sizes = {"user": int(every["user"].max()), "item": len(genres) - 1, "genre": int(genres.max())}
    model = Din(sizes, int(job["width"]), dropout=float(job["dropout"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=float(job["rate"]))
    train, valid, test = (torch.from_numpy(np.flatnonzero(part == number)) for number in range(3))
    started, best, best_epoch = time.process_time(), -1.0, 0
    for epoch in range(1, int(job["epochs"]) + 1):
        model.train()
        for rows in train[torch.randperm(len(train))].split(512):
            logit = model({name: column[rows] for name, column in every.items()}, genres)
            loss = nn.functional.binary_cross_entropy_with_logits(logit, label[rows])
            tables = (model.user.weight, model.item.weight, model.genre.weight)
            penalty = float(job["decay"]) / 2 * sum(table.square().sum() for table in tables)
            optimizer.zero_grad()
            (loss + penalty).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
        on_valid = _score(model, every, genres, valid)
        value = _auc(on_valid, label[valid].numpy())
        if value > best:
            best, best_epoch = value, epoch
            kept = on_valid, _score(model, every, genres, test)
        elif epoch - best_epoch >= 2:
            break
    np.savez(Path(job["out"]), valid=kept[0], test=kept[1])
    return {"valid": best, "epochs": best_epoch, "seconds": time.process_time() - started}


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Return medians in milliseconds of one thread for 100 and 1,000 candidates of one user, untrained."""
    torch.set_num_threads(1)
    items, length = int(job["items"]), int(job["length"])
    model = Din({"user": 9, "item": items, "genre": 20}, int(job["width"]) // 2, dropout=0.0).eval()
    genres = torch.randint(1, 20, (items + 1, 2))
    history = {name: torch.randint(1, items, (1, length // 2)) for name in ("liked", "passed")}
    found = {}
    for count in (100, 1000):
        # A row of its own for each candidate, with the history again: so the model wants it.
        rows = {name: one.expand(count, -1).contiguous() for name, one in history.items()}
        rows |= {"user": torch.ones(count, dtype=torch.int64), "item": torch.randint(1, items, (count,))}
        times = []
        with torch.inference_mode():
            for _ in range(15):
                started = time.thread_time()
                model(rows, genres)
                times.append(1000 * (time.thread_time() - started))
        found[f"ms_{count}"] = float(np.median(times[3:]))
    return found | {"ratio": found["ms_1000"] / found["ms_100"]}


@torch.no_grad()
def _score(
    model: Din, every: dict[str, torch.Tensor], genres: torch.Tensor, rows: torch.Tensor
) -> np.ndarray:
    model.eval()
    parts = [
        model({name: column[some] for name, column in every.items()}, genres) for some in rows.split(2048)
    ]
    scores: np.ndarray = torch.cat(parts).numpy()
    return scores


def _auc(logit: np.ndarray, label: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, logit))
