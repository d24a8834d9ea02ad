"""One attack a class: the textbook ways to look for a small change that makes an answer wrong."""
