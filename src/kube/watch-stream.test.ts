import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WatchEvent, watchEvents } from './watch-stream.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ü', resourceVersion: '7' } };
const lines = [
  JSON.stringify({ type: 'ADDED', object }),
  JSON.stringify({ type: 'DELETED', object }),
  JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }),
  JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } }),
  JSON.stringify({ type: 'ERROR', object: { code: 500 } }),
  'no JSON',
];
const expected: WatchEvent[] = [
  { kind: 'changed', object },
  { kind: 'deleted', object },
  { kind: 'bookmark', resourceVersion: '9' },
  { kind: 'error', gone: true, status: 410 },
  { kind: 'error', gone: false, status: 500 },
  { kind: 'unreadable' },
];

async function read(chunks: readonly Uint8Array[]): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  async function* bytes() {
    yield* chunks;
  }
  for await (const event of watchEvents(bytes())) events.push(event);
  return events;
}

test('events are the same wherever the bytes are cut', async () => {
  const all = Buffer.from(`${lines.join('\n')}\n`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 20 }), async (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), all.length];
      const chunks = ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end));
      expect(await read(chunks)).toEqual(expected);
    }),
  );
});

test('a last line that was cut off is no event', async () => {
  const events = await read([Buffer.from(`${lines[0]}\n{"type":"ADDED","obj`)]);
  expect(events).toEqual(expected.slice(0, 1));
});
