#!/usr/bin/env bash
# flwr 1.42.0, FedAdam as it is by default: the server's Adam steps are taken on BatchNorm's buffers too.
# Guess: running_var goes from 1 towards the 0.02 that every client reports, and stays between them.
# Seen: it overshoots far below 0 (FedAvg gives 0.02), and the network answers NaN from then on.
source "$(dirname "$0")/_venv.sh"
packages flwr==1.42.0 numpy==2.4.6
python -W ignore - <<'P' 2>/dev/null
import numpy as np
from flwr.app import Array, ArrayRecord, Message, Metadata, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAdam, FedAvg

def reply():
    content = RecordDict({"arrays": ArrayRecord({"bn.running_var": Array(np.array([0.02], "float32"))}),
                          "metrics": MetricRecord({"num-examples": 10})})
    return Message(content=content, metadata=Metadata(1, "m", 1, 1, "", "", 0.0, 600.0, "train"))

adam, values = FedAdam(), [1.0]
adam.current_arrays = {"bn.running_var": np.array([1.0], "float32")}
for number in range(1, 31):
    arrays, _ = adam.aggregate_train(number, [reply(), reply()])
    adam.current_arrays = {name: array.numpy() for name, array in arrays.items()}
    values.append(float(adam.current_arrays["bn.running_var"][0]))
mean = float(FedAvg().aggregate_train(1, [reply(), reply()])[0]["bn.running_var"].numpy()[0])
print(f"running_var, clients report 0.02: FedAvg {mean:.2f}, lowest in 30 rounds of FedAdam {min(values):.2f}")
assert abs(mean - 0.02) < 1e-6 and min(values) < -0.1
P
