/**
 * What keeps an object from doing anything, kind by kind, as data: which kinds
 * are not held ready at all and why, and which field stops which kind. A kind
 * of an operator is a row here; one that has a scale needs none.
 */
import { arrayAt, at, numberAt, textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isCustom, kindOf } from '../graph/kinds.ts';
import { compareText } from '../graph/sorting.ts';
import { type Pointer, valueAt } from '../transforms/patch.ts';

/** A field as it has to be in standby; without a value it has to be absent. */
export interface Setting {
  readonly path: Pointer;
  readonly value?: unknown;
}

/** Label that no node has. */
export const NO_NODE = 'antipode.dev/standby';

const ANNOUNCES = 'its controller would announce addresses or names, or ask for certificates';
const INTERCEPTS = 'it would act on everything in the recovery cluster, while what serves it does not run';
const SCALES = 'it would start what it scales';

/** Kinds that are created by the failover only, and why. */
const HELD_BACK: Readonly<Record<string, string>> = {
  Pod: 'it would run',
  PersistentVolumeClaim: 'claims are made together with their data',
  'HorizontalPodAutoscaler.autoscaling': SCALES,
  'Ingress.networking.k8s.io': ANNOUNCES,
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': INTERCEPTS,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': INTERCEPTS,
  'MutatingAdmissionPolicy.admissionregistration.k8s.io': INTERCEPTS,
  'MutatingAdmissionPolicyBinding.admissionregistration.k8s.io': INTERCEPTS,
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io': INTERCEPTS,
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io': INTERCEPTS,
  'APIService.apiregistration.k8s.io': INTERCEPTS,
  'FlowSchema.flowcontrol.apiserver.k8s.io': INTERCEPTS,
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io': INTERCEPTS,
};

/** Custom kinds that only say something: nothing is started by their being there. */
const PASSIVE: ReadonlySet<string> = new Set([
  'CiliumNetworkPolicy.cilium.io',
  'NetworkPolicy.crd.projectcalico.org',
  'NetworkPolicy.projectcalico.org',
  'SecretProviderClass.secrets-store.csi.x-k8s.io',
  'VolumeSnapshotClass.snapshot.storage.k8s.io',
  'VolumeGroupSnapshotClass.groupsnapshot.storage.k8s.io',
]);

/** Kinds whose `spec.replicas` is how much of them runs, also when it is left out. */
const SCALED: ReadonlySet<string> = new Set([
  'Deployment.apps',
  'ReplicaSet.apps',
  'ReplicationController',
  'StatefulSet.apps',
]);

/** Kinds that `spec.suspend` stops. */
const SUSPENDED: ReadonlySet<string> = new Set([
  'CronJob.batch',
  'Job.batch',
  'CronWorkflow.argoproj.io',
  'HelmRelease.helm.toolkit.fluxcd.io',
  'JobSet.jobset.x-k8s.io',
  'Kustomization.kustomize.toolkit.fluxcd.io',
]);

/** Annotations that make something happen, on any kind; one that ends in `/` stands for all below it. */
const ACTING_ANNOTATIONS: readonly string[] = [
  'external-dns.alpha.kubernetes.io/',
  'external-dns.kubernetes.io/',
  'groupsnapshot.storage.kubernetes.io/is-default-class',
  'ingressclass.kubernetes.io/is-default-class',
  'snapshot.storage.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
  'storageclass.kubernetes.io/is-default-class',
];

/** Fields of a Service that the API allows only where there is an address from outside. */
const BALANCER_FIELDS: readonly string[] = [
  'allocateLoadBalancerNodePorts',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'loadBalancerClass',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
];

/**
 * Why an object is not held ready, as a sentence; undefined when it is.
 * @param definition of its kind, for custom kinds
 */
export function reasonToHoldBack(object: KubeObject, definition: KubeObject | undefined): string | undefined {
  const kind = kindOf(object);
  const held = HELD_BACK[kind];
  if (held !== undefined) return held;
  if (kind === 'ServiceAccount' && object.metadata.name === 'default')
    return 'the recovery cluster has one of its own, which is completed by the failover';
  if (kind === 'PriorityClass.scheduling.k8s.io' && at(object, 'globalDefault') === true)
    return 'it would change the priority of whatever starts in the recovery cluster';
  if (kind === 'Job.batch' && hasEnded(object)) return 'it has run to its end';
  if (kind === 'CustomResourceDefinition.apiextensions.k8s.io' && convertsByWebhook(object))
    return 'its objects are converted by a webhook that does not run';
  if (!isCustom(groupOf(object.apiVersion))) return undefined;
  if (PASSIVE.has(kind) || SUSPENDED.has(kind) || isScaled(object, definition)) return undefined;
  return 'what its operator would do with it is not known';
}

/** What has to be set for the object to do nothing. The object is none that is held back. */
export function settingsFor(object: KubeObject, definition: KubeObject | undefined): readonly Setting[] {
  const kind = kindOf(object);
  return [
    ...(isScaled(object, definition) ? [{ path: ['spec', 'replicas'], value: 0 }] : []),
    ...(SUSPENDED.has(kind) ? [{ path: ['spec', 'suspend'], value: true }] : []),
    ...(kind === 'StatefulSet.apps' ? claimsKept(object) : []),
    ...(kind === 'DaemonSet.apps' ? [nowhere(object)] : []),
    ...(kind === 'Service' ? withoutAddress(object) : []),
    ...actingAnnotations(object),
    // What takes them off does not run: the object could never be removed.
    ...(object.metadata.finalizers === undefined ? [] : [{ path: ['metadata', 'finalizers'] }]),
  ];
}

/** Of a custom kind, only its definition says that `spec.replicas` is all that runs of it. */
function isScaled(object: KubeObject, definition: KubeObject | undefined): boolean {
  if (SCALED.has(kindOf(object))) return true;
  if (numberAt(object, 'spec', 'replicas') === undefined) return false;
  const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
  const served = arrayAt(definition, 'spec', 'versions').find((each) => textAt(each, 'name') === version);
  return textAt(served, 'subresources', 'scale', 'specReplicasPath') === '.spec.replicas';
}

const hasEnded = (job: KubeObject): boolean =>
  arrayAt(job, 'status', 'conditions').some(
    (condition) =>
      ['Complete', 'Failed'].includes(textAt(condition, 'type') ?? '') &&
      textAt(condition, 'status') === 'True',
  );

const convertsByWebhook = (definition: KubeObject): boolean =>
  textAt(definition, 'spec', 'conversion', 'strategy') === 'Webhook';

/** At zero replicas a policy of Delete would take the claims away that data is brought into. */
function claimsKept(object: KubeObject): readonly Setting[] {
  const policy = ['spec', 'persistentVolumeClaimRetentionPolicy'];
  return ['whenDeleted', 'whenScaled']
    .map((moment) => [...policy, moment])
    .filter((path) => valueAt(object, path) === 'Delete')
    .map((path) => ({ path, value: 'Retain' }));
}

function nowhere(object: KubeObject): Setting {
  const path = ['spec', 'template', 'spec', 'nodeSelector'];
  return valueAt(object, path) === undefined
    ? { path, value: { [NO_NODE]: 'true' } }
    : { path: [...path, NO_NODE], value: 'true' };
}

function withoutAddress(object: KubeObject): readonly Setting[] {
  const type = textAt(object, 'spec', 'type');
  const removed = (name: string): readonly Setting[] =>
    at(object, 'spec', name) === undefined ? [] : [{ path: ['spec', name] }];
  const externalIPs = removed('externalIPs');
  if (type === 'LoadBalancer')
    return [
      { path: ['spec', 'type'], value: 'ClusterIP' },
      ...externalIPs,
      ...BALANCER_FIELDS.flatMap(removed),
    ];
  return type === 'NodePort' ? externalIPs : [...externalIPs, ...removed('externalTrafficPolicy')];
}

function actingAnnotations({ metadata }: KubeObject): readonly Setting[] {
  return Object.keys(metadata.annotations ?? {})
    .filter((name) =>
      ACTING_ANNOTATIONS.some((each) => (each.endsWith('/') ? name.startsWith(each) : name === each)),
    )
    .toSorted(compareText)
    .map((name) => ({ path: ['metadata', 'annotations', name] }));
}
