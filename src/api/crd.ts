/**
 * A kind's definition as the CustomResourceDefinition that teaches it to an API
 * server. Pure: writing files is the business of the generator.
 */
import { toStructural } from './structural.ts';
import type { Finding, StructuralSchema } from './structural-schema.ts';
import { GROUP, VERSION } from './v1alpha1/common.ts';
import type { KindDefinition } from './v1alpha1/kind-definition.ts';

/** Lets `kubectl get antipode` list everything. */
const CATEGORY = 'antipode';

export type CrdResult =
  | { readonly kind: 'crd'; readonly name: string; readonly crd: object }
  /** Paths begin with the kind: `DRScenario.spec.source.region`. */
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

/** Its spec and status as structural schemas. */
export type KindSchemas =
  | { readonly kind: 'schemas'; readonly spec: StructuralSchema; readonly status: StructuralSchema }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export function schemasOf(definition: KindDefinition): KindSchemas {
  const spec = toStructural(definition.spec, 'spec');
  const status = toStructural(definition.status, 'status');
  if (spec.kind === 'structural' && status.kind === 'structural')
    return { kind: 'schemas', spec: spec.schema, status: status.schema };
  const findings = [
    ...(spec.kind === 'refused' ? under(`${definition.kind}.spec`, spec.findings) : []),
    ...(status.kind === 'refused' ? under(`${definition.kind}.status`, status.findings) : []),
  ];
  return { kind: 'refused', findings };
}

/** @param annotations of the CustomResourceDefinition itself, e.g. for a packager */
export function toCrd(
  definition: KindDefinition,
  annotations: Readonly<Record<string, string>> = {},
): CrdResult {
  const schemas = schemasOf(definition);
  if (schemas.kind === 'refused') return schemas;
  const name = `${definition.plural}.${GROUP}`;
  const { kind, plural, singular, shortNames, scope } = definition;
  const names = { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: [CATEGORY] };
  const version = {
    name: VERSION,
    served: true,
    storage: true,
    additionalPrinterColumns: definition.columns,
    subresources: { status: {} },
    schema: { openAPIV3Schema: wholeObject(definition, schemas.spec, schemas.status) },
  };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: Object.keys(annotations).length === 0 ? { name } : { name, annotations },
    spec: { group: GROUP, names, scope, versions: [version] },
  };
  return { kind: 'crd', name, crd };
}

function wholeObject(definition: KindDefinition, spec: StructuralSchema, status: StructuralSchema): object {
  const rules = definition.rules.length === 0 ? {} : { 'x-kubernetes-validations': definition.rules };
  return {
    type: 'object',
    description: definition.description,
    required: ['spec'],
    ...rules,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { description: 'What is wanted.', ...spec },
      status: { description: 'What is seen; written by Antipode.', ...status },
    },
  };
}

function under(root: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map(({ path, problem }) => ({ path: `${root}${path}`, problem }));
}
