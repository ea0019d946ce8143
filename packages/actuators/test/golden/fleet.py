#!/usr/bin/env python3
"""Makes fleet.json: supply and order by minute of `World.run` of shared/scoring/autoscale_sim.py for made-up orders.

    python fleet.py PATH_TO/shared/scoring > fleet.json        (needs numpy and pandas)
"""
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import autoscale_sim as sim

rng = np.random.default_rng(11)
cases = []
for delay in (1, 3, 15, 40):
    hist, rate = rng.uniform(100, 200, 2000), rng.uniform(50, 400, 400)
    W = sim.World(hist, rate, delay)
    # Orders that jump, rest, and swing within the delay, beyond both bounds.
    asked = np.round(np.clip(np.cumsum(rng.integers(-6, 7, 400)) + 20, -5, 75)).astype(int)
    asked[::7] = asked[1::7][:asked[::7].size] if asked[1::7].size >= asked[::7].size else asked[::7]
    S, O = W.run(lambda t, past, cur: asked[t])
    first = int(np.clip(np.ceil(hist[-1] / (.7 * W.c)), sim.MINR, sim.MAXR))
    cases.append(dict(delay=delay, first=first, orders=[int(x) for x in O], supply=[int(x) for x in S]))
json.dump(dict(cases=cases), sys.stdout)
