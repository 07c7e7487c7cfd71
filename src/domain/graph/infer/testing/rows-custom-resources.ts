/** Rows of what the pods of custom resources refer to. */
import { anObject } from '../../../../testing/objects.ts';
import { container, type Row, volume } from './row.ts';

/** Custom resources of three shapes that embed pod templates. */
const rollout = anObject('Rollout', 'shop/web', {
  apiVersion: 'argoproj.io/v1alpha1',
  spec: { template: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } },
});
const flink = anObject('FlinkDeployment', 'shop/jobs', {
  apiVersion: 'flink.apache.org/v1beta1',
  spec: { podTemplate: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } },
});
const ray = anObject('RayCluster', 'shop/ray', {
  apiVersion: 'ray.io/v1',
  spec: {
    headGroupSpec: { template: { spec: container({}) } },
    workerGroupSpecs: [{ template: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } }],
  },
});
/** Its operator adds the containers. */
const elastic = (spec: object) =>
  anObject('Elasticsearch', 'shop/logs', {
    apiVersion: 'elasticsearch.k8s.elastic.co/v1',
    spec: { nodeSets: [{ name: 'all', podTemplate: { spec } }] },
  });

/** What pod templates in custom resources name. */
export const inCustomResources: readonly Row[] = [
  {
    rule: 'volume-secret',
    from: elastic(volume({ secret: { secretName: 'keys' } })),
    to: 'Secret/shop/keys',
    field: 'spec.nodeSets[0].podTemplate.spec.volumes[1].secret.secretName',
  },
  {
    rule: 'service-account',
    from: elastic({ serviceAccountName: 'es' }),
    to: 'ServiceAccount/shop/es',
    field: 'spec.nodeSets[0].podTemplate.spec.serviceAccountName',
  },
  ...inTemplates(),
];

function inTemplates(): readonly Row[] {
  return [
    [rollout, 'spec.template.spec'] as const,
    [flink, 'spec.podTemplate.spec'] as const,
    [ray, 'spec.workerGroupSpecs[0].template.spec'] as const,
  ].map(([from, path]) => ({
    rule: 'env-from-secret',
    from,
    to: 'Secret/shop/pw',
    field: `${path}.containers[1].envFrom[0].secretRef.name`,
  }));
}
