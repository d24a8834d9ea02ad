#!/usr/bin/env bash
# peft 0.21.2: modules_to_save takes every module whose name ends so, in the middle of a word too.
# Guess: as with target_modules, "head" means a module called head, and "1" of a Sequential the second layer.
# Seen: warhead and layer 11 are trained and saved in full as well, so "LoRA and a head" trains more than it says.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 peft==0.21.2 transformers==5.24.0
python -W ignore - <<'P'
import peft, torch

def full(names, keep):
    layers = torch.nn.Sequential()
    for name in names:
        layers.add_module(name, torch.nn.Linear(4, 4))
    model = peft.get_peft_model(layers, peft.LoraConfig(r=2, target_modules=[names[0]], modules_to_save=[keep]))
    trained = [name for name, tensor in model.named_parameters() if tensor.requires_grad and "modules_to_save" in name]
    adapted = sum("lora_A" in name for name, _ in model.named_parameters())
    return sorted({name.split(".")[2] for name in trained}), adapted

words, numbers = full(["body", "warhead", "head"], "head"), full(["0", "1", "10", "11"], "1")
print("modules_to_save head trains", words[0], "| 1 trains", numbers[0], "| layers that target_modules 0 adapts:", numbers[1])
assert words == (["head", "warhead"], 1) and numbers == (["1", "11"], 1)
P
