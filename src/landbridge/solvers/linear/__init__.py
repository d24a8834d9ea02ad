"""Linear models: ridge and logistic regression, and what is built on them."""
