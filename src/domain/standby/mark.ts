/**
 * The annotation that makes an object of the recovery region a standby: it
 * lists what was changed to keep the object from doing anything, with the values
 * from before, so that whoever reads the object can undo it. Its absence is
 * what says that an object of ours is in use.
 */
import { z } from 'zod';
import type { KubeObject } from '../../api/object.ts';

/** JSON: `{"changes":[{"field":"/spec/replicas","was":3}]}`. */
export const STANDBY_ANNOTATION = 'antipode.dev/standby';

const change = z.object({
  /** JSON pointer (RFC 6901). */
  field: z.string(),
  /** The value from before; absent when the field was. */
  was: z.unknown().optional(),
});
export type Change = z.infer<typeof change>;

const mark = z.object({ changes: z.array(change) });

export const isStandby = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[STANDBY_ANNOTATION] !== undefined;

export function marked(object: KubeObject, changes: readonly Change[]): KubeObject {
  const annotations = { ...object.metadata.annotations, [STANDBY_ANNOTATION]: JSON.stringify({ changes }) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** What the annotation lists; empty when there is none, or it was not written by us. */
export function changesOf({ metadata }: KubeObject): readonly Change[] {
  const parsed = mark.safeParse(parseJson(metadata.annotations?.[STANDBY_ANNOTATION] ?? ''));
  return parsed.success ? parsed.data.changes : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
