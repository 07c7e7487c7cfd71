import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { ApplyOutcome } from '../../engine.ts';
import { restoreFile } from '../settings.ts';
import type { End } from '../stage.ts';
import { type VeleroWorld, veleroWorld } from '../testing/world.ts';
import { withWarnings } from './restore.ts';
import { outcome } from './restore-outcome.ts';

const { signal } = new AbortController();
const WEB = 'Deployment.apps/shop/web';
let world: VeleroWorld;
beforeEach(async () => {
  world = await veleroWorld();
});
afterEach(() => world.remove());

async function ended(stage: End, files: Readonly<Record<string, object | string>>) {
  const { store } = world;
  for (const [file, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await store.put(restoreFile('r', file), gzipSync(text), signal);
  }
  return outcome('r', [WEB], stage, { store, log: silent }, signal);
}

const log = 'time="2026-01-02T03:04:05Z" level=error msg="no such bucket"\n';
const list = (action: string) => ({ 'apps/v1/Deployment': [`shop/web(${action})`] });

test('a restore that failed is told for each object, with the last errors of its log', async () => {
  const { failed } = await ended({ kind: 'failed', reason: 'cannot read the backup' }, { 'logs.gz': log });

  expect(failed.get(WEB)).toBe(
    'Velero restore r failed: cannot read the backup; the last errors of its log: no such bucket',
  );
});

test('an object that failed without a word is told with what the log says', async () => {
  const files = { 'logs.gz': log, 'resource-list.json.gz': list('failed') };

  const { failed } = await ended({ kind: 'partially-failed' }, files);

  expect(failed.get(WEB)).toBe(
    'Velero could not restore it: it gives no reason; the last errors of its log: no such bucket',
  );
});

test('what Velero warns of, and errors of no object, are told; what is there already is not', async () => {
  const namespaces = {
    shop: [
      'error restoring deployments.apps/shop/web: odd',
      'could not restore, ConfigMap "settings" already exists. Warning: the in-cluster version is different',
    ],
  };
  const results = { warnings: { namespaces }, errors: { velero: ['a hook was not run'] } };
  const files = { 'results.gz': results, 'resource-list.json.gz': list('created') };

  const { failed, warnings } = await ended({ kind: 'completed' }, files);

  expect(failed.size).toBe(0);
  expect(warnings.map(({ text }) => text)).toEqual([
    'a hook was not run',
    'error restoring deployments.apps/shop/web: odd',
  ]);
});

test('a warning is on the object that it is about, and one about none on the first', () => {
  const applied = (name: string, note?: string): ApplyOutcome => ({
    kind: 'applied',
    object: anObject('ConfigMap', `shop/${name}`),
    ...(note === undefined ? {} : { note }),
  });
  const complaint = (name: string | undefined, text: string) => ({
    resource: undefined,
    namespace: name === undefined ? undefined : 'shop',
    name,
    text,
  });

  const noted = withWarnings(
    [applied('a', 'its owner is not there'), applied('b'), applied('c')],
    [complaint('b', 'odd'), complaint(undefined, 'slow')],
  );

  expect(noted.map((one) => (one.kind === 'applied' ? one.note : one.kind))).toEqual([
    'its owner is not there; Velero warns: slow',
    'Velero warns: odd',
    undefined,
  ]);
});
