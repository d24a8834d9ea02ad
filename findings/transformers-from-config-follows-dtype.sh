#!/usr/bin/env bash
# transformers 5.24.0: a network with fresh weights from a configuration that says bfloat16.
# Guess: both ways give the same network. Seen: AutoModel.from_config builds it in bfloat16, the class itself in
# float32, so weights that are put into the one are rounded to three digits, and into the other are not.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 transformers==5.24.0
python -W ignore - <<'P'
from transformers import AutoModel, BertConfig, BertModel
config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
config.dtype = "bfloat16"
one, other = AutoModel.from_config(config).dtype, BertModel(config).dtype
print(f"AutoModel.from_config: {one}; BertModel: {other}")
assert (str(one), str(other)) == ("torch.bfloat16", "torch.float32")
P
