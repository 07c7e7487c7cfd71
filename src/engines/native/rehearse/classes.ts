/**
 * Whether the classes that objects name (StorageClass, IngressClass and the
 * like) are in the target or come with the point. Looked up by reading: the API
 * server takes an object whose class does not exist, and nothing tells.
 */
import type { KubeObject, ObjectRef } from '../../../api/object.ts';
import { parseRefKey, refKey } from '../../../api/object.ts';
import {
  classesOf,
  DEFAULT_STORAGE_CLASS,
  isDefaultStorageClass,
  type NeededClass,
} from '../../../domain/protection/feasibility-classes.ts';
import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';

export class ClassesOfTarget {
  readonly #cluster: Cluster;
  readonly #point: OpenPoint;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(cluster: Cluster, point: OpenPoint) {
    this.#cluster = cluster;
    this.#point = point;
  }

  /** One for each class that the object needs and will not find. @throws KubeError */
  async findings(key: string, object: KubeObject, signal: AbortSignal): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for (const needed of classesOf(object)) {
      if (!(await this.#willExist(needed, signal)))
        findings.push({ object: key, reason: 'RecoveryRefuses', ...this.#explain(needed) });
    }
    return findings;
  }

  /** Whether the target has it now. @throws KubeError */
  has(ref: ObjectRef, signal: AbortSignal): Promise<boolean> {
    return this.#once(refKey(ref), async () => {
      const type = await this.#cluster.typeFor(ref, signal);
      if (type === undefined) return false;
      return (await this.#cluster.get(type, { name: ref.name }, signal)) !== undefined;
    });
  }

  async #willExist(needed: NeededClass, signal: AbortSignal): Promise<boolean> {
    if (needed.kind === 'named')
      return this.#point.object(refKey(needed.ref)) !== undefined || this.has(needed.ref, signal);
    return this.#pointHasDefault() || this.#targetHasDefault(signal);
  }

  #pointHasDefault(): boolean {
    return this.#point.manifest.objects.some(({ key }) => {
      if (parseRefKey(key)?.kind !== 'StorageClass') return false;
      const object = this.#point.object(key);
      return object !== undefined && isDefaultStorageClass(object);
    });
  }

  #targetHasDefault(signal: AbortSignal): Promise<boolean> {
    return this.#once('the default StorageClass', async () => {
      const type = await this.#cluster.typeFor({ group: 'storage.k8s.io', kind: 'StorageClass' }, signal);
      return (
        type !== undefined && (await this.#cluster.list(type, {}, signal)).items.some(isDefaultStorageClass)
      );
    });
  }

  #once(what: string, ask: () => Promise<boolean>): Promise<boolean> {
    const answer = this.#known.get(what) ?? ask();
    this.#known.set(what, answer);
    return answer;
  }

  #explain(needed: NeededClass): Pick<Finding, 'message' | 'remedy'> {
    const { name: cluster } = this.#cluster;
    if (needed.kind === 'default-storage')
      return {
        message: `${needed.field} is not set and ${cluster} has no default StorageClass, so its volume would never be bound`,
        remedy: `mark a StorageClass of that cluster with ${DEFAULT_STORAGE_CLASS}, or name one`,
      };
    const { kind, name } = needed.ref;
    return {
      message: `${needed.field} names ${kind} ${name}, which ${cluster} does not have`,
      remedy: `create the ${kind} ${name} there, or include the one of the source in the selection`,
    };
  }
}
