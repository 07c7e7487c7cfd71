import { describe, expect, it } from 'vitest';
import { type KubeObject, refKey } from '../../../api/object.ts';
import { anObject, aWorkload, controlledBy } from '../../../testing/objects.ts';
import type { OperatorReference } from '../operators/reference.ts';
import { operatorReferences } from '../operators.ts';
import { references } from '../references.ts';
import { parsePath, valuesAt } from './field-path.ts';

/** Findings of one rule, whether or not what is referred to is there. */
function findings(rule: string, objects: readonly KubeObject[]) {
  const { edges, missing } = references(objects, { infer: true });
  return [
    ...edges.map(({ to, rule: name, field }) => ({ to, name, field })),
    ...missing.map(({ to, rule: name, field }) => ({ to: refKey(to), name, field })),
  ]
    .filter(({ name }) => name === rule)
    .map(({ to, field }) => `${field} -> ${to}`);
}

const GATEWAY = 'gateway.networking.k8s.io/v1';
const of = (apiVersion: string, kind: string, spec: object, metadata = {}) =>
  anObject(kind, 'shop/x', { apiVersion, spec, metadata });

interface Row {
  readonly rule: string;
  readonly object: KubeObject;
  readonly besides?: readonly KubeObject[];
  readonly found: readonly string[];
}

/** Objects as their documentation shows them. */
const rows: readonly Row[] = [
  {
    rule: 'flux-depends-on',
    object: of('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {
      dependsOn: [{ name: 'a' }, { name: 'b', namespace: 'infra' }],
    }),
    found: [
      'spec.dependsOn[0].name -> Kustomization.kustomize.toolkit.fluxcd.io/shop/a',
      'spec.dependsOn[1].name -> Kustomization.kustomize.toolkit.fluxcd.io/infra/b',
    ],
  },
  {
    rule: 'flux-source',
    object: of('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {
      sourceRef: { kind: 'OCIRepository', name: 'app' },
    }),
    found: ['spec.sourceRef.name -> OCIRepository.source.toolkit.fluxcd.io/shop/app'],
  },
  {
    rule: 'flux-chart-source',
    object: of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', {
      chart: { spec: { sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
    }),
    found: ['spec.chart.spec.sourceRef.name -> HelmRepository.source.toolkit.fluxcd.io/shop/charts'],
  },
  {
    rule: 'flux-helm-chart-source',
    object: of('source.toolkit.fluxcd.io/v1', 'HelmChart', {
      chart: 'web',
      sourceRef: { kind: 'HelmRepository', name: 'charts' },
    }),
    found: ['spec.sourceRef.name -> HelmRepository.source.toolkit.fluxcd.io/shop/charts'],
  },
  {
    rule: 'gateway-class',
    object: of(GATEWAY, 'Gateway', { gatewayClassName: 'public' }),
    found: ['spec.gatewayClassName -> GatewayClass.gateway.networking.k8s.io/public'],
  },
  {
    rule: 'gateway-tls-secret',
    object: of(GATEWAY, 'Gateway', {
      listeners: [{}, { tls: { certificateRefs: [{ name: 'cert' }, { kind: 'Other', name: 'no' }] } }],
    }),
    found: ['spec.listeners[1].tls.certificateRefs[0].name -> Secret/shop/cert'],
  },
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute'].flatMap((kind) => [
    {
      rule: 'route-parent',
      object: of(GATEWAY, kind, { parentRefs: [{ name: 'front', namespace: 'infra' }] }),
      found: ['spec.parentRefs[0].name -> Gateway.gateway.networking.k8s.io/infra/front'],
    },
    {
      rule: 'route-backend',
      object: of(GATEWAY, kind, { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] }),
      found: ['spec.rules[0].backendRefs[0].name -> Service/shop/web'],
    },
  ]),
  {
    rule: 'vertical-scale-target',
    object: of('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    }),
    found: ['spec.targetRef.name -> Deployment.apps/shop/web'],
  },
  {
    rule: 'cert-manager-issuer',
    object: of('cert-manager.io/v1', 'Certificate', { issuerRef: { name: 'ca' } }),
    found: ['spec.issuerRef.name -> Issuer.cert-manager.io/shop/ca'],
  },
  {
    rule: 'cert-manager-issuer',
    object: of('cert-manager.io/v1', 'Certificate', { issuerRef: { kind: 'ClusterIssuer', name: 'acme' } }),
    found: ['spec.issuerRef.name -> ClusterIssuer.cert-manager.io/acme'],
  },
  {
    rule: 'cert-manager-ingress-cluster-issuer',
    object: anObject('Ingress', 'shop/front', {
      metadata: { annotations: { 'cert-manager.io/cluster-issuer': 'acme' } },
    }),
    found: ['metadata.annotations["cert-manager.io/cluster-issuer"] -> ClusterIssuer.cert-manager.io/acme'],
  },
  {
    rule: 'cert-manager-solver-secret',
    object: of('cert-manager.io/v1', 'Issuer', {
      acme: {
        solvers: [
          { dns01: { route53: { region: 'eu', secretAccessKeySecretRef: { name: 'aws', key: 'k' } } } },
        ],
      },
    }),
    found: ['spec.acme.solvers[0].dns01.route53.secretAccessKeySecretRef.name -> Secret/shop/aws'],
  },
  {
    rule: 'external-secret-store',
    object: of('external-secrets.io/v1', 'ExternalSecret', {
      secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' },
    }),
    found: ['spec.secretStoreRef.name -> ClusterSecretStore.external-secrets.io/vault'],
  },
  {
    rule: 'secret-store-secret',
    object: of('external-secrets.io/v1', 'SecretStore', {
      provider: { aws: { region: 'eu', auth: { secretRef: { accessKeyIDSecretRef: { name: 'aws' } } } } },
    }),
    found: ['spec.provider.aws.auth.secretRef.accessKeyIDSecretRef.name -> Secret/shop/aws'],
  },
  {
    rule: 'secret-store-azure-secret',
    object: of('external-secrets.io/v1', 'SecretStore', {
      provider: { azurekv: { vaultUrl: 'https://x', authSecretRef: { clientSecret: { name: 'azure' } } } },
    }),
    found: ['spec.provider.azurekv.authSecretRef.clientSecret.name -> Secret/shop/azure'],
  },
  {
    rule: 'secret-store-vault-secret',
    object: of('external-secrets.io/v1', 'SecretStore', {
      provider: { vault: { auth: { appRole: { roleId: 'r', secretRef: { name: 'vault', key: 'id' } } } } },
    }),
    found: ['spec.provider.vault.auth.appRole.secretRef.name -> Secret/shop/vault'],
  },
  {
    rule: 'secret-store-vault-role',
    object: of('external-secrets.io/v1', 'SecretStore', {
      provider: { vault: { auth: { appRole: { roleRef: { name: 'role', key: 'id' } } } } },
    }),
    found: ['spec.provider.vault.auth.appRole.roleRef.name -> Secret/shop/role'],
  },
  {
    rule: 'prometheus-alertmanager',
    object: of('monitoring.coreos.com/v1', 'Prometheus', {
      alerting: { alertmanagers: [{ name: 'main', namespace: 'monitoring', port: 'web' }] },
    }),
    found: ['spec.alerting.alertmanagers[0].name -> Service/monitoring/main'],
  },
  {
    rule: 'cnpg-s3-credentials',
    object: of('postgresql.cnpg.io/v1', 'Cluster', {
      backup: {
        barmanObjectStore: {
          s3Credentials: { accessKeyId: { name: 's3', key: 'id' }, inheritFromIAMRole: false },
        },
      },
    }),
    found: ['spec.backup.barmanObjectStore.s3Credentials.accessKeyId.name -> Secret/shop/s3'],
  },
  {
    rule: 'strimzi-cluster',
    object: of('kafka.strimzi.io/v1beta2', 'KafkaTopic', {}, { labels: { 'strimzi.io/cluster': 'main' } }),
    found: ['metadata.labels["strimzi.io/cluster"] -> Kafka.kafka.strimzi.io/shop/main'],
  },
  {
    rule: 'keda-scale-target',
    object: of('keda.sh/v1alpha1', 'ScaledObject', { scaleTargetRef: { name: 'web' } }),
    found: ['spec.scaleTargetRef.name -> Deployment.apps/shop/web'],
  },
  {
    rule: 'keda-scale-target',
    object: of('keda.sh/v1alpha1', 'ScaledObject', {
      scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' },
    }),
    found: ['spec.scaleTargetRef.name -> Rollout.argoproj.io/shop/web'],
  },
  {
    rule: 'keda-authentication',
    object: of('keda.sh/v1alpha1', 'ScaledObject', { triggers: [{ authenticationRef: { name: 'queue' } }] }),
    found: ['spec.triggers[0].authenticationRef.name -> TriggerAuthentication.keda.sh/shop/queue'],
  },
  {
    rule: 'crossplane-provider-config',
    object: anObject('Bucket', 'data', {
      apiVersion: 's3.aws.upbound.io/v1',
      spec: { providerConfigRef: { name: 'main' } },
    }),
    besides: [
      anObject('CustomResourceDefinition', 'providerconfigs.aws.upbound.io', {
        spec: { group: 'aws.upbound.io', names: { kind: 'ProviderConfig' }, scope: 'Cluster' },
      }),
    ],
    found: ['spec.providerConfigRef.name -> ProviderConfig.aws.upbound.io/main'],
  },
  {
    rule: 'snapshot-class',
    object: of('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', { volumeSnapshotClassName: 'csi' }),
    found: ['spec.volumeSnapshotClassName -> VolumeSnapshotClass.snapshot.storage.k8s.io/csi'],
  },
  {
    rule: 'argo-analysis',
    object: of('argoproj.io/v1alpha1', 'Rollout', {
      strategy: {
        canary: {
          steps: [
            { setWeight: 10 },
            {
              analysis: { templates: [{ templateName: 'own' }, { templateName: 'all', clusterScope: true }] },
            },
          ],
        },
      },
    }),
    found: [
      'spec.strategy.canary.steps[1].analysis.templates[0].templateName -> AnalysisTemplate.argoproj.io/shop/own',
      'spec.strategy.canary.steps[1].analysis.templates[1].templateName -> ClusterAnalysisTemplate.argoproj.io/all',
    ],
  },
  ...[
    { more: {}, to: 'Issuer.cert-manager.io/shop/ca' },
    { more: { 'cert-manager.io/issuer-kind': 'ClusterIssuer' }, to: 'ClusterIssuer.cert-manager.io/ca' },
    {
      more: {
        'cert-manager.io/issuer-kind': 'OriginIssuer',
        'cert-manager.io/issuer-group': 'origin.example',
      },
      to: 'OriginIssuer.origin.example/shop/ca',
    },
  ].map(({ more, to }) => ({
    rule: 'cert-manager-ingress-issuer',
    object: anObject('Ingress', 'shop/front', {
      metadata: { annotations: { 'cert-manager.io/issuer': 'ca', ...more } },
    }),
    found: [`metadata.annotations["cert-manager.io/issuer"] -> ${to}`],
  })),
  {
    rule: 'cert-manager-issuer',
    object: of('cert-manager.io/v1', 'Certificate', {
      issuerRef: { name: 'ca', kind: 'Issuer', group: 'origin.example' },
    }),
    found: ['spec.issuerRef.name -> Issuer.origin.example/shop/ca'],
  },
  {
    rule: 'nginx-auth-secret',
    object: anObject('Ingress', 'shop/front', {
      metadata: { annotations: { 'nginx.ingress.kubernetes.io/auth-secret': 'infra/users' } },
    }),
    found: ['metadata.annotations["nginx.ingress.kubernetes.io/auth-secret"] -> Secret/infra/users'],
  },
];

describe('references of operators', () => {
  it.each(rows)('$rule: $found', ({ rule, object, besides = [], found }) => {
    expect(findings(rule, [object, ...besides]).toSorted()).toEqual([...found].toSorted());
  });
});

describe('what an operator works without', () => {
  const optional = (object: KubeObject) =>
    references([object], { infer: true })
      .missing.filter(({ rule }) => rule !== 'namespace')
      .map(({ to, optional: isOptional }) => [refKey(to), isOptional]);

  it.each([
    [
      'values of a Flux HelmRelease that may be absent',
      of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', {
        valuesFrom: [
          { kind: 'ConfigMap', name: 'base' },
          { kind: 'ConfigMap', name: 'over', optional: true },
        ],
      }),
      [
        ['ConfigMap/shop/base', false],
        ['ConfigMap/shop/over', true],
      ],
    ],
    [
      'variables of a Flux Kustomization that may be absent',
      of('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {
        postBuild: { substituteFrom: [{ kind: 'Secret', name: 'vars', optional: true }] },
      }),
      [['Secret/shop/vars', true]],
    ],
    [
      'the project of an Argo CD Application, which is in the namespace of Argo CD',
      of('argoproj.io/v1alpha1', 'Application', { project: 'default' }),
      [['AppProject.argoproj.io/shop/default', true]],
    ],
  ])('is optional: %s', (_what, object, expected) => {
    expect(optional(object)).toEqual(expected);
  });
});

/** An object that has nothing but the reference of a row, made from the path of the row itself. */
function objectWith(row: OperatorReference): KubeObject {
  const reference = row.to === 'named' ? { apiVersion: 'apps/v1', kind: 'Deployment', name: 'it' } : 'it';
  const value = parsePath(row.path).reduceRight<unknown>((inner, step) => {
    if (step === '[*]') return [inner];
    return { [step.startsWith('*') ? `any${step.slice(1)}` : step]: inner };
  }, reference);
  const { metadata, spec } = value as { metadata?: object; spec?: object };
  const [type = ''] = row.from;
  const dot = type.indexOf('.');
  const apiVersion = dot < 0 ? 'any.example/v1' : `${type.slice(dot + 1)}/v1`;
  return anObject(dot < 0 ? 'Any' : type.slice(0, dot), 'shop/x', {
    apiVersion,
    metadata: metadata ?? {},
    spec,
  });
}

describe('the table of operators', () => {
  it.each(operatorReferences.filter(({ to, unlessOwned }) => to !== 'sibling' && unlessOwned !== true))(
    '$rule reads $path, and finds nothing in an object without it',
    (row) => {
      const object = objectWith(row);
      const [value] = valuesAt(object, parsePath(row.path));
      const name = typeof value?.value === 'string' ? value.path : `${value?.path}.name`;

      const found = findings(row.rule, [object]);

      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(new RegExp(`^${name.replaceAll(/[[\]."/*]/g, '\\$&')} -> .*/it$`));
      const { metadata } = object;
      const bare = { ...object, spec: {}, metadata: { name: metadata.name, namespace: 'shop' } };
      expect(findings(row.rule, [bare])).toEqual([]);
    },
  );
});

describe('what an operator makes', () => {
  const certificate = of('cert-manager.io/v1', 'Certificate', { secretName: 'tls' });
  const web = aWorkload('Deployment', 'shop/web', {
    volumes: [{ name: 'c', secret: { secretName: 'tls' } }],
  });
  const edgesOf = (objects: readonly KubeObject[]) =>
    references(objects, { infer: true })
      .edges.filter(({ to }) => !to.startsWith('Namespace'))
      .map(({ from, to }) => `${from} -> ${to}`);

  it('is waited for through its maker when it is not there, and is not missing', () => {
    expect(edgesOf([certificate, web])).toEqual([
      'Deployment.apps/shop/web -> Certificate.cert-manager.io/shop/x',
    ]);
    const { missing } = references([certificate, web], { infer: true });
    expect(missing.map(({ to }) => to.kind)).not.toContain('Secret');
  });

  it('is there before its maker when it is copied, so that it is kept', () => {
    const secret = anObject('Secret', 'shop/tls');

    expect(edgesOf([certificate, web, secret])).toEqual([
      'Certificate.cert-manager.io/shop/x -> Secret/shop/tls',
      'Deployment.apps/shop/web -> Secret/shop/tls',
    ]);
  });

  it('comes after its maker when that owns it', () => {
    const secret = anObject('Secret', 'shop/tls', { metadata: controlledBy(certificate) });

    expect(edgesOf([certificate, secret])).toEqual(['Secret/shop/tls -> Certificate.cert-manager.io/shop/x']);
  });
});

describe('sync waves of Argo CD', () => {
  const inWave = (name: string, wave: string | undefined, labels = {}) =>
    anObject('ConfigMap', `shop/${name}`, {
      metadata: { labels, annotations: wave === undefined ? {} : { 'argocd.argoproj.io/sync-wave': wave } },
    });
  const found = (objects: readonly KubeObject[]) => findings('argo-sync-wave', objects);
  const field = 'metadata.annotations["argocd.argoproj.io/sync-wave"]';

  it('put each object after the wave before its own', () => {
    expect(found([inWave('a', '-1'), inWave('b', '2'), inWave('c', '5')])).toEqual([
      `${field} -> ConfigMap/shop/a`,
      `${field} -> ConfigMap/shop/b`,
    ]);
  });

  it('count an object of the application without a wave as wave 0', () => {
    const labels = { 'argocd.argoproj.io/instance': 'shop' };

    expect(found([inWave('a', undefined, labels), inWave('b', '1', labels)])).toEqual([
      `${field} -> ConfigMap/shop/a`,
    ]);
  });

  it('wait for what takes time, where a wave has such', () => {
    const job = anObject('Job', 'shop/migrate', {
      metadata: { annotations: { 'argocd.argoproj.io/sync-wave': '0' } },
      spec: { template: { spec: { containers: [{}] } } },
    });

    expect(found([inWave('a', '0'), job, inWave('b', '1')])).toEqual([`${field} -> Job.batch/shop/migrate`]);
  });

  it.each(['', 'first', '1.5'])('%j is no wave', (wave) => {
    expect(found([inWave('a', '0'), inWave('b', wave)])).toEqual([]);
  });
});
