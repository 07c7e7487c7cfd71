/** What each account of the chart may do and, as important, may not. */
import { expect } from 'vitest';
import { LabCommandError } from '../../../hack/lab/errors.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { RELEASE } from './helm.ts';

/** `verb resource[.group][/subresource] [namespace]`; without a namespace: in all. */
type Deed = string;

export interface Permissions {
  readonly allowed: readonly Deed[];
  readonly denied: readonly Deed[];
}

export const operatorPermissions: Permissions = {
  allowed: [
    'watch regionhealths.antipode.dev',
    'list drscenarios.antipode.dev',
    'create drexecutions.antipode.dev',
    'patch regionhealths.antipode.dev/status',
    'patch drscenarios.antipode.dev/status',
    'patch drexecutions.antipode.dev/status',
    `watch secrets ${RELEASE}`,
    `create leases.coordination.k8s.io ${RELEASE}`,
    `update leases.coordination.k8s.io ${RELEASE}`,
    'create events',
    'patch events',
    'list services',
    'create services default',
    'patch services default',
    'get configmaps default',
    'create configmaps default',
    'patch configmaps default',
    'list nodes',
  ],
  denied: [
    'list namespaces',
    'list secrets',
    'get secrets default',
    `create secrets ${RELEASE}`,
    'patch drscenarios.antipode.dev',
    'delete drscenarios.antipode.dev',
    'patch drexecutions.antipode.dev',
    'delete drexecutions.antipode.dev',
    'update leases.coordination.k8s.io default',
    'delete services default',
    'list configmaps',
    'delete configmaps default',
    'create pods default',
    'patch deployments.apps default',
    'create clusterroles.rbac.authorization.k8s.io',
  ],
};

/** Reading as both kinds of region need it. */
const reading: readonly Deed[] = [
  'list nodes',
  'watch nodes',
  'list secrets',
  'get secrets shop',
  'get configmaps shop',
  'list deployments.apps',
  'get statefulsets.apps shop',
  'get clusterroles.rbac.authorization.k8s.io',
  'get customresourcedefinitions.apiextensions.k8s.io',
  'get storageclasses.storage.k8s.io',
  'list widgets.shop.example.com',
  'watch widgets.shop.example.com',
];

/** Ways in which an account that only reads could write after all. */
const ways: readonly Deed[] = [
  'get pods/exec shop',
  'create pods/exec shop',
  'get pods/proxy shop',
  'get services/proxy shop',
  'get nodes/proxy',
  'create serviceaccounts/token shop',
  'impersonate users',
];

const removingSnapshots: readonly Deed[] = [
  'delete volumesnapshots.snapshot.storage.k8s.io shop',
  'delete volumesnapshotcontents.snapshot.storage.k8s.io',
  'delete volumegroupsnapshots.groupsnapshot.storage.k8s.io shop',
  'delete volumegroupsnapshotcontents.groupsnapshot.storage.k8s.io',
];

export const sourcePermissions: Permissions = {
  allowed: reading,
  denied: [
    ...ways,
    ...removingSnapshots,
    'create configmaps shop',
    'patch secrets shop',
    'update deployments.apps shop',
    'patch deployments.apps/scale shop',
    'delete pods shop',
    'create namespaces',
    'patch nodes',
    'create widgets.shop.example.com shop',
    'escalate clusterroles.rbac.authorization.k8s.io',
    'bind clusterroles.rbac.authorization.k8s.io',
  ],
};

/** With the hooks of scenarios enabled. */
export const hookPermissions: Permissions = {
  allowed: [...reading, 'get pods/exec shop', 'create pods/exec shop'],
  denied: ['get pods/proxy shop', 'get nodes/proxy', 'create pods/portforward shop', 'create pods shop'],
};

const restoring: readonly Deed[] = [
  ...reading,
  ...removingSnapshots,
  'create volumesnapshots.snapshot.storage.k8s.io shop',
  'create volumegroupsnapshots.groupsnapshot.storage.k8s.io shop',
  'create namespaces',
  'create secrets shop',
  'patch secrets shop',
  'create persistentvolumeclaims shop',
  'create deployments.apps shop',
  'patch deployments.apps/scale shop',
  'create ingresses.networking.k8s.io shop',
  'create customresourcedefinitions.apiextensions.k8s.io',
  'get widgets.shop.example.com shop',
  'create widgets.shop.example.com shop',
  'create roles.rbac.authorization.k8s.io shop',
  'create clusterroles.rbac.authorization.k8s.io',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'bind roles.rbac.authorization.k8s.io shop',
  'update deployments.apps/finalizers shop',
  'update widgets.shop.example.com/finalizers shop',
];

const destroying: readonly Deed[] = [
  'delete pods shop',
  'delete secrets shop',
  'delete namespaces',
  'deletecollection deployments.apps shop',
  'delete persistentvolumeclaims shop',
  'delete persistentvolumes',
  'delete widgets.shop.example.com shop',
  'update deployments.apps shop',
  'delete volumesnapshotclasses.snapshot.storage.k8s.io',
  'impersonate users',
];

export const recoveryPermissions: Permissions = { allowed: restoring, denied: destroying };

/** With the groups of custom resources listed. */
export const narrowRecoveryPermissions: Permissions = {
  allowed: restoring,
  denied: [...destroying, ...ways, 'create nodes', 'patch nodes', 'create gadgets.other.example.com shop'],
};

/** Roles take a moment to reach the API server's own cache, and so does their end. */
const PATIENCE = { timeout: 60_000, interval: 200 };

/** Fails with the deeds that the API server judges otherwise than `permissions` says, as `may not …` and `may …`. */
export async function expectPermissions(
  cluster: LabCluster,
  account: string,
  permissions: Permissions,
): Promise<void> {
  await expect.poll(() => broken(cluster, account, permissions), PATIENCE).toEqual([]);
}

async function broken(
  cluster: LabCluster,
  account: string,
  { allowed, denied }: Permissions,
): Promise<readonly string[]> {
  const deeds = [...allowed, ...denied];
  const input = deeds.map((deed) => JSON.stringify(reviewOf(account, deed))).join('\n---\n');
  const answer = ['create', '-o', 'jsonpath={.status.allowed}{"\\n"}', '-f', '-'];
  const answers = (await cluster.kubectl(answer, { input })).trim().split('\n');
  if (answers.length !== deeds.length) throw new Error(`${deeds.length} questions, but: ${answers.join()}`);
  return deeds.flatMap((deed, index) => {
    const may = answers[index] === 'true';
    if (may === index < allowed.length) return [];
    return [may ? `may ${deed}` : `may not ${deed}`];
  });
}

function reviewOf(account: string, deed: Deed): object {
  const [verb = '', typed = '', namespace = ''] = deed.split(' ');
  const [dotted = '', subresource = ''] = typed.split('/');
  const [resource = '', ...group] = dotted.split('.');
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${RELEASE}:${account}`,
      resourceAttributes: { verb, resource, subresource, group: group.join('.'), namespace },
    },
  };
}

/** The same question as a person would ask it. */
export async function canI(
  cluster: LabCluster,
  account: string,
  question: readonly string[],
): Promise<string> {
  const as = `--as=system:serviceaccount:${RELEASE}:${account}`;
  try {
    return (await cluster.kubectl(['auth', 'can-i', ...question, as])).trim();
  } catch (error) {
    if (error instanceof LabCommandError && error.stdout.trim() !== '') return error.stdout.trim();
    throw error;
  }
}
