#!/usr/bin/env bash
# nannyml 0.13.1: estimating a performance on a laptop, no account, nothing configured.
# Guess: nothing leaves the machine. Seen: fit and estimate each try to reach api.segment.io;
# NML_DISABLE_USAGE_LOGGING=1 in the environment turns it off. (No name is resolved in this script.)
source "$(dirname "$0")/_venv.sh"
packages nannyml==0.13.1 statsmodels==0.15.0  # imported, but not asked for by nannyml
cat > use.py <<'P'
import socket
asked = set()
def refuse(host, *rest, **named):
    asked.add(host if isinstance(host, str) else host.decode())
    raise socket.gaierror("refused")
socket.getaddrinfo = refuse
import numpy, pandas, nannyml
draw = numpy.random.default_rng(0)
p = draw.uniform(size=600)
table = pandas.DataFrame({"p": p, "said": (p > 0.5).astype(int), "true": (draw.uniform(size=600) < p).astype(int)})
way = nannyml.CBPE(problem_type="classification_binary", y_pred_proba="p", y_pred="said", y_true="true",
                   metrics=["accuracy"], chunk_size=200)
way.fit(table); way.estimate(table)
import time; time.sleep(3)
print(",".join(sorted(asked)))
P
unset NML_DISABLE_USAGE_LOGGING
usual=$(python -W ignore use.py 2>/dev/null | tail -1)
off=$(NML_DISABLE_USAGE_LOGGING=1 python -W ignore use.py 2>/dev/null | tail -1)
echo "hosts asked for: '$usual'; with usage logging off: '$off'"
[ "$usual" = api.segment.io ] && [ -z "$off" ]
