"""Writes golden.json: what hmmlearn makes of small data, for the parity test beside it.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py
    node ../../../../scripts/up.mjs format packages/models-hmm/test/golden

Every case is fitted from given start values for a few iterations, with hmmlearn's own default priors, which the case names.
"""

import json
import pathlib
import warnings

import numpy as np
from hmmlearn.hmm import CategoricalHMM, GaussianHMM, GMMHMM, PoissonHMM

warnings.filterwarnings("ignore")
EVERY = 8  # rows of posteriors that are kept: each 8th


def chain(rng, start, transition, length):
    states = [rng.choice(len(start), p=start)]
    for _ in range(length - 1):
        states.append(rng.choice(len(start), p=transition[states[-1]]))
    return np.array(states)


def sticky(states, stay=0.9):
    transition = np.full((states, states), (1 - stay) / (states - 1))
    np.fill_diagonal(transition, stay)
    return transition


def left_right(states, stay=0.9):
    transition = stay * np.eye(states) + (1 - stay) * np.eye(states, k=1)
    transition[-1, -1] = 1
    return np.eye(states)[0], transition


def flat(value):
    return np.asarray(value, dtype=float).ravel().tolist()


def case(name, model, values, lengths, parameters, iterations, priors, emission, start=None):
    """Fits and asks everything; `parameters` = hmmlearn's attribute -> our field."""
    states = model.n_components
    begin, transition = start if start is not None else (np.full(states, 1 / states), sticky(states, 0.8))
    model.n_iter, model.init_params = iterations, ""
    # The monitor took its limits when the model was made.
    model.monitor_.n_iter, model.monitor_.tol = iterations, -np.inf
    model.startprob_, model.transmat_ = begin.copy(), transition.copy()

    def shown(m):
        of = {"start": flat(m.startprob_), "transition": flat(m.transmat_)}
        for attribute, field in parameters.items():
            # Of diagonal covariances hmmlearn shows whole matrices.
            raw = m._covars_ if attribute == "covars_" and hasattr(m, "_covars_") else getattr(m, attribute)
            of[field] = flat(raw)
        return of

    before = shown(model)
    model.fit(values, lengths)
    score, posteriors = model.score_samples(values, lengths)
    viterbi, path = model.decode(values, lengths)
    return {
        "name": name,
        "emission": emission,
        "states": states,
        "dimensions": values.shape[1],
        "lengths": lengths,
        "values": flat(values),
        "priors": priors,
        "iterations": iterations,
        "from": before,
        "to": shown(model),
        "history": [float(log) for log in model.monitor_.history],
        "score": float(score),
        "posteriors": flat(posteriors[::EVERY]),
        "viterbi": float(viterbi),
        "path": path.tolist(),
        "aic": float(model.aic(values, lengths)),
        "bic": float(model.bic(values, lengths)),
    }


def gaussian(name, rng, dimensions, lengths, covariance="diag", states=3, implementation="scaling", start=None):
    begin, transition = start if start is not None else (np.full(states, 1 / states), sticky(states))
    path = np.concatenate([chain(rng, begin, transition, n) for n in lengths])
    centres = np.arange(states)[:, None] * np.linspace(2, -1, dimensions)[None, :]
    mixing = np.eye(dimensions) + 0.4 * np.tri(dimensions, k=-1)
    values = (centres[path] + rng.normal(size=(len(path), dimensions)) @ mixing.T * (0.4 + 0.3 * path[:, None])).round(3)
    model = GaussianHMM(states, covariance, implementation=implementation)
    model.means_ = centres + 0.3
    model.covars_ = np.ones((states, dimensions)) if covariance == "diag" else np.tile(np.eye(dimensions), (states, 1, 1))
    full = covariance == "full"
    priors = {"covariances": flat(np.full((dimensions, dimensions) if full else dimensions, 0.01))}
    emission = {"family": "gaussian-full" if full else "gaussian", "dimensions": dimensions}
    fields = {"means_": "means", "covars_": "covariances" if full else "variances"}
    return case(name, model, values, lengths, fields, 6, priors, emission, start)


def weighted(name, rng):
    """A prior on the means and one on the covariances that count."""
    found = gaussian(name, rng, 1, [120])
    model = GaussianHMM(3, "diag", implementation="scaling", means_prior=0.5, means_weight=4, covars_prior=0.3, covars_weight=6, startprob_prior=2, transmat_prior=1.5)
    model.means_ = np.array(found["from"]["means"])[:, None]
    model.covars_ = np.array(found["from"]["variances"])[:, None]
    values = np.array(found["values"])[:, None]
    priors = {"means": 0.5, "meansWeight": 4, "covariances": 0.3, "covariancesWeight": 6, "start": 2, "transition": 1.5}
    return case(name, model, values, [120], {"means_": "means", "covars_": "variances"}, 6, priors, found["emission"])


def poisson(name, rng, dimensions, lengths):
    path = np.concatenate([chain(rng, np.full(3, 1 / 3), sticky(3), n) for n in lengths])
    rates = np.array([2.0, 9, 30])[:, None] * np.linspace(1, 0.5, dimensions)[None, :]
    values = rng.poisson(rates[path])
    model = PoissonHMM(3, implementation="scaling")
    model.lambdas_ = rates * 1.3
    return case(name, model, values, lengths, {"lambdas_": "rates"}, 6, {}, {"family": "poisson", "dimensions": dimensions})


def categorical(name, rng, lengths):
    path = np.concatenate([chain(rng, np.full(2, 0.5), sticky(2), n) for n in lengths])
    rows = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.1, 0.3, 0.5]])
    values = np.array([[rng.choice(4, p=rows[k])] for k in path])
    model = CategoricalHMM(2, n_features=4, implementation="scaling")
    model.emissionprob_ = np.array([[0.4, 0.3, 0.2, 0.1], [0.2, 0.2, 0.3, 0.3]])
    emission = {"family": "categorical", "dimensions": 1, "symbols": 4}
    return case(name, model, values, lengths, {"emissionprob_": "probabilities"}, 6, {}, emission)


def mixture(name, rng, dimensions, lengths):
    path = np.concatenate([chain(rng, np.full(2, 0.5), sticky(2), n) for n in lengths])
    part = rng.integers(0, 2, len(path))
    centres = np.array([[-2.0, 0.5], [3.0, 6.0]])
    values = centres[path, part][:, None] * np.linspace(1, 0.6, dimensions)[None, :] + rng.normal(size=(len(path), dimensions)) * 0.7
    model = GMMHMM(2, 2, covariance_type="diag", implementation="scaling")
    model.weights_ = np.array([[0.6, 0.4], [0.5, 0.5]])
    model.means_ = centres[:, :, None] * np.ones(dimensions) + 0.4
    model.covars_ = np.full((2, 2, dimensions), 1.5)
    emission = {"family": "gaussian-mixture", "dimensions": dimensions, "components": 2}
    fields = {"weights_": "weights", "means_": "means", "covars_": "variances"}
    return case(name, model, values.round(3), lengths, fields, 5, {}, emission)


def main():
    rng = np.random.default_rng(20)
    cases = [
        gaussian("gaussian, one dimension", rng, 1, [240]),
        gaussian("gaussian, two dimensions, three sequences", rng, 2, [80, 40, 1]),
        gaussian("gaussian, one dimension, hmmlearn in logarithms", rng, 1, [120], implementation="log"),
        gaussian("gaussian, left-right", rng, 1, [60, 50, 70], start=left_right(3)),
        weighted("gaussian, priors that count", rng),
        gaussian("gaussian-full, two dimensions", rng, 2, [120], "full"),
        gaussian("gaussian-full, three dimensions, two sequences", rng, 3, [80, 60], "full"),
        poisson("poisson, one dimension", rng, 1, [200]),
        poisson("poisson, two dimensions, two sequences", rng, 2, [80, 60]),
        categorical("categorical", rng, [200]),
        categorical("categorical, two sequences", rng, [90, 60]),
        mixture("gaussian-mixture, one dimension", rng, 1, [200]),
        mixture("gaussian-mixture, two dimensions, two sequences", rng, 2, [80, 60]),
    ]
    out = pathlib.Path(__file__).with_name("golden.json")
    lines = ",\n".join(json.dumps(each) for each in cases)
    out.write_text(f'{{"hmmlearn": "0.3.3", "every": {EVERY}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
