/** Rows of who may do what: roles, bindings and accounts. */
import { anObject } from '../../../../testing/objects.ts';
import { type Row, web } from './row.ts';

const binding = (fields: Record<string, unknown>) => anObject('RoleBinding', 'shop/reader', fields);

const accountToken = (account: string) =>
  anObject('Secret', 'shop/token', {
    type: 'kubernetes.io/service-account-token',
    metadata: { annotations: { 'kubernetes.io/service-account.name': account } },
  });

/** What grants rights, and what needs them. */
export const inAccess: readonly Row[] = [
  {
    rule: 'aggregated-role',
    from: anObject('ClusterRole', 'monitoring', {
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { x: 'y' } }, { matchLabels: { part: 'm' } }],
      },
    }),
    besides: [
      anObject('ClusterRole', 'monitoring-pods', { metadata: { labels: { part: 'm' } } }),
      anObject('ClusterRole', 'other', { metadata: { labels: { part: 'o' } } }),
    ],
    to: 'ClusterRole.rbac.authorization.k8s.io/monitoring-pods',
    field: 'aggregationRule.clusterRoleSelectors[1]',
  },
  {
    rule: 'binding-role',
    from: binding({ roleRef: { kind: 'Role', name: 'reader' } }),
    to: 'Role.rbac.authorization.k8s.io/shop/reader',
    field: 'roleRef.name',
  },
  {
    rule: 'binding-role',
    from: binding({ roleRef: { kind: 'ClusterRole', name: 'reader' } }),
    to: 'ClusterRole.rbac.authorization.k8s.io/reader',
    field: 'roleRef.name',
  },
  {
    rule: 'binding-subject',
    from: binding({
      subjects: [
        { kind: 'User', name: 'jo' },
        { kind: 'ServiceAccount', name: 'web' },
      ],
    }),
    to: 'ServiceAccount/shop/web',
    field: 'subjects[1].name',
    optional: true,
  },
  {
    rule: 'binding-subject',
    from: anObject('ClusterRoleBinding', 'reader', {
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    }),
    to: 'ServiceAccount/shop/web',
    field: 'subjects[0].name',
    optional: true,
  },
  {
    rule: 'binding-subject',
    from: anObject('ClusterRoleBinding', 'reader', {
      subjects: [{ kind: 'User', name: 'system:serviceaccount:shop:web' }],
    }),
    to: 'ServiceAccount/shop/web',
    field: 'subjects[0].name',
    optional: true,
  },
  {
    rule: 'account-secret',
    from: anObject('ServiceAccount', 'shop/web', { secrets: [{ name: 'pw' }] }),
    to: 'Secret/shop/pw',
    field: 'secrets[0].name',
  },
  {
    rule: 'token-account',
    from: accountToken('web'),
    to: 'ServiceAccount/shop/web',
    field: 'metadata.annotations["kubernetes.io/service-account.name"]',
  },
  {
    rule: 'token-account',
    from: accountToken('default'),
    to: 'ServiceAccount/shop/default',
    field: 'metadata.annotations["kubernetes.io/service-account.name"]',
    optional: true,
  },
  {
    rule: 'account-image-pull-secret',
    from: anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] }),
    to: 'Secret/shop/registry',
    field: 'imagePullSecrets[0].name',
  },
  ...[
    anObject('RoleBinding', 'shop/reader', { subjects: [{ kind: 'ServiceAccount', name: 'web' }] }),
    anObject('ClusterRoleBinding', 'reader', {
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    }),
    anObject('RoleBinding', 'shop/reader', {
      subjects: [{ kind: 'User', name: 'system:serviceaccount:shop:web' }],
    }),
    anObject('RoleBinding', 'shop/all', {
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts:shop' }],
    }),
  ].map((granting) => ({
    rule: 'granted-by',
    from: web({ serviceAccountName: 'web' }),
    besides: [granting],
    to: `${granting.kind}.rbac.authorization.k8s.io/${granting.kind === 'RoleBinding' ? 'shop/' : ''}${granting.metadata.name}`,
    field: 'spec.template.spec.serviceAccountName',
  })),
];
