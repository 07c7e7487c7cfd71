/**
 * Reads the one DRScenario of a YAML file that a user means to apply. Whatever
 * is wrong with it is said with the field that is wrong. Pure.
 */
import { loadAll, YAMLException } from 'js-yaml';
import { arrayAt, type Fields, fieldsAt, isFields, textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import { API_VERSION } from '../api/v1alpha1/common.ts';
import {
  type DRScenarioSpec,
  drScenarioKind,
  drScenarioSpec,
  drScenarioStatus,
} from '../api/v1alpha1/dr-scenario.ts';
import { parseResource } from '../api/v1alpha1/parse.ts';

export type ScenarioFile =
  | {
      readonly kind: 'scenario';
      /** As written, for the API server; with its namespace, without status. */
      readonly object: KubeObject;
      /** With defaults filled in. */
      readonly spec: DRScenarioSpec;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const invalid = (message: string): ScenarioFile => ({ kind: 'invalid', message });

/**
 * @param name of the file, for messages
 * @param namespace of the command line; must agree with the file's when both are given
 * @param fallback namespace when neither says one
 */
export function readScenarioFile(
  text: string,
  {
    name,
    namespace,
    fallback,
  }: { readonly name: string; readonly namespace: string | undefined; readonly fallback: string },
): ScenarioFile {
  const documents = parseDocuments(text);
  if (typeof documents === 'string') return invalid(`${name}: ${documents}`);
  const [document, ...more] = documents.filter((one) => textAt(one, 'kind') === drScenarioKind.kind);
  if (document === undefined) return invalid(`${name} has no DRScenario: nothing to plan`);
  if (more.length > 0)
    return invalid(
      `${name} has ${more.length + 1} DRScenarios: plan them one at a time, each in its own file`,
    );
  const apiVersion = textAt(document, 'apiVersion');
  if (apiVersion !== API_VERSION)
    return invalid(`${name}: apiVersion: is ${apiVersion ?? 'missing'}, must be ${API_VERSION}`);
  const scenario = textAt(document, 'metadata', 'name');
  if (scenario === undefined || scenario === '') return invalid(`${name}: metadata.name: is missing`);
  const own = textAt(document, 'metadata', 'namespace');
  if (own !== undefined && namespace !== undefined && own !== namespace)
    return invalid(`${name}: metadata.namespace: is ${own}, but --namespace is ${namespace}`);
  const metadata = {
    name: scenario,
    namespace: own ?? namespace ?? fallback,
    // A file made by `kubectl get -o yaml` has an old resourceVersion and more, which the server would refuse.
    ...pick(fieldsAt(document, 'metadata'), ['labels', 'annotations']),
  };
  const object = { apiVersion, kind: drScenarioKind.kind, metadata, spec: document['spec'] };
  const parsed = parseResource(object, { spec: drScenarioSpec, status: drScenarioStatus });
  return parsed.kind === 'invalid'
    ? invalid(`${name}: ${parsed.message}`)
    : { kind: 'scenario', object, spec: parsed.spec };
}

function pick(fields: Fields | undefined, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => names.includes(name)));
}

/** All documents of the text, those of a List included. */
function parseDocuments(text: string): readonly Fields[] | string {
  try {
    const documents: readonly unknown[] = loadAll(text);
    return documents
      .flatMap((document) => (textAt(document, 'kind') === 'List' ? arrayAt(document, 'items') : [document]))
      .filter(isFields);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { mark, reason } = error;
    return `is not valid YAML${mark === undefined ? '' : ` (line ${mark.line + 1})`}: ${reason}`;
  }
}
