/** Reads the events of a watch from its bytes: one JSON document per line. Knows nothing of caches. */
import { type Fields, numberAt, textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import { parseFields, toObject } from './wire.ts';

export type WatchEvent =
  | { readonly kind: 'changed'; readonly object: KubeObject }
  | { readonly kind: 'deleted'; readonly object: KubeObject }
  /** Nothing changed up to this resourceVersion. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** The server ends the watch. `gone`: the resourceVersion is too old, list again. */
  | { readonly kind: 'error'; readonly gone: boolean; readonly status: number }
  | { readonly kind: 'unreadable' };

/** The events of one watch, until its bytes end. @throws what reading throws */
export async function* watchEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseEvent(line);
  }
  // A half line is an event cut off: the next watch begins before it.
}

function parseEvent(line: string): WatchEvent {
  const event = parseFields(line);
  const type = textAt(event, 'type');
  if (event === undefined || type === undefined) return { kind: 'unreadable' };
  if (type === 'ERROR') return errorEvent(event);
  if (type === 'BOOKMARK') {
    const resourceVersion = textAt(event, 'object', 'metadata', 'resourceVersion');
    return resourceVersion === undefined ? { kind: 'unreadable' } : { kind: 'bookmark', resourceVersion };
  }
  const object = toObject(event['object']);
  if (object === undefined) return { kind: 'unreadable' };
  return { kind: type === 'DELETED' ? 'deleted' : 'changed', object };
}

function errorEvent(event: Fields): WatchEvent {
  const status = numberAt(event, 'object', 'code') ?? 0;
  const reason = textAt(event, 'object', 'reason');
  return { kind: 'error', status, gone: status === 410 || reason === 'Expired' || reason === 'Gone' };
}
