/**
 * Renames namespaces wherever an object names one in a field that means exactly
 * that. A name inside a longer text (an address, a script) is left alone and
 * reported by mentions.ts: only its author knows what else the text means.
 */
import { arrayAt, type Fields, fieldsAt, isFields, textAt } from '../../api/fields.ts';
import { type KubeObject, parseRefKey, refKey } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';
import type { Mapping } from './names.ts';
import { mapFields, mapItems, type Path, type Report, type Rewriter, withAnnotation } from './rewrite.ts';

/** The key of the same object in the recovery region. A text that is no key stays. */
export function renamedKey(key: string, mapping: Mapping): string {
  const ref = parseRefKey(key);
  if (ref === undefined) return key;
  const { group, kind, namespace, name } = ref;
  if (group === '' && kind === 'Namespace') return refKey({ ...ref, name: mapping.get(name) ?? name });
  const to = namespace === undefined ? undefined : mapping.get(namespace);
  return to === undefined ? key : refKey({ ...ref, namespace: to });
}

/** Everything outside of metadata. */
export const namespaces =
  (mapping: Mapping): Rewriter =>
  (field, report) => {
    const { name, value, path, object } = field;
    if (typeof value === 'string') {
      const to = renamedText(name, value, object, mapping);
      if (to !== undefined) report(path, value, to);
      return to;
    }
    const changed = renamedStructure(field, mapping, report);
    return changed === value ? undefined : changed;
  };

/** `namespace`, `targetNamespace`; CSI drivers' `csi.storage.k8s.io/provisioner-secret-namespace`. */
const NAMES_ONE = /(^n|N)amespace$|[-/]secret-namespace$/;
/** `namespaces`, `watchNamespaces`. */
const NAMES_SEVERAL = /(^n|N)amespaces$/;

function renamedText(name: string, value: string, object: KubeObject, mapping: Mapping): string | undefined {
  if (NAMES_ONE.test(name)) return mapping.get(value);
  return name === 'externalName' && kindOf(object) === 'Service' ? renamedHost(value, mapping) : undefined;
}

/** `web.shop.svc`, `db-0.db.shop.svc.cluster.local`: the whole value is the address of a Service or of a Pod of one. */
function renamedHost(host: string, mapping: Mapping): string | undefined {
  const found = /^(.+)\.([^.]+)(\.svc(?:\..*)?)$/.exec(host);
  const to = mapping.get(found?.[2] ?? '');
  return to === undefined ? undefined : `${found?.[1]}.${to}${found?.[3]}`;
}

function renamedStructure(
  { name, value, path, object }: Parameters<Rewriter>[0],
  mapping: Mapping,
  report: Report,
) {
  if (NAMES_SEVERAL.test(name) || isListOfNames(path)) return renamedItems(value, path, mapping, report);
  if (name === 'matchLabels') return renamedLabels(value, path, mapping, report);
  if (name === 'matchExpressions') return renamedExpressions(value, path, mapping, report);
  if (name === 'subjects' && Array.isArray(value))
    return mapItems(value, (item, index) => renamedSubject(item, [...path, index], mapping, report));
  if (name === 'rules' && ROLE_KINDS.has(kindOf(object)) && Array.isArray(value))
    return mapItems(value, (item, index) => renamedRule(item, [...path, index], mapping, report));
  return value;
}

const ROLE_KINDS: ReadonlySet<string> = new Set([
  'Role.rbac.authorization.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
]);

function renamedItems(value: unknown, path: Path, mapping: Mapping, report: Report): unknown {
  if (!Array.isArray(value)) return value;
  return mapItems(value, (item, index) => {
    const to = typeof item === 'string' ? mapping.get(item) : undefined;
    if (to !== undefined) report([...path, index], item, to);
    return to ?? item;
  });
}

/** What the selector of namespaces of the Prometheus operator's monitors has instead of labels. */
const isListOfNames = (path: Path): boolean =>
  path.at(-1) === 'matchNames' && /(^n|N)amespaceSelector$/.test(String(path.at(-2)));

/** Put on every namespace by the API server, and the way to select one by its name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';
/** As Cilium knows it and the namespace of an endpoint, with or without the source of the label before it. */
const CILIUM_LABEL =
  /^(?:(?:k8s|any):)?io\.(?:kubernetes\.pod\.namespace|cilium\.k8s\.namespace\.labels\.kubernetes\.io\/metadata\.name)$/;

/** Such a label has the name of a namespace in whatever selector it stands. */
const isNameLabel = (label: unknown): boolean =>
  label === NAME_LABEL || (typeof label === 'string' && CILIUM_LABEL.test(label));

function renamedLabels(value: unknown, path: Path, mapping: Mapping, report: Report): unknown {
  if (!isFields(value)) return value;
  return Object.keys(value)
    .filter(isNameLabel)
    .reduce<Fields>((labels, label) => renamedField(labels, label, path, mapping, report), value);
}

function renamedExpressions(value: unknown, path: Path, mapping: Mapping, report: Report): unknown {
  if (!Array.isArray(value)) return value;
  return mapItems(value, (expression, index) =>
    isFields(expression) && isNameLabel(expression['key'])
      ? mapFields(expression, (part, values) =>
          part === 'values' ? renamedItems(values, [...path, index, part], mapping, report) : values,
        )
      : expression,
  );
}

function renamedField(fields: Fields, name: string, path: Path, mapping: Mapping, report: Report): Fields {
  const before = textAt(fields, name);
  const to = before === undefined ? undefined : mapping.get(before);
  if (to === undefined) return fields;
  report([...path, name], before, to);
  return { ...fields, [name]: to };
}

/** A ServiceAccount, by its namespace or by the name that the API server knows it by as a user. */
function renamedSubject(subject: unknown, path: Path, mapping: Mapping, report: Report): unknown {
  if (!isFields(subject)) return subject;
  const placed = renamedField(subject, 'namespace', path, mapping, report);
  const name = textAt(placed, 'name') ?? '';
  const found = /^(system:serviceaccounts?:)([^:]+)(:.+)?$/.exec(name);
  const to = mapping.get(found?.[2] ?? '');
  if (to === undefined) return placed;
  const renamed = `${found?.[1]}${to}${found?.[3] ?? ''}`;
  report([...path, 'name'], name, renamed);
  return { ...placed, name: renamed };
}

/** A right to namespaces by their names. */
function renamedRule(rule: unknown, path: Path, mapping: Mapping, report: Report): unknown {
  const resources = arrayAt(rule, 'resources');
  const isAboutNamespaces =
    arrayAt(rule, 'apiGroups').includes('') &&
    resources.length > 0 &&
    resources.every((resource) => resource === 'namespaces' || String(resource).startsWith('namespaces/'));
  if (!isAboutNamespaces || !isFields(rule)) return rule;
  return mapFields(rule, (name, value) =>
    name === 'resourceNames' ? renamedItems(value, [...path, name], mapping, report) : value,
  );
}

/** Annotations that hold `namespace/name` of another object. */
const REFERENCE_ANNOTATIONS: readonly string[] = [
  'cert-manager.io/inject-ca-from',
  'cert-manager.io/inject-ca-from-secret',
  'nginx.ingress.kubernetes.io/auth-secret',
  'nginx.ingress.kubernetes.io/auth-tls-secret',
  'nginx.ingress.kubernetes.io/proxy-ssl-secret',
];

/** Where the object lies, what it is called when it is a Namespace itself, and what its metadata refers to. */
export function renamedMetadata(object: KubeObject, mapping: Mapping, report: Report): KubeObject {
  const placed = withOwners(withPlace(object, mapping, report), mapping);
  return REFERENCE_ANNOTATIONS.reduce(
    (current, annotation) =>
      withAnnotation(
        current,
        annotation,
        (value) => {
          const slash = value.indexOf('/');
          const to = slash < 0 ? undefined : mapping.get(value.slice(0, slash));
          return to === undefined ? undefined : `${to}${value.slice(slash)}`;
        },
        report,
      ),
    placed,
  );
}

function withPlace(object: KubeObject, mapping: Mapping, report: Report): KubeObject {
  const { metadata } = object;
  if (kindOf(object) === 'Namespace') {
    const to = mapping.get(metadata.name);
    if (to === undefined) return object;
    report(['metadata', 'name'], metadata.name, to);
    const labels = fieldsAt(metadata, 'labels') === undefined ? {} : { labels: labelsOf(object, to) };
    return { ...object, metadata: { ...metadata, ...labels, name: to } };
  }
  const to = metadata.namespace === undefined ? undefined : mapping.get(metadata.namespace);
  if (to === undefined) return object;
  report(['metadata', 'namespace'], metadata.namespace, to);
  return { ...object, metadata: { ...metadata, namespace: to } };
}

function labelsOf({ metadata: { labels = {} } }: KubeObject, name: string): Readonly<Record<string, string>> {
  return NAME_LABEL in labels ? { ...labels, [NAME_LABEL]: name } : labels;
}

/** What is owned by a Namespace names it as its owner. */
function withOwners(object: KubeObject, mapping: Mapping): KubeObject {
  const { ownerReferences } = object.metadata;
  const isRenamed = ({
    apiVersion,
    kind,
    name,
  }: {
    apiVersion: string;
    kind: string;
    name: string;
  }): boolean => apiVersion === 'v1' && kind === 'Namespace' && mapping.has(name);
  if (ownerReferences === undefined || !ownerReferences.some(isRenamed)) return object;
  const owners = ownerReferences.map((owner) =>
    isRenamed(owner) ? { ...owner, name: mapping.get(owner.name) ?? owner.name } : owner,
  );
  return { ...object, metadata: { ...object.metadata, ownerReferences: owners } };
}
