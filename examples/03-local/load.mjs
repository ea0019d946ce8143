import { Agent, get } from 'node:http';
import { chance, demandAt, logLine, PACE } from './story.mjs';

/** Who has waited so long goes away, ms. */
const PATIENCE_MS = 1_000;
const TICK_MS = 20;

/**
 * Users of both sides: each request goes to the frontend of each. How it ended is written to that side's log, with the time at which it was due: this is
 * what Auspex reads.
 *
 * @param sides each with `port`, `log` (a stream) and `told(served)`
 */
export function startLoad(clock, sides) {
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  const open = new Set();
  let due = 0;
  let last = clock.now();

  const send = (side, at) => {
    const ended = outcomeOf(side.port, agent).then((outcome) => {
      open.delete(ended);
      side.log.write(logLine(at, outcome, PACE));
      side.told(outcome === 'served');
    });
    open.add(ended);
  };
  const timer = setInterval(() => {
    const now = clock.now();
    due += (demandAt(now) * chance(now) * (now - last)) / 1_000 / PACE;
    const count = Math.floor(due);
    // Spread over the time since the last look, which on a busy machine is long.
    for (let n = 1; n <= count; n++) for (const side of sides) send(side, Math.floor(last + ((now - last) * n) / count));
    due -= count;
    last = now;
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}

function outcomeOf(port, agent) {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent, signal: AbortSignal.timeout(PATIENCE_MS) });
    request.on('response', (response) => {
      response.on('end', () => resolve(response.statusCode === 200 ? 'served' : 'throttled')).resume();
      response.on('error', () => resolve('failed'));
    });
    request.on('error', (error) => resolve(error.name === 'AbortError' ? 'timed-out' : 'failed'));
  });
}
