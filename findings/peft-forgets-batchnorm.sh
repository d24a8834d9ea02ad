#!/usr/bin/env bash
# peft 0.21.2: a saved adapter holds no running statistics of BatchNorm, though training moved them.
# Guess: what save_pretrained wrote and from_pretrained reads gives the same answers.
# Seen: the answers differ; with the BatchNorm layer in modules_to_save they are equal.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 peft==0.21.2 transformers==5.24.0
python -W ignore - <<'P'
import copy
import peft, torch

def net():
    torch.manual_seed(0)
    layers = dict(lin=torch.nn.Linear(4, 4), bn=torch.nn.BatchNorm1d(4), head=torch.nn.Linear(4, 2))
    made = torch.nn.Sequential()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made

def difference(keep):
    torch.manual_seed(1)
    x = 3 * torch.randn(64, 4) + 5
    config = peft.LoraConfig(r=2, target_modules=["lin"], modules_to_save=keep)
    model = peft.get_peft_model(net(), config).train()
    steps = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    for _ in range(20):
        steps.zero_grad(); model(x).pow(2).mean().backward(); steps.step()
    before = model.eval()(x)
    model.save_pretrained("adapter")
    after = peft.PeftModel.from_pretrained(net(), "adapter").eval()(x)
    return float((before - after).abs().max())

plain, kept = difference(["head"]), difference(["head", "bn"])
print(f"largest difference after saving and loading: {plain:.3f}; with bn in modules_to_save: {kept:.3f}")
assert plain > 0.05 and kept == 0
P
