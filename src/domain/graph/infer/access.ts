/** Who may do what: bindings need the role they grant and whom they grant it to; accounts need their Secrets. */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { beside, clusterWide, type Found, type Rule } from './rule.ts';

const RBAC = 'rbac.authorization.k8s.io';
const BINDINGS = [`RoleBinding.${RBAC}`, `ClusterRoleBinding.${RBAC}`];

export const accessRules: readonly Rule[] = [
  {
    name: 'binding-role',
    kinds: BINDINGS,
    find: (binding) => {
      const name = at(binding, 'roleRef', 'name');
      return textAt(binding, 'roleRef', 'kind') === 'Role'
        ? beside(binding, { group: RBAC, kind: 'Role', name }, 'roleRef.name')
        : clusterWide(RBAC, 'ClusterRole', name, 'roleRef.name');
    },
  },
  { name: 'binding-subject', kinds: BINDINGS, find: subjects },
  {
    name: 'account-secret',
    kinds: ['ServiceAccount'],
    find: (account) => accountSecrets(account, 'secrets'),
  },
  {
    name: 'account-image-pull-secret',
    kinds: ['ServiceAccount'],
    find: (account) => accountSecrets(account, 'imagePullSecrets'),
  },
];

/** Optional: a binding to an account that does not exist is valid and grants once it does. */
function subjects(binding: KubeObject): readonly Found[] {
  return arrayAt(binding, 'subjects').flatMap((subject, index) => {
    const name = textAt(subject, 'name');
    const namespace = textAt(subject, 'namespace') ?? binding.metadata.namespace;
    if (textAt(subject, 'kind') !== 'ServiceAccount' || name === undefined || namespace === undefined)
      return [];
    const to = { group: '', kind: 'ServiceAccount', namespace, name };
    return [{ to, field: `subjects[${index}].name`, optional: true }];
  });
}

function accountSecrets(account: KubeObject, list: 'secrets' | 'imagePullSecrets'): readonly Found[] {
  return arrayAt(account, list).flatMap((secret, index) =>
    beside(account, { kind: 'Secret', name: at(secret, 'name') }, `${list}[${index}].name`),
  );
}
