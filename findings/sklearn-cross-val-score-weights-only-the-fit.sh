#!/usr/bin/env bash
# scikit-learn 1.9.1: cross_val_score takes sample_weight for the fit only, GridSearchCV for the score as well.
# Guess: params goes to "fit, the scorer, and the CV splitter", as its documentation says, so importance weights
# give an importance-weighted accuracy; and both tools say the same of the same model, rows and weights.
# Seen: cross_val_score 0.1 (plain accuracy of a weighted fit), GridSearchCV 0.917; cross_val_score says that too
# once metadata routing is on and the weights are asked for.
source "$(dirname "$0")/_venv.sh"
packages scikit-learn==1.9.1 numpy==2.4.6
python - <<'P'
import numpy as np, sklearn
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
x, y = np.zeros((100, 1)), np.tile([0] * 9 + [1], 10)
weight = np.where(y == 1, 100.0, 1.0)
model = DummyClassifier(strategy="most_frequent")
plain = cross_val_score(model, x, y, cv=5, params={"sample_weight": weight}).mean()
search = GridSearchCV(model, {"strategy": ["most_frequent"]}, cv=5).fit(x, y, sample_weight=weight).best_score_
with sklearn.config_context(enable_metadata_routing=True):
    asked = model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    routed = cross_val_score(asked, x, y, cv=5, params={"sample_weight": weight}).mean()
print(f"cross_val_score {plain:.3f}, GridSearchCV {search:.3f}, cross_val_score with routing {routed:.3f}")
assert abs(plain - 0.1) < 1e-9 and abs(search - 1000 / 1090) < 1e-9 and abs(routed - search) < 1e-9
P
