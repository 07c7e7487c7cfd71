/**
 * The texts that a patch gives a Secret as `stringData`, in its `data`: the API
 * server does the same when it is written and shows no `stringData` ever after,
 * so what is compared with a live Secret must have none.
 */
import { at, fieldsAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';

/** @returns `object` itself when there is nothing to do, or the API server is to refuse what is there */
export function withEncodedTexts(object: KubeObject): KubeObject {
  const texts = fieldsAt(object, 'stringData');
  if (texts === undefined || kindOf(object) !== 'Secret') return object;
  const encoded = Object.entries(texts).flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, Buffer.from(text).toString('base64')] as const] : [],
  );
  const data = at(object, 'data') ?? {};
  if (typeof data !== 'object' || encoded.length < Object.keys(texts).length) return object;
  const { stringData: _, ...others } = object;
  // The text has precedence, as it has there.
  return { ...others, data: { ...data, ...Object.fromEntries(encoded) } };
}
