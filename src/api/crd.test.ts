import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schemasOf, toCrd } from './crd.ts';
import type { StructuralSchema } from './structural-schema.ts';
import type { KindDefinition } from './v1alpha1/kind-definition.ts';
import { kinds } from './v1alpha1/kinds.ts';

function kindOf(spec: z.ZodType): KindDefinition {
  return {
    kind: 'Widget',
    plural: 'widgets',
    singular: 'widget',
    shortNames: ['w'],
    scope: 'Namespaced',
    description: 'A widget.',
    spec,
    status: z.object({}),
    rules: [{ rule: 'size(self.metadata.name) < 9', message: 'too long' }],
    columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Age.' }],
  };
}

describe('toCrd', () => {
  it('makes one version, served and stored, with status subresource, columns, short names and category', () => {
    const result = toCrd(kindOf(z.object({ on: z.boolean() })));

    expect(result).toMatchObject({
      kind: 'crd',
      name: 'widgets.antipode.dev',
      crd: {
        metadata: { name: 'widgets.antipode.dev' },
        spec: {
          group: 'antipode.dev',
          scope: 'Namespaced',
          names: { plural: 'widgets', shortNames: ['w'], categories: ['antipode'], listKind: 'WidgetList' },
          versions: [
            {
              served: true,
              storage: true,
              subresources: { status: {} },
              additionalPrinterColumns: [{ name: 'Age' }],
              schema: {
                openAPIV3Schema: {
                  required: ['spec'],
                  'x-kubernetes-validations': [{ message: 'too long' }],
                  properties: { spec: { properties: { on: { type: 'boolean' } } } },
                },
              },
            },
          ],
        },
      },
    });
  });

  it('carries annotations for a packager', () => {
    const result = toCrd(kindOf(z.object({})), { 'helm.sh/resource-policy': 'keep' });

    expect(result).toMatchObject({
      crd: { metadata: { annotations: { 'helm.sh/resource-policy': 'keep' } } },
    });
  });

  it('names kind, part and field of what is not structural', () => {
    const result = toCrd(kindOf(z.object({ size: z.number() })));

    expect(result).toMatchObject({ kind: 'refused', findings: [{ path: 'Widget.spec.size' }] });
  });
});

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (_name, definition) => {
  it('explains every field of its spec and status', () => {
    const schemas = schemasOf(definition);
    if (schemas.kind === 'refused') throw new Error(JSON.stringify(schemas.findings));

    expect([...unexplained(schemas.spec, 'spec'), ...unexplained(schemas.status, 'status')]).toEqual([]);
  });

  it('shows only columns whose path begins at metadata, spec or status', () => {
    for (const column of definition.columns) expect(column.jsonPath).toMatch(/^\.(metadata|spec|status)\./);
  });
});

function unexplained(schema: StructuralSchema, path: string): string[] {
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined ? [`${path}.${name}`] : []),
    ...unexplained(field, `${path}.${name}`),
  ]);
  return schema.items === undefined ? children : [...children, ...unexplained(schema.items, `${path}[]`)];
}
