/** What pods need before they can start: everything their template mounts, reads or runs as. */
import { arrayAt, at, isFields } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import {
  containersOf,
  type PodTemplate,
  podTemplatesOf,
  serviceAccountOf,
  WORKLOAD_KINDS,
} from '../pod-template.ts';
import type { World } from '../world.ts';
import { beside, CUSTOM, clusterWide, type Found, type Rule, type RuleDescription } from './rule.ts';
import { volumeClaims, volumeConfigMaps, volumeSecretProviders, volumeSecrets } from './volumes.ts';

/** Kinds that run pods: those of Kubernetes, and custom ones that embed a pod template. */
export const POD_KINDS: readonly string[] = [...WORKLOAD_KINDS, CUSTOM];

export const podRules: readonly Rule[] = [
  podRule('env-config-map', 'containers[*].env[*].valueFrom.configMapKeyRef.name', {
    sentence: 'A container takes an environment variable from a ConfigMap.',
    find: (object, template) => environmentKeys(object, template, 'ConfigMap', 'configMapKeyRef'),
  }),
  podRule('env-secret', 'containers[*].env[*].valueFrom.secretKeyRef.name', {
    sentence: 'A container takes an environment variable from a Secret.',
    find: (object, template) => environmentKeys(object, template, 'Secret', 'secretKeyRef'),
  }),
  podRule('env-from-config-map', 'containers[*].envFrom[*].configMapRef.name', {
    sentence: 'A container takes its environment from a whole ConfigMap.',
    find: (object, template) => wholeEnvironment(object, template, 'ConfigMap', 'configMapRef'),
  }),
  podRule('env-from-secret', 'containers[*].envFrom[*].secretRef.name', {
    sentence: 'A container takes its environment from a whole Secret.',
    find: (object, template) => wholeEnvironment(object, template, 'Secret', 'secretRef'),
  }),
  podRule('volume-config-map', 'volumes[*].configMap.name', {
    sentence: 'A pod mounts a ConfigMap, by itself or as part of a projected volume.',
    find: volumeConfigMaps,
  }),
  podRule('volume-secret', 'volumes[*].secret.secretName', {
    sentence: 'A pod mounts a Secret, or the driver of one of its volumes (CSI and others) reads it.',
    find: volumeSecrets,
  }),
  podRule('volume-secret-provider', 'volumes[*].csi.volumeAttributes.secretProviderClass', {
    sentence: 'The Secrets Store driver fills a volume of a pod as a SecretProviderClass says.',
    find: volumeSecretProviders,
  }),
  podRule('volume-claim', 'volumes[*].persistentVolumeClaim.claimName', {
    sentence: 'A pod mounts the volume of a claim.',
    find: volumeClaims,
  }),
  podRule('resource-claim', 'resourceClaims[*].resourceClaimName', {
    sentence: 'A pod uses a device that a ResourceClaim, or a template of one, asks for.',
    find: resourceClaims,
  }),
  podRule('image-pull-secret', 'imagePullSecrets[*].name', {
    sentence: 'The images of a pod are pulled with the credentials in a Secret.',
    find: imagePullSecrets,
  }),
  podRule('service-account', 'serviceAccountName', {
    sentence: 'A pod runs as a ServiceAccount.',
    find: serviceAccount,
  }),
  {
    ...described(
      'granted-by',
      'serviceAccountName',
      'A binding gives rights to the account that a pod runs as; without them its first calls fail.',
    ),
    sees: 'others',
    find: (object, world) => podTemplatesOf(object).flatMap((template) => grants(object, template, world)),
  },
  podRule('priority-class', 'priorityClassName', {
    sentence: 'A pod is refused when its PriorityClass does not exist.',
    find: (_, { spec, path }) =>
      clusterWide('scheduling.k8s.io', 'PriorityClass', spec.priorityClassName, `${path}.priorityClassName`),
  }),
  podRule('runtime-class', 'runtimeClassName', {
    sentence: 'A pod is refused when its RuntimeClass does not exist.',
    find: (_, { spec, path }) =>
      clusterWide('node.k8s.io', 'RuntimeClass', spec.runtimeClassName, `${path}.runtimeClassName`),
  }),
];

interface PodRuleParts {
  readonly sentence: string;
  readonly find: (object: KubeObject, template: PodTemplate) => readonly Found[];
}

function podRule(name: string, reads: string, { sentence, find }: PodRuleParts): Rule {
  return {
    ...described(name, reads, sentence),
    find: (object) => podTemplatesOf(object).flatMap((template) => find(object, template)),
  };
}

/** @param reads the field, from the pod spec on; `containers` stands for containers of all sorts */
function described(name: string, reads: string, sentence: string): RuleDescription {
  return {
    name,
    kinds: POD_KINDS,
    reads: `spec.template.spec.${reads}`,
    certainty: 'certain',
    sentence,
  };
}

function environmentKeys(
  object: KubeObject,
  template: PodTemplate,
  kind: string,
  source: 'configMapKeyRef' | 'secretKeyRef',
): readonly Found[] {
  return containersOf(template).flatMap(({ container, path }) =>
    arrayAt(container, 'env').flatMap((variable, index) => {
      const found = at(variable, 'valueFrom', source);
      const field = `${path}.env[${index}].valueFrom.${source}.name`;
      return beside(object, { kind, name: at(found, 'name') }, field, at(found, 'optional'));
    }),
  );
}

function wholeEnvironment(
  object: KubeObject,
  template: PodTemplate,
  kind: string,
  source: 'configMapRef' | 'secretRef',
): readonly Found[] {
  return containersOf(template).flatMap(({ container, path }) =>
    arrayAt(container, 'envFrom').flatMap((origin, index) => {
      const found = at(origin, source);
      const field = `${path}.envFrom[${index}].${source}.name`;
      return beside(object, { kind, name: at(found, 'name') }, field, at(found, 'optional'));
    }),
  );
}

function resourceClaims(object: KubeObject, template: PodTemplate): readonly Found[] {
  const group = 'resource.k8s.io';
  return arrayAt(template.spec, 'resourceClaims').flatMap((claim, index) => {
    const path = `${template.path}.resourceClaims[${index}]`;
    const { resourceClaimName, resourceClaimTemplateName } = isFields(claim) ? claim : {};
    return [
      ...beside(
        object,
        { group, kind: 'ResourceClaim', name: resourceClaimName },
        `${path}.resourceClaimName`,
      ),
      ...beside(
        object,
        { group, kind: 'ResourceClaimTemplate', name: resourceClaimTemplateName },
        `${path}.resourceClaimTemplateName`,
      ),
    ];
  });
}

function imagePullSecrets(object: KubeObject, template: PodTemplate): readonly Found[] {
  return arrayAt(template.spec, 'imagePullSecrets').flatMap((secret, index) =>
    beside(
      object,
      { kind: 'Secret', name: at(secret, 'name') },
      `${template.path}.imagePullSecrets[${index}].name`,
    ),
  );
}

/** Pods that name no account run as `default`, which every namespace has by itself: hence optional. */
function serviceAccount(object: KubeObject, template: PodTemplate): readonly Found[] {
  const name = serviceAccountOf(template);
  const field = `${template.path}.serviceAccountName`;
  return beside(object, { kind: 'ServiceAccount', name }, field, name === 'default');
}

/** Rights before pods: an application that starts without them fails its first calls. */
function grants(object: KubeObject, template: PodTemplate, world: World): readonly Found[] {
  const { namespace } = object.metadata;
  if (namespace === undefined) return [];
  const field = `${template.path}.serviceAccountName`;
  return world.bindingsOf(namespace, serviceAccountOf(template)).map((to) => ({ to, field }));
}
