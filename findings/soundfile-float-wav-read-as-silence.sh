#!/usr/bin/env bash
# soundfile 0.14.0: a WAV of floats read with dtype="int16" is all zeros.
# Guess: 0.5 becomes 16384, as a 16-bit file read as float becomes 0.5.
# Seen: floats are cut to whole numbers (0, 0, -1); nothing is said. The way back through PCM_16 scales.
source "$(dirname "$0")/_venv.sh"
packages soundfile==0.14.0 numpy==2.4.6
python -W ignore - <<'P'
import io
import numpy as np, soundfile
def through(subtype):
    file = io.BytesIO()
    soundfile.write(file, np.array([0, 0.5, -1], np.float32), 8000, format="WAV", subtype=subtype)
    file.seek(0)
    return soundfile.read(file, dtype="int16")[0].tolist()
print("FLOAT:", through("FLOAT"), "PCM_16:", through("PCM_16"))
assert through("FLOAT") == [0, 0, -1] and through("PCM_16") == [0, 16384, -32768]
P
