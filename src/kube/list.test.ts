import { expect, test } from 'vitest';
import type { ApiAnswer } from './api-request.ts';
import { KubeError } from './errors.ts';
import { listAll } from './list.ts';
import type { Transport } from './transport.ts';

const type = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true, verbs: ['list'] };
const { signal } = new AbortController();
const gone = new KubeError('Gone', 'expired', { cluster: 'test', status: 410 });

/** Answers the calls in order; keeps their paths. */
function answering(answers: readonly (object | KubeError)[]): Transport & { readonly paths: string[] } {
  const left = [...answers];
  const paths: string[] = [];
  return {
    paths,
    cluster: 'test',
    host: 'test',
    call: async ({ path }): Promise<ApiAnswer> => {
      paths.push(path);
      const next = left.shift();
      if (next === undefined || next instanceof KubeError) throw next ?? new Error('not expected');
      return { kind: 'ok', text: JSON.stringify(next) };
    },
    stream: () => Promise.reject(new Error('not expected')),
    refusals: () => 0,
    upgrade: () => Promise.reject(new Error('nothing here is upgraded')),
    close: () => Promise.resolve(),
    renew: () => undefined,
  };
}
const page = (resourceVersion: string, names: readonly string[], next?: string): object => ({
  metadata: { resourceVersion, continue: next },
  items: names.map((name) => ({ metadata: { name } })),
});

test('a list whose continuation has expired is begun anew, and holds nothing of the first attempt', async () => {
  const transport = answering([page('1', ['old'], 'more'), gone, page('7', ['a'], 'next'), page('7', ['b'])]);
  const list = await listAll(transport, type, { namespace: 'shop' }, 1, signal);
  expect(list).toEqual({
    resourceVersion: '7',
    items: ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } })),
  });
  const first = '/api/v1/namespaces/shop/pods?limit=1';
  expect(transport.paths).toEqual([first, `${first}&continue=more`, first, `${first}&continue=next`]);
});

test('a list that expires again and again fails in the end', async () => {
  const rounds = Array.from({ length: 4 }, () => [page('1', ['a'], 'more'), gone]).flat();
  await expect(listAll(answering(rounds), type, {}, 1, signal)).rejects.toBe(gone);
});

test('an answer that is no list is told as that, not as an empty list', async () => {
  await expect(listAll(answering([{ items: [] }]), type, {}, 1, signal)).rejects.toMatchObject({
    code: 'Malformed',
  });
  const nameless = { metadata: { resourceVersion: '1' }, items: [{ spec: {} }] };
  await expect(listAll(answering([nameless]), type, {}, 1, signal)).rejects.toMatchObject({
    code: 'Malformed',
  });
});
