/** Who may do what: bindings need the role they grant and whom they grant it to; accounts need their Secrets. */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import { type KubeObject, refKey } from '../../../api/object.ts';
import { ACCOUNT_ANNOTATION, accountOfToken, isAccountToken } from '../account-token.ts';
import { kindOf } from '../kinds.ts';
import { LabelIndex, type LabelSelector, selectorAt } from '../labels.ts';
import { accountNamed, perWorld, type World } from '../world.ts';
import { beside, clusterWide, type Found, foundByKey, type Rule } from './rule.ts';

const RBAC = 'rbac.authorization.k8s.io';
const BINDINGS = [`RoleBinding.${RBAC}`, `ClusterRoleBinding.${RBAC}`];

export const accessRules: readonly Rule[] = [
  {
    name: 'binding-role',
    kinds: BINDINGS,
    reads: 'roleRef.name',
    certainty: 'certain',
    sentence: 'A binding grants a Role or ClusterRole.',
    find: (binding) => {
      const name = at(binding, 'roleRef', 'name');
      return textAt(binding, 'roleRef', 'kind') === 'Role'
        ? beside(binding, { group: RBAC, kind: 'Role', name }, 'roleRef.name')
        : clusterWide(RBAC, 'ClusterRole', name, 'roleRef.name');
    },
  },
  {
    name: 'binding-subject',
    kinds: BINDINGS,
    reads: 'subjects[*].name',
    certainty: 'certain',
    // A binding may grant to accounts that do not exist, and to other people's.
    stays: true,
    sentence: 'A binding grants to a ServiceAccount, under its own name or as the user that it is.',
    find: subjects,
  },
  {
    name: 'aggregated-role',
    kinds: [`ClusterRole.${RBAC}`],
    reads: 'aggregationRule.clusterRoleSelectors[*]',
    certainty: 'certain',
    sentence: 'An aggregated ClusterRole has the rights of the ClusterRoles that it selects by label.',
    sees: 'others',
    find: aggregated,
  },
  {
    name: 'account-secret',
    kinds: ['ServiceAccount'],
    reads: 'secrets[*].name',
    certainty: 'certain',
    sentence: 'A ServiceAccount may mount a Secret.',
    sees: 'others',
    find: (account, world) => accountSecrets(account, 'secrets', world),
  },
  {
    name: 'token-account',
    kinds: ['Secret'],
    reads: `metadata.annotations["${ACCOUNT_ANNOTATION}"]`,
    certainty: 'certain',
    sentence:
      'A Secret with the token of a ServiceAccount is deleted by the cluster when there is no such account.',
    find: tokenAccount,
  },
  {
    name: 'account-image-pull-secret',
    kinds: ['ServiceAccount'],
    reads: 'imagePullSecrets[*].name',
    certainty: 'certain',
    sentence: 'Pods of a ServiceAccount pull their images with the credentials in a Secret.',
    sees: 'others',
    find: (account, world) => accountSecrets(account, 'imagePullSecrets', world),
  },
];

/** Optional: a binding to an account that does not exist is valid and grants once it does. */
function subjects(binding: KubeObject): readonly Found[] {
  return arrayAt(binding, 'subjects').flatMap((subject, index) => {
    const account = accountNamed(subject, binding.metadata.namespace);
    if (account === undefined) return [];
    const to = { group: '', kind: 'ServiceAccount', ...account };
    return [{ to, field: `subjects[${index}].name`, optional: true }];
  });
}

/** Optional: every namespace gets the account `default` by itself. */
function tokenAccount(secret: KubeObject): readonly Found[] {
  const name = accountOfToken(secret);
  const field = `metadata.annotations["${ACCOUNT_ANNOTATION}"]`;
  return beside(secret, { kind: 'ServiceAccount', name }, field, name === 'default');
}

/**
 * An account works without any Secret. It is written after one that is there, which it lists, but
 * waits neither for a token, which needs an account itself, mostly this one, nor for whoever makes
 * what is not there: External Secrets may log in as this very account for it.
 */
function accountSecrets(
  account: KubeObject,
  list: 'secrets' | 'imagePullSecrets',
  world: World,
): readonly Found[] {
  return arrayAt(account, list).flatMap((listed, index) =>
    beside(account, { kind: 'Secret', name: at(listed, 'name') }, `${list}[${index}].name`).map((found) => {
      const secret = world.objects.get(refKey(found.to));
      return secret === undefined || isAccountToken(secret) ? { ...found, only: 'search' as const } : found;
    }),
  );
}

const rolesByLabel = perWorld((world) => {
  const index = new LabelIndex();
  for (const [key, object] of world.objects) {
    if (kindOf(object) === `ClusterRole.${RBAC}`) index.add(key, object.metadata.labels ?? {});
  }
  return index;
});

function aggregated(role: KubeObject, world: World): readonly Found[] {
  return aggregationSelectors(role).flatMap((selector, index) =>
    rolesByLabel(world)
      .find(selector)
      .flatMap((key) => foundByKey(key, { field: `aggregationRule.clusterRoleSelectors[${index}]` })),
  );
}

/** Which ClusterRoles a ClusterRole is put together from; none of one that has rules of its own. */
export function aggregationSelectors(role: KubeObject): readonly LabelSelector[] {
  return arrayAt(role, 'aggregationRule', 'clusterRoleSelectors').flatMap(
    (selector) => selectorAt({ selector }, 'selector') ?? [],
  );
}
