"""Why a model answers as it does: parts of a row that speak for its answer, each one checked."""
