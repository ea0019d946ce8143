#!/usr/bin/env python3
"""Prints the metrics of `World.metrics` of shared/scoring/autoscale_sim.py for three policies on made-up traces, with
the traces, supplies and orders: metrics.json.

    python metrics.py PATH_TO/shared/scoring [SEED] > metrics.json        (needs numpy and pandas)
"""
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import autoscale_sim as sim

rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 3)
cases = []
for delay, quiet in ((3, 1), (15, 1), (15, 0)):
    t = np.arange(-2880, 480)
    rate = np.maximum(0, 250 + 180 * np.sin(t / 229) + rng.normal(0, 50, t.size)) * np.where(rng.random(t.size) < .02, 2.5, 1)
    if not quiet: rate[2880 + 100:2880 + 160] = 0
    rate = np.round(rate, 3)
    W = sim.World(rate[:2880], rate[2880:], delay)
    for name, rule in (('hpa', sim.hpa(W)), ('week', sim.same_time_last_week(W, 1.2)), ('line', sim.straight_line(W))):
        S, O = W.run(rule)
        cases.append(dict(name=name, delay=delay, c=W.c, rate=W.r.tolist(), demand=W.d.tolist(), supply=S.tolist(), ordered=O.tolist(),
                          metrics={k: float(v) for k, v in W.metrics(S, O).items()}))
json.dump(dict(goal=sim.GOAL, cases=cases), sys.stdout)
