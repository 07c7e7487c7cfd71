/**
 * What it means for a recovery when the target does not take an object: who or
 * what is in the way, whether waiting can help, and what a person can do.
 */

import { arrayAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { KubeError } from '../../../kube/errors.ts';
import type { ApplyOutcome } from '../../engine.ts';
import type { Occupied } from '../../volumes/fill/occupied.ts';

/** An outcome that stands in the way. */
export type Obstacle = Exclude<ApplyOutcome, { kind: 'applied' }>;

interface Meaning {
  readonly kind: 'blocked' | 'refused';
  readonly remedy: string;
}

const DENIALS: Readonly<Record<'rbac' | 'quota' | 'admission', Meaning>> = {
  rbac: { kind: 'refused', remedy: "give the operator's user in that cluster the role for it" },
  quota: { kind: 'blocked', remedy: 'raise or remove the ResourceQuota, or free what it counts' },
  // Worth another try: a webhook may be served by something that is still starting.
  admission: {
    kind: 'blocked',
    remedy: 'an admission policy or webhook of that cluster denies it: adapt or remove it',
  },
};

const MEANINGS: Readonly<Record<Exclude<KubeError['code'], 'Forbidden'>, Meaning>> = {
  NotFound: { kind: 'blocked', remedy: 'its namespace or kind has gone from that cluster: create it' },
  AlreadyExists: { kind: 'blocked', remedy: 'something else creates and deletes it: stop that' },
  Conflict: { kind: 'blocked', remedy: 'something else changes it at the same time: stop that' },
  Invalid: {
    kind: 'refused',
    remedy: 'that cluster does not accept it as it was captured: exclude it, or make the clusters alike',
  },
  Unauthorized: { kind: 'blocked', remedy: "renew the kubeconfig in the region's Secret" },
  UntrustedCertificate: { kind: 'blocked', remedy: "correct the kubeconfig in the region's Secret" },
  Gone: { kind: 'blocked', remedy: 'it is tried again' },
  TooManyRequests: { kind: 'blocked', remedy: 'that API server is overloaded; it is tried again' },
  Unavailable: {
    kind: 'blocked',
    remedy: 'that API server, or a webhook it calls, fails; it is tried again',
  },
  Unreachable: { kind: 'blocked', remedy: 'that API server cannot be reached; it is tried again' },
  Malformed: { kind: 'blocked', remedy: 'is that address really a Kubernetes API server?' },
};

/** @param key refKey of the object that was to be applied */
export function obstacleOf(key: string, error: KubeError): Obstacle {
  const meaning = error.code === 'Forbidden' ? DENIALS[error.denial ?? 'rbac'] : MEANINGS[error.code];
  const { kind, remedy } = meaning;
  const why = { cause: error.message, remedy };
  return { kind, key, message: `${key}: ${error.message} (${remedy})`, why };
}

function obstacle(kind: Obstacle['kind'], key: string, cause: string, remedy: string, join = ': '): Obstacle {
  return { kind, key, message: `${key}: ${cause}${join}${remedy}`, why: { cause, remedy } };
}

/** @param cluster name of the target */
export function notServed(key: string, apiVersion: string, cluster: string): Obstacle {
  const remedy =
    'install what provides it (a CustomResourceDefinition or a newer Kubernetes), or leave the kind out with resources.excludeKinds';
  return obstacle('refused', key, `${cluster} does not serve ${apiVersion}`, remedy);
}

/** @param served the apiVersion under which the target has the same kind */
export function versionNotServed(key: string, wanted: KindAt, served: string, cluster: string): Obstacle {
  const { apiVersion, kind } = wanted;
  const cause = `${cluster} serves ${kind} as ${served} and not as ${apiVersion}, as which it was captured`;
  const remedy = `serve ${apiVersion} there as well, or let the source prefer ${served}, so that the next recovery point has it so`;
  return obstacle('refused', key, cause, remedy);
}

type KindAt = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** The definition of the kind is part of the same recovery point, and not in effect yet. */
export function notServedYet(key: string, apiVersion: string, cluster: string): Obstacle {
  const remedy = 'its CustomResourceDefinition is part of the recovery';
  return obstacle('blocked', key, `${cluster} does not serve ${apiVersion} yet`, remedy, '; ');
}

/** @param found what is on its way out, as the target has it: of the same name, or the namespace */
export function beingDeleted(key: string, subject: string, found: KubeObject, cluster: string): Obstacle {
  const holders = holdersOf(found);
  const cause = `${subject} is being deleted in ${cluster}`;
  if (holders === '') return obstacle('blocked', key, cause, 'recovery goes on once it is gone', '; ');
  const remedy =
    'recovery goes on once it is gone: whoever put them there has to take them off, Antipode never does';
  return obstacle('blocked', key, `${cause}, held by the finalizers ${holders}`, remedy, '; ');
}

/** The finalizers of an object; of a namespace those of what is left in it, in the words of its controller. */
function holdersOf(found: KubeObject): string {
  const remaining = arrayAt(found, 'status', 'conditions')
    .filter((condition) => textAt(condition, 'status') === 'True')
    .filter((condition) => textAt(condition, 'type') === 'NamespaceFinalizersRemaining')
    .map((condition) => textAt(condition, 'message') ?? '');
  return [...(found.metadata.finalizers ?? []), ...remaining].join(', ');
}

/**
 * Ours from before, and different where the API allows no change.
 * @param fields that cannot be changed
 */
export function unchangeable(
  key: string,
  fields: readonly string[],
  cluster: string,
  remedy: string,
): Obstacle {
  const cause = `${cluster} has an earlier copy of it that differs in ${fields.join(', ')}, which cannot be changed`;
  return obstacle('refused', key, cause, remedy);
}

/** An object that is made anew was deleted and has not gone yet. */
export function makingWay(key: string, found: KubeObject, cluster: string): Obstacle {
  const holders = holdersOf(found);
  const cause = `the earlier copy of it in ${cluster} was deleted to make it anew and is not gone yet`;
  const held = holders === '' ? cause : `${cause}, held by the finalizers ${holders}`;
  return obstacle('blocked', key, held, 'recovery goes on once it is gone', '; ');
}

export function namespaceMissing(key: string, namespace: string, cluster: string): Obstacle {
  return obstacle('blocked', key, `${cluster} has no namespace ${namespace}`, 'create it');
}

/** What a claim is to be made from cannot be made: its name is taken. */
export const sourceOccupied = (key: string, { cause, remedy }: Occupied): Obstacle =>
  obstacle('blocked', key, cause, remedy);

/** Of a Secret for the token of an account: the cluster deletes it as soon as it sees it. */
export function accountMissing(key: string, account: string, cluster: string): Obstacle {
  const cause = `${cluster} has no ServiceAccount ${account}, and deletes a token Secret of an account that is not there`;
  return obstacle(
    'blocked',
    key,
    cause,
    'create the account, or leave the Secret out with resources.exclude',
  );
}

/** @param owner label value of the scenario it belongs to, when it is another one's */
export function foreign(key: string, cluster: string, owner: string | undefined): Obstacle {
  const whose = owner === undefined ? 'was not put there by Antipode' : `belongs to the scenario ${owner}`;
  const cause = `${cluster} already has one that ${whose}; it is left untouched`;
  return obstacle('foreign', key, cause, 'delete or rename it there, or leave it out with resources.exclude');
}
