"""Answers with a structure: labels of tokens, texts, masks, boxes. Fine-tuned and judged."""
