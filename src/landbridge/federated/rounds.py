"""Rounds of a federation: ask, check, combine, step; each is a checkpoint."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..base.errors import TrainingError
from ..base.typed import JsonObject
from ..training.checkpoint import load_tensors, save_tensors
from .arrays import Arrays, named, under
from .federation import Federation, Fitted, Traffic
from .learner import Steps
from .validation import too_long, wrong_with

if TYPE_CHECKING:
    from .strategies.base import RoundStrategy

_EVERY = 1.0
"""Seconds of work that a crash may cost."""
MODEL = "the model"
CHANGE = "the change of the model"


@dataclass
class State:
    """Where a federation stands after a round."""

    model: Arrays
    memory: Arrays
    own: dict[str, Arrays] = field(default_factory=dict)
    done: int = 0
    refused: list[JsonObject] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)


def run_rounds(strategy: RoundStrategy, federation: Federation) -> Fitted:
    """Do all rounds, or those that are left; the same bits either way."""
    learner = federation.learner
    state = _restored(federation) or State(
        federation.start, strategy.memory(federation.start, learner)
    )
    saved = time.monotonic()
    while state.done < federation.rounds:
        _round(strategy, federation, state)
        if federation.checkpoint is not None and (
            time.monotonic() - saved > _EVERY or state.done == federation.rounds
        ):
            _save(federation.checkpoint, state)
            saved = time.monotonic()
    answers = {
        name: strategy.answer(state.model, state.own.get(name, {}), learner)
        for name in federation.names
        if strategy.personal
    }
    return Fitted(state.model, answers, state.done, state.traffic, state.refused)


def _round(strategy: RoundStrategy, federation: Federation, state: State) -> None:
    number = state.done + 1
    replies, memories = {}, {}
    for name in federation.names:
        sent = {**state.model, **strategy.sends(state.memory)}
        state.traffic.to_client(name, MODEL, sent)
        reply, memories[name] = _asked(strategy, federation, state, name, number)
        why = (
            "no reply came"
            if reply is None
            else wrong_with(reply, _like(strategy, federation, state))
        )
        if reply is None or why:
            _refuse(federation, state, name, number, why)
            continue
        state.traffic.to_server(name, CHANGE, reply)
        replies[name] = reply
    for name, why in too_long(replies).items():
        _refuse(federation, state, name, number, why)
        del replies[name]
    if not replies:
        raise TrainingError(
            f"round {number}: no reply of {len(federation.names)} clients can be used: "
            f"{state.refused[-1]['client']}: {state.refused[-1]['why']}",
            hint="see that clients answer, with this version and this model",
        )
    heard = sorted(replies)
    weights = np.ones(len(heard)) if strategy.equal else federation.weights(heard)
    change = federation.aggregation.combine([replies[name] for name in heard], weights)
    share = len(heard) / len(federation.names)
    state.model, state.memory = strategy.step(
        state.model, change, state.memory, federation.learner, share
    )
    state.own |= memories
    state.done = number


def _asked(
    strategy: RoundStrategy, federation: Federation, state: State, name: str, number: int
) -> tuple[Arrays | None, Arrays]:
    """Return what arrives of a client's reply, and what the client remembers."""
    from .strategies.base import Turn

    where = (federation.seed, number, name)
    steps = Steps(federation.epochs, federation.batch_size, federation.learning_rate, where)
    turn = Turn(
        federation.learner,
        federation.clients[name],
        steps,
        state.model,
        state.own.get(name, {}),
        strategy.sends(state.memory),
    )
    reply, own = strategy.take_turn(turn)
    return federation.channel(name, number, reply), own


def _like(strategy: RoundStrategy, federation: Federation, state: State) -> Arrays:
    """Return what an honest reply looks like."""
    kept = strategy.kept(federation.learner)
    shared = {n: own for n, own in state.model.items() if n not in kept}
    return {**shared, **strategy.sends(state.memory)}


def _refuse(federation: Federation, state: State, name: str, number: int, why: str) -> None:
    state.refused.append({"client": name, "round": number, "why": why})
    if sum(one["client"] == name for one in state.refused) == 1:  # once is enough to be told
        federation.events.log("warning", f"client {name}, round {number}: left out, {why}")


def _save(path: Path, state: State) -> None:
    arrays = {**named("model", state.model), **named("memory", state.memory)}
    order = sorted(state.own)
    for i, name in enumerate(order):
        arrays |= named(f"own{i}", state.own[name])
    tensors = {n: torch.from_numpy(np.ascontiguousarray(own)) for n, own in arrays.items()}
    traffic = state.traffic
    facts = {
        "done": state.done,
        "clients": order,
        "refused": state.refused,
        "up": traffic.up,
        "down": traffic.down,
        "sent": traffic.listed(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(path, tensors, facts)


def _restored(federation: Federation) -> State | None:
    path = federation.checkpoint
    if path is None or not path.exists():
        return None
    tensors, facts = load_tensors(path)
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    sent = {(one["from"], one["what"]): one for one in facts["sent"]}
    return State(
        under("model", arrays),
        under("memory", arrays),
        {name: under(f"own{i}", arrays) for i, name in enumerate(facts["clients"])},
        facts["done"],
        facts["refused"],
        Traffic(facts["up"], facts["down"], sent),
    )
