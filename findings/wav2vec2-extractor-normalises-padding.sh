#!/usr/bin/env bash
# transformers 5.24.0, Wav2Vec2FeatureExtractor as it is by default: a recording's values depend on its neighbours in the batch.
# Guess: each recording gets mean 0 and variance 1 by itself, then is padded with zeros.
# Seen: without an attention mask the mean is taken over the padding as well: the same half second has other values beside a longer one.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 transformers==5.24.0
python -W ignore - <<'P'
import numpy as np
from transformers import Wav2Vec2FeatureExtractor
draw = np.random.default_rng(0)
short, long = draw.normal(1, 1, 8000).astype(np.float32), draw.normal(1, 1, 32000).astype(np.float32)
def first(recordings, **options):
    extract = Wav2Vec2FeatureExtractor(**options)
    return extract(recordings, sampling_rate=16000, padding=True, return_tensors="np")["input_values"][0, :8000]
plain = np.abs(first([short]) - first([short, long])).max()
masked = np.abs(first([short], return_attention_mask=True) - first([short, long], return_attention_mask=True)).max()
print(f"largest difference alone and beside a longer one: {plain:.2f}; with return_attention_mask: {masked:.2f}")
assert plain > 0.3 and masked < 1e-6
P
