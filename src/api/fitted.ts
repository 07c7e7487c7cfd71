/**
 * Cuts the texts of a status to what its schema allows. Messages are put
 * together from what clusters, stores and commands say, which may be of any
 * length; one that is too long would have the API server refuse the whole
 * status, and with it all else that it has to tell.
 */
import { z } from 'zod';
import { arrayAt, fieldsAt, isFields, numberAt, textAt } from './fields.ts';

const schemas = new WeakMap<z.ZodType, object>();

/**
 * `status` with every text that is too long cut, the cut shown by an ellipsis.
 * Texts that something is found by (with a pattern, a format or fixed values)
 * stay as they are: cut, they would name something else.
 */
export function fitted<T extends object>(schema: z.ZodType<T>, status: T): T;
// Only texts become other texts, so the type stays what it was.
export function fitted(schema: z.ZodType, status: object): unknown {
  const known = schemas.get(schema) ?? z.toJSONSchema(schema, { io: 'input', reused: 'inline' });
  schemas.set(schema, known);
  return fit(known, status);
}

function fit(schema: unknown, value: unknown): unknown {
  if (typeof value === 'string') return cut(value, limitOf(schema));
  if (Array.isArray(value)) {
    const items = fieldsAt(schema, 'items');
    return value.map((item: unknown) => fit(items, item));
  }
  if (!isFields(value)) return value;
  const properties = fieldsAt(schema, 'properties');
  const others = fieldsAt(schema, 'additionalProperties');
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, fit(properties?.[key] ?? others, field)]),
  );
}

function limitOf(schema: unknown): number | undefined {
  const isName = textAt(schema, 'pattern') !== undefined || textAt(schema, 'format') !== undefined;
  return isName || arrayAt(schema, 'enum').length > 0 ? undefined : numberAt(schema, 'maxLength');
}

/** At most `limit` characters; never half of one that JavaScript counts as two. */
export function cut(text: string, limit: number | undefined): string {
  if (limit === undefined || text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
