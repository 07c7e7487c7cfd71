/** The sample application as objects, under the namespaces of the caller's choice. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { type Fields, fieldsAt, isFields, textAt } from '../../src/api/fields.ts';
import type { LabCluster } from '../lab/types.ts';
import { waitFor } from './wait.ts';

const DIRECTORY = join(import.meta.dirname, '..', 'demo', 'shop');

export interface Shop {
  /** A v1 List of everything, as JSON for `kubectl apply -f -`. */
  readonly manifest: string;
  readonly objects: readonly Fields[];
  readonly namespaces: readonly [front: string, data: string];
  /** Values no log, Event or status may ever show. */
  readonly secretValues: readonly string[];
}

/** @param front namespace of the shop; its data lives in `<front>-data` */
export async function loadShop(front = 'shop'): Promise<Shop> {
  const files = (await readdir(DIRECTORY)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(DIRECTORY, file), 'utf8')));
  const objects = texts
    .flatMap((text) => loadAll(text))
    .filter(isFields)
    .map((object) => moved(object, front));
  return {
    manifest: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    objects,
    namespaces: [front, `${front}-data`],
    secretValues: objects.flatMap(secretValuesOf),
  };
}

const rename = (namespace: string, front: string): string =>
  namespace === 'shop' ? front : namespace.replace(/^shop-data/, `${front}-data`);

/**
 * Applies the shop and waits until all of its Pods are ready or done.
 * @throws DeadlineError, LabCommandError
 */
export async function deployShop(cluster: LabCluster, { manifest, namespaces }: Shop): Promise<void> {
  const args = ['apply', '--server-side', '-f', '-'];
  // A CRD is not served the moment it is created: kubectl is asked again until its kind is.
  await waitFor({ what: 'the shop to be applied', seconds: 60 }, () =>
    cluster.kubectl(args, { input: manifest }),
  );
  const [front, data] = namespaces;
  await Promise.all([
    ...['catalog', 'cart', 'orders', 'payments', 'web'].map((name) =>
      rolledOut(cluster, front, `deployment/${name}`),
    ),
    ...['statefulset/db', 'statefulset/queue', 'deployment/redis'].map((name) =>
      rolledOut(cluster, data, name),
    ),
    cluster.kubectl(['-n', front, 'wait', '--for=condition=Complete', 'job/migrate', '--timeout=180s']),
  ]);
}

const rolledOut = (cluster: LabCluster, namespace: string, workload: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, 'rollout', 'status', workload, '--timeout=180s']);

/** Rewrites every `namespace` field and the names of Namespaces, and the host names that hold one. */
function moved(object: Fields, front: string): Fields {
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((element) => walk(element, key));
    if (isFields(value))
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]));
    if (typeof value !== 'string') return value;
    if (key === 'namespace') return rename(value, front);
    return value.replaceAll('.shop-data.svc', `.${front}-data.svc`);
  };
  const result = walk(object, '');
  if (!isFields(result)) throw new Error('a manifest of the shop is not an object');
  if (textAt(result, 'kind') !== 'Namespace') return result;
  const name = rename(textAt(result, 'metadata', 'name') ?? '', front);
  return { ...result, metadata: { ...fieldsAt(result, 'metadata'), name } };
}

function secretValuesOf(object: Fields): readonly string[] {
  if (textAt(object, 'kind') !== 'Secret') return [];
  const clear = Object.values(fieldsAt(object, 'stringData') ?? {}).map(String);
  const encoded = Object.values(fieldsAt(object, 'data') ?? {}).map(String);
  // The user name is the word "shop", which is everywhere.
  return [...clear, ...clear.map((value) => Buffer.from(value).toString('base64')), ...encoded].filter(
    (value) => value.length > 12,
  );
}
