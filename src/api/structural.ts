/**
 * Turns a zod schema into the structural OpenAPI v3 schema that a
 * CustomResourceDefinition carries, and refuses what would only fail, or cost,
 * once a real API server has it: shapes that are not structural, lists, maps and
 * texts without a limit (they make CEL rules too expensive), lists that do not
 * say how they are merged, floating point, and regular expressions that Go
 * does not know.
 *
 * In a status, defaults and CEL rules are left out: Antipode alone writes it,
 * the API server must neither add to what it wrote nor refuse the record of a
 * spec that a later version would not accept, and rules that hold for the spec
 * need not be paid for twice in its accepted copy.
 */
import { z } from 'zod';
import { arrayAt, type Fields, fieldsAt, isFields, numberAt, textAt } from './fields.ts';
import { patternProblem } from './regular-expression.ts';
import type { Finding, StructuralResult, StructuralSchema } from './structural-schema.ts';
import type { CelRule } from './v1alpha1/kind-definition.ts';

export type Part = 'spec' | 'status';

const CONVERTED: ReadonlySet<string> = new Set(
  `type format description default enum pattern nullable
   minLength maxLength minimum maximum minItems maxItems maxProperties
   items properties required additionalProperties
   x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-validations`.split(
    /\s+/,
  ),
);
const INT32 = 2_147_483_647;

/** @returns every finding at once, never the first only */
export function toStructural(schema: z.ZodType, part: Part): StructuralResult {
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' });
  const findings: Finding[] = [];
  const converted = convert(json, '', { part, refuse: (path, problem) => findings.push({ path, problem }) });
  return findings.length === 0 ? { kind: 'structural', schema: converted } : { kind: 'refused', findings };
}

interface Context {
  readonly part: Part;
  readonly refuse: (path: string, problem: string) => void;
}

function convert(node: unknown, path: string, context: Context): StructuralSchema {
  if (!isFields(node)) {
    context.refuse(path, 'is not a schema');
    return {};
  }
  const intOrString = node['x-kubernetes-int-or-string'] === true;
  refuseUnknown(node, path, intOrString, context);
  const schema: StructuralSchema = intOrString ? { 'x-kubernetes-int-or-string': true } : {};
  const description = textAt(node, 'description');
  if (description !== undefined) schema.description = description;
  if (node['default'] !== undefined && context.part === 'spec') schema.default = node['default'];
  if (node['nullable'] === true) schema.nullable = true;
  const rules = rulesOf(node, path, context);
  if (rules.length > 0) schema['x-kubernetes-validations'] = rules;
  if (!intOrString) convertType(node, path, schema, context);
  return schema;
}

function refuseUnknown(node: Fields, path: string, intOrString: boolean, context: Context): void {
  for (const key of Object.keys(node)) {
    if (CONVERTED.has(key) || (intOrString && key === 'anyOf')) continue;
    context.refuse(path, `${key} has no place in a structural schema: use sibling fields and CEL rules`);
  }
}

function convertType(node: Fields, path: string, schema: StructuralSchema, context: Context): void {
  const type = textAt(node, 'type') ?? 'unknown';
  switch (type) {
    case 'object':
      return convertObject(node, path, schema, context);
    case 'array':
      return convertArray(node, path, schema, context);
    case 'string':
      return convertText(node, path, schema, context);
    case 'integer':
      return convertInteger(node, schema);
    case 'boolean':
      schema.type = 'boolean';
      return;
    case 'number':
      return context.refuse(path, 'is a floating point number: use an integer in a smaller unit');
    default:
      return context.refuse(path, `is of type ${type}, which no field of a CRD can have`);
  }
}

function convertObject(node: Fields, path: string, schema: StructuralSchema, context: Context): void {
  schema.type = 'object';
  const properties = fieldsAt(node, 'properties');
  const additional = node['additionalProperties'];
  if (additional === false)
    context.refuse(path, 'additionalProperties: false is not structural: unknown fields are pruned anyway');
  if (isFields(additional)) {
    if (properties !== undefined) context.refuse(path, 'has both properties and additionalProperties');
    schema.additionalProperties = convert(additional, `${path}[*]`, context);
    const most = numberAt(node, 'maxProperties');
    if (most === undefined) context.refuse(path, 'is a map without maxProperties');
    else schema.maxProperties = most;
  }
  if (properties !== undefined) {
    schema.properties = {};
    for (const [name, value] of Object.entries(properties))
      schema.properties[name] = convert(value, `${path}.${name}`, context);
  }
  const required = texts(node, 'required');
  if (required.length > 0) schema.required = required;
}

function convertArray(node: Fields, path: string, schema: StructuralSchema, context: Context): void {
  schema.type = 'array';
  const items = convert(node['items'], `${path}[]`, context);
  schema.items = items;
  const least = numberAt(node, 'minItems');
  if (least !== undefined) schema.minItems = least;
  const most = numberAt(node, 'maxItems');
  if (most === undefined) context.refuse(path, 'is a list without maxItems');
  else schema.maxItems = most;
  const listType = textAt(node, 'x-kubernetes-list-type');
  if (listType !== 'atomic' && listType !== 'set' && listType !== 'map')
    return context.refuse(path, 'is a list that does not say how it is merged: x-kubernetes-list-type');
  schema['x-kubernetes-list-type'] = listType;
  if (listType !== 'map') return;
  const keys = texts(node, 'x-kubernetes-list-map-keys');
  if (keys.length === 0) context.refuse(path, 'is a list of type map without x-kubernetes-list-map-keys');
  for (const key of keys) {
    const always = items.required?.includes(key) === true || items.properties?.[key]?.default !== undefined;
    if (!always) context.refuse(path, `is keyed by ${key}, which its items may lack`);
  }
  schema['x-kubernetes-list-map-keys'] = keys;
}

function convertText(node: Fields, path: string, schema: StructuralSchema, context: Context): void {
  schema.type = 'string';
  const values = arrayAt(node, 'enum');
  if (values.length > 0) schema.enum = values;
  const format = textAt(node, 'format');
  if (format === 'date-time') schema.format = format;
  else if (format !== undefined)
    context.refuse(path, `has the format ${format}, which API servers ignore: use a pattern`);
  const least = numberAt(node, 'minLength');
  if (least !== undefined) schema.minLength = least;
  const most = numberAt(node, 'maxLength');
  if (most !== undefined) schema.maxLength = most;
  else if (values.length === 0) context.refuse(path, 'is a text without maxLength');
  const pattern = textAt(node, 'pattern');
  if (pattern === undefined || schema.format === 'date-time') return;
  const problem = patternProblem(pattern);
  if (problem !== undefined) context.refuse(path, problem);
  // A rule that says the same in words stands for the pattern: one finding for the user, not two.
  const worded = schema['x-kubernetes-validations']?.some((rule) => rule.rule.startsWith('self.matches('));
  if (worded !== true) schema.pattern = pattern;
}

function convertInteger(node: Fields, schema: StructuralSchema): void {
  schema.type = 'integer';
  const minimum = limit(numberAt(node, 'minimum'));
  const maximum = limit(numberAt(node, 'maximum'));
  if (minimum !== undefined) schema.minimum = minimum;
  if (maximum !== undefined) schema.maximum = maximum;
  const small = minimum !== undefined && maximum !== undefined && minimum >= -INT32 && maximum <= INT32;
  schema.format = small ? 'int32' : 'int64';
}

/** zod bounds every integer by what JavaScript can count; that is no limit of the API. */
function limit(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

function rulesOf(node: Fields, path: string, context: Context): readonly CelRule[] {
  if (context.part === 'status') return [];
  return arrayAt(node, 'x-kubernetes-validations').flatMap((entry) => {
    const rule = textAt(entry, 'rule');
    const message = textAt(entry, 'message');
    if (rule !== undefined && message !== undefined) {
      const fieldPath = textAt(entry, 'fieldPath');
      return [fieldPath === undefined ? { rule, message } : { rule, message, fieldPath }];
    }
    context.refuse(path, 'has a CEL rule without a message: people would be shown the rule');
    return [];
  });
}

function texts(node: Fields, key: string): readonly string[] {
  return arrayAt(node, key).filter((value) => typeof value === 'string');
}
