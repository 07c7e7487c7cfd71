/**
 * Kind by kind, what a server or a controller of one cluster fills in and
 * another cluster must be free to fill in anew. Each entry says why where that
 * is not plain from the field's name. A kind without an entry has nothing.
 */
import { at, type Fields, isFields, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { groupOf } from '../../../api/object.ts';
import { drop, edit, filtered, omit } from './editing.ts';

export interface KindRule {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  /** @param body the object without apiVersion, kind, metadata and status */
  readonly body: (body: Fields) => Fields;
}

const NOTHING: KindRule = { labels: [], annotations: [], body: (body) => body };

export function ruleFor(object: KubeObject): KindRule {
  const group = groupOf(object.apiVersion);
  const id = group === '' ? object.kind : `${object.kind}.${group}`;
  if (id === 'Job.batch' && at(object, 'spec', 'manualSelector') === true) return NOTHING;
  if (id === 'ServiceAccount') return { ...NOTHING, body: serviceAccount(object.metadata.name) };
  return { ...NOTHING, ...RULES[id] };
}

/** Put on a Job's template by its strategy, and on the Job by some versions; the selector is made from them. */
const JOB_LABELS: readonly string[] = [
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
];

/** By the day on which a token was last used, and since when it has been refused. */
const TOKEN_LABELS: readonly string[] = [
  'kubernetes.io/legacy-token-last-used',
  'kubernetes.io/legacy-token-invalid-since',
];

const RULES: Readonly<Record<string, Partial<KindRule>>> = {
  Namespace: { labels: ['kubernetes.io/metadata.name'], body: (body) => drop(body, ['spec', 'finalizers']) },
  Service: { body: service },
  PersistentVolumeClaim: {
    annotations: [
      'pv.kubernetes.io/',
      'volume.kubernetes.io/selected-node',
      'volume.kubernetes.io/storage-provisioner',
      'volume.beta.kubernetes.io/storage-provisioner',
    ],
    body: boundClaim,
  },
  Secret: { labels: TOKEN_LABELS, annotations: ['kubernetes.io/service-account.uid'], body: secret },
  Pod: { annotations: ['kubernetes.io/limit-ranger', 'kubernetes.io/config.'], body: pod },
  'Deployment.apps': { body: (body) => template(body, ['spec', 'template']) },
  'ReplicaSet.apps': { body: (body) => template(body, ['spec', 'template']) },
  'DaemonSet.apps': { body: (body) => template(body, ['spec', 'template']) },
  ReplicationController: { body: (body) => template(body, ['spec', 'template']) },
  'StatefulSet.apps': { body: statefulSet },
  'CronJob.batch': {
    body: (body) =>
      template(drop(body, ['spec', 'jobTemplate', 'metadata', 'creationTimestamp']), [
        'spec',
        'jobTemplate',
        'spec',
        'template',
      ]),
  },
  'Job.batch': { labels: JOB_LABELS, body: job },
};

/** By it a claim that Velero restored has asked for the volume that its data mover made. */
const MOVED_VOLUME = 'velero.io/dynamic-pv-restore';

/** The volume it is bound to exists in the source only; and who asks for that one alone is never given another. */
function boundClaim(body: Fields): Fields {
  const unbound = drop(body, ['spec', 'volumeName']);
  const free = drop(unbound, ['spec', 'selector', 'matchLabels', MOVED_VOLUME]);
  if (free === unbound) return unbound;
  return edit(edit(free, ['spec', 'selector', 'matchLabels'], nonEmpty), ['spec', 'selector'], nonEmpty);
}

const nonEmpty = (value: unknown): unknown =>
  isFields(value) && Object.keys(value).length === 0 ? undefined : value;

/** Old servers write `creationTimestamp: null` into templates. */
function template(body: Fields, path: readonly string[]): Fields {
  return drop(body, [...path, 'metadata', 'creationTimestamp']);
}

function service(body: Fields): Fields {
  let result = body;
  const isNone = at(body, 'spec', 'clusterIP') === 'None';
  // 'None' is the user's wish for a headless Service; an address is the cluster's choice.
  if (!isNone) result = drop(drop(result, ['spec', 'clusterIP']), ['spec', 'clusterIPs']);
  result = edit(result, ['spec', 'ports', '*'], (port) => (isFields(port) ? omit(port, ['nodePort']) : port));
  result = drop(result, ['spec', 'healthCheckNodePort']);
  // An address of the source region's load balancer; the target's gives a fresh one.
  result = drop(result, ['spec', 'loadBalancerIP']);
  return ipFamilies(result, isNone && at(body, 'spec', 'selector') === undefined);
}

/**
 * The families follow from what the cluster has: a target with other ones would
 * refuse the source's. Only a wish for two families is worth keeping, and not
 * that of a headless Service without selector, where it is the server's default.
 */
function ipFamilies(body: Fields, defaultsToDual: boolean): Fields {
  const policy = textAt(body, 'spec', 'ipFamilyPolicy');
  const isDefault = policy === 'SingleStack' || (defaultsToDual && policy === 'RequireDualStack');
  const result = drop(body, ['spec', 'ipFamilies']);
  return isDefault ? drop(result, ['spec', 'ipFamilyPolicy']) : result;
}

/** A token Secret is filled by the token controller of the cluster it is in; every other Secret stays byte for byte. */
function secret(body: Fields): Fields {
  if (body['type'] !== 'kubernetes.io/service-account-token') return body;
  return edit(body, ['data'], (data) => {
    if (!isFields(data)) return data;
    const kept = omit(data, ['token', 'ca.crt', 'namespace']);
    return Object.keys(kept).length === 0 ? undefined : kept;
  });
}

/** Generated token and image-pull Secrets are named `<account>-token-xxxxx`, `<account>-dockercfg-xxxxx`. */
function serviceAccount(name: string): (body: Fields) => Fields {
  const isKept = (reference: unknown): boolean => {
    const secretName = textAt(reference, 'name') ?? '';
    return !['token', 'dockercfg'].some(
      (kind) =>
        secretName.startsWith(`${name}-${kind}-`) &&
        /^[a-z0-9]{5}$/.test(secretName.slice(name.length + kind.length + 2)),
    );
  };
  return (body) => edit(edit(body, ['secrets'], filtered(isKept)), ['imagePullSecrets'], filtered(isKept));
}

function statefulSet(body: Fields): Fields {
  const plain = template(body, ['spec', 'template']);
  return edit(plain, ['spec', 'volumeClaimTemplates', '*'], (claim) =>
    isFields(claim) ? drop(omit(claim, ['status']), ['metadata', 'creationTimestamp']) : claim,
  );
}

function job(body: Fields): Fields {
  const plain = template(drop(body, ['spec', 'selector']), ['spec', 'template']);
  return edit(plain, ['spec', 'template', 'metadata', 'labels'], (labels) => {
    if (!isFields(labels)) return labels;
    const kept = omit(labels, JOB_LABELS);
    return Object.keys(kept).length === 0 ? undefined : kept;
  });
}

const TOKEN_VOLUME = /^kube-api-access-[a-z0-9]{5}$/;

function isInjectedToken(volume: unknown): boolean {
  return TOKEN_VOLUME.test(textAt(volume, 'name') ?? '');
}

/** A bare Pod: what scheduling and admission added. A ServiceAccount's token is injected anew. */
function pod(body: Fields): Fields {
  let result = edit(body, ['spec'], (spec) => {
    if (!isFields(spec)) return spec;
    // `priority` and `preemptionPolicy` are computed from the class; admission refuses other values.
    // Ephemeral containers cannot be given at creation; `serviceAccount` repeats serviceAccountName.
    return omit(spec, ['nodeName', 'priority', 'preemptionPolicy', 'ephemeralContainers', 'serviceAccount']);
  });
  result = edit(
    result,
    ['spec', 'volumes'],
    filtered((volume) => !isInjectedToken(volume)),
  );
  for (const containers of ['containers', 'initContainers'])
    result = edit(
      result,
      ['spec', containers, '*', 'volumeMounts'],
      filtered((mount) => !isInjectedToken(mount)),
    );
  return edit(
    result,
    ['spec', 'tolerations'],
    filtered((toleration) => !isInjectedToleration(toleration)),
  );
}

/** Added by the DefaultTolerationSeconds admission, with this very number of seconds. */
function isInjectedToleration(toleration: unknown): boolean {
  const key = textAt(toleration, 'key');
  return (
    (key === 'node.kubernetes.io/not-ready' || key === 'node.kubernetes.io/unreachable') &&
    numberAt(toleration, 'tolerationSeconds') === 300
  );
}
