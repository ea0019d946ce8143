/** A series to write: labels, and samples in order of time (epoch ms). */
export interface Written {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [at: number, value: number])[];
}

/** Writes samples into a Prometheus by its remote write protocol 1.0, oldest first. */
export async function remoteWrite(address: string, series: readonly Written[]): Promise<void> {
  const body = snappy(Buffer.concat(series.map((one) => field(1, timeSeries(one)))));
  const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' };
  const answer = await fetch(`${address}/api/v1/write`, { method: 'POST', body: new Uint8Array(body), headers });
  if (!answer.ok) throw new Error(`remote write: HTTP ${answer.status} ${await answer.text()}`);
}

function timeSeries({ labels, samples }: Written): Buffer {
  const names = Object.keys(labels).sort();
  return Buffer.concat([
    ...names.map((name) => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(labels[name] as string))]))),
    ...samples.map(([at, value]) => {
      const double = Buffer.alloc(9);
      double[0] = (1 << 3) | 1;
      double.writeDoubleLE(value, 1);
      return field(2, Buffer.concat([double, Buffer.from([2 << 3]), varint(at)]));
    }),
  ]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Snappy's block format with literals only: it packs nothing, and every reader takes it. */
function snappy(bytes: Buffer): Buffer {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = bytes.subarray(at, at + 65_536);
    const head = Buffer.from([61 << 2, 0, 0]);
    head.writeUInt16LE(piece.length - 1, 1);
    parts.push(head, piece);
  }
  return Buffer.concat(parts);
}
