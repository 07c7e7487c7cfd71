/**
 * What the target says of one object of a point, by server-side dry-run of what
 * a restore would write. Where the target cannot say (a namespace or a kind that
 * the recovery itself brings), that is an answer of its own, and never a yes.
 */

import { textAt } from '../../../api/fields.ts';
import { type KubeObject, refKey } from '../../../api/object.ts';
import { FIELD_MANAGER } from '../../../api/ownership.ts';
import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { OpenPoint, ScenarioIdentity } from '../../engine.ts';
import { judge } from '../objects/judge.ts';
import { normalize } from '../objects/normalize.ts';
import { beingDeleted, foreign, type Obstacle, obstacleOf } from '../restore/obstacles.ts';
import { prepare } from '../restore/prepare.ts';
import { type Served, Target } from '../restore/target.ts';
import { ClassesOfTarget } from './classes.ts';
import { podOf } from './pod.ts';
import { NodesOfTarget } from './topology.ts';

export interface ObjectAnswer {
  readonly key: string;
  readonly verdict: /** `newAs`: the target has none yet; plural name of its kind there. */
    | { readonly kind: 'accepted'; readonly newAs: string | undefined }
    | { readonly kind: 'refused' }
    | { readonly kind: 'not-rehearsed'; readonly why: string };
  readonly findings: readonly Finding[];
}

type Verdict = ObjectAnswer['verdict'];
/** What one question brought: the target's answer, or what stands in the way. */
type Answer =
  | Exclude<Verdict, { kind: 'refused' }>
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

const NO_NAMESPACE = 'namespace does not exist yet';
const NO_DEFINITION = 'the definition of its kind is part of the recovery';
const NO_ROLE = 'the role it binds is part of the recovery';
const NO_DRY_RUN = 'an admission webhook does not support dry-run';
const NOT_IN_POINT = 'it is not in the recovery point';
const NO_ACCOUNT = 'its namespace has no default ServiceAccount yet';
const CHANGED_MEANWHILE = 'it was being changed at that moment';

const notRehearsed = (why: string): Answer => ({ kind: 'not-rehearsed', why });

/** One call's look at a target: what many objects share is asked once. */
export class Rehearser {
  readonly #point: OpenPoint;
  readonly #scenario: ScenarioIdentity;
  readonly #target: Target;
  readonly #cluster: Cluster;
  readonly #classes: ClassesOfTarget;
  readonly #nodes: NodesOfTarget;
  readonly #served = new Map<string, Promise<Served>>();
  readonly #namespaces = new Map<string, Promise<Answer | undefined>>();

  constructor(point: OpenPoint, scenario: ScenarioIdentity, cluster: Cluster) {
    this.#point = point;
    this.#scenario = scenario;
    this.#cluster = cluster;
    this.#target = new Target(cluster, point);
    this.#classes = new ClassesOfTarget(cluster, point);
    this.#nodes = new NodesOfTarget(cluster);
  }

  /** @throws KubeError when the target cannot be asked */
  async ask(key: string, signal: AbortSignal): Promise<ObjectAnswer> {
    const captured = this.#point.object(key);
    if (captured === undefined)
      return { key, verdict: { kind: 'not-rehearsed', why: NOT_IN_POINT }, findings: [] };
    const lacking = [
      ...(await this.#classes.findings(key, captured, signal)),
      ...(await this.#nodes.findings(key, captured, signal)),
    ];
    const answer = await this.#object(key, captured, signal);
    if (answer.kind !== 'obstacle')
      return { key, verdict: lacking.length > 0 ? { kind: 'refused' } : answer, findings: lacking };
    return { key, verdict: { kind: 'refused' }, findings: [...lacking, findingOf(answer.obstacle)] };
  }

  /** @throws KubeError */
  async #object(key: string, captured: KubeObject, signal: AbortSignal): Promise<Answer> {
    const served = await this.#serves(key, captured, signal);
    if (served.kind === 'obstacle')
      return this.#target.defines(captured) ? notRehearsed(NO_DEFINITION) : served;
    const { name, namespace } = captured.metadata;
    const inTheWay = namespace === undefined ? undefined : await this.#namespace(namespace, signal);
    if (inTheWay !== undefined) return inTheWay;
    const id = namespace === undefined ? { name } : { namespace, name };
    const existing = await this.#cluster.get(served.type, id, signal);
    const inVersion = { ...captured, apiVersion: served.apiVersion };
    const written = await this.#write(key, inVersion, existing, served.type, signal);
    if (written.kind !== 'accepted') return written;
    const pods = await this.#pods(key, captured, signal);
    return pods.kind === 'accepted' ? written : pods;
  }

  /** Asked once for each kind: a kind that is not served makes the client look at all kinds anew. */
  #serves(key: string, captured: KubeObject, signal: AbortSignal): Promise<Served> {
    return once(this.#served, `${captured.apiVersion} ${captured.kind}`, () =>
      this.#target.serves(key, captured, signal),
    );
  }

  /** Undefined when the namespace can be dry-run into. */
  #namespace(namespace: string, signal: AbortSignal): Promise<Answer | undefined> {
    return once(this.#namespaces, namespace, async () => {
      const isRestored = this.#point.object(`Namespace/${namespace}`) !== undefined;
      const obstacle = await this.#target.namespaceObstacle(
        `Namespace/${namespace}`,
        namespace,
        false,
        signal,
      );
      if (obstacle === undefined) return undefined;
      const type = await this.#cluster.typeFor({ apiVersion: 'v1', kind: 'Namespace' }, signal);
      const exists = type && (await this.#cluster.get(type, { name: namespace }, signal));
      return exists === undefined && isRestored ? notRehearsed(NO_NAMESPACE) : { kind: 'obstacle', obstacle };
    });
  }

  /** What a restore would write, as it would be written, with dry-run. @throws KubeError */
  async #write(
    key: string,
    captured: KubeObject,
    existing: KubeObject | undefined,
    type: ResourceType,
    signal: AbortSignal,
  ): Promise<Answer> {
    const judgement = judge(captured, existing, this.#scenario);
    const { name: cluster } = this.#cluster;
    switch (judgement.kind) {
      case 'create':
      case 'update': {
        const owners = await this.#target.owners.of(captured, signal);
        const { object } = prepare(captured, owners, this.#scenario, this.#point.manifest, existing);
        const newAs = judgement.kind === 'create' ? type.resource : undefined;
        return this.#dryRun(key, object, { force: true, newAs }, signal);
      }
      case 'complement': {
        const { ownerReferences: _, ...metadata } = normalize(captured).metadata;
        return this.#dryRun(
          key,
          { ...normalize(captured), metadata },
          { force: false, newAs: undefined },
          signal,
        );
      }
      case 'accept':
        return { kind: 'accepted', newAs: undefined };
      case 'foreign':
        return { kind: 'obstacle', obstacle: foreign(key, cluster, judgement.owner) };
      case 'being-deleted':
        break;
    }
    return {
      kind: 'obstacle',
      obstacle: beingDeleted(key, 'an object of this name', judgement.existing, cluster),
    };
  }

  /** Policies on pods judge pods, not what makes them: one of each workload is tried as well. @throws KubeError */
  async #pods(key: string, captured: KubeObject, signal: AbortSignal): Promise<Answer> {
    const pod = await podOf(captured, (ref) => this.#classes.has(ref, signal));
    if (pod === undefined) return { kind: 'accepted', newAs: undefined };
    return this.#dryRun(key, pod, { force: true, newAs: undefined }, signal);
  }

  async #dryRun(
    key: string,
    object: KubeObject,
    { force, newAs }: { readonly force: boolean; readonly newAs: string | undefined },
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      await this.#cluster.apply(object, { fieldManager: FIELD_MANAGER, force, dryRun: true }, signal);
      return { kind: 'accepted', newAs };
    } catch (error) {
      if (signal.aborted || !(error instanceof KubeError)) throw error;
      return this.#explain(key, object, error);
    }
  }

  /** @throws KubeError `error` itself when it says nothing of the object */
  #explain(key: string, object: KubeObject, error: KubeError): Answer {
    if (isAboutTheServer(error)) throw error;
    if (/does not support dry run/i.test(error.message)) return notRehearsed(NO_DRY_RUN);
    // Of a namespace that was made a moment ago. Words of the ServiceAccount admission plugin.
    if (object.kind === 'Pod' && /error looking up service account/i.test(error.message))
      return notRehearsed(NO_ACCOUNT);
    if (error.code === 'NotFound' && bindsRoleOf(this.#point, object)) return notRehearsed(NO_ROLE);
    if (error.code === 'Conflict' || error.code === 'AlreadyExists') return notRehearsed(CHANGED_MEANWHILE);
    return { kind: 'obstacle', obstacle: obstacleOf(key, error) };
  }
}

async function once<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  ask: () => Promise<Value>,
): Promise<Value> {
  const answer = known.get(key) ?? ask();
  known.set(key, answer);
  return answer;
}

/** Whether the next object would get the same answer: then asking on is useless, and no object is to blame. */
function isAboutTheServer({ code, message }: KubeError): boolean {
  switch (code) {
    case 'Unreachable':
    case 'UntrustedCertificate':
    case 'Unauthorized':
    case 'TooManyRequests':
    case 'Malformed':
    case 'Gone':
      return true;
    case 'Unavailable':
      return !/webhook/i.test(message);
    case 'NotFound':
    case 'AlreadyExists':
    case 'Conflict':
    case 'Invalid':
    case 'Forbidden':
      break;
  }
  return false;
}

const RBAC = 'rbac.authorization.k8s.io';

/** A binding can be judged only once its role is there. */
function bindsRoleOf(point: OpenPoint, object: KubeObject): boolean {
  const kind = textAt(object, 'roleRef', 'kind');
  const name = textAt(object, 'roleRef', 'name');
  if (kind === undefined || name === undefined) return false;
  const { namespace } = object.metadata;
  const isClusterWide = kind === 'ClusterRole' || namespace === undefined;
  const ref = isClusterWide ? { group: RBAC, kind, name } : { group: RBAC, kind, name, namespace };
  return point.object(refKey(ref)) !== undefined;
}

function findingOf({ key, message, why }: Obstacle): Finding {
  const { cause, remedy } = why ?? { cause: message, remedy: 'see the message' };
  return { object: key, reason: 'RecoveryRefuses', message: cause, remedy };
}
