"""Many damaged inputs in one process, with a limit on memory; says which one it is at.

Called as ``worker.py AREA PLACE FIRST COUNT``: inputs FIRST to FIRST + COUNT of an area, from what
`areas.prepare` left in PLACE. What has no named cause goes to PLACE/found.jsonl; PLACE/at holds the
number that is being tried, so whoever waits knows which one ended the process.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import resource
import sys
import traceback
import warnings
from pathlib import Path

MEMORY = 4 * 2**30
"""Bytes beyond what the process has when it begins."""


def main(area: str, place: Path, first: int, count: int) -> None:
    import areas
    import torch
    from PIL import Image

    from landbridge.base.errors import LandbridgeError

    torch.set_num_threads(1)
    warnings.simplefilter("always")
    warnings.simplefilter("error", RuntimeWarning)  # a figure that is none would go on unsaid
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound is ours
    attempt = areas.AREAS[area](place)
    attempt(random.Random("warm"), place / "warm", whole=True)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    with (place / "at").open("w") as at, (place / "found.jsonl").open("a") as found:
        for number in range(first, first + count):
            at.seek(0)
            at.write(f"{number}\n")
            at.flush()
            what = ""
            try:
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    what = attempt(random.Random(f"{area} {number}"), place / "tried")
            except LandbridgeError as error:
                what = "" if error.message.strip() else "an error without a cause"
            except Exception as error:  # noqa: BLE001 - what is looked for
                what = f"{type(error).__name__}: {str(error)[:300]}"
                what += "".join(traceback.format_tb(error.__traceback__)[-3:])
            if what:
                found.write(json.dumps({"number": number, "what": what}) + "\n")
                found.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
