/**
 * Whether the volumes of a StorageClass that comes with a point can be made
 * anywhere in the target: one that allows only zones of the source is taken by
 * every API server, and its claims then wait for ever.
 */
import { arrayAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import type { Cluster } from '../../../kube/cluster.ts';

type Labels = Readonly<Record<string, string>>;

export class NodesOfTarget {
  readonly #cluster: Cluster;
  #labels: Promise<readonly Labels[]> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** At most one, for a StorageClass none of whose topologies the target has. @throws KubeError */
  async findings(key: string, object: KubeObject, signal: AbortSignal): Promise<readonly Finding[]> {
    const topologies = arrayAt(object, 'allowedTopologies');
    if (kindOf(object) !== 'StorageClass.storage.k8s.io' || topologies.length === 0) return [];
    this.#labels ??= this.#ask(signal);
    const nodes = await this.#labels;
    // Nodes may yet come: then nothing is known of their zones.
    if (nodes.length === 0 || topologies.some((term) => nodes.some((labels) => allows(term, labels))))
      return [];
    return [
      {
        object: key,
        reason: 'RecoveryRefuses',
        message: `its volumes may only be made where ${topologies.map(wordsFor).join(' or ')}, and ${this.#cluster.name} has no such node: claims of it would never be bound`,
        remedy:
          'say with nodeLabels in spec.replication.transforms which zone of the recovery region takes the place of which, or use another class there with storageClasses',
      },
    ];
  }

  async #ask(signal: AbortSignal): Promise<readonly Labels[]> {
    const type = await this.#cluster.typeFor({ apiVersion: 'v1', kind: 'Node' }, signal);
    if (type === undefined) return [];
    const { items } = await this.#cluster.list(type, {}, signal);
    return items.map(({ metadata }) => metadata.labels ?? {});
  }
}

/** All of its expressions hold (k8s.io/api core/v1 TopologySelectorTerm). */
function allows(term: unknown, labels: Labels): boolean {
  return arrayAt(term, 'matchLabelExpressions').every((expression) =>
    arrayAt(expression, 'values').includes(labels[textAt(expression, 'key') ?? '']),
  );
}

const wordsFor = (term: unknown): string =>
  arrayAt(term, 'matchLabelExpressions')
    .map((expression) => `${textAt(expression, 'key')} is ${arrayAt(expression, 'values').join(' or ')}`)
    .join(' and ');
