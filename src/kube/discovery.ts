/**
 * Which kinds a cluster serves. Asks for the aggregated documents (two requests
 * for everything, Kubernetes 1.26 and later) and falls back to one request per
 * group version. The answer is cached until a refresh, or until a kind is asked
 * for that is not in it: it may be a CRD that was just installed.
 */
import { arrayAt, type Fields, textAt } from '../api/fields.ts';
import { groupOf } from '../api/object.ts';
import type { DiscoverOptions, FailedApi, ResourceType } from './cluster.ts';
import { describeError, type Log } from './log.ts';
import { malformed } from './status-error.ts';
import type { Transport } from './transport.ts';
import { parseFields } from './wire.ts';

const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

export interface TypeQuery {
  readonly apiVersion?: string;
  readonly group?: string;
  readonly kind: string;
}

export interface Discovery {
  /** The preferred version of every kind. @throws KubeError */
  preferred(signal: AbortSignal, options: DiscoverOptions): Promise<readonly ResourceType[]>;
  /** @throws KubeError */
  typeFor(query: TypeQuery, signal: AbortSignal): Promise<ResourceType | undefined>;
}

/** What one discovery found. */
export interface Discovered {
  readonly types: readonly ResourceType[];
  readonly failed: readonly FailedApi[];
}

export function createDiscovery(transport: Transport, log: Log): Discovery {
  let cached: Discovered | undefined;
  const refresh = async (signal: AbortSignal): Promise<Discovered> => {
    cached = await discoverAll(transport, log, signal);
    return cached;
  };
  return {
    preferred: async (signal, options) => {
      const { types, failed } =
        options.refresh === true || cached === undefined ? await refresh(signal) : cached;
      for (const api of failed) options.onFailed?.(api);
      return preferredOnly(types);
    },
    typeFor: async (wanted, signal) => {
      const known = cached === undefined ? undefined : find(cached.types, wanted);
      return known ?? find((await refresh(signal)).types, wanted);
    },
  };
}

/**
 * All types in all versions: groups and versions in the server's order of preference.
 * @param accept what servers older than 1.26 understand is the plain `application/json`
 */
export async function discoverAll(
  transport: Transport,
  log: Log,
  signal: AbortSignal,
  accept = AGGREGATED,
): Promise<Discovered> {
  const [core, groups] = await Promise.all([
    fetchDocument(transport, '/api', accept, signal),
    fetchDocument(transport, '/apis', accept, signal),
  ]);
  const found = [
    isAggregated(core) ? aggregated(core) : await perVersion(transport, ['v1'], log, signal),
    isAggregated(groups)
      ? aggregated(groups)
      : await perVersion(transport, groupVersions(groups), log, signal),
  ];
  return {
    types: found.flatMap(({ types }) => types),
    failed: found.flatMap(({ failed }) => failed),
  };
}

async function fetchDocument(
  transport: Transport,
  path: string,
  accept: string,
  signal: AbortSignal,
): Promise<Fields> {
  const request = {
    verb: 'discover',
    method: 'GET',
    path,
    kind: 'API types',
    accept,
    repeat: 'repeatable',
  } as const;
  const answer = await transport.call(request, signal);
  const document = answer.kind === 'ok' ? parseFields(answer.text) : undefined;
  if (document !== undefined) return document;
  throw malformed(
    { cluster: transport.cluster, verb: 'discover', kind: 'API types' },
    `${path} is not answered as by a Kubernetes API server`,
  );
}

const isAggregated = (document: Fields): boolean => textAt(document, 'kind') === 'APIGroupDiscoveryList';

function aggregated(document: Fields): Discovered {
  return { types: aggregatedTypes(document), failed: staleApis(document) };
}

/** Versions whose own server did not answer: what is said of them is old, or nothing. */
function staleApis(document: Fields): FailedApi[] {
  return arrayAt(document, 'items').flatMap((group) =>
    arrayAt(group, 'versions')
      .filter((served) => textAt(served, 'freshness') === 'Stale')
      .map((served) => ({
        group: textAt(group, 'metadata', 'name') ?? '',
        version: textAt(served, 'version') ?? '',
        message: 'its server does not answer the API server',
      })),
  );
}

function aggregatedTypes(document: Fields): ResourceType[] {
  return arrayAt(document, 'items').flatMap((group) => {
    const name = textAt(group, 'metadata', 'name') ?? '';
    return arrayAt(group, 'versions').flatMap((served) => {
      const version = textAt(served, 'version') ?? '';
      return arrayAt(served, 'resources').flatMap((resource) => {
        const kind = textAt(resource, 'responseKind', 'kind') ?? '';
        const plural = textAt(resource, 'resource') ?? '';
        const namespaced = textAt(resource, 'scope') === 'Namespaced';
        return toType({ group: name, version, resource: plural, kind, namespaced }, resource);
      });
    });
  });
}

/** An entry without a kind is one that only has subresources. */
function toType(type: Omit<ResourceType, 'verbs'>, entry: unknown): ResourceType[] {
  const verbs = arrayAt(entry, 'verbs').filter((verb) => typeof verb === 'string');
  const usable = type.kind !== '' && type.resource !== '' && !type.resource.includes('/');
  return usable && verbs.length > 0 ? [{ ...type, verbs }] : [];
}

/** Group versions of an APIGroupList, each group's preferred one first. */
function groupVersions(document: Fields): string[] {
  return arrayAt(document, 'groups').flatMap((group) => {
    const preferred = textAt(group, 'preferredVersion', 'groupVersion') ?? '';
    const all = arrayAt(group, 'versions').map((version) => textAt(version, 'groupVersion') ?? '');
    return [preferred, ...all.filter((version) => version !== preferred)].filter((version) => version !== '');
  });
}

/** A group whose own server is down is left out with a warning: the rest of the cluster can still be used. */
async function perVersion(
  transport: Transport,
  versions: readonly string[],
  log: Log,
  signal: AbortSignal,
): Promise<Discovered> {
  const failed: FailedApi[] = [];
  const lists = await Promise.all(
    versions.map(async (apiVersion) => {
      const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      try {
        return resourceList(apiVersion, await fetchDocument(transport, path, 'application/json', signal));
      } catch (error) {
        signal.throwIfAborted();
        log.warn(
          { cluster: transport.cluster, apiVersion, error: describeError(error) },
          'API not discovered',
        );
        failed.push({ ...groupAndVersion(apiVersion), message: describeError(error) });
        return [];
      }
    }),
  );
  return { types: lists.flat(), failed };
}

function groupAndVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const group = groupOf(apiVersion);
  return { group, version: group === '' ? apiVersion : apiVersion.slice(group.length + 1) };
}

function resourceList(apiVersion: string, document: Fields): ResourceType[] {
  const { group, version } = groupAndVersion(apiVersion);
  return arrayAt(document, 'resources').flatMap((entry) => {
    const resource = textAt(entry, 'name') ?? '';
    const kind = textAt(entry, 'kind') ?? '';
    const namespaced =
      typeof entry === 'object' && entry !== null && 'namespaced' in entry && entry.namespaced === true;
    return toType({ group, version, resource, kind, namespaced }, entry);
  });
}

function preferredOnly(types: readonly ResourceType[]): ResourceType[] {
  const first = new Map<string, ResourceType>();
  for (const type of types) {
    const name = `${type.resource}.${type.group}`;
    if (!first.has(name)) first.set(name, type);
  }
  return [...first.values()];
}

function find(types: readonly ResourceType[], wanted: TypeQuery): ResourceType | undefined {
  const { apiVersion, kind } = wanted;
  const group = apiVersion === undefined ? wanted.group : groupOf(apiVersion);
  const version = apiVersion === undefined ? undefined : apiVersion.slice(apiVersion.indexOf('/') + 1);
  return types.find(
    (type) =>
      type.kind === kind &&
      (group === undefined || type.group === group) &&
      (version === undefined || type.version === version),
  );
}
