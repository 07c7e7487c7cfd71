/** The transforms that replace one name by another: classes, images, and values of node labels. */
import { arrayAt, isFields } from '../../api/fields.ts';
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isCustom, kindOf } from '../graph/kinds.ts';
import { imageRenamer } from './image-names.ts';
import { mapFields, mapItems, type Path, type Report, type Rewriter, withAnnotation } from './rewrite.ts';

/** Old names to new ones; never one to itself. */
export type Mapping = ReadonlyMap<string, string>;

const mapped =
  (mapping: Mapping, applies: (field: Parameters<Rewriter>[0]) => boolean): Rewriter =>
  (field, report) => {
    const { value, path } = field;
    const to = typeof value === 'string' ? mapping.get(value) : undefined;
    if (to === undefined || !applies(field)) return undefined;
    report(path, value, to);
    return to;
  };

const parentOf = (path: Path): string | number | undefined => path.at(-2);
const ofCustomKind = (object: KubeObject): boolean => isCustom(groupOf(object.apiVersion));

/** In claims, claim templates and volumes; custom resources also call it `storageClass`. */
export const storageClasses = (mapping: Mapping): Rewriter =>
  mapped(
    mapping,
    ({ name, object }) => name === 'storageClassName' || (name === 'storageClass' && ofCustomKind(object)),
  );

/** Of Ingresses and Gateways; a certificate issuer's solver calls it `ingress.class`. */
export const ingressClasses = (mapping: Mapping): Rewriter =>
  mapped(
    mapping,
    ({ name, path, object }) =>
      name === 'ingressClassName' ||
      name === 'gatewayClassName' ||
      (name === 'class' && parentOf(path) === 'ingress' && ofCustomKind(object)),
  );

const CLASS_ANNOTATIONS = {
  storage: 'volume.beta.kubernetes.io/storage-class',
  ingress: 'kubernetes.io/ingress.class',
} as const;

/** The annotation that named the class before there was a field. */
export function classAnnotation(
  object: KubeObject,
  of: keyof typeof CLASS_ANNOTATIONS,
  mapping: Mapping,
  report: Report,
): KubeObject {
  return withAnnotation(object, CLASS_ANNOTATIONS[of], (value) => mapping.get(value), report);
}

const CLASS_KINDS: Readonly<Record<keyof typeof CLASS_ANNOTATIONS, ReadonlySet<string>>> = {
  storage: new Set(['StorageClass.storage.k8s.io']),
  ingress: new Set(['IngressClass.networking.k8s.io', 'GatewayClass.gateway.networking.k8s.io']),
};

/** The class of the recovery region that takes the place of this one, which is a class itself. */
export function replacementOf(
  object: KubeObject,
  of: keyof typeof CLASS_ANNOTATIONS,
  mapping: Mapping,
): string | undefined {
  return CLASS_KINDS[of].has(kindOf(object)) ? mapping.get(object.metadata.name) : undefined;
}

/** Of containers of all sorts and of image volumes, in Pod templates and wherever custom resources have one. */
export function images(mapping: Mapping): Rewriter {
  const renamed = imageRenamer(mapping);
  return ({ name, value, path }, report) => {
    const isImage =
      name === 'image' ||
      name === 'imageName' ||
      ((name === 'reference' || name === 'repository') && parentOf(path) === 'image');
    if (!isImage || typeof value !== 'string') return undefined;
    const to = renamed(value);
    if (to === undefined || to === value) return undefined;
    report(path, value, to);
    return to;
  };
}

/** By label, old values to new ones. */
export type LabelMapping = ReadonlyMap<string, Mapping>;

/** Node selectors and affinities, of Pods and of volumes, and the places a StorageClass allows. */
export const nodeLabels =
  (mapping: LabelMapping): Rewriter =>
  ({ name, value, path }, report) => {
    if (name !== 'nodeSelector' && name !== 'nodeAffinity' && name !== 'allowedTopologies') return undefined;
    const changed = labelsInside(value, mapping, path, report);
    return changed === value ? undefined : changed;
  };

/** Maps of label to value, and expressions with `key` and `values`, however they are wrapped. */
function labelsInside(value: unknown, mapping: LabelMapping, path: Path, report: Report): unknown {
  if (Array.isArray(value))
    return mapItems(value, (item, index) => labelsInside(item, mapping, [...path, index], report));
  if (!isFields(value)) return value;
  const { key } = value;
  const expression = typeof key === 'string' ? mapping.get(key) : undefined;
  return mapFields(value, (name, inner) => {
    if (name === 'values' && expression !== undefined)
      return valuesInside(arrayAt(value, 'values'), expression, [...path, name], report);
    const to = typeof inner === 'string' ? mapping.get(name)?.get(inner) : undefined;
    if (to === undefined) return labelsInside(inner, mapping, [...path, name], report);
    report([...path, name], inner, to);
    return to;
  });
}

function valuesInside(
  values: readonly unknown[],
  mapping: Mapping,
  path: Path,
  report: Report,
): readonly unknown[] {
  return mapItems(values, (item, index) => {
    const to = typeof item === 'string' ? mapping.get(item) : undefined;
    if (to !== undefined) report([...path, index], item, to);
    return to ?? item;
  });
}

/** Labels of a PersistentVolume that say where it is. */
export function volumeLabels(object: KubeObject, mapping: LabelMapping, report: Report): KubeObject {
  const { labels } = object.metadata;
  if (kindOf(object) !== 'PersistentVolume' || labels === undefined) return object;
  const changed = Object.entries(labels).flatMap(([name, value]) => {
    const to = mapping.get(name)?.get(value);
    if (to === undefined) return [];
    report(['metadata', 'labels', name], value, to);
    return [[name, to] as const];
  });
  if (changed.length === 0) return object;
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...labels, ...Object.fromEntries(changed) } } };
}
