/** Secrets, and reading those of one namespace one by one: for what is needed rarely and must be current when it is. */
import { type Fields, fieldsAt } from '../api/fields.ts';
import type { Cluster, ResourceType } from './cluster.ts';

export const SECRETS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'secrets',
  kind: 'Secret',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

/** @returns a reader of a Secret's data, base64 as it is; undefined when there is no such Secret. It throws KubeError. */
export function secretReader(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
): (name: string, signal: AbortSignal) => Promise<Fields | undefined> {
  return async (name, signal) => {
    const secret = await cluster.get(SECRETS, { namespace, name }, signal);
    return secret === undefined ? undefined : (fieldsAt(secret, 'data') ?? {});
  };
}
