#!/usr/bin/env bash
# flwr-datasets 0.6.1: IidPartitioner on rows that lie sorted by class.
# Guess: independent and identically distributed partitions.
# Seen: contiguous slices; each partition has a single class. (FederatedDataset shuffles first, the partitioner does not.)
source "$(dirname "$0")/_venv.sh"
packages flwr-datasets==0.6.1
python -W ignore - <<'P'
from collections import Counter
from datasets import Dataset
from flwr_datasets.partitioner import IidPartitioner
partitioner = IidPartitioner(num_partitions=4)
partitioner.dataset = Dataset.from_dict({"label": [0] * 50 + [1] * 50})
counts = [dict(Counter(partitioner.load_partition(i)["label"])) for i in range(4)]
print("classes of the four 'iid' partitions:", counts)
assert counts == [{0: 25}, {0: 25}, {1: 25}, {1: 25}]
P
