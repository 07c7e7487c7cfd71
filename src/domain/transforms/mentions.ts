/**
 * Texts that name a namespace which is renamed, as part of the address of a
 * Service: in the environment and arguments of containers, ConfigMaps, Secrets,
 * annotations. They are not changed, only found: what else such a text means is
 * known to its author alone.
 */
import { isFields } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';
import type { Mapping } from './names.ts';
import { type Path, pathText } from './rewrite.ts';

export interface Mention {
  /** The field that holds the text. */
  readonly field: string;
  /** The address in it, e.g. `db.shop.svc`; of a Secret only its end. Never the whole text. */
  readonly address: string;
  /** The old name of the namespace. */
  readonly namespace: string;
}

/** Enough to know that an object must be looked at. */
const MOST = 8;
const DEPTH = 64;
/** Objects hold no more than this in one text; a longer one is not searched to its end. */
const SEARCHED = 1_048_576;

/** kubectl's own copy of the object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const NOT_SEARCHED: ReadonlySet<string> = new Set([
  'status',
  'managedFields',
  'openAPIV3Schema',
  LAST_APPLIED,
]);
/** That of a Service is an address and nothing else: it was renamed, perhaps to what another was called. */
const EXTERNAL_NAME = 'externalName';

export type Finder = (object: KubeObject) => readonly Mention[];

/** @returns a function of objects as they are after the renaming */
export function mentionFinder(mapping: Mapping): Finder {
  if (mapping.size === 0) return () => [];
  const names = [...mapping.keys()].map((name) => name.replaceAll('-', '\\-')).join('|');
  // `db.shop.svc…` anywhere, and `db.shop` where a port or a slash shows that it is a host.
  const pattern = new RegExp(
    `(?<![\\w.-])[a-z0-9][a-z0-9.-]{0,253}\\.(${names})(?:\\.svc(?![\\w-])|(?=:[0-9])|(?<=://[^/\\s]{0,300})(?=[/?#]|$))`,
    'g',
  );
  return (object) => search(object, pattern);
}

function search(object: KubeObject, pattern: RegExp): readonly Mention[] {
  const found: Mention[] = [];
  const kind = kindOf(object);
  const isSecret = kind === 'Secret';
  const isSearched = (name: string): boolean =>
    !NOT_SEARCHED.has(name) && (name !== EXTERNAL_NAME || kind !== 'Service');
  const path: (string | number)[] = [];
  const look = (value: unknown): void => {
    if (typeof value === 'string') {
      const text = isSecret && path[0] === 'data' ? Buffer.from(value, 'base64').toString('latin1') : value;
      for (const mention of mentionsIn(text, path, pattern, isSecret)) found.push(mention);
      return;
    }
    if (found.length >= MOST || path.length >= DEPTH) return;
    const entries = Array.isArray(value) ? value.entries() : isFields(value) ? Object.entries(value) : [];
    for (const [name, inner] of entries) {
      if (typeof name === 'string' && !isSearched(name)) continue;
      path.push(name);
      look(inner);
      path.pop();
    }
  };
  look(object);
  return found.slice(0, MOST);
}

function mentionsIn(text: string, path: Path, pattern: RegExp, isSecret: boolean): readonly Mention[] {
  const found = new Map<string, Mention>();
  for (const [address, namespace = ''] of text.slice(0, SEARCHED).matchAll(pattern)) {
    const shown = isSecret ? `….${namespace}` : address;
    found.set(shown, { field: pathText(path), address: shown, namespace });
  }
  return [...found.values()];
}
