/** What pods need before they can start: everything their template mounts, reads or runs as. */
import { arrayAt, at, isFields } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import {
  containersOf,
  type PodTemplate,
  podTemplateOf,
  serviceAccountOf,
  WORKLOAD_KINDS,
} from '../pod-template.ts';
import type { World } from '../world.ts';
import { beside, clusterWide, type Found, type Rule } from './rule.ts';

export const podRules: readonly Rule[] = [
  podRule('env-config-map', (object, template) =>
    environmentKeys(object, template, 'ConfigMap', 'configMapKeyRef'),
  ),
  podRule('env-secret', (object, template) => environmentKeys(object, template, 'Secret', 'secretKeyRef')),
  podRule('env-from-config-map', (object, template) =>
    wholeEnvironment(object, template, 'ConfigMap', 'configMapRef'),
  ),
  podRule('env-from-secret', (object, template) => wholeEnvironment(object, template, 'Secret', 'secretRef')),
  podRule('volume-config-map', volumeConfigMaps),
  podRule('volume-secret', volumeSecrets),
  podRule('volume-claim', volumeClaims),
  podRule('image-pull-secret', imagePullSecrets),
  podRule('service-account', serviceAccount),
  podRule('granted-by', grants),
  podRule('priority-class', (_, { spec, path }) =>
    clusterWide('scheduling.k8s.io', 'PriorityClass', spec.priorityClassName, `${path}.priorityClassName`),
  ),
  podRule('runtime-class', (_, { spec, path }) =>
    clusterWide('node.k8s.io', 'RuntimeClass', spec.runtimeClassName, `${path}.runtimeClassName`),
  ),
];

function podRule(
  name: string,
  find: (object: KubeObject, template: PodTemplate, world: World) => readonly Found[],
): Rule {
  return {
    name,
    kinds: WORKLOAD_KINDS,
    find: (object, world) => {
      const template = podTemplateOf(object);
      return template === undefined ? [] : find(object, template, world);
    },
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

/** Volumes and, inside projected ones, their sources: the same fields one level deeper. */
function volumeSources(template: PodTemplate): readonly { source: unknown; path: string }[] {
  return arrayAt(template.spec, 'volumes').flatMap((volume, index) => {
    const path = `${template.path}.volumes[${index}]`;
    const projected = arrayAt(volume, 'projected', 'sources').map((source, position) => ({
      source,
      path: `${path}.projected.sources[${position}]`,
    }));
    return [{ source: volume, path }, ...projected];
  });
}

function volumeConfigMaps(object: KubeObject, template: PodTemplate): readonly Found[] {
  return volumeSources(template).flatMap(({ source, path }) => {
    const found = at(source, 'configMap');
    return beside(
      object,
      { kind: 'ConfigMap', name: at(found, 'name') },
      `${path}.configMap.name`,
      at(found, 'optional'),
    );
  });
}

/** The fields in which the volume types name a Secret: `secret`, `csi`, `azureFile`, `cephfs`, `flexVolume`, `iscsi`, … */
const SECRET_FIELDS: readonly (readonly string[])[] = [
  ['secretName'],
  ['secretRef', 'name'],
  ['nodePublishSecretRef', 'name'],
];

function volumeSecrets(object: KubeObject, template: PodTemplate): readonly Found[] {
  return volumeSources(template).flatMap(({ source, path }) => {
    const types = isFields(source) ? Object.entries(source) : [];
    return types.flatMap(([type, settings]) => {
      // A projected `secret` names itself `name`; everywhere else `name` is not a Secret's.
      const fields = type === 'secret' ? [...SECRET_FIELDS, ['name']] : SECRET_FIELDS;
      return fields.flatMap((field) =>
        beside(
          object,
          { kind: 'Secret', name: at(settings, ...field) },
          `${path}.${type}.${field.join('.')}`,
          at(settings, 'optional'),
        ),
      );
    });
  });
}

function volumeClaims(object: KubeObject, template: PodTemplate): readonly Found[] {
  return arrayAt(template.spec, 'volumes').flatMap((volume, index) => {
    const field = `${template.path}.volumes[${index}].persistentVolumeClaim.claimName`;
    const name = at(volume, 'persistentVolumeClaim', 'claimName');
    return beside(object, { kind: 'PersistentVolumeClaim', name }, field);
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
