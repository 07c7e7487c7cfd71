/**
 * What is known of well-known operators, as data: which fields of their objects
 * name other objects, what they make, and what they make anew. Read by
 * infer/operators.ts and left-out.ts; a new operator is a row here and no code.
 * What runs once is in operators/run-once.ts.
 */
import { dataReferences } from './operators/data.ts';
import { deliveryReferences } from './operators/delivery.ts';
import type { OperatorProduct, OperatorReference } from './operators/reference.ts';
import { secretReferences } from './operators/secrets.ts';
import { trafficReferences } from './operators/traffic.ts';
import { watchingReferences } from './operators/watching.ts';

/** Fields that every managed resource of Crossplane has, whatever its provider calls it. */
const ANY_CUSTOM_KIND: readonly OperatorReference[] = [
  {
    rule: 'crossplane-provider-config',
    from: ['custom kinds'],
    path: 'spec.providerConfigRef',
    to: 'sibling',
    unnamed: 'ProviderConfig',
    sentence: 'A managed resource is made with the credentials that a provider configuration names.',
  },
  {
    rule: 'crossplane-credentials',
    from: ['custom kinds'],
    path: 'spec.credentials.secretRef',
    to: ['Secret'],
    stays: true,
    sentence: 'A provider configuration logs in with the credentials in a Secret.',
  },
  {
    rule: 'crossplane-composition',
    from: ['custom kinds'],
    path: 'spec.compositionRef',
    to: ['Composition.apiextensions.crossplane.io'],
    sentence: 'A composite resource is made as its Composition says.',
  },
  {
    rule: 'crossplane-composition-v2',
    from: ['custom kinds'],
    path: 'spec.crossplane.compositionRef',
    to: ['Composition.apiextensions.crossplane.io'],
    sentence: 'A composite resource is made as its Composition says.',
  },
];

export const operatorReferences: readonly OperatorReference[] = [
  ...deliveryReferences,
  ...trafficReferences,
  ...secretReferences,
  ...watchingReferences,
  ...dataReferences,
  ...ANY_CUSTOM_KIND,
];

/** Kinds of the tables without a namespace, which a reference to them does not show. */
export const CLUSTER_WIDE_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'StorageClass.storage.k8s.io',
  'GatewayClass.gateway.networking.k8s.io',
  'ClusterIssuer.cert-manager.io',
  'ClusterSecretStore.external-secrets.io',
  'ClusterTriggerAuthentication.keda.sh',
  'ClusterAnalysisTemplate.argoproj.io',
  'ClusterImageCatalog.postgresql.cnpg.io',
  'VolumeSnapshotClass.snapshot.storage.k8s.io',
  'Composition.apiextensions.crossplane.io',
  'Function.pkg.crossplane.io',
  'DeploymentRuntimeConfig.pkg.crossplane.io',
]);

export const operatorProducts: readonly OperatorProduct[] = [
  {
    from: 'Certificate.cert-manager.io',
    paths: ['spec.secretName'],
    makes: [{ kind: 'Secret', name: '{}' }],
  },
  {
    from: 'ExternalSecret.external-secrets.io',
    paths: ['spec.target.name', 'metadata.name'],
    makes: [{ kind: 'Secret', name: '{}' }],
  },
  {
    from: 'SealedSecret.bitnami.com',
    paths: ['metadata.name'],
    makes: [{ kind: 'Secret', name: '{}' }],
  },
  {
    from: 'Cluster.postgresql.cnpg.io',
    paths: ['metadata.name'],
    makes: [
      ...['rw', 'ro', 'r'].map((suffix) => ({ kind: 'Service', name: `{}-${suffix}` })),
      ...['app', 'superuser', 'ca', 'server', 'replication'].map((suffix) => ({
        kind: 'Secret',
        name: `{}-${suffix}`,
      })),
    ],
  },
  {
    from: 'Kafka.kafka.strimzi.io',
    paths: ['metadata.name'],
    makes: [
      { kind: 'Service', name: '{}-kafka-bootstrap' },
      { kind: 'Service', name: '{}-kafka-brokers' },
      { kind: 'Secret', name: '{}-cluster-ca-cert' },
    ],
  },
  {
    from: 'KafkaUser.kafka.strimzi.io',
    paths: ['metadata.name'],
    makes: [{ kind: 'Secret', name: '{}' }],
  },
];

/** Kinds that their controlling owner makes anew, beyond those of Kubernetes itself: kind, and kinds of owners. */
export const GENERATED_BY_OPERATORS: ReadonlyMap<string, readonly string[]> = new Map([
  ['CertificateRequest.cert-manager.io', ['Certificate.cert-manager.io']],
  ['Order.acme.cert-manager.io', ['CertificateRequest.cert-manager.io']],
  ['Challenge.acme.cert-manager.io', ['Order.acme.cert-manager.io']],
  ['HorizontalPodAutoscaler.autoscaling', ['ScaledObject.keda.sh']],
  ['StrimziPodSet.core.strimzi.io', ['Kafka.kafka.strimzi.io', 'KafkaConnect.kafka.strimzi.io']],
  ['AnalysisRun.argoproj.io', ['Rollout.argoproj.io', 'Experiment.argoproj.io']],
]);
