#!/usr/bin/env bash
# peft 0.21.2: add_weighted_adapter(..., combination_type="linear") of two LoRA adapters, half and half.
# Guess: the weighted mean of the two changes of the weights, B1 A1 / 2 + B2 A2 / 2.
# Seen: A and B are averaged apart, so products across the two adapters come in; only "cat" gives the mean.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 peft==0.21.2 transformers==5.24.0
python -W ignore - <<'P'
import torch
from peft import LoraConfig, get_peft_model
torch.manual_seed(0)
config = LoraConfig(r=2, target_modules=["0"], init_lora_weights=False)
model = get_peft_model(torch.nn.Sequential(torch.nn.Linear(6, 6, bias=False)), config, adapter_name="one")
model.add_adapter("two", config)
layer = model.base_model.model[0]
mean = (layer.get_delta_weight("one") + layer.get_delta_weight("two")) / 2
off = {}
for way in ("linear", "cat"):
    model.add_weighted_adapter(["one", "two"], [0.5, 0.5], way, combination_type=way)
    off[way] = float((layer.get_delta_weight(way) - mean).norm() / mean.norm())
print("distance from the mean of the changes, as a share of its norm:", {k: round(v, 3) for k, v in off.items()})
assert off["linear"] > 0.5 and off["cat"] < 1e-5
P
