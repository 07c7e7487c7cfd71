/** Hooks, and a region with Pods in which they run, for tests. */
import type { KubeObject } from '../../../api/object.ts';
import { type HookSpec, hooks as hooksSchema } from '../../../api/v1alpha1/dr-scenario-volumes.ts';
import type { ExecRequest, ExecResult } from '../../../kube/cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';

export const never = new AbortController().signal;
export const done: ExecResult = { kind: 'exited', code: 0, output: '' };

export const hooks = (...changes: readonly Partial<HookSpec>[]): readonly HookSpec[] =>
  hooksSchema.parse(
    changes.map((change, index) => ({
      name: `h${index}`,
      when: 'BeforeCapture',
      namespace: 'shop',
      podSelector: { app: 'db' },
      command: ['sync'],
      ...change,
    })),
  );

export const pod = (name: string, phase = 'Running', metadata: object = {}): KubeObject =>
  anObject('Pod', `shop/${name}`, {
    metadata,
    spec: { containers: [{ name: 'db' }, { name: 'sidecar' }] },
    status: { phase },
  });

export type Exec = (pod: string, request: ExecRequest, signal: AbortSignal) => Promise<ExecResult>;

/** A cluster with these Pods. `ran`: what was run there. */
export function region(pods: readonly KubeObject[], exec: Exec = async () => done) {
  const ran: string[] = [];
  const selectors: unknown[] = [];
  const cluster = partialCluster('eu-west', {
    list: async (type, { namespace, labelSelector }) => {
      selectors.push([type.resource, namespace, labelSelector]);
      return { items: pods, resourceVersion: '1' };
    },
    exec: async ({ name }, request, signal) => {
      ran.push(`${name}/${request.container}: ${request.command.join(' ')}`);
      return exec(name, request, signal);
    },
  });
  return { cluster, ran, selectors };
}
