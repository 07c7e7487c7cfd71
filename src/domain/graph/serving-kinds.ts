/**
 * Which kinds may serve objects that do not refer to them, so that a capture
 * knows what to list although nobody chose it; and by which rules of inference.
 */
import { WEBHOOK_KINDS } from './infer/extension.ts';
import { inferenceRules } from './infer/rules.ts';
import { WORKLOAD_KINDS } from './pod-template.ts';

/** Cluster-scoped: the capture lists them whole. */
export const CLUSTER_WIDE_SERVING_KINDS: readonly string[] = [
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  ...WEBHOOK_KINDS,
  'APIService.apiregistration.k8s.io',
];

/** Rules whose references lead from something that serves to what it serves: it comes along with that. */
const SERVING_RULES: ReadonlySet<string> = new Set([
  'scale-target',
  'keda-scale-target',
  'vertical-scale-target',
  'disruption-budget',
  'ingress-backend',
  'route-backend',
  'backend-tls-target',
]);

export const servesByRule = (rule: string): boolean => SERVING_RULES.has(rule);

/** The kinds that the serving rules are about. */
export const RULED_KINDS: ReadonlySet<string> = new Set(
  inferenceRules.flatMap(({ name, kinds }) => (servesByRule(name) && kinds !== 'all' ? kinds : [])),
);

/** Those that serve what is called from another namespace: without them a Service is a name that nobody answers. */
export const ANSWERING_KINDS: ReadonlySet<string> = new Set([
  // Pods and ReplicaSets are many, and nearly all of them are made by one of the others.
  ...WORKLOAD_KINDS.filter((kind) => kind !== 'Pod' && kind !== 'ReplicaSet.apps'),
  'EndpointSlice.discovery.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
  'ReferenceGrant.gateway.networking.k8s.io',
]);

/** All that serve in their own namespace: listed also when the selection is of other kinds. */
export const NAMESPACED_SERVING_KINDS: ReadonlySet<string> = new Set([
  ...ANSWERING_KINDS,
  ...RULED_KINDS,
  'Service',
  'NetworkPolicy.networking.k8s.io',
  'PersistentVolumeClaim',
]);
