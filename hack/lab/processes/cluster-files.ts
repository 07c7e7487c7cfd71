/**
 * The files of a cluster that exist before any of its servers: keys and
 * certificates of its own authority, and the administrator's kubeconfig.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Credentials, kubeconfig } from '../kubeconfig.ts';
import {
  type Authority,
  createAuthority,
  createSigningKey,
  issueClient,
  issueServer,
  type KeyPair,
  type Validity,
} from '../pki/certificate.ts';
import { adminKubeconfig, type ControlPlanePlan, pki } from './control-plane-flags.ts';
import { LOOPBACK } from './ports.ts';

const DAY_MS = 86_400_000;
const LIFETIME_MS = 365 * DAY_MS;
const ADMINISTRATOR = { commonName: 'admin', organizations: ['system:masters'] };

/** @param now wall-clock milliseconds */
export function writeClusterFiles(plan: ControlPlanePlan, now: number): void {
  // A day back: clocks of containers and virtual machines lag.
  const validity: Validity = { notBefore: now - DAY_MS, notAfter: now + LIFETIME_MS };
  mkdirSync(pki(plan, ''), { recursive: true });
  mkdirSync(join(plan.directory, 'logs'), { recursive: true });
  const authority = createAuthority(`antipode-lab-${plan.name}`, validity);
  const firstService = plan.serviceRange.replace(/\.0\/.*$/, '.1');
  const server = issueServer(
    authority,
    { commonName: 'kube-apiserver' },
    { names: ['localhost', 'kubernetes.default.svc'], addresses: [LOOPBACK, firstService] },
    validity,
  );
  const admin = issueClient(authority, ADMINISTRATOR, validity);
  const signing = createSigningKey();
  writePair(plan, 'ca', authority);
  writePair(plan, 'server', server);
  writePair(plan, 'admin', admin);
  writeSecret(pki(plan, 'sa.key'), signing.privateKey);
  writeSecret(pki(plan, 'sa.pub'), signing.publicKey);
  writeSecret(
    adminKubeconfig(plan),
    kubeconfigFor(plan, plan.ports.apiServer, {
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    }),
  );
}

/** A kubeconfig that reaches the cluster at a loopback port: its own, or that of a link. */
export function kubeconfigFor(
  cluster: { readonly name: string; readonly directory: string },
  port: number,
  credentials: Credentials,
): string {
  const authority = readFileSync(pki(cluster, 'ca.crt'), 'utf8');
  return kubeconfig({ name: cluster.name, server: `https://${LOOPBACK}:${port}`, authority }, credentials);
}

export function readAdministrator(cluster: { readonly directory: string }): KeyPair {
  return {
    certificate: readFileSync(pki(cluster, 'admin.crt'), 'utf8'),
    key: readFileSync(pki(cluster, 'admin.key'), 'utf8'),
  };
}

export function readAuthority(cluster: { readonly name: string; readonly directory: string }): Authority {
  return {
    commonName: `antipode-lab-${cluster.name}`,
    certificate: readFileSync(pki(cluster, 'ca.crt'), 'utf8'),
    key: readFileSync(pki(cluster, 'ca.key'), 'utf8'),
  };
}

function writePair(plan: ControlPlanePlan, name: string, pair: KeyPair): void {
  writeSecret(pki(plan, `${name}.crt`), pair.certificate);
  writeSecret(pki(plan, `${name}.key`), pair.key);
}

function writeSecret(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
}
