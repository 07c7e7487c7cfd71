/**
 * Secrets that hold the token of a ServiceAccount. The token controller of each
 * cluster fills them in, and deletes one whose account is not there.
 */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { kindOf } from './kinds.ts';

export const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';
const TOKEN_TYPE = 'kubernetes.io/service-account-token';

export const isAccountToken = (object: KubeObject): boolean =>
  kindOf(object) === 'Secret' && at(object, 'type') === TOKEN_TYPE;

/** Name of the account, in the namespace of the Secret; undefined when it is no token Secret. */
export function accountOfToken(object: KubeObject): string | undefined {
  return isAccountToken(object) ? object.metadata.annotations?.[ACCOUNT_ANNOTATION] : undefined;
}

/** What the token controller put behind the name of the account. */
const GENERATED = /^[a-z0-9]{5}$/;

/**
 * Whether a token Secret was made by the token controller, as clusters before
 * 1.24 had one made for each account, and not by a user: it is named after the
 * account, which lists it.
 * @param account undefined when it is not known; then the name decides
 */
export function isGeneratedToken(secret: KubeObject, account: KubeObject | undefined): boolean {
  const { name } = secret.metadata;
  const stem = `${accountOfToken(secret) ?? ''}-token-`;
  if (!name.startsWith(stem) || !GENERATED.test(name.slice(stem.length))) return false;
  return account === undefined || arrayAt(account, 'secrets').some((each) => textAt(each, 'name') === name);
}
