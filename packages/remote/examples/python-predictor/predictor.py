"""A predictor for Auspex in Python: the same step a season ago, with the spread of what that missed.

With PyTorch installed `train` fits one linear layer over all series, which corrects the seasonal guess by the last errors;
without it there is nothing to train. State is JSON, since it is data: the process may end after any call.
"""

import json
import math
import os
import signal
import sys
import threading
from concurrent import futures

import grpc

from auspex.v1 import auspex_pb2 as pb
from auspex.v1 import auspex_pb2_grpc as services

try:
    import torch
except ImportError:
    torch = None

LAGS = 4  # last relative errors that the linear layer sees
RESIDUALS = 256  # relative errors kept for the quantiles
LARGEST = 64 * 2**20


class Options:
    def __init__(self, text):
        given = json.loads(text or "{}")
        unknown = set(given) - {"season"}
        if unknown:
            raise ValueError(f"with.{sorted(unknown)[0]}: there is no such option")
        self.season = int(given.get("season", 24))
        if self.season < 1:
            raise ValueError("with.season: at least one step")


class Weights:
    """Corrects the seasonal guess: next relative error = bias + weights . last errors."""

    def __init__(self, bias=0.0, lags=(0.0,) * LAGS):
        self.bias = bias
        self.lags = tuple(lags)

    def correction(self, errors):
        recent = errors[-LAGS:]
        if len(recent) < LAGS:
            return 0.0
        return self.bias + sum(w * e for w, e in zip(self.lags, recent))

    def to_bytes(self):
        return json.dumps({"model": "linear", "bias": self.bias, "lags": self.lags}).encode()

    @staticmethod
    def from_bytes(data):
        read = json.loads(data)
        if read.get("model") != "linear" or len(read["lags"]) != LAGS:
            raise ValueError("no weights of this predictor")
        return Weights(float(read["bias"]), [float(w) for w in read["lags"]])


def begin():
    return {"rates": [], "errors": []}


def observe(state, season, value, truth):
    """Keeps one season of rates, and how far each was from the season before. Hidden steps keep the old rate."""
    rates, errors = state["rates"], state["errors"]
    old = rates[-season] if len(rates) >= season else None
    if truth != pb.TRUTH_OBSERVED:
        value = old
    elif old is not None:
        # Something after nothing has no ratio: it counts as the largest error there is.
        error = value / old - 1.0 if old > 0 else (4.0 if value > 0 else 0.0)
        errors.append(max(-1.0, min(4.0, error)))
        del errors[:-RESIDUALS]
    rates.append(value)
    del rates[:-season]


def forecast(state, season, weights, request):
    """Quantiles row by row, or None while less than a season was seen."""
    rates, errors = state["rates"], state["errors"]
    if len(rates) < season or any(rate is None for rate in rates) or len(errors) < 8:
        return None
    ordered = sorted(errors)
    centre = ordered[len(ordered) // 2]
    shift = weights.correction(errors)
    quantiles = []
    for ahead in request.horizon:
        guess = rates[(ahead - 1) % season] * (1.0 + shift / ahead)
        for level in request.levels:
            position = level * (len(ordered) - 1)
            low = math.floor(position)
            high = min(low + 1, len(ordered) - 1)
            spread = ordered[low] + (position - low) * (ordered[high] - ordered[low]) - centre
            quantiles.append(max(0.0, guess * (1.0 + spread)))
    return quantiles


class Predictor(services.PluginServicer, services.PredictorServicer):
    def __init__(self):
        self.lock = threading.Lock()
        self.instances = {}
        self.made = 0

    def Describe(self, request, context):
        return pb.DescribeResponse(
            kind="predictor",
            id="python-seasonal",
            contract=1,
            summary="The same step a season ago, with the spread of what that missed.",
            capabilities_json=json.dumps({"trains": torch is not None}),
        )

    def Create(self, request, context):
        try:
            options = Options(request.options_json)
        except (ValueError, TypeError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        with self.lock:
            self.made += 1
            handle = str(self.made)
            self.instances[handle] = {"options": options, "weights": Weights(), "seed": request.seed}
        return pb.CreateResponse(instance=handle)

    def Close(self, request, context):
        with self.lock:
            self.instances.pop(request.instance, None)
        return pb.CloseResponse()

    def instance(self, handle, context):
        found = self.instances.get(handle)
        if found is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no instance {handle!r}")
        return found

    def Forecast(self, request, context):
        instance = self.instance(request.instance, context)
        return pb.ForecastResponse(series=[self.answer(instance, question) for question in request.series])

    def answer(self, instance, question):
        season = instance["options"].season
        try:
            state = json.loads(question.state) if question.HasField("state") else begin()
            state["rates"], state["errors"]
        except (ValueError, KeyError, TypeError) as error:
            return pb.SeriesAnswer(error=pb.SeriesError(message=f"{error}", state_unreadable=True))
        seen = question.observations
        # Each lost step has its place in the season, too.
        for _ in range(min(question.lost, season)):
            observe(state, season, 0.0, pb.TRUTH_MISSING)
        for value, truth in zip(seen.values, seen.truths):
            observe(state, season, value, truth)
        answer = pb.SeriesAnswer(state=json.dumps(state).encode())
        quantiles = forecast(state, season, instance["weights"], question)
        if quantiles is None:
            answer.not_ready.SetInParent()
        else:
            answer.prediction.quantiles.extend(quantiles)
            answer.prediction.note = f"season of {season} steps"
        return answer

    def Train(self, requests, context):
        instance, histories = None, {}
        for piece in requests:
            instance = instance or self.instance(piece.instance, context)
            if piece.HasField("info"):
                state, errors = histories.setdefault(piece.info.id, (begin(), []))
                for value, truth in zip(piece.observations.values, piece.observations.truths):
                    before = len(state["errors"]), state["errors"][-1:]
                    observe(state, instance["options"].season, value, truth)
                    if (len(state["errors"]), state["errors"][-1:]) != before:
                        errors.append(state["errors"][-1])
        rows = [errors[i : i + LAGS + 1] for _, errors in histories.values() for i in range(len(errors) - LAGS)]
        if torch is None or len(rows) < 100:
            return pb.TrainResponse()
        return pb.TrainResponse(artifact=fit(rows, instance["seed"]).to_bytes())

    def Use(self, request, context):
        instance = self.instance(request.instance, context)
        try:
            instance["weights"] = Weights.from_bytes(request.artifact)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"artifact: {error}")
        return pb.UseResponse()


def fit(rows, seed):
    """One linear layer, full batches, the same seed: the same weights on the same machine."""
    torch.manual_seed(seed % 2**63)
    torch.set_num_threads(1)
    data = torch.tensor(rows, dtype=torch.float64)
    layer = torch.nn.Linear(LAGS, 1, dtype=torch.float64)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.02, weight_decay=1e-4)
    for _ in range(200):
        optimiser.zero_grad()
        torch.nn.functional.huber_loss(layer(data[:, :LAGS]), data[:, LAGS:], delta=0.5).backward()
        optimiser.step()
    return Weights(layer.bias.item(), layer.weight[0].tolist())


class Secret(grpc.ServerInterceptor):
    """Only the engine that started this process knows the secret; others on this machine may reach the port."""

    def __init__(self, token):
        self.token = token
        self.refuse = grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "the call does not carry the secret")
        )

    def intercept_service(self, continuation, details):
        given = dict(details.invocation_metadata).get("auspex-token")
        return continuation(details) if not self.token or given == self.token else self.refuse


def main():
    if os.environ.get("AUSPEX_PLUGIN_PROTOCOL") != "1":
        sys.exit("this is a plugin: Auspex starts it, and speaks version 1 of the plugin protocol")
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        interceptors=[Secret(os.environ.get("AUSPEX_PLUGIN_TOKEN"))],
        options=[("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)],
    )
    plugin = Predictor()
    services.add_PluginServicer_to_server(plugin, server)
    services.add_PredictorServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

    def watch():
        # The engine never writes here: the end of stdin is the end of the engine, even if it was killed.
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    print(f"auspex-plugin 1 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
