/** Lists read page by page, so that no answer is larger than servers and memory take well. */
import { arrayAt, textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import type { ListOptions, ObjectList, ResourceType } from './cluster.ts';
import { KubeError } from './errors.ts';
import { malformed } from './status-error.ts';
import type { Transport } from './transport.ts';
import { apiVersionOf, collectionPath, parseFields, query, toObject } from './wire.ts';

/** Objects per page of a list, as client-go. */
export const PAGE_SIZE = 500;
/** A list whose continuation expires is begun again this often before it fails. */
const LIST_RESTARTS = 3;

const asItCame = (object: KubeObject): KubeObject => object;

/**
 * All pages of a list, of one moment. The deadline is that of each page.
 * @param change applied to each object as it arrives: whatever it leaves out is never held for the whole list
 * @throws KubeError
 */
export async function listAll(
  transport: Transport,
  type: ResourceType,
  options: ListOptions,
  pageSize: number,
  signal: AbortSignal,
  change: (object: KubeObject) => KubeObject = asItCame,
): Promise<ObjectList> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(transport, type, options, pageSize, signal, change);
    } catch (error) {
      // Pages of one list are of one moment. When that has been compacted away
      // half-way, only a new list is consistent.
      const expired = error instanceof KubeError && error.code === 'Gone';
      if (!expired || restarts >= LIST_RESTARTS) throw error;
    }
  }
}

async function listOnce(
  transport: Transport,
  type: ResourceType,
  { namespace, labelSelector, fieldSelector, keep }: ListOptions,
  pageSize: number,
  signal: AbortSignal,
  change: (object: KubeObject) => KubeObject,
): Promise<ObjectList> {
  const items: KubeObject[] = [];
  const context = { cluster: transport.cluster, verb: 'list', kind: type.kind };
  const fallback = { apiVersion: apiVersionOf(type), kind: type.kind };
  let next: string | undefined;
  for (;;) {
    const search = query({ labelSelector, fieldSelector, limit: pageSize, continue: next });
    const path = `${collectionPath(type, namespace)}${search}`;
    const page = await transport.call({ ...context, method: 'GET', path, repeat: 'repeatable' }, signal);
    const document = page.kind === 'ok' ? parseFields(page.text) : undefined;
    const resourceVersion = textAt(document, 'metadata', 'resourceVersion');
    if (document === undefined || resourceVersion === undefined)
      throw malformed(context, 'the answer is not a list');
    for (const item of arrayAt(document, 'items')) {
      const object = toObject(item, fallback);
      if (object === undefined) throw malformed(context, 'the list has an item that is not an object');
      if (keep === undefined || keep(object)) items.push(change(object));
    }
    next = textAt(document, 'metadata', 'continue');
    if (next === undefined || next === '') return { items, resourceVersion };
  }
}
