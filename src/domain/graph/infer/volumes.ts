/** What the volumes of a pod refer to: each must be there before the pod starts. */
import { arrayAt, at, isFields } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { PodTemplate } from '../pod-template.ts';
import { beside, type Found } from './rule.ts';

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

export function volumeConfigMaps(object: KubeObject, template: PodTemplate): readonly Found[] {
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

export function volumeSecrets(object: KubeObject, template: PodTemplate): readonly Found[] {
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

/** A claim template of a StatefulSet takes the place of a volume of its name. */
export function volumeClaims(object: KubeObject, template: PodTemplate): readonly Found[] {
  const replaced = new Set(
    arrayAt(object, 'spec', 'volumeClaimTemplates').map((claim) => at(claim, 'metadata', 'name')),
  );
  return arrayAt(template.spec, 'volumes').flatMap((volume, index) => {
    if (replaced.has(at(volume, 'name'))) return [];
    const field = `${template.path}.volumes[${index}].persistentVolumeClaim.claimName`;
    const name = at(volume, 'persistentVolumeClaim', 'claimName');
    return beside(object, { kind: 'PersistentVolumeClaim', name }, field);
  });
}

const SECRETS_STORE = 'secrets-store.csi.k8s.io';

/** The driver makes no volume without it, and pods of which one volume is missing do not start. */
export function volumeSecretProviders(object: KubeObject, template: PodTemplate): readonly Found[] {
  const target = { group: 'secrets-store.csi.x-k8s.io', kind: 'SecretProviderClass' };
  return arrayAt(template.spec, 'volumes').flatMap((volume, index) => {
    if (at(volume, 'csi', 'driver') !== SECRETS_STORE) return [];
    const name = at(volume, 'csi', 'volumeAttributes', 'secretProviderClass');
    const field = `${template.path}.volumes[${index}].csi.volumeAttributes.secretProviderClass`;
    return beside(object, { ...target, name }, field);
  });
}
