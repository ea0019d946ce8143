type Entry = readonly [key: Buffer, value: Uint8Array];

/** Sorted streams as one, in the order of the bytes of their keys. All are asked for their first entry at once. */
export async function* merged(
  streams: readonly AsyncGenerator<Entry>[],
  limit: number,
): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
  try {
    const heads = await Promise.all(streams.map(async (stream) => ({ stream, result: await stream.next() })));
    // A heap of the streams, the one with the least key first.
    const heap: { stream: AsyncGenerator<Entry>; entry: Entry }[] = [];
    for (const { stream, result } of heads) if (!result.done) push(heap, { stream, entry: result.value });
    for (let given = 0; given < limit && heap.length > 0; given++) {
      const { stream, entry } = heap[0] as (typeof heap)[number];
      yield [entry[0].toString(), entry[1]];
      const next = await stream.next();
      if (!next.done) heap[0] = { stream, entry: next.value };
      else {
        const last = heap.pop() as (typeof heap)[number];
        if (heap.length > 0) heap[0] = last;
      }
      sink(heap);
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return(undefined).catch(() => undefined)));
  }
}

function push<T extends { entry: Entry }>(heap: T[], item: T): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!less(heap[at], heap[parent])) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function sink<T extends { entry: Entry }>(heap: T[]): void {
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && less(heap[child], heap[least])) least = child;
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}

function less(a: { entry: Entry } | undefined, b: { entry: Entry } | undefined): boolean {
  return Buffer.compare(a?.entry[0] as Buffer, b?.entry[0] as Buffer) < 0;
}

function swap<T>(heap: T[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] as T, heap[a] as T];
}
