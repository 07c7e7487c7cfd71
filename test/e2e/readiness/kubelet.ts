/**
 * A node that kwok does not manage, and the part of its kubelet that matters
 * here: it reports containers that crash again and again, in the status that a
 * real one writes (pkg/kubelet/status). Everything above it, from the scheduler
 * to the Deployment controller, is real.
 */
import { waitFor } from '../../../hack/harness/wait.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { arrayAt, textAt } from '../../../src/api/fields.ts';
import { apply } from '../support/antipode.ts';

const NODE = 'readiness-crash-node';
const LABEL = 'test.example.com/crashes';

/** For a pod spec: onto the node, whatever it is tainted with. */
export const ON_CRASHING_NODE = {
  nodeSelector: { [LABEL]: 'true' },
  tolerations: [{ operator: 'Exists' }],
};

export async function addCrashingNode(cluster: LabCluster): Promise<void> {
  const metadata = { name: NODE, labels: { [LABEL]: 'true' } };
  // Its own, so that nobody else's Pods come here to wait for ever.
  const taints = [{ key: LABEL, effect: 'NoSchedule' }];
  await apply(cluster, [{ apiVersion: 'v1', kind: 'Node', metadata, spec: { taints } }]);
  const room = { cpu: '4', memory: '8Gi', pods: '20' };
  const status = { capacity: room, allocatable: room };
  await patchStatus(cluster, ['node', NODE], status);
}

export const removeCrashingNode = (cluster: LabCluster): Promise<string> =>
  cluster.kubectl(['delete', 'node', NODE, '--ignore-not-found']);

/** Reports that every Pod of `app` has crashed for the third time and is not started again yet. */
export async function crash(
  cluster: LabCluster,
  namespace: string,
  app: string,
  pods: number,
): Promise<void> {
  const names = await waitFor({ what: `${pods} Pods of ${app} on the node`, seconds: 120 }, async () => {
    const text = await cluster.kubectl(['-n', namespace, 'get', 'pods', '-l', `app=${app}`, '-o', 'json']);
    const bound = arrayAt(JSON.parse(text), 'items').filter(
      (pod) => textAt(pod, 'spec', 'nodeName') === NODE,
    );
    return bound.length < pods ? undefined : bound.map((pod) => textAt(pod, 'metadata', 'name') ?? '');
  });
  const now = new Date().toISOString();
  const condition = (type: string, status: string, more: object = {}) => ({
    type,
    status,
    lastTransitionTime: now,
    ...more,
  });
  const unready = { reason: 'ContainersNotReady', message: 'containers with unready status: [app]' };
  const status = {
    phase: 'Running',
    startTime: now,
    conditions: [
      condition('Initialized', 'True'),
      condition('Ready', 'False', unready),
      condition('ContainersReady', 'False', unready),
    ],
    containerStatuses: [
      {
        name: 'app',
        image: 'registry.example.com/app:1',
        imageID: '',
        ready: false,
        started: false,
        restartCount: 3,
        state: {
          waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' },
        },
        lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: now, finishedAt: now } },
      },
    ],
  };
  for (const name of names) await patchStatus(cluster, ['-n', namespace, 'pod', name], status);
}

const patchStatus = (cluster: LabCluster, what: readonly string[], status: object): Promise<string> =>
  cluster.kubectl(['patch', ...what, '--subresource=status', '-p', JSON.stringify({ status })]);
