"""Forecasts of other programs for an evaluation set, in the format that bench/cases/forecast reads.

    python peers.py METHOD SET OUT [--series REGEX]

SET holds series.csv and origins.csv. Of a series a method gets the last `context` values before an origin, and nothing else.
Written are OUT/METHOD.csv.gz (series,origin,step,quantile,value) and OUT/METHOD.times.csv (series,origin,wall_ms,cpu_ms): fit and
forecast, on one thread, the first call not counted. Needs requirements.txt.
"""

import os

for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{pool}_NUM_THREADS"] = "1"

import argparse
import logging
import re
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd

QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
STEPS = 24
DAY = 86_400


def statsforecast(model, values):
    """A model's quantiles: the ends of its central intervals, and its mean for the median."""
    widths = sorted({round(200 * abs(q - 0.5)) for q in QUANTILES if q != 0.5})
    answer = model.forecast(y=values, h=STEPS, level=widths)
    return np.column_stack(
        [answer["mean" if q == 0.5 else f"{'lo' if q < 0.5 else 'hi'}-{round(200 * abs(q - 0.5))}"] for q in QUANTILES]
    )


def mstl(values, day, _times):
    from statsforecast.models import MSTL

    return statsforecast(MSTL(season_length=[day, 7 * day]), values)


def autotheta(values, day, _times):
    from statsforecast.models import AutoTheta

    return statsforecast(AutoTheta(season_length=day), values)


def snaive_day(values, day, _times):
    from statsforecast.models import SeasonalNaive

    return statsforecast(SeasonalNaive(season_length=day), values)


def snaive_week(values, day, times):
    return snaive_day(values, 7 * day, times)


def prophet(values, day, times):
    from prophet import Prophet

    # A week's profile wants two weeks; one that is fitted to less is noise.
    weekly = len(values) >= 14 * day
    model = Prophet(daily_seasonality=True, weekly_seasonality=weekly, yearly_seasonality=False, uncertainty_samples=300)
    model.fit(pd.DataFrame({"ds": times[: len(values)], "y": values}))
    np.random.seed(1)
    samples = model.predictive_samples(pd.DataFrame({"ds": times[len(values) :]}))["yhat"]
    return np.quantile(samples, QUANTILES, axis=1).T


METHODS = {f.__name__: f for f in (snaive_day, snaive_week, mstl, autotheta, prophet)}


def cpu():
    """CPU seconds of this process and of the ended ones that it started: Prophet's optimiser is one."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def forecast(method, series, origin):
    """Quantiles at one origin, and the wall and CPU milliseconds that they took."""
    first = max(0, origin.origin - origin.context)
    values = series.value.to_numpy(float)[first : origin.origin].copy()
    seconds = np.arange(len(values) + STEPS) * origin.step_seconds
    times = pd.to_datetime(series.timestamp.iloc[first]) + pd.to_timedelta(seconds, unit="s")
    wall, spent = time.perf_counter(), cpu()
    quantiles = METHODS[method](values, round(DAY / origin.step_seconds), times)
    return quantiles, 1_000 * (time.perf_counter() - wall), 1_000 * (cpu() - spent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("set")
    parser.add_argument("out")
    parser.add_argument("--series", default=".")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    origins = pd.read_csv(os.path.join(args.set, "origins.csv"))
    origins = origins[[bool(re.search(args.series, name)) for name in origins.series]]
    if origins.empty:
        sys.exit(f"peers.py: no series of {args.set} is named like {args.series}")
    series = dict(iter(pd.read_csv(os.path.join(args.set, "series.csv")).groupby("series")))
    forecast(args.method, series[origins.series.iloc[0]], origins.iloc[0])
    rows, times, failed = [], [], 0
    for n, origin in enumerate(origins.itertuples(index=False), 1):
        if sys.stderr.isatty():
            print(f"\r{n} of {len(origins)} origins", end="", file=sys.stderr)
        try:
            quantiles, wall, spent = forecast(args.method, series[origin.series], origin)
        except Exception as error:  # One that cannot answer has no row; it is the reader who decides what that means.
            failed += 1
            print(f"{origin.series}, {origin.origin}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        times.append((origin.series, origin.origin, f"{wall:.2f}", f"{spent:.1f}"))
        for step, answers in enumerate(quantiles, 1):
            rows += [(origin.series, origin.origin, step, q, f"{value:.6g}") for q, value in zip(QUANTILES, answers)]

    os.makedirs(args.out, exist_ok=True)
    path = os.path.join(args.out, args.method)
    pd.DataFrame(times, columns=["series", "origin", "wall_ms", "cpu_ms"]).to_csv(f"{path}.times.csv", index=False)
    # Renamed when complete: what is there is taken for the whole.
    table = pd.DataFrame(rows, columns=["series", "origin", "step", "quantile", "value"])
    table.to_csv(f"{path}.part", index=False, compression="gzip")
    os.replace(f"{path}.part", f"{path}.csv.gz")
    print(f"{args.method}: {len(times)} origins, {failed} failed", file=sys.stderr)


if __name__ == "__main__":
    main()
