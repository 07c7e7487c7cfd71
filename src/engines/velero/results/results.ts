/**
 * What Velero says of single objects: the results and the list of restored
 * resources that it leaves in the bucket, in texts made for people. This file
 * turns them into data. Pure, but for unpacking.
 */
import { gunzipSync } from 'node:zlib';
import { arrayAt, at, type Fields, fieldsAt, isFields } from '../../../api/fields.ts';
import { groupOf, type ObjectRef, refKey } from '../../../api/object.ts';
import { harmless } from './harmless.ts';

/** One error or warning. */
export interface Complaint {
  /** Plural name with group, `deployments.apps`; undefined when it is about no kind. */
  readonly resource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly text: string;
}

export interface Results {
  readonly errors: readonly Complaint[];
  readonly warnings: readonly Complaint[];
}

/** JSON of a file that Velero has packed; undefined when it is none. */
export function unpackJson(packed: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(gunzipSync(packed).toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

/** @param results as in `<backup>-results.gz` or `restore-<restore>-results.gz` */
export function readResults(results: unknown): Results {
  return { errors: complaints(at(results, 'errors')), warnings: complaints(at(results, 'warnings')) };
}

function complaints(part: unknown): readonly Complaint[] {
  const byNamespace: Fields = fieldsAt(part, 'namespaces') ?? {};
  return [
    ...texts(part, 'velero').map((text) => complaint(text, undefined)),
    ...texts(part, 'cluster').map((text) => complaint(text, undefined)),
    ...Object.keys(byNamespace).flatMap((namespace) =>
      texts(byNamespace, namespace).map((text) => complaint(text, namespace)),
    ),
  ];
}

const texts = (part: unknown, list: string): readonly string[] =>
  arrayAt(part, list).filter((text) => typeof text === 'string');

/** Of backups, made by Velero from the fields of a log line; each part may be absent. */
const LOG_LINE =
  /^ ?(?:resource: \/(?<resource>\S+))?(?: ?name: \/(?<name>\S+))?(?: ?message: \/(?<message>.*?))?(?: error: \/(?<error>.*))?$/s;
/** Of restores: `error restoring deployments.apps/shop/web: …`; without the namespace for cluster-scoped objects. */
const RESOURCE_ID =
  /(?:^|[ "])(?<resource>[a-z0-9]+(?:\.[a-z0-9.-]+)?)\/(?<first>[^/\s:"]+)(?:\/(?<second>[^/\s:"]+))?"?: /;

/** Of backups, in the error of an action on an item, whose log line may not name it. */
const ACTION_ITEM =
  /\(groupResource=(?<resource>[^\s,]+), namespace=(?<namespace>[^\s,]*), name=(?<name>[^\s)]+)\)/;

function complaint(text: string, namespace: string | undefined): Complaint {
  const line = LOG_LINE.exec(text)?.groups;
  if (line !== undefined && (line['message'] ?? line['error']) !== undefined) {
    const item = ACTION_ITEM.exec(line['error'] ?? '')?.groups;
    const place = item?.['namespace'] === '' ? undefined : item?.['namespace'];
    return {
      resource: line['resource'] ?? item?.['resource'],
      namespace: namespace ?? place,
      name: line['name'] ?? item?.['name'],
      text: sentence(line['message'], line['error']),
    };
  }
  const id = RESOURCE_ID.exec(text)?.groups;
  return {
    resource: id?.['resource'],
    namespace: namespace ?? (id?.['second'] === undefined ? undefined : id['first']),
    name: id?.['second'] ?? id?.['first'],
    text: harmless(text, LONGEST),
  };
}

function sentence(message: string | undefined, error: string | undefined): string {
  return harmless([message, error].filter((part) => part !== undefined && part !== '').join(': '), LONGEST);
}

const LONGEST = 400;

export type RestoredAs = 'created' | 'updated' | 'failed' | 'skipped';

const ENTRY = /^(?:(?<namespace>[^/]+)\/)?(?<name>[^/]+)\((?<action>created|updated|failed|skipped)\)$/;

/**
 * What became of each object, by refKey.
 * @param list as in `restore-<restore>-resource-list.json.gz`: `{"apps/v1/Deployment": ["shop/web(created)"]}`
 */
export function readRestored(list: unknown): ReadonlyMap<string, RestoredAs> {
  const restored = new Map<string, RestoredAs>();
  if (!isFields(list)) return restored;
  for (const type of Object.keys(list)) {
    const slash = type.lastIndexOf('/');
    const group = groupOf(type.slice(0, slash));
    for (const entry of texts(list, type)) {
      const { namespace, name, action } = ENTRY.exec(entry)?.groups ?? {};
      if (name === undefined || !isAction(action)) continue;
      const ref: ObjectRef = { group, kind: type.slice(slash + 1), name };
      restored.set(refKey(namespace === undefined ? ref : { ...ref, namespace }), action);
    }
  }
  return restored;
}

const isAction = (text: string | undefined): text is RestoredAs =>
  text === 'created' || text === 'updated' || text === 'failed' || text === 'skipped';

/**
 * What Velero complains of about one object.
 * @param resource plural name with group
 */
export function about(
  all: readonly Complaint[],
  { resource, namespace, name }: { resource: string; namespace: string | undefined; name: string },
): readonly string[] {
  return all
    .filter((one) => one.name === name && one.namespace === namespace)
    .filter((one) => one.resource === undefined || one.resource === resource)
    .map(({ text }) => text);
}
