/** A node whose kubelet the test serves itself, and Pods that seem to run on it. */
import type { LabCluster } from '../../../hack/lab/types.ts';

export interface PodOnNode {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string;
}

export async function addNode(server: LabCluster, name: string, kubeletPort: number): Promise<void> {
  await apply(server, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  await setStatus(server, ['node', name], {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
  });
}

export async function addRunningPod(
  server: LabCluster,
  { namespace, name, labels, node }: PodOnNode,
): Promise<void> {
  await apply(server, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      // Else the lab's nodes, which are none, would be told to stop it.
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'db', image: 'registry.example/db:1' }],
    },
  });
  await setStatus(server, ['pod', name, '-n', namespace], { phase: 'Running' });
}

async function apply(server: LabCluster, object: object): Promise<void> {
  await server.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(object) });
}

async function setStatus(server: LabCluster, what: readonly string[], status: object): Promise<void> {
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await server.kubectl(['patch', ...what, ...patch]);
}
