import { fakeContext, runLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { externalMetrics } from '../src/external-metrics/index.ts';
import { Endpoints } from '../src/metric/endpoints.ts';
import { makeMetricCase } from './fakes/external-metrics.ts';
import { MINUTE, never, order, START as STEP } from './orders.ts';

const metricsOptions = { tls: { certificate: 'a', key: 'b' }, pools: { web: { hpa: 'web' }, api: { hpa: 'api' } } };

function make(options = metricsOptions) {
  const subject = makeMetricCase(externalMetrics, options);
  const context = fakeContext();
  const create = () => subject.plugin.create(externalMetrics.config.parse(options) as never, context);
  return { ...subject, actuator: create(), create, context };
}

it('the laws hold', async () => {
  const { results } = await runLaws(() => makeMetricCase(externalMetrics, metricsOptions));
  const odd = results.filter(({ outcome }) => outcome !== 'holds').map(({ law, outcome }) => ({ law, outcome }));
  expect(odd).toEqual([
    { law: 'a floor that is not renewed lapses', outcome: 'skipped' },
    { law: 'a keeper brings the original back', outcome: 'skipped' },
  ]);
});

describe('units as a metric', () => {
  it('are absent, not repeated, when they are stale', async () => {
    const { actuator, workload } = make();
    await actuator.actuate(order(0, 7), never);
    expect(workload.published?.held('web')?.units).toBe(7);
    workload.now += 5 * MINUTE - 1;
    expect(workload.published?.ask('web')).toBe(7);
    workload.now += 1;
    expect(workload.published?.ask('web')).toBeUndefined();
    expect(workload.published?.absence('web')).toContain('ran out at 2026-01-05T00:05:00.000Z');
    expect(workload.published?.absence('api')).toContain('nothing is ordered');
    expect(await actuator.read('web', never)).toEqual({ units: 1, ready: 1 });
  });

  it('of a floor are the floor alone, whatever else has scaled the workload', async () => {
    const { actuator, workload } = make();
    workload.own('web').units = 20;
    // Twenty units that others wanted are no original: without the metric there is no floor.
    const receipt = await actuator.actuate(order(0, 4, { expires: STEP + 3 * MINUTE }), never);
    expect(receipt).toMatchObject({ status: 'applied', units: 4 });
  });

  it('are refused as a floor where the scaler would not let go of it', async () => {
    const { actuator, workload } = make();
    workload.clings = 'HPA shop/web keeps its count';
    expect(await actuator.actuate(order(0, 4, { expires: STEP + 3 * MINUTE }), never)).toMatchObject({
      status: 'refused',
      detail: 'HPA shop/web keeps its count',
    });
    expect(workload.written).toEqual([]);
    expect(await actuator.actuate(order(1, 4), never)).toMatchObject({ status: 'applied', units: 4 });
  });

  it('are read beside a live engine, as a shadow run and the doctor do, and not served', async () => {
    const { actuator, workload } = make();
    workload.taken = Object.assign(new Error('address in use'), { code: 'EADDRINUSE' });
    expect(await actuator.read('web', never)).toEqual({ units: 1, ready: 1 });
    expect(await actuator.actuate(order(0, 4, { shadow: true }), never)).toMatchObject({ status: 'shadow', units: 1 });
    await expect(actuator.actuate(order(0, 4), never)).rejects.toThrow('cannot listen at nowhere:0');
    expect(workload.written).toEqual([]);
    workload.taken = undefined;
    expect(await actuator.actuate(order(0, 4), never)).toMatchObject({ status: 'applied', units: 4 });
  });

  it('are not read where the endpoint cannot be had for another reason', async () => {
    const { actuator, workload } = make();
    workload.taken = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    await expect(actuator.read('web', never)).rejects.toThrow('cannot listen at nowhere:0');
  });

  it('never exceed what the scaler allows, and say so', async () => {
    const { actuator, workload } = make();
    workload.most = 6;
    const receipt = await actuator.actuate(order(0, 9), never);
    expect(receipt).toMatchObject({ status: 'applied', units: 6, detail: '9 wanted, and the target allows 6 at most' });
    expect(workload.written).toEqual([{ pool: 'web', units: 6 }]);
  });

  it('that nobody asks for are worth a word', async () => {
    const { actuator, workload } = make();
    await actuator.actuate(order(0, 7), never);
    workload.now += 6 * MINUTE;
    expect(await actuator.actuate(order(1, 7), never)).toMatchObject({
      detail: 'the HPA controller has not asked for it yet: does the HPA have the metric, and the cluster the APIService?',
    });
    workload.published?.ask('web');
    expect((await actuator.actuate(order(2, 7), never)).detail).toBeUndefined();
    workload.now += 7 * MINUTE;
    expect((await actuator.actuate(order(3, 7), never)).detail).toBe(
      'the HPA controller asked for it last 7m ago: does the HPA have the metric, and the cluster the APIService?',
    );
  });

  it('of two instances have one effect: the older epoch is refused', async () => {
    const { actuator, create, workload } = make();
    const other = create();
    await other.actuate(order(0, 9, { epoch: 2 }), never);
    expect(await actuator.actuate(order(1, 3), never)).toMatchObject({
      status: 'refused',
      detail: 'epoch 1 is older than 2: another instance leads',
    });
    expect(workload.published?.held('web')?.units).toBe(9);
    expect(workload.joined).toBe(1);
    await other.close?.();
    expect(workload.joined).toBe(1);
    await actuator.close?.();
    expect(workload.joined).toBe(0);
  });
});

describe('endpoints', () => {
  it('that could not be started are tried again by the next', async () => {
    let tries = 0;
    const endpoints = new Endpoints<string>(async (name) => {
      if (++tries === 1) throw new Error('the port is taken');
      return { address: name, close: async () => undefined };
    });
    await expect(endpoints.join('a', 'a')).rejects.toThrow('the port is taken');
    const joined = await endpoints.join('a', 'a');
    expect(joined.endpoint.address).toBe('a');
    const second = await endpoints.join('a', 'a');
    expect(second.endpoint).toBe(joined.endpoint);
    expect((await endpoints.join('b', 'b')).endpoint).not.toBe(joined.endpoint);
    expect(tries).toBe(3);
  });
});
