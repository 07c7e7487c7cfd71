/**
 * Node ports are the target's own choice: the source's may be taken there. Who
 * wrote one into a load balancer or a firewall has to be told.
 */
import { arrayAt, numberAt, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';

/** @returns undefined unless users reach the Service by a node port and it has another one now */
export function nodePortNote(captured: KubeObject, restored: KubeObject): string | undefined {
  if (captured.kind !== 'Service' || groupOf(captured.apiVersion) !== '') return undefined;
  // A load balancer is told its node ports by the cluster.
  if (textAt(captured, 'spec', 'type') !== 'NodePort') return undefined;
  const [before, after] = [nodePortsOf(captured), nodePortsOf(restored)];
  if (before === after) return undefined;
  return `its node port is ${after} and no longer ${before}: whatever is outside of the cluster and uses it has to follow`;
}

const nodePortsOf = (service: KubeObject): string =>
  arrayAt(service, 'spec', 'ports')
    .flatMap((port) => numberAt(port, 'nodePort') ?? [])
    .join(', ');
