"""The page of a tuned model, from what its file holds."""

from __future__ import annotations

from landbridge.report.html import render
from landbridge.structured.page import page_of


def text_of(page):
    """Return a page whose units may part from their numbers."""
    return render(page).replace("\u00a0", " ")


def facts(models, **more):
    verdict = {
        "outcome": "helped",
        "sentence": "Transfer helped. Two rows left out.",
        "reference": models[1]["model"] if len(models) > 1 else None,
        "metric": "F1",
        "higher_is_better": True,
        "judged_rows": 20,
        "models": models,
    }
    fit = {"lora": False, "rank": 8, "batch_size": 4, "seed": 3}
    plain = {"task": "detection", "model": "hf/a/b", "origin": "a/b@1", "fit": fit, "labels": []}
    counts = {"rows": 70, "steps": 50, "parameters": {"moved": 10, "total": 40}}
    return plain | counts | {"verdict": verdict, "notes": ["Two rows left out"]} | more


def model(name, score, gap=None):
    scores = {"F1": score, "token accuracy": 0.9}
    difference = None if gap is None else {"value": gap, "low": gap - 0.1, "high": gap + 0.1}
    ends = {"low": score - 0.1, "high": score + 0.1}
    return {"model": name, "scores": scores, **ends, "difference": difference}


def test_the_page_of_a_tuned_model(tmp_path):
    alone, one, both = (
        page_of(tmp_path, facts(own), "boxes round things", "AutoModelForX")
        for own in (
            [model("tuned", 0.8)],
            [model("tuned", 0.8), model("scratch", 0.5, 0.3)],
            [model("tuned", 0.8), model("scratch", 0.5, 0.3), model("as it is", 0.2, 0.6)],
        )
    )
    names = ["comparison", "scores", "done", "next"]
    assert [s.id for s in alone.sections] == [s.id for s in one.sections] == names
    assert [s.id for s in both.sections] == [names[0], "differences", *names[1:]]
    assert alone.outcomes[0].what == ""
    assert one.outcomes[0].what == "of F1, fine-tuned against the same network from scratch"
    assert one.outcomes[0].difference.value == 0.3
    assert one.headline == "Transfer helped."
    assert one.title == "detection · hf/a/b"
    html = text_of(both)
    for said in (
        "80.0 %", "the same network from scratch", "the model as it is", "Higher is better",
        "all weights: 10 numbers, 25.0 %", "50 of 4 rows", "Two rows left out", "Boxes round",
        "Judged on 20 rows", "a/b@1",
    ):  # fmt: skip
        assert said in html, said
    lora = facts([model("tuned", 0.8)], labels=["cat", "dog"])
    lora["fit"] |= {"lora": True, "rank": 4}
    lora["verdict"]["higher_is_better"] = False
    del lora["steps"]
    html = text_of(page_of(tmp_path, lora, "boxes", "AutoModelForX"))
    for said in ("LoRA of rank 4", "Lower is better", "batches of 4 rows", "2 labels", "cat, dog"):
        assert said in html, said
