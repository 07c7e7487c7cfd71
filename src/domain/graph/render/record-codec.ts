/**
 * A graph record as text that fits into a ConfigMap: gzip, then base64. Apart
 * from the record because packing is work for a thread, not for a pure function.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { everSmaller, type GraphRecord, graphRecord } from './record.ts';

/** In characters. An object may have 1.5 MiB in etcd and a ConfigMap 1 MiB of data; the rest is for metadata. */
export const PACKED_LIMIT = 900 * 1024;
/** No graph is this large; a text that unpacks to more was not packed here. */
const UNPACKED_LIMIT = 256 * 1024 * 1024;

export type Packed =
  | { readonly kind: 'packed'; readonly text: string; readonly record: GraphRecord }
  | { readonly kind: 'too-large' };

/** Packs as much of the record as fits into `limit` characters. */
export async function pack(record: GraphRecord, limit = PACKED_LIMIT): Promise<Packed> {
  for (const smaller of everSmaller(record)) {
    const text = (await promisify(gzip)(JSON.stringify(smaller))).toString('base64');
    if (text.length <= limit) return { kind: 'packed', text, record: smaller };
  }
  return { kind: 'too-large' };
}

export type Unpacked =
  | { readonly kind: 'record'; readonly record: GraphRecord }
  | { readonly kind: 'unreadable'; readonly message: string };

export async function unpack(text: string): Promise<Unpacked> {
  try {
    const bytes = await promisify(gunzip)(Buffer.from(text, 'base64'), { maxOutputLength: UNPACKED_LIMIT });
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const parsed = graphRecord.safeParse(value);
    if (parsed.success) return { kind: 'record', record: parsed.data };
    const [issue] = parsed.error.issues;
    return { kind: 'unreadable', message: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
  } catch (error) {
    return { kind: 'unreadable', message: error instanceof Error ? error.message : 'not packed text' };
  }
}
