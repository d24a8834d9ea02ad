#!/usr/bin/env bash
# sentence-transformers 6.2.0: a model whose max_seq_length was set to 7 is saved.
# Guess: sentence_bert_config.json has it, as in all folders on the hub. Seen: no file of the library's own has it;
# it is model_max_length in tokenizer_config.json, so readers of the old key see no limit.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 transformers==5.24.0 sentence-transformers==6.2.0
python -W ignore - 2>/dev/null <<'P'
import json, pathlib
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel, BertTokenizerFast
pathlib.Path("words.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]))
BertModel(BertConfig(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
          ).save_pretrained("plain")
BertTokenizerFast("words.txt").save_pretrained("plain")
model = SentenceTransformer("plain")
model.max_seq_length = 7
model.save("saved")
own = json.loads(pathlib.Path("saved/sentence_bert_config.json").read_text())
tokenizer = json.loads(pathlib.Path("saved/tokenizer_config.json").read_text())
print("sentence_bert_config.json:", sorted(own), "; tokenizer_config.json: model_max_length =", tokenizer["model_max_length"])
assert "max_seq_length" not in own and tokenizer["model_max_length"] == 7
assert SentenceTransformer("saved").max_seq_length == 7
P
