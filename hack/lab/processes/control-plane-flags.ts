/**
 * The command lines of a control plane's servers, as pure functions of where
 * things are. Apart from the starting of them, so that a reader finds every
 * flag in one place and a test can hold the promise that all listen on loopback.
 */
import { join } from 'node:path';
import { LOOPBACK } from './ports.ts';

export interface ControlPlanePlan {
  readonly name: string;
  readonly directory: string;
  /** Name of the etcd member: unique in the world, so that a foreign etcd on our port is recognised. */
  readonly etcdMember: string;
  readonly ports: { readonly etcdClient: number; readonly etcdPeer: number; readonly apiServer: number };
  /** Each cluster has ranges of its own, as real regions would. */
  readonly serviceRange: string;
}

/** A node counts as lost this long after its last heartbeat; the default of 50 s would dominate every failover. */
export const NODE_GRACE_SECONDS = 10;

export function pki(plan: Pick<ControlPlanePlan, 'directory'>, file: string): string {
  return join(plan.directory, 'pki', file);
}

export function adminKubeconfig(plan: Pick<ControlPlanePlan, 'directory'>): string {
  return join(plan.directory, 'admin.kubeconfig');
}

export function etcdUrl(port: number): string {
  return `http://${LOOPBACK}:${port}`;
}

/** @param data where the member keeps its files */
export function etcdFlags(member: string, data: string, ports: { client: number; peer: number }): string[] {
  return [
    `--name=${member}`,
    `--data-dir=${data}`,
    `--listen-client-urls=${etcdUrl(ports.client)}`,
    `--advertise-client-urls=${etcdUrl(ports.client)}`,
    `--listen-peer-urls=${etcdUrl(ports.peer)}`,
    `--initial-advertise-peer-urls=${etcdUrl(ports.peer)}`,
    `--initial-cluster=${member}=${etcdUrl(ports.peer)}`,
    `--initial-cluster-token=${member}`,
    '--log-level=warn',
    // As kubeadm sets it: lets API servers send bookmarks also for kinds in which nothing happens.
    '--watch-progress-notify-interval=5s',
    // What is lost then is lost only when the machine dies, not when the process is killed.
    '--unsafe-no-fsync',
  ];
}

export function apiServerFlags(plan: ControlPlanePlan): string[] {
  return [
    `--etcd-servers=${etcdUrl(plan.ports.etcdClient)}`,
    `--bind-address=${LOOPBACK}`,
    `--secure-port=${plan.ports.apiServer}`,
    // The default is the address of some other interface, and none on a machine that is offline.
    `--advertise-address=${LOOPBACK}`,
    '--endpoint-reconciler-type=none',
    `--cert-dir=${pki(plan, '')}`,
    `--tls-cert-file=${pki(plan, 'server.crt')}`,
    `--tls-private-key-file=${pki(plan, 'server.key')}`,
    `--client-ca-file=${pki(plan, 'ca.crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki(plan, 'sa.pub')}`,
    `--service-account-signing-key-file=${pki(plan, 'sa.key')}`,
    `--service-cluster-ip-range=${plan.serviceRange}`,
    '--authorization-mode=RBAC',
    '--allow-privileged',
    '--profiling=false',
  ];
}

export function controllerManagerFlags(plan: ControlPlanePlan): string[] {
  return [
    ...clientFlags(plan),
    `--service-account-private-key-file=${pki(plan, 'sa.key')}`,
    `--root-ca-file=${pki(plan, 'ca.crt')}`,
    '--use-service-account-credentials',
    '--node-monitor-period=1s',
    `--node-monitor-grace-period=${NODE_GRACE_SECONDS}s`,
  ];
}

export function schedulerFlags(plan: ControlPlanePlan): string[] {
  return clientFlags(plan);
}

function clientFlags(plan: ControlPlanePlan): string[] {
  const kubeconfig = adminKubeconfig(plan);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    // No port of its own: nothing asks for its metrics, and a port that is not open cannot be taken.
    '--secure-port=0',
    `--bind-address=${LOOPBACK}`,
    '--profiling=false',
  ];
}
