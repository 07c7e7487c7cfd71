/** The transforms that replace one name by another: classes, images, and values of node labels. */
import { arrayAt, isFields } from '../../api/fields.ts';
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isCustom, kindOf } from '../graph/kinds.ts';
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
export const images =
  (mapping: Mapping): Rewriter =>
  ({ name, value, path }, report) => {
    const isImage =
      name === 'image' ||
      name === 'imageName' ||
      ((name === 'reference' || name === 'repository') && parentOf(path) === 'image');
    if (!isImage || typeof value !== 'string') return undefined;
    const to = imageIn(value, mapping);
    if (to === undefined || to === value) return undefined;
    report(path, value, to);
    return to;
  };

/** @returns undefined when no beginning fits. An image without a registry is also known by its whole name. */
export function imageIn(image: string, mapping: Mapping): string | undefined {
  return replaceBeginning(image, mapping) ?? replaceBeginning(wholeName(image), mapping);
}

function replaceBeginning(image: string, mapping: Mapping): string | undefined {
  let longest = '';
  for (const from of mapping.keys()) if (from.length > longest.length && begins(image, from)) longest = from;
  const to = mapping.get(longest);
  return to === undefined ? undefined : `${to}${image.slice(longest.length)}`;
}

/** Whether the name goes on with another part of itself: `registry.example/shop` does not begin `…/shopping`. */
function begins(image: string, from: string): boolean {
  if (!image.startsWith(from)) return false;
  const rest = image.slice(from.length);
  // After a colon comes a tag, unless more of the path follows: then it is a port, and another registry.
  return rest === '' || rest.startsWith('/') || rest.startsWith('@') || /^:[^/]*$/.test(rest);
}

/** `nginx:1` is `docker.io/library/nginx:1` (distribution/reference: no dot, colon or `localhost` before the first slash). */
function wholeName(image: string): string {
  const slash = image.indexOf('/');
  const host = slash < 0 ? '' : image.slice(0, slash);
  if (/[.:]/.test(host) || host === 'localhost') return image;
  return slash < 0 ? `docker.io/library/${image}` : `docker.io/${image}`;
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
