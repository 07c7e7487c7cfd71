/** Clients of real API servers for these tests, with everything they report kept. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Cluster, ResourceType } from '../../../src/kube/cluster.ts';
import { type ClusterOptions, createCluster } from '../../../src/kube/cluster-client.ts';
import { type Connection, parseKubeconfig } from '../../../src/kube/kubeconfig.ts';
import type { LogLine } from '../../../src/kube/testing/recording-log.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';

export interface TestClient {
  readonly cluster: Cluster;
  readonly calls: { readonly verb: string; readonly code: string; readonly millis: number }[];
  /** Reasons for which watches were started anew. */
  readonly restarts: string[];
  readonly lines: readonly LogLine[];
}

export function testClient(kubeconfig: string, options: Partial<ClusterOptions> = {}): TestClient {
  const calls: TestClient['calls'] = [];
  const restarts: string[] = [];
  const log = recordingLog();
  const cluster = createCluster(connectionOf(kubeconfig), {
    name: 'test',
    clock: systemClock,
    random: Math.random,
    log,
    observer: {
      request: (call) => calls.push(call),
      watchRestart: ({ reason }) => restarts.push(reason),
    },
    ...options,
  });
  return { cluster, calls, restarts, lines: log.lines };
}

export function connectionOf(kubeconfig: string): Connection {
  const parsed = parseKubeconfig(kubeconfig, { kind: 'secret' }, systemClock.now());
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return parsed.connection;
}

/** The same kubeconfig with parts of its cluster or user replaced. */
export function withParts(kubeconfig: string, parts: { cluster?: object; user?: object }): string {
  const document = load(kubeconfig) as {
    clusters: { name: string; cluster: object }[];
    users: { name: string; user: object }[];
  };
  return JSON.stringify({
    ...document,
    clusters: document.clusters.map((entry) => ({
      ...entry,
      cluster: { ...entry.cluster, ...parts.cluster },
    })),
    users: document.users.map((entry) => ({ ...entry, user: parts.user ?? entry.user })),
  });
}

/** The administrator's kubeconfig, straight to the API server, or to a proxy on `port`. */
export function directKubeconfig(cluster: LabCluster, port?: number): string {
  const text = readFileSync(cluster.kubeconfig, 'utf8');
  return port === undefined ? text : withParts(text, { cluster: { server: `https://127.0.0.1:${port}` } });
}

export function serverPort(cluster: LabCluster): number {
  return Number(new URL(connectionOf(directKubeconfig(cluster)).server).port);
}

export const CONFIG_MAPS = core('configmaps', 'ConfigMap');
export const SECRETS = core('secrets', 'Secret');

export function core(resource: string, kind: string, namespaced = true): ResourceType {
  return { group: '', version: 'v1', resource, kind, namespaced, verbs: ['get', 'list', 'watch'] };
}

export function configMap(namespace: string, name: string, data: Record<string, string> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name, labels: { part: 'test' } },
    data,
  };
}

/** Makes a namespace of its own for a test file; its name. */
export async function freshNamespace(cluster: LabCluster, prefix: string): Promise<string> {
  const name = `${prefix}-${Date.now().toString(36)}`;
  await cluster.kubectl(['create', 'namespace', name]);
  return name;
}
