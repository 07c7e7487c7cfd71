/**
 * One Kubernetes cluster as the rest of Antipode sees it: objects in, objects
 * out. What is sent where is decided here; how it gets there, in `transport.ts`.
 */
import { at } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import type { ApiRequest } from './api-request.ts';
import type { ApplyOptions, RemoveOptions, ResourceType } from './cluster.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { KubeError } from './errors.ts';
import { exec } from './exec.ts';
import { startInformer } from './informer.ts';
import { DEFAULT_INFORMER_TIMING, type InformerTiming } from './informer-state.ts';
import type { Connection } from './kubeconfig.ts';
import { listAll, PAGE_SIZE } from './list.ts';
import type { Log } from './log.ts';
import type { RenewableCluster } from './renewable-cluster.ts';
import { about, malformed } from './status-error.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';
import { collectionPath, objectPath, parseFields, query, toObject, withoutManagedFields } from './wire.ts';

export interface ClusterOptions extends Omit<TransportOptions, 'cluster'> {
  /** For logs, metrics and messages. */
  readonly name: string;
  readonly log: Log;
  /** Default {@link PAGE_SIZE}. */
  readonly pageSize?: number;
  readonly informerTiming?: InformerTiming;
}

type Key = { readonly namespace?: string; readonly name: string };

interface Client {
  readonly options: ClusterOptions;
  readonly transport: Transport;
  readonly discovery: Discovery;
}

/** Connects lazily: nothing is sent before the first call. */
export function createCluster(connection: Connection, options: ClusterOptions): RenewableCluster {
  const { name: cluster, pageSize = PAGE_SIZE } = options;
  const transport = createTransport(connection, { ...options, cluster });
  const client: Client = { options, transport, discovery: createDiscovery(transport, options.log) };
  const closed = new AbortController();
  return {
    name: cluster,
    server: connection.host,
    discover: (signal, how) => client.discovery.preferred(signal, how ?? {}),
    typeFor: (object, signal) => client.discovery.typeFor(object, signal),
    get: (type, key, signal) => get(client, type, key, signal),
    list: (type, selection, signal) =>
      listAll(transport, type, selection, pageSize, signal, selection.transform),
    apply: (object, applyOptions, signal) => apply(client, object, applyOptions, signal),
    create: (object, signal, createOptions) => create(client, object, createOptions?.dryRun === true, signal),
    replace: (object, signal) => replace(client, object, signal),
    mergePatch: (type, key, patch, signal) => mergePatch(client, type, key, patch, signal),
    remove: (type, key, signal, how) => remove(client, type, key, how ?? {}, signal),
    refusals: () => transport.refusals(),
    exec: (pod, request, signal) => exec({ ...options, transport }, pod, request, signal),
    raw: (path, signal, how) => raw(client, path, signal, how),
    informer: (type, informerOptions, signal) => {
      const timing = options.informerTiming ?? DEFAULT_INFORMER_TIMING;
      const list = (listSignal: AbortSignal, change: (object: KubeObject) => KubeObject) =>
        listAll(transport, type, informerOptions, pageSize, listSignal, change);
      return startInformer({ ...options, transport, timing, list }, type, informerOptions, {
        signal,
        closed: closed.signal,
      });
    },
    renew: (renewed) => transport.renew(renewed),
    close: async () => {
      closed.abort(new Error('the client was closed'));
      await transport.close();
    },
  };
}

async function get(
  { transport }: Client,
  type: ResourceType,
  key: Key,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const request = { verb: 'get', method: 'GET', path: objectPath(type, key), ...subject(type, key) } as const;
  const answer = await transport.call({ ...request, repeat: 'repeatable' }, signal);
  return answer.kind === 'ok' ? objectFrom(transport, request, answer.text) : undefined;
}

async function apply(
  client: Client,
  object: KubeObject,
  { fieldManager, force, dryRun, subresource }: ApplyOptions,
  signal: AbortSignal,
): Promise<KubeObject> {
  const type = await typeOf(client, 'apply', object, signal);
  const search = query({ fieldManager, force: force === true, dryRun: dryRun === true ? 'All' : undefined });
  const path = `${objectPath(type, keyOf(type, object, client))}${subresource === undefined ? '' : `/${subresource}`}${search}`;
  const body = withoutManagedFields(subresource === 'scale' ? asScale(object) : object);
  return send(
    client,
    {
      verb: 'apply',
      method: 'PATCH',
      path,
      ...subject(type, object.metadata),
      // JSON is YAML; this content type is the one that means server-side apply.
      body: { contentType: 'application/apply-patch+yaml', text: JSON.stringify(body) },
      repeat: 'repeatable',
    },
    signal,
  );
}

/** The scale subresource takes a Scale, whatever kind it is of. */
function asScale(object: KubeObject): KubeObject {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: namespace === undefined ? { name } : { name, namespace },
    spec: { replicas: at(object, 'spec', 'replicas') },
  };
}

async function create(
  client: Client,
  object: KubeObject,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<KubeObject> {
  const type = await typeOf(client, 'create', object, signal);
  return send(
    client,
    {
      verb: 'create',
      method: 'POST',
      path: `${collectionPath(type, keyOf(type, object, client).namespace)}${query({ dryRun: dryRun ? 'All' : undefined })}`,
      ...subject(type, object.metadata),
      body: { contentType: 'application/json', text: JSON.stringify(object) },
      repeat: 'once',
    },
    signal,
  );
}

async function replace(client: Client, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const type = await typeOf(client, 'replace', object, signal);
  return send(
    client,
    {
      verb: 'replace',
      method: 'PUT',
      path: objectPath(type, keyOf(type, object, client)),
      ...subject(type, object.metadata),
      body: { contentType: 'application/json', text: JSON.stringify(object) },
      // Sent again after a lost answer, it would conflict with itself.
      repeat: 'once',
    },
    signal,
  );
}

function mergePatch(
  client: Client,
  type: ResourceType,
  key: Key,
  patch: object,
  signal: AbortSignal,
): Promise<KubeObject> {
  return send(
    client,
    {
      verb: 'patch',
      method: 'PATCH',
      path: objectPath(type, key),
      ...subject(type, key),
      body: { contentType: 'application/merge-patch+json', text: JSON.stringify(patch) },
      repeat: 'repeatable',
    },
    signal,
  );
}

async function remove(
  { transport }: Client,
  type: ResourceType,
  key: Key,
  { uid, resourceVersion, propagation }: RemoveOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const options = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: propagation ?? 'Background',
    preconditions: { uid, resourceVersion },
  };
  try {
    const answer = await transport.call(
      {
        verb: 'delete',
        method: 'DELETE',
        path: objectPath(type, key),
        ...subject(type, key),
        body: { contentType: 'application/json', text: JSON.stringify(options) },
        repeat: 'repeatable',
      },
      signal,
    );
    return answer.kind === 'ok';
  } catch (error) {
    // The object of that uid is gone and another has its name, or it was changed.
    const isBound = uid !== undefined || resourceVersion !== undefined;
    if (isBound && error instanceof KubeError && error.code === 'Conflict') return false;
    throw error;
  }
}

async function raw(
  { transport }: Client,
  path: string,
  signal: AbortSignal,
  options: { readonly attempts?: number } = {},
): Promise<string> {
  const answer = await transport.call(
    { verb: 'get', method: 'GET', path, kind: path, accept: '*/*', repeat: 'repeatable', ...options },
    signal,
  );
  if (answer.kind === 'ok') return answer.text;
  const { cluster } = transport;
  throw new KubeError('NotFound', `${cluster}: cannot get ${path}: no such object`, { cluster, status: 404 });
}

/** Sends an object and reads the object that comes back. */
async function send({ transport }: Client, request: ApiRequest, signal: AbortSignal): Promise<KubeObject> {
  const answer = await transport.call(request, signal);
  if (answer.kind === 'ok') return objectFrom(transport, request, answer.text);
  const { cluster } = transport;
  throw new KubeError('NotFound', `${about({ cluster, ...request })}: it does not exist`, {
    cluster,
    status: 404,
  });
}

function objectFrom(
  { cluster }: Transport,
  request: { readonly verb: string; readonly kind: string; readonly name: string } | ApiRequest,
  text: string,
): KubeObject {
  const object = toObject(parseFields(text));
  if (object === undefined) throw malformed({ cluster, ...request }, 'the answer is not an object');
  return object;
}

async function typeOf(
  { discovery, transport: { cluster } }: Client,
  verb: string,
  object: KubeObject,
  signal: AbortSignal,
): Promise<ResourceType> {
  const type = await discovery.typeFor(object, signal);
  if (type !== undefined) return type;
  const { apiVersion, kind, metadata } = object;
  const context = about({ cluster, verb, kind, name: metadata.name });
  throw new KubeError('NotFound', `${context}: the cluster does not serve ${kind} of ${apiVersion}`, {
    cluster,
  });
}

/** A namespaced object without a namespace would otherwise be sent to a path that means something else. */
function keyOf(type: ResourceType, object: KubeObject, { transport: { cluster } }: Client): Key {
  const { namespace, name } = object.metadata;
  if (!type.namespaced) return { name };
  if (namespace !== undefined) return { namespace, name };
  throw new KubeError('Invalid', `${cluster}: ${type.kind} ${name} needs a namespace`, { cluster });
}

/** Kind and name for messages. */
function subject(type: ResourceType, key: Key): { readonly kind: string; readonly name: string } {
  const name = key.namespace === undefined || !type.namespaced ? key.name : `${key.namespace}/${key.name}`;
  return { kind: type.kind, name };
}
