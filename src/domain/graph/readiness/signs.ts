/**
 * By which fields custom resources say that they are ready, as data. A point
 * records which of these an object showed in the source, and the restored object
 * is waited for until it shows the same: before its controller has seen it, it
 * shows nothing at all. What it did not show in the source is not asked of it
 * here, for that may never come.
 */
import { at, numberAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { grouped } from '../grouped.ts';
import { isCustom, kindOf } from '../kinds.ts';
import { conditionOf, explain, holds, isStale, observed, UNSEEN } from './verdict.ts';

/** Conditions that by convention are true of what works; their names are written into recovery points. */
export const SIGN_CONDITIONS: readonly string[] = [
  'Ready',
  'Available',
  'Healthy',
  'Programmed',
  'Accepted',
  'Synced',
  'Established',
];

/** A field of a well-known kind that says the same without a condition. */
export interface SignField {
  /** As `Cluster.postgresql.cnpg.io`. */
  readonly kind: string;
  /** Below `status`; with it, the name of the sign that is written into recovery points. */
  readonly path: readonly string[];
  readonly value: string;
}

export const SIGN_FIELDS: readonly SignField[] = [
  { kind: 'Cluster.postgresql.cnpg.io', path: ['phase'], value: 'Cluster in healthy state' },
  { kind: 'Application.argoproj.io', path: ['health', 'status'], value: 'Healthy' },
  { kind: 'Rollout.argoproj.io', path: ['phase'], value: 'Healthy' },
  { kind: 'Elasticsearch.elasticsearch.k8s.elastic.co', path: ['phase'], value: 'Ready' },
  { kind: 'PerconaXtraDBCluster.pxc.percona.com', path: ['state'], value: 'ready' },
  { kind: 'PerconaServerMongoDB.psmdb.percona.com', path: ['state'], value: 'ready' },
  { kind: 'postgresql.acid.zalan.do', path: ['PostgresClusterStatus'], value: 'Running' },
];

/** Kept up to date by every controller that writes it, whatever else it says. */
const OBSERVED = 'status.observedGeneration';

interface Sign {
  readonly name: string;
  /** Why it is not shown; undefined when it is. */
  readonly lack: (object: KubeObject) => string | undefined;
}

const observedSign: Sign = {
  name: OBSERVED,
  lack: (object) =>
    numberAt(object, 'status', 'observedGeneration') === undefined || observed(object) !== undefined
      ? UNSEEN
      : undefined,
};

const conditionSigns = SIGN_CONDITIONS.map(
  (name): Sign => ({
    name,
    lack: (object) => {
      const condition = conditionOf(object, name);
      if (condition === undefined) return missing(name);
      if (holds(condition, object)) return undefined;
      return isStale(condition, object) ? UNSEEN : explain(condition, `${name} is ${condition.status}`);
    },
  }),
);

const fieldSigns = SIGN_FIELDS.map(({ kind, path, value }): Sign & { readonly kind: string } => {
  const name = ['status', ...path].join('.');
  const lack = (object: KubeObject): string | undefined => {
    const found = at(object, 'status', ...path);
    if (found === value) return undefined;
    return typeof found === 'string' ? `${name} is "${found}", not "${value}" yet` : missing(name);
  };
  return { kind, name, lack };
});

const missing = (name: string): string => `its controller does not say ${name} yet, as it did in the source`;

const FIELDS_OF_KIND = grouped(fieldSigns, ({ kind }) => kind);

const signsFor = (object: KubeObject): readonly Sign[] =>
  isCustom(groupOf(object.apiVersion))
    ? [observedSign, ...conditionSigns, ...(FIELDS_OF_KIND.get(kindOf(object)) ?? [])]
    : [];

/** Names of the signs of readiness that an object shows, status included: what a point records. */
export function shownBy(object: KubeObject): readonly string[] {
  if (at(object, 'status') === undefined) return [];
  return signsFor(object).flatMap(({ name, lack }) => (lack(object) === undefined ? name : []));
}

/**
 * @param shown names of the signs that the object showed in the source; those that are not known mean nothing
 * @returns why it does not show them all yet; undefined when it does
 */
export function lackOf(object: KubeObject, shown: readonly string[]): string | undefined {
  if (shown.length === 0) return undefined;
  for (const { name, lack } of signsFor(object)) {
    const why = shown.includes(name) ? lack(object) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}
