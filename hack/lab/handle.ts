/**
 * The lab as its users hold it, made from facts. What needs the process that
 * owns the servers goes through `Control`, which is that process itself or a
 * socket to it; everything else is done directly and works the same in both.
 */
import { execFile } from 'node:child_process';
import { LabCommandError, LabError } from './errors.ts';
import type { ClusterFacts, LabFacts } from './facts.ts';
import { issueClient } from './pki/certificate.ts';
import { kubeconfigFor, readAdministrator, readAuthority } from './processes/cluster-files.ts';
import { compact } from './processes/compaction.ts';
import { seedRecord } from './processes/dns-records.ts';
import { linkOf } from './processes/links.ts';
import type { ProgramRequest } from './processes/programs.ts';
import type { Lab, LabCluster, LabZone, StartedProgram } from './types.ts';

/** What only the owner of the servers can do. Names are those of the facts. */
export interface Control {
  kill(cluster: string): Promise<void>;
  stopControlPlane(cluster: string): Promise<void>;
  start(cluster: string): Promise<void>;
  failZone(cluster: string, zone: string): Promise<void>;
  healZone(cluster: string, zone: string): Promise<void>;
  run(program: ProgramRequest): Promise<StartedProgram>;
  startProgram(name: string): Promise<StartedProgram>;
  stopProgram(name: string): Promise<void>;
  killProgram(name: string): Promise<void>;
  stop(): Promise<void>;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export function labHandle(facts: LabFacts, control: Control): Lab {
  const cluster = (of: ClusterFacts) => clusterHandle(of, facts, control);
  return {
    directory: facts.directory,
    source: cluster(facts.clusters.source),
    recovery: cluster(facts.clusters.recovery),
    objective: cluster(facts.clusters.objective),
    dns: {
      zone: facts.dns.zone,
      server: facts.dns.server,
      seedForeignRecord: (hostname, address, owner) => seedRecord(facts.dns, { hostname, address, owner }),
    },
    run: (name, command, environment = {}) => control.run({ name, command, environment }),
    program: (name) => ({
      start: () => control.startProgram(name),
      stop: () => control.stopProgram(name),
      kill: () => control.killProgram(name),
    }),
    stop: () => control.stop(),
  };
}

export function clusterHandle(
  facts: ClusterFacts,
  tools: Pick<LabFacts, 'linkApi' | 'kubectl'>,
  control: Control,
): LabCluster {
  const zones = facts.zones.map((zone) => zoneHandle(facts.name, zone, control));
  return {
    name: facts.name,
    region: facts.region,
    zones,
    kubeconfig: facts.kubeconfig,
    directory: facts.directory,
    link: linkOf(tools.linkApi, facts.name),
    kubectl: (args, options) =>
      run(
        tools.kubectl,
        [`--kubeconfig=${facts.kubeconfig}`, `--cache-dir=${facts.directory}/kubectl`, ...args],
        options,
      ),
    linkedKubeconfig: async (credentials) => {
      const admin = readAdministrator(facts);
      return kubeconfigFor(
        facts,
        facts.linkPort,
        credentials ?? { clientCertificate: admin.certificate, clientKey: admin.key },
      );
    },
    clientCertificate: async (user, groups, validFor) => issueFor(facts, user, groups, validFor),
    kill: () => control.kill(facts.name),
    stopControlPlane: () => control.stopControlPlane(facts.name),
    start: () => control.start(facts.name),
    forgetHistory: () => compact(facts.etcd),
    zone: (name) => {
      const zone = zones.find((candidate) => candidate.name === name);
      if (zone !== undefined) return zone;
      const known = zones.map((candidate) => candidate.name).join(', ');
      throw new LabError('UnknownName', `${facts.name} has no zone ${name}, only ${known}`);
    },
  };
}

function zoneHandle(cluster: string, zone: { name: string; probeUrl: string }, control: Control): LabZone {
  return {
    name: zone.name,
    probeUrl: zone.probeUrl,
    fail: () => control.failZone(cluster, zone.name),
    heal: () => control.healZone(cluster, zone.name),
  };
}

function issueFor(
  facts: ClusterFacts,
  user: string,
  groups: readonly string[],
  validFor: number,
): { certificate: string; key: string } {
  const now = Date.now();
  // An expired one was valid once: its start lies well before its end.
  const notBefore = now - Math.max(0, -validFor) * 1000 - 3_600_000;
  return issueClient(
    readAuthority(facts),
    { commonName: user, organizations: groups },
    { notBefore, notAfter: now + validFor * 1000 },
  );
}

/** @throws LabCommandError */
function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const exitCode = typeof error.code === 'number' ? error.code : 1;
      const shown = `kubectl ${args.slice(2).join(' ')}`;
      reject(
        new LabCommandError(shown, { exitCode, stdout, stderr: stderr === '' ? error.message : stderr }),
      );
    });
    // kubectl that fails early closes its input before it was read; its exit code says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
