/**
 * Short names and counts for people. A group is left out of a key where that
 * cannot be misread, as in a scenario's own edges: `Deployment/shop/web`.
 */

/** A function that shortens the keys of one graph; a kind that two groups have keeps its group. */
export function shortener(keys: Iterable<string>): (key: string) => string {
  const groups = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const key of keys) {
    const { kind, group } = typeOf(key);
    const known = groups.get(kind);
    if (known === undefined) groups.set(kind, group);
    else if (known !== group) ambiguous.add(kind);
  }
  return (key) => {
    const { kind, group, rest } = typeOf(key);
    return group === '' || ambiguous.has(kind) ? key : `${kind}${rest}`;
  };
}

function typeOf(key: string): { readonly kind: string; readonly group: string; readonly rest: string } {
  const slash = key.indexOf('/');
  const typed = slash < 0 ? key : key.slice(0, slash);
  const dot = typed.indexOf('.');
  return {
    kind: dot < 0 ? typed : typed.slice(0, dot),
    group: dot < 0 ? '' : typed.slice(dot + 1),
    rest: slash < 0 ? '' : key.slice(slash),
  };
}

/** `1 object`, `2 objects`, `1 dependency`, `0 dependencies`. */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** `512 B`, `12.3 KiB`, `4.0 MiB`. */
export function bytesText(bytes: number): string {
  if (Math.abs(bytes) < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return Math.abs(kib) < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}

const LONGEST_WORD_CUT = 12;

/** Takes the middle out of a text that is longer than `width`: both ends of a field path say the most. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const kept = Math.max(width - 1, 2);
  const head = Math.min(Math.floor(kept / 3), 13);
  const tail = text.slice(text.length - (kept - head));
  // Rather a little shorter than to begin in the middle of a word.
  const dot = tail.indexOf('.');
  return `${text.slice(0, head)}…${dot >= 0 && dot < LONGEST_WORD_CUT ? tail.slice(dot + 1) : tail}`;
}

const REASONS: Readonly<Record<string, string>> = {
  GeneratedByController: 'made again by its controller',
  ClusterOwned: 'made by every cluster itself',
  Transient: 'of the moment only',
  Completed: 'has run to its end',
  BeingDeleted: 'being deleted',
  ExcludedByUser: 'excluded by spec.resources',
  NotChosen: 'not chosen by spec.resources, nor needed',
  CopiedSeparately: 'volume data, copied by other means',
  Bookkeeping: "Antipode's own",
};

/** Why an object is left out, in words; the reason itself when it is not known here. */
export const leftOutText = (reason: string): string => REASONS[reason] ?? reason;
