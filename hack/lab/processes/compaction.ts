/** Has an etcd forget all but the present, so that what was read before has expired. */
import { z } from 'zod';
import { sendOk } from './http.ts';

const answer = z.object({ header: z.object({ revision: z.string() }) });

/** It answers when the history has gone from the disk too. */
const DEADLINE_MS = 120_000;

/** @param etcd its base URL */
export async function compact(etcd: string): Promise<void> {
  const key = Buffer.from('any').toString('base64');
  const text = await sendOk({ url: `${etcd}/v3/kv/range`, method: 'POST', body: { key } });
  const { revision } = answer.parse(JSON.parse(text)).header;
  await sendOk({
    url: `${etcd}/v3/kv/compaction`,
    method: 'POST',
    body: { revision, physical: true },
    deadline: DEADLINE_MS,
  });
}
