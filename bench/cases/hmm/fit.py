"""One fit by hmmlearn in a process of its own; prints one line of JSON. usage: fit.py FOLDER"""

import json
import logging
import sys
import time

import numpy as np
from hmmlearn.hmm import GaussianHMM

logging.disable(logging.WARNING)
folder = sys.argv[1]
with open(f"{folder}/start.json") as file:
    task = json.load(file)
values = np.fromfile(f"{folder}/values.f64", "<f8")[:, None]


def model(iterations):
    states = len(task["start"])
    made = GaussianHMM(states, "diag", n_iter=iterations, tol=-np.inf, init_params="", implementation="scaling")
    made.startprob_ = np.array(task["start"])
    made.transmat_ = np.array(task["transition"]).reshape(states, states)
    made.means_ = np.array(task["means"])[:, None]
    made.covars_ = np.array(task["variances"])[:, None]
    return made


model(2).fit(values)
began = time.process_time()
fitted = model(task["iterations"]).fit(values)
cpu = time.process_time() - began
print(
    json.dumps(
        {
            "cpu": cpu,
            "history": [float(log) for log in fitted.monitor_.history],
            "parameters": np.concatenate(
                [fitted.startprob_, fitted.transmat_.ravel(), fitted.means_.ravel(), fitted._covars_.ravel()]
            ).tolist(),
        }
    )
)
