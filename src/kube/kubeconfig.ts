/**
 * Decides whether a kubeconfig can be used, before anything is connected. It
 * looks at the text itself first, because client-node opens `token-file` while
 * parsing and would run commands of `exec` entries: a kubeconfig that arrived in
 * a Secret must not make the operator read its own files or run programs.
 * No message repeats anything of the text but names of fields.
 */
import { resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { load, YAMLException } from 'js-yaml';
import { arrayAt, at, type Fields, fieldsAt, isFields, textAt } from '../api/fields.ts';
import type { Instant } from '../domain/time.ts';
import { checkCertificates, type Validity } from './certificates.ts';

/** How to reach one cluster, with everything checked that can be without connecting. */
export interface Connection {
  /** `https://host:port`, with a path when the API is served below one; no trailing slash. */
  readonly server: string;
  /** For messages. */
  readonly host: string;
  /** Does the authentication; holds credentials, never to be logged. */
  readonly kubeConfig: KubeConfig;
  /** Its credentials stay as they are: no file is read and no command run for them. */
  readonly fixed: boolean;
  /** Of the client certificate; undefined for other credentials. */
  readonly validity: Validity | undefined;
}

export type ParsedKubeconfig =
  | { readonly kind: 'valid'; readonly connection: Connection }
  /** `message` is for people and holds no credentials. */
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * Where a kubeconfig came from decides what it may ask for: one from a Secret
 * must be self-contained, one from a file of the operator's own may refer to
 * files (relative to `directory`) and run credential plugins.
 */
export type KubeconfigOrigin =
  | { readonly kind: 'secret' }
  | { readonly kind: 'file'; readonly directory: string };

interface Entries {
  readonly cluster: Fields;
  readonly user: Fields;
}

/** Parses the current context of a kubeconfig. Other contexts are neither read nor checked. */
export function parseKubeconfig(text: string, origin: KubeconfigOrigin, now: Instant): ParsedKubeconfig {
  const found = currentEntries(text);
  if (typeof found === 'string') return invalid(found);
  const problem =
    clusterProblem(found.cluster) ??
    oidcProblem(found.user, origin) ??
    (origin.kind === 'secret' ? reachOutProblem(found) : undefined) ??
    (hasCredentials(found.user) ? undefined : NO_CREDENTIALS);
  if (problem !== undefined) return invalid(problem);
  try {
    const kubeConfig = loadChecked(found, origin);
    const checked = checkCertificates(kubeConfig, now);
    if (checked.kind === 'invalid') return checked;
    const { server, host } = serverOf(kubeConfig);
    const fixed = reachOutProblem(found) === undefined;
    return { kind: 'valid', connection: { server, host, kubeConfig, fixed, validity: checked.validity } };
  } catch (error) {
    if (origin.kind === 'file' && textAt(error, 'syscall') !== undefined)
      return invalid('a file that the kubeconfig refers to cannot be read');
    // The text of this error is not ours and may quote the kubeconfig.
    return invalid('the kubeconfig cannot be loaded: an entry has a value of the wrong type');
  }
}

const NO_CREDENTIALS =
  'the user of the current context has no credentials: give it a token, or client-certificate-data and client-key-data';
const invalid = (message: string): ParsedKubeconfig => ({ kind: 'invalid', message });

/** The cluster and user of the current context, or why there are none. */
function currentEntries(text: string): Entries | string {
  const document = parseYaml(text);
  if (typeof document === 'string') return document;
  const current = textAt(document, 'current-context');
  if (current === undefined || current === '') return 'no current-context is set';
  const context = named(document, 'contexts', current);
  if (context === undefined) return 'current-context names a context that is not among contexts';
  const cluster = named(document, 'clusters', textAt(context, 'context', 'cluster'));
  if (cluster === undefined) return 'the current context names a cluster that is not among clusters';
  const user = named(document, 'users', textAt(context, 'context', 'user'));
  if (user === undefined) return 'the current context names a user that is not among users';
  return { cluster: fieldsAt(cluster, 'cluster') ?? {}, user: fieldsAt(user, 'user') ?? {} };
}

function parseYaml(text: string): Fields | string {
  if (text.trim() === '') return 'the kubeconfig is empty';
  try {
    const document: unknown = load(text);
    return isFields(document) ? document : 'not a kubeconfig: the text is not a YAML mapping';
  } catch (error) {
    // Only the line: the exception's own words quote the text around it.
    const line = error instanceof YAMLException ? error.mark?.line : undefined;
    return line === undefined ? 'not valid YAML' : `not valid YAML (line ${line + 1})`;
  }
}

function named(document: Fields, list: string, name: string | undefined): unknown {
  return arrayAt(document, list).find((entry) => name !== undefined && textAt(entry, 'name') === name);
}

function clusterProblem(cluster: Fields): string | undefined {
  const server = textAt(cluster, 'server');
  if (server === undefined || server === '') return 'the cluster of the current context has no server';
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:')
    return 'the server of the current context is not an https:// URL';
  const { username, password } = new URL(server);
  if (username !== '' || password !== '') return 'the server URL must not hold a user name or password';
  if (at(cluster, 'insecure-skip-tls-verify') === true)
    return 'insecure-skip-tls-verify is refused: set certificate-authority-data instead';
  if (at(cluster, 'proxy-url') !== undefined) return 'proxy-url is not supported';
  return undefined;
}

/**
 * client-node 2.0.1 hands openid-client the issuer in a form it refuses, so no token is ever renewed. The cluster
 * would answer until the id-token expires, and then look as if it were lost.
 */
function oidcProblem(user: Fields, origin: KubeconfigOrigin): string | undefined {
  if (textAt(user, 'auth-provider', 'name') !== 'oidc') return undefined;
  const more = origin.kind === 'file' ? 'exec with a credential plugin, a tokenFile, ' : '';
  const remedy = `use ${more}a token, or client-certificate-data and client-key-data`;
  return `the user of the current context has auth-provider oidc, whose token could not be renewed: ${remedy}`;
}

/** Anything that would make the operator read a file of its own or run a program. */
function reachOutProblem({ cluster, user }: Entries): string | undefined {
  const files = [
    ...['certificate-authority'].filter((field) => isSet(cluster, field)),
    ...['client-certificate', 'client-key', 'tokenFile', 'token-file'].filter((field) => isSet(user, field)),
  ];
  if (files.length > 0)
    return `refers to a file (${files.join(', ')}): put the content in, as kubectl config view --flatten does`;
  if (isSet(user, 'exec'))
    return 'asks to run a command (exec), which is refused for a kubeconfig in a Secret: use a token or a client certificate';
  if (isSet(user, 'auth-provider'))
    return 'its auth-provider runs a command or reads a file, which is refused for a kubeconfig in a Secret';
  return undefined;
}

function hasCredentials(user: Fields): boolean {
  const certificate = isSet(user, 'client-certificate-data') || isSet(user, 'client-certificate');
  const key = isSet(user, 'client-key-data') || isSet(user, 'client-key');
  return (
    (certificate && key) ||
    ['token', 'tokenFile', 'token-file', 'exec', 'auth-provider'].some((field) => isSet(user, field)) ||
    (isSet(user, 'username') && isSet(user, 'password'))
  );
}

function isSet(fields: Fields, field: string): boolean {
  const value = fields[field];
  return value !== undefined && value !== null && value !== '';
}

/** Hands client-node only the entries that were checked. */
function loadChecked({ cluster, user }: Entries, origin: KubeconfigOrigin): KubeConfig {
  const kubeConfig = new KubeConfig();
  const document = {
    'current-context': 'current',
    contexts: [{ name: 'current', context: { cluster: 'cluster', user: 'user' } }],
    clusters: [{ name: 'cluster', cluster }],
    users: [{ name: 'user', user: origin.kind === 'file' ? withTokenFile(user, origin.directory) : user }],
  };
  kubeConfig.loadFromString(JSON.stringify(document));
  if (origin.kind === 'file') kubeConfig.makePathsAbsolute(origin.directory);
  return kubeConfig;
}

/**
 * client-node does not know `tokenFile`, and reads `token-file` only once. Its
 * provider for files reads the token again every minute, as client-go does.
 */
function withTokenFile(user: Fields, directory: string): Fields {
  const tokenFile = textAt(user, 'tokenFile') ?? textAt(user, 'token-file');
  if (tokenFile === undefined) return user;
  const { tokenFile: _, 'token-file': __, ...rest } = user;
  return {
    ...rest,
    'auth-provider': { name: 'tokenFile', config: { tokenFile: resolve(directory, tokenFile) } },
  };
}

function serverOf(kubeConfig: KubeConfig): { server: string; host: string } {
  const url = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const host = url.port === '' ? `${url.hostname}:443` : url.host;
  return { server: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, host };
}

/** Where a Pod finds its cluster: environment variables and the mounted ServiceAccount. */
export interface InClusterPlace {
  /** KUBERNETES_SERVICE_HOST. */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT. */
  readonly port: string;
  /** Usually `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly directory: string;
}

/** Connection of a Pod to its own cluster; the token is read again every minute, the CA on every new call. */
export function inClusterConnection({ host, port, directory }: InClusterPlace): Connection {
  const address = host.includes(':') ? `[${host}]` : host;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'cluster',
      server: `https://${address}:${port}`,
      caFile: `${directory}/ca.crt`,
      skipTLSVerify: false,
    },
    {
      name: 'user',
      authProvider: { name: 'tokenFile', config: { tokenFile: `${directory}/token` } },
    },
  );
  return {
    server: `https://${address}:${port}`,
    host: `${address}:${port}`,
    kubeConfig,
    fixed: false,
    validity: undefined,
  };
}
