/**
 * The zone's authoritative server (CoreDNS on an etcd of its own) and the
 * external-dns of the objective cluster that writes to it. The server stands
 * for a DNS provider: it is in no region and survives the loss of any.
 */
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from '../build/ensure.ts';
import type { LabFacts } from '../facts.ts';
import type { Launcher } from './component.ts';
import { etcdUrl } from './control-plane-flags.ts';
import { RECORD_PREFIX } from './dns-records.ts';
import { startEtcd } from './etcd.ts';
import { send } from './http.ts';
import { holdPort, holdPorts, LOOPBACK, releaseAll } from './ports.ts';

export const DNS_ZONE = 'dr.test';
export const OWNER_ID = 'antipode-objective';
const READY_DEADLINE_MS = 60_000;
const INTERVAL = '10s';

/** @param directory made for DNS alone */
export async function startDnsServer(
  launcher: Launcher,
  binaries: Binaries,
  directory: string,
): Promise<LabFacts['dns']> {
  mkdirSync(directory, { recursive: true });
  const held = await holdPorts(3);
  const [client = 0, peer = 0, port = 0] = held.map((each) => each.port);
  await releaseAll(held);
  await startEtcd(launcher, await binaries.path('etcd'), {
    name: 'dns/etcd',
    member: `dns-${randomBytes(6).toString('hex')}`,
    directory,
    dataDirectory: join(directory, 'etcd'),
    logPath: join(directory, 'etcd.log'),
    ports: { client, peer },
  });
  const corefile = join(directory, 'Corefile');
  writeFileSync(corefile, corefileFor(port, etcdUrl(client)));
  const server = launcher.launch({
    name: 'dns/coredns',
    executable: await binaries.path('coredns'),
    arguments: ['-conf', corefile],
    logPath: join(directory, 'coredns.log'),
    directory,
  });
  const address = `${LOOPBACK}:${port}`;
  await server.until('answering', READY_DEADLINE_MS, () => askForZone(address));
  return { zone: DNS_ZONE, server: address, etcd: etcdUrl(client) };
}

export async function startExternalDns(
  launcher: Launcher,
  binaries: Binaries,
  plan: { readonly directory: string; readonly kubeconfig: string; readonly etcd: string },
): Promise<void> {
  const metrics = await holdPort();
  await metrics.release();
  const externalDns = launcher.launch({
    name: 'dns/external-dns',
    executable: await binaries.path('external-dns'),
    arguments: externalDnsFlags(plan.kubeconfig, metrics.port),
    environment: { ETCD_URLS: plan.etcd },
    logPath: join(plan.directory, 'external-dns.log'),
    directory: plan.directory,
  });
  const url = `http://${LOOPBACK}:${metrics.port}/healthz`;
  await externalDns.until('healthy', READY_DEADLINE_MS, async () =>
    (await send({ url, deadline: 1_000 })).status === 200 ? true : undefined,
  );
}

export function corefileFor(port: number, etcd: string): string {
  return `${DNS_ZONE}:${port} {
  bind ${LOOPBACK}
  etcd {
    path ${RECORD_PREFIX}
    endpoint ${etcd}
  }
  errors
}
`;
}

export function externalDnsFlags(kubeconfig: string, metricsPort: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--source=service',
    // Nothing else in the cluster may become a global name.
    '--service-type-filter=ExternalName',
    '--provider=coredns',
    `--coredns-prefix=${RECORD_PREFIX}/`,
    `--domain-filter=${DNS_ZONE}`,
    // The prefix that later releases have as their default.
    '--annotation-prefix=external-dns.kubernetes.io/',
    // An emptied cluster must not empty the zone.
    '--policy=upsert-only',
    '--registry=txt',
    `--txt-owner-id=${OWNER_ID}`,
    `--interval=${INTERVAL}`,
    '--events',
    `--metrics-address=${LOOPBACK}:${metricsPort}`,
  ];
}

async function askForZone(server: string): Promise<true> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([server]);
  await resolver.resolveSoa(DNS_ZONE);
  return true;
}
