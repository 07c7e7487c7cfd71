import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toStructural } from './structural.ts';
import type { StructuralSchema } from './structural-schema.ts';

const list = { 'x-kubernetes-list-type': 'atomic' };

function accepted(schema: z.ZodType, part: 'spec' | 'status' = 'spec'): StructuralSchema {
  const result = toStructural(schema, part);
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
  return result.schema;
}

function findings(schema: z.ZodType): string[] {
  const result = toStructural(schema, 'spec');
  return result.kind === 'structural'
    ? []
    : result.findings.map(({ path, problem }) => `${path}: ${problem}`);
}

describe('toStructural keeps', () => {
  it('descriptions, defaults and what is required', () => {
    const schema = z.object({
      mode: z.enum(['Manual', 'Automatic']).default('Manual').describe('Who decides.'),
      name: z.string().max(63),
    });

    expect(accepted(schema)).toEqual({
      type: 'object',
      required: ['name'],
      properties: {
        mode: {
          type: 'string',
          enum: ['Manual', 'Automatic'],
          default: 'Manual',
          description: 'Who decides.',
        },
        name: { type: 'string', maxLength: 63 },
      },
    });
  });

  it('integers as int64 without the bounds of JavaScript, as int32 when both bounds fit', () => {
    const schema = z.object({ bytes: z.int(), port: z.int().min(1).max(65_535) });

    expect(accepted(schema).properties).toEqual({
      bytes: { type: 'integer', format: 'int64' },
      port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 },
    });
  });

  it('a time as date-time without the pattern that zod adds', () => {
    const schema = z.object({ at: z.iso.datetime().max(40) });

    expect(accepted(schema).properties?.['at']).toEqual({
      type: 'string',
      format: 'date-time',
      maxLength: 40,
    });
  });

  it('integer-or-string without the alternatives that are not structural', () => {
    const schema = z.union([z.int(), z.string()]).meta({ 'x-kubernetes-int-or-string': true });

    expect(accepted(schema)).toEqual({ 'x-kubernetes-int-or-string': true });
  });

  it('a map with its limit', () => {
    const schema = z.record(z.string(), z.string().max(63)).meta({ maxProperties: 32 });

    expect(accepted(schema)).toEqual({
      type: 'object',
      additionalProperties: { type: 'string', maxLength: 63 },
      maxProperties: 32,
    });
  });

  it('a list keyed by a field that its items always have, be it by a default', () => {
    const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name', 'port'] };
    const item = z.object({ name: z.string().max(63), port: z.int().default(80) });

    expect(accepted(z.array(item).max(8).meta(keyed))).toMatchObject({ maxItems: 8, ...keyed });
  });

  it('a pattern, unless a rule says the same in words', () => {
    const worded = { 'x-kubernetes-validations': [{ rule: "self.matches(r'^a$')", message: 'must be a' }] };

    expect(accepted(z.string().max(3).regex(/^a$/))).toMatchObject({ pattern: '^a$' });
    expect(accepted(z.string().max(3).regex(/^a$/).meta(worded))).toEqual({
      type: 'string',
      maxLength: 3,
      ...worded,
    });
  });
});

describe('toStructural, for a status,', () => {
  it('leaves out defaults and rules, and keeps the pattern', () => {
    const rules = { 'x-kubernetes-validations': [{ rule: "self.matches(r'^a$')", message: 'must be a' }] };
    const schema = z.object({ name: z.string().max(3).regex(/^a$/).meta(rules).default('a') });

    expect(accepted(schema, 'status')).toEqual({
      type: 'object',
      properties: { name: { type: 'string', maxLength: 3, pattern: '^a$' } },
    });
  });
});

describe('toStructural refuses', () => {
  it.each([
    ['a text without a limit', z.string(), 'is a text without maxLength'],
    ['a map without a limit', z.record(z.string(), z.string().max(1)), 'is a map without maxProperties'],
    ['a list without a limit', z.array(z.boolean()).meta(list), 'is a list without maxItems'],
    ['a list that does not say how it is merged', z.array(z.boolean()).max(1), 'how it is merged'],
    ['floating point', z.number(), 'is a floating point number'],
    ['alternatives', z.union([z.object({}), z.boolean()]), 'anyOf has no place in a structural schema'],
    ['two patterns on one text', z.string().max(9).regex(/^a$/).regex(/^b$/), 'allOf has no place'],
    ['closed objects', z.strictObject({}), 'additionalProperties: false is not structural'],
    ['an exclusive bound', z.int().gt(0), 'exclusiveMinimum has no place'],
    ['a format that is not checked', z.url().max(9), 'has the format uri, which API servers ignore'],
    [
      'look-ahead',
      z
        .string()
        .max(9)
        .regex(/^(?=a)a$/),
      'has a pattern with look-around',
    ],
    [
      'a rule without a message',
      z.object({}).meta({ 'x-kubernetes-validations': [{ rule: 'true' }] }),
      'has a CEL rule without a message',
    ],
    [
      'a keyed list without keys',
      z.array(z.object({})).max(1).meta({ 'x-kubernetes-list-type': 'map' }),
      'without x-kubernetes-list-map-keys',
    ],
    [
      'a list keyed by an optional field',
      z
        .array(z.object({ name: z.string().max(9).optional() }))
        .max(1)
        .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
      'is keyed by name, which its items may lack',
    ],
  ])('%s', (_what, field, problem) => {
    expect(findings(z.object({ field }))).toContainEqual(
      expect.stringMatching(new RegExp(`^\\.field: .*${problem}`)),
    );
  });

  it('the schema of a discriminated union, which is not structural', () => {
    const schema = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a') }),
      z.object({ kind: z.literal('b') }),
    ]);

    expect(findings(schema)).toContainEqual(expect.stringContaining('has no place in a structural schema'));
  });

  it('naming every finding with its path, also inside lists and maps', () => {
    const schema = z.object({
      probes: z
        .array(z.object({ url: z.string() }))
        .max(2)
        .meta(list),
      labels: z.record(z.string(), z.number()).meta({ maxProperties: 2 }),
    });

    expect(findings(schema).map((finding) => finding.split(':')[0])).toEqual(['.probes[].url', '.labels[*]']);
  });
});
