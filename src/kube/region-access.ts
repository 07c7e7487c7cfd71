/**
 * Decides, from a RegionHealth and the Secret it names, whether the region's
 * cluster can be reached and with which kubeconfig. Pure: reads no cluster. The
 * messages are for the person who has to mend it: what, where, and how.
 */
import { fieldsAt, textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import type { Instant } from '../domain/time.ts';
import { validityProblem } from './certificates.ts';
import type { ClusterUnavailableReason } from './cluster.ts';
import { type Connection, parseKubeconfig } from './kubeconfig.ts';

/** Where a region's kubeconfig is expected. */
export interface SecretPlace {
  readonly region: string;
  readonly namespace: string;
  readonly secretName: string;
  readonly key: string;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: ClusterUnavailableReason;
  readonly message: string;
}

export type KubeconfigText = { readonly kind: 'text'; readonly text: string } | Unavailable;
export type RegionConnection = { readonly kind: 'connection'; readonly connection: Connection } | Unavailable;

export function regionNotFound(region: string): Unavailable {
  return unavailable('RegionNotFound', `there is no RegionHealth ${region}: create it, or correct the name`);
}

/** Where `region` says that its kubeconfig is. */
export function secretPlace(region: KubeObject, namespace: string): SecretPlace | Unavailable {
  const { name } = region.metadata;
  const secretName = textAt(region, 'spec', 'clusterRef', 'secretName');
  const key = textAt(region, 'spec', 'clusterRef', 'key') ?? 'kubeconfig';
  if (secretName !== undefined && secretName !== '') return { region: name, namespace, secretName, key };
  return unavailable(
    'KubeconfigSecretNotFound',
    `RegionHealth ${name} names no Secret: set spec.clusterRef.secretName`,
  );
}

/** The kubeconfig in `secret`, undefined when the Secret does not exist. */
export function kubeconfigText(secret: KubeObject | undefined, place: SecretPlace): KubeconfigText {
  const { region, namespace, secretName, key } = place;
  if (secret === undefined)
    return unavailable(
      'KubeconfigSecretNotFound',
      `Secret ${namespace}/${secretName}, named by RegionHealth ${region}, does not exist: create it with ` +
        `kubectl -n ${namespace} create secret generic ${secretName} --from-file=${key}=PATH_OF_KUBECONFIG`,
    );
  const encoded = textAt(secret, 'data', key);
  if (encoded === undefined || encoded === '') {
    const keys = Object.keys(fieldsAt(secret, 'data') ?? {});
    const found = keys.length === 0 ? 'it is empty' : `it has ${keys.join(', ')}`;
    return unavailable(
      'KubeconfigInvalid',
      `Secret ${namespace}/${secretName} has no key ${key} (${found}): ` +
        `put the kubeconfig under it, or set spec.clusterRef.key of RegionHealth ${region}`,
    );
  }
  return { kind: 'text', text: Buffer.from(encoded, 'base64').toString('utf8') };
}

/** Checks a kubeconfig that came from `place`. */
export function regionConnection(text: string, place: SecretPlace, now: Instant): RegionConnection {
  const parsed = parseKubeconfig(text, { kind: 'secret' }, now);
  return parsed.kind === 'valid'
    ? { kind: 'connection', connection: parsed.connection }
    : unusable(place, parsed.message);
}

/**
 * Whether two connections lead to the same cluster, as whomever: then a client may go over from one to the
 * other. Another authority at the same address may be a cluster that was built anew.
 */
export function isSameServer(one: Connection, other: Connection): boolean {
  const [a, b] = [one, other].map(({ kubeConfig }) => kubeConfig.getCurrentCluster());
  return one.server === other.server && a?.caData === b?.caData && a?.tlsServerName === b?.tlsServerName;
}

/** Why a connection that was usable once is not any more; undefined while it is. */
export function expiry({ validity }: Connection, place: SecretPlace, now: Instant): Unavailable | undefined {
  const problem = validity === undefined ? undefined : validityProblem(validity, now);
  return problem === undefined ? undefined : unusable(place, problem);
}

function unusable({ region, namespace, secretName, key }: SecretPlace, problem: string): Unavailable {
  return unavailable(
    'KubeconfigInvalid',
    `the kubeconfig of RegionHealth ${region} (Secret ${namespace}/${secretName}, key ${key}) cannot be used: ` +
      `${problem}. Replace it in the Secret; it is picked up at once`,
  );
}

function unavailable(reason: ClusterUnavailableReason, message: string): Unavailable {
  return { kind: 'unavailable', reason, message };
}
