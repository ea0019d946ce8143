#!/usr/bin/env python3
"""Makes hpa.json: what `hpa()` of ../../../../../shared/scoring/autoscale_sim.py orders on a made-up trace, minute by minute.

    python hpa.py PATH_TO/shared/scoring > hpa.json        (needs numpy and pandas)
"""
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import autoscale_sim as sim

rng = np.random.default_rng(7)
t = np.arange(-1440, 720)
rate = np.round(np.maximum(0, 300 + 200 * np.sin(t / 120) + rng.normal(0, 60, t.size)) * np.where((t % 240) > 200, 2.2, 1), 3)
W = sim.World(rate[:1440], rate[1440:], 15)
cases = []
for target, window, floor in ((.7, 5, 1), (.5, 15, 4), (.9, 60, 1), (.7, 1, 8)):
    S, O = W.run(sim.hpa(W, target, window, floor))
    cases.append(dict(target=target, window=window, floor=floor, orders=[int(x) for x in O]))
json.dump(dict(c=W.c, last=W.h[-1], rate=W.r.tolist(), min=sim.MINR, max=sim.MAXR, first=int(np.clip(np.ceil(W.h[-1] / (.7 * W.c)), 1, 60)), cases=cases), sys.stdout)
