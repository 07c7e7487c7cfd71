/** What every cluster brings with it under a name that is always the same, so that no copy is needed, nor right. */
import type { ObjectRef } from '../../api/object.ts';
import { kindOfRef } from './kinds.ts';

const SUPPLIED: Readonly<Record<string, RegExp>> = {
  // Roles of the RBAC bootstrap policy.
  'ClusterRole.rbac.authorization.k8s.io': /^(cluster-admin|admin|edit|view|system:.*)$/,
  'ClusterRoleBinding.rbac.authorization.k8s.io': /^(cluster-admin|system:.*)$/,
  'PriorityClass.scheduling.k8s.io': /^system-/,
  Namespace: /^(default|kube-system|kube-public|kube-node-lease)$/,
  ConfigMap: /^kube-root-ca\.crt$/,
  // Owners of static Pods' mirrors and the like.
  Node: /.*/,
};

export const isSuppliedByCluster = (ref: ObjectRef): boolean =>
  SUPPLIED[kindOfRef(ref)]?.test(ref.name) ?? false;
