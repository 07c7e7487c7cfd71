/**
 * The objective cluster as the user reaches it: which kubeconfig, which context,
 * which namespace, by the rules of kubectl. One file is read: the first of
 * KUBECONFIG that exists; files are not merged.
 */
import { delimiter, dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { arrayAt, isFields, textAt } from '../api/fields.ts';
import type { Instant } from '../domain/time.ts';
import { type Connection, parseKubeconfig } from '../kube/kubeconfig.ts';

export interface KubeconfigChoice {
  /** Of the command line. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly environment: { readonly KUBECONFIG?: string | undefined; readonly HOME?: string | undefined };
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
}

export type Chosen =
  | {
      readonly kind: 'connection';
      readonly connection: Connection;
      /** Of the context; `default` when it names none. */
      readonly namespace: string;
    }
  | { readonly kind: 'problem'; readonly message: string };

export async function chooseConnection(choice: KubeconfigChoice, now: Instant): Promise<Chosen> {
  const found = await firstReadable(choice);
  if (found === undefined) return { kind: 'problem', message: notFound(choice) };
  const { path, text } = found;
  const selected = withContext(text, choice.context);
  const parsed = parseKubeconfig(selected.text, { kind: 'file', directory: dirname(path) }, now);
  return parsed.kind === 'invalid'
    ? { kind: 'problem', message: `kubeconfig ${path}: ${parsed.message}` }
    : { kind: 'connection', connection: parsed.connection, namespace: selected.namespace };
}

function candidates({ kubeconfig, environment: { KUBECONFIG = '', HOME } }: KubeconfigChoice) {
  if (kubeconfig !== undefined) return [kubeconfig];
  const listed = KUBECONFIG.split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return listed;
  return HOME === undefined || HOME === '' ? [] : [join(HOME, '.kube', 'config')];
}

async function firstReadable(choice: KubeconfigChoice) {
  for (const path of candidates(choice)) {
    const text = await choice.read(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

function notFound(choice: KubeconfigChoice): string {
  const tried = candidates(choice).join(', ');
  return `no kubeconfig${tried === '' ? '' : ` at ${tried}`}: pass --kubeconfig FILE, or set KUBECONFIG`;
}

/** The same kubeconfig with another current context, and that context's namespace. */
function withContext(text: string, context: string | undefined) {
  const document = yamlOf(text);
  // What is wrong with the text is for parseKubeconfig to say.
  if (!isFields(document)) return { text, namespace: 'default' };
  const current = context ?? textAt(document, 'current-context');
  const entry = arrayAt(document, 'contexts').find((one) => textAt(one, 'name') === current);
  const namespace = textAt(entry, 'context', 'namespace') ?? 'default';
  return context === undefined
    ? { text, namespace }
    : { text: JSON.stringify({ ...document, 'current-context': context }), namespace };
}

function yamlOf(text: string): unknown {
  try {
    return load(text);
  } catch {
    return undefined;
  }
}
