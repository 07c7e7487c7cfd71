/**
 * Finds host names in text and says which Service of the cluster one would be,
 * by the rules of cluster DNS (`service.namespace.svc.<domain>` and what its
 * search list allows: `service.namespace`, `service`). Pure text; whether such
 * a Service exists is not asked here.
 */
import type { ObjectRef } from '../../../api/object.ts';
import type { World } from '../world.ts';

export interface Host {
  readonly name: string;
  readonly port?: number;
  /** The host and port as written, never what comes before an `@`. */
  readonly matched: string;
}

const LABEL = '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?';
/** No name of the cluster has more labels; a bound also keeps the patterns linear. */
const NAME = `${LABEL}(?:\\.${LABEL}){0,7}`;
const PORT = '(?::(\\d{1,5}))?';
/** What may follow a host: the end, a path, a quote, a comma, … but nothing a longer name would go on with. */
const END = '(?:\\.(?![-\\w]))?(?![-\\w.:@])';

/** The host of a URL, after user and password; a second host after a comma, as in `mongodb://a:1,b:2/`. */
const IN_URL = new RegExp(
  `[a-z][a-z0-9+.-]{1,24}://(?:[^\\s/@"']*@)?(${NAME}${PORT}(?:,${NAME}${PORT})*)${END}`,
  'gi',
);
/** A full cluster name anywhere. */
const FULL = new RegExp(`(?<![-\\w./@:])(${NAME}\\.svc(?:\\.${NAME})?)${PORT}${END}`, 'gi');
/** `host:port` standing by itself. */
const WITH_PORT = new RegExp(`(?<![-\\w./@:$])(${NAME}):(\\d{2,5})${END}`, 'gi');
/** A setting of a connection string, `Host=db;Database=orders` or `host=db user=u`, that names its hosts. */
const IN_CONNECTION = new RegExp(
  `(?<![-\\w.])(host|hostaddr|server|data source|addr|address) ?= ?'?(?:tcp:)?(${NAME}${PORT}(?:,${NAME}${PORT})*)'?(?![-\\w.:@])`,
  'gi',
);
/** A client in a script that waits for a server: `nc -z db 5432`, `pg_isready -h db`. */
const IN_SCRIPT = [
  new RegExp(`\\b(?:nc|ncat|telnet)\\s+(?:-\\w+\\s+(?:\\d+\\s+)?)*(${NAME})\\s+\\d{2,5}${END}`, 'gi'),
  new RegExp(`\\s-h\\s+(${NAME})${END}`, 'gi'),
];
const ONE = new RegExp(`^(${NAME})${PORT}$`, 'i');

/** Texts longer than this are data (certificates, scripts, dashboards), not settings; their rest is not read. */
const LONGEST = 64 * 1024;

/**
 * The hosts that a text names for certain to be hosts: of URLs, with a port, as a
 * full cluster name, or in a connection string. A bare word is none.
 */
export function hostsIn(text: string): readonly Host[] {
  // Most texts are neither; looking for a letter is much cheaper than a pattern.
  if (![':', '.svc', '='].some((mark) => text.includes(mark))) return [];
  const read = text.slice(0, LONGEST);
  const found = [
    ...hostsInConnection(read),
    ...[...read.matchAll(IN_URL)].flatMap(([, hosts = '']) =>
      hosts.split(',').flatMap((one) => hostOf(one) ?? []),
    ),
    ...[...read.matchAll(FULL)].flatMap(([matched]) => hostOf(matched) ?? []),
    ...[...read.matchAll(WITH_PORT)].flatMap(([matched]) => hostOf(matched) ?? []),
  ];
  return [...new Map(found.map((host) => [host.matched, host])).values()];
}

/** As far as the separators of a connection string are looked for. */
const NEAR = 80;

/** A setting by itself could be any text's: another one has to go before or to follow. */
function hostsInConnection(text: string): readonly Host[] {
  return [...text.matchAll(IN_CONNECTION)].flatMap(({ 0: whole, 1: key = '', 2: hosts = '', index }) => {
    const end = index + whole.length;
    const before = text.slice(Math.max(0, index - NEAR), index);
    const after = text.slice(end, end + NEAR);
    const isOfDotNet = /; ?$/.test(before) || /^(?:,\d{2,5})? ?;/.test(after);
    const isOfLibpq = /^host/i.test(key) && (/=[^\s=]+ +$/.test(before) || /^ +\w+ ?=/.test(after));
    return isOfDotNet || isOfLibpq ? hosts.split(',').flatMap((one) => hostOf(one) ?? []) : [];
  });
}

/** What {@link hostsIn} finds, and the servers that a command line calls. */
export function hostsInCommand(text: string): readonly Host[] {
  const called = IN_SCRIPT.flatMap((pattern) =>
    [...text.slice(0, LONGEST).matchAll(pattern)].flatMap(([, name = '']) => hostOf(name) ?? []),
  );
  return [...hostsIn(text), ...called];
}

/** Reads `host` or `host:port`; undefined for any other text. */
export function hostOf(text: string): Host | undefined {
  const [, name, digits] = ONE.exec(text) ?? [];
  if (name === undefined) return undefined;
  const host = { name: name.toLowerCase(), matched: text };
  if (digits === undefined) return host;
  const port = Number(digits);
  return port >= 1 && port <= 65535 ? { ...host, port } : undefined;
}

/** A pod of a StatefulSet, `db-0`, in front of its governing Service. */
const POD = /-\d+$/;

/**
 * The Service that a name would be when looked up from a namespace.
 * @returns undefined for names outside of the cluster, as far as the name shows
 */
export function serviceNamed(name: string, from: string, world: World): ObjectRef | undefined {
  const labels = name.split('.');
  const svc = labels.indexOf('svc');
  if (svc >= 1) return svc < 2 ? undefined : service(labels[svc - 2], labels[svc - 1]);
  const [first = '', second, third] = labels;
  if (second === undefined) return first === 'localhost' ? undefined : service(first, from);
  if (labels.length === 2) {
    if (world.hasNamespace(second)) return service(first, second);
    return POD.test(first) ? service(second, from) : undefined;
  }
  const isPod = labels.length === 3 && third !== undefined && POD.test(first) && world.hasNamespace(third);
  return isPod ? service(second, third) : undefined;
}

function service(name: string | undefined, namespace: string | undefined): ObjectRef | undefined {
  if (name === undefined || namespace === undefined) return undefined;
  return { group: '', kind: 'Service', namespace, name };
}
