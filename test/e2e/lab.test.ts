/** The lab itself: what the other e2e tests take for granted. */
import { execFileSync, spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { downLab } from '../../hack/lab/detached.ts';
import { attachLab } from '../../hack/lab/lab.ts';
import type { Lab, LabCluster } from '../../hack/lab/types.ts';
import { getLab } from './lab.ts';

const NAMESPACE = 'lab-test';
let lab: Lab;
let scratch: string;
beforeAll(async () => {
  lab = await getLab();
  scratch = mkdtempSync(join(tmpdir(), 'lab-e2e-'));
  await apply(lab.source, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
});
afterAll(async () => {
  await getLab();
  await lab.source.kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  rmSync(scratch, { recursive: true, force: true });
});

describe('clusters', () => {
  test('each has three zones of two ready nodes, labelled with region and zone', async () => {
    for (const cluster of [lab.source, lab.recovery, lab.objective]) {
      const nodes = items(await cluster.kubectl(['get', 'nodes', '-o', 'json']));

      const zones = nodes.map((node) => node.metadata.labels['topology.kubernetes.io/zone']).toSorted(byText);
      expect(zones).toEqual(cluster.zones.flatMap((zone) => [zone.name, zone.name]).toSorted(byText));
      const regions = new Set(nodes.map((node) => node.metadata.labels['topology.kubernetes.io/region']));
      expect([...regions]).toEqual([cluster.region]);
    }
  });

  test('share no etcd: what one holds the others do not', async () => {
    await lab.source.kubectl(['create', 'configmap', 'only-here', '-n', 'default']);

    const elsewhere = await lab.recovery.kubectl(['get', 'configmap', '-n', 'default', '-o', 'name']);

    expect(elsewhere).not.toContain('only-here');
    await lab.source.kubectl(['delete', 'configmap', 'only-here', '-n', 'default']);
  });

  test('listen on loopback only', () => {
    const listening = execFileSync('cat', ['/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' });
    const everywhere = listening
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && /^0+:/.test(fields[1] ?? ''))
      .map((fields) => fields[9]);

    const ours = processesOf(lab.directory).flatMap(({ pid }) => socketInodes(pid));

    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((inode) => everywhere.includes(inode))).toEqual([]);
  });

  test('a Deployment with a claim becomes ready, and the volume is inside the lab', async () => {
    await apply(lab.source, claim('data'));
    await apply(lab.source, deployment('web', 'data'));

    await lab.source.kubectl(['rollout', 'status', 'deployment/web', '-n', NAMESPACE, '--timeout=120s']);

    const bound = JSON.parse(await lab.source.kubectl(['get', 'pvc', 'data', '-n', NAMESPACE, '-o', 'json']));
    expect(bound.status.phase).toBe('Bound');
    const volume = JSON.parse(await lab.source.kubectl(['get', 'pv', bound.spec.volumeName, '-o', 'json']));
    expect(volume.spec.hostPath.path.startsWith(`${lab.source.directory}/`)).toBe(true);
    expect(existsSync(volume.spec.hostPath.path)).toBe(true);
  });

  test("LoadBalancer Services get addresses of their own region's range", async () => {
    for (const [cluster, range] of [
      [lab.source, '127.1.'],
      [lab.recovery, '127.2.'],
    ] as const) {
      await apply(cluster, loadBalancer('edge'));

      const address = await vi.waitFor(async () => {
        const service = JSON.parse(
          await cluster.kubectl(['get', 'svc', 'edge', '-n', 'default', '-o', 'json']),
        );
        return service.status.loadBalancer.ingress[0].ip as string;
      }, ADDRESS_WAIT);

      expect(address.startsWith(range)).toBe(true);
      await cluster.kubectl(['delete', 'svc', 'edge', '-n', 'default']);
    }
  });
});

describe('credentials', () => {
  test('a user certificate logs in through the link and is bound by RBAC', async () => {
    const { certificate, key } = await lab.source.clientCertificate('visitor', [], 3600);
    const kubeconfig = await lab.source.linkedKubeconfig({ clientCertificate: certificate, clientKey: key });

    const refused = as(kubeconfig, ['get', 'secrets', '-n', 'default']);

    await expect(refused).rejects.toThrow(/User "visitor" cannot list resource "secrets"/);
  });

  test('an expired certificate is not accepted', async () => {
    const { certificate, key } = await lab.source.clientCertificate('admin', ['system:masters'], -60);
    const kubeconfig = await lab.source.linkedKubeconfig({ clientCertificate: certificate, clientKey: key });

    await expect(as(kubeconfig, ['get', 'nodes'])).rejects.toThrow(/certificate|logged in|Unauthorized/);
  });

  test('a service account token is accepted', async () => {
    const token = (await lab.source.kubectl(['create', 'token', 'default', '-n', 'default'])).trim();
    const kubeconfig = await lab.source.linkedKubeconfig({ token });

    const refused = as(kubeconfig, ['get', 'secrets', '-n', 'default']);

    await expect(refused).rejects.toThrow(/system:serviceaccount:default:default/);
  });
});

describe('links', () => {
  test('a cut link neither answers nor resets, and works again when healed', async () => {
    const kubeconfig = await lab.source.linkedKubeconfig();
    await lab.source.link.cut();

    await expect(as(kubeconfig, ['get', '--raw', '/version', '--request-timeout=2s'])).rejects.toThrow(
      /timeout|deadline/i,
    );
    await expect(lab.source.kubectl(['get', '--raw', '/version'])).resolves.toContain('gitVersion');

    await lab.source.link.heal();
    await expect(as(kubeconfig, ['get', '--raw', '/version'])).resolves.toContain('gitVersion');
  });

  test('a delayed link is slow by about twice the delay', async () => {
    const kubeconfig = await lab.source.linkedKubeconfig();
    await lab.source.link.delay(400);
    const started = performance.now();

    await as(kubeconfig, ['get', '--raw', '/version']);

    expect(performance.now() - started).toBeGreaterThan(800);
    await lab.source.link.delay(0);
  });

  test('cutting one link leaves the others alone', async () => {
    await lab.source.link.cut();

    const answer = as(await lab.recovery.linkedKubeconfig(), ['get', '--raw', '/version']);

    await expect(answer).resolves.toContain('gitVersion');
    await lab.source.link.heal();
  });
});

describe('DNS', () => {
  test('a changed annotation changes the answer of the authoritative server', async () => {
    await apply(lab.objective, name('shop', '127.1.0.9'));
    await vi.waitFor(async () => expect(await resolve('shop')).toEqual(['127.1.0.9']), DNS_WAIT);

    await apply(lab.objective, name('shop', '127.2.0.9'));

    await vi.waitFor(async () => expect(await resolve('shop')).toEqual(['127.2.0.9']), DNS_WAIT);
    await lab.objective.kubectl(['delete', 'service', 'shop', '-n', 'default']);
  });

  test('a record of another owner is not taken over', async () => {
    await lab.dns.seedForeignRecord(`taken.${lab.dns.zone}`, '127.9.0.9', 'somebody-else');
    await apply(lab.objective, name('taken', '127.2.0.9'));
    // Written by the same sync that had to decide about the other one.
    await apply(lab.objective, name('free', '127.2.0.9'));

    await vi.waitFor(async () => expect(await resolve('free')).toEqual(['127.2.0.9']), DNS_WAIT);

    expect(await resolve('taken')).toEqual(['127.9.0.9']);
    await lab.objective.kubectl(['delete', 'service', 'taken', 'free', '-n', 'default']);
  });
});

describe('losing things', () => {
  test('a failed zone: its endpoint refuses, its nodes and only they become NotReady, and return', async () => {
    const [first, second] = lab.source.zones;
    if (first === undefined || second === undefined) throw new Error('the lab has fewer than two zones');
    expect(await httpStatus(first.probeUrl)).toBe(200);

    await first.fail();

    expect(await httpStatus(first.probeUrl)).toBe('refused');
    expect(await httpStatus(second.probeUrl)).toBe(200);
    await vi.waitFor(
      async () => expect(await unreadyZones(lab.source)).toEqual([first.name, first.name]),
      ZONE_WAIT,
    );

    await first.heal();
    expect(await httpStatus(first.probeUrl)).toBe(200);
    await vi.waitFor(async () => expect(await unreadyZones(lab.source)).toEqual([]), ZONE_WAIT);
  });

  test('a stopped control plane refuses while its zones go on serving', async () => {
    await lab.recovery.stopControlPlane();

    await expect(lab.recovery.kubectl(['get', 'nodes'])).rejects.toThrow(/refused/);
    expect(await Promise.all(lab.recovery.zones.map((zone) => httpStatus(zone.probeUrl)))).toEqual([
      200, 200, 200,
    ]);
    await lab.recovery.start();
    await vi.waitFor(async () => expect(await unreadyZones(lab.recovery)).toEqual([]), ZONE_WAIT);
  });

  test('a killed region leaves no process and its ports refuse; started again it has its data', async () => {
    await lab.source.kubectl(['create', 'configmap', 'memory', '-n', NAMESPACE, '--from-literal=is=kept']);
    const port = Number(
      /https:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(lab.source.kubeconfig, 'utf8'))?.[1],
    );

    expect(workingIn(lab.source.directory)).not.toEqual([]);

    await lab.source.kill();

    expect(workingIn(lab.source.directory)).toEqual([]);
    expect(await tcp(port)).toBe('refused');
    expect(await Promise.all(lab.source.zones.map((zone) => httpStatus(zone.probeUrl)))).toEqual([
      'refused',
      'refused',
      'refused',
    ]);
    await lab.source.start();
    const kept = await lab.source.kubectl([
      'get',
      'configmap',
      'memory',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.data.is}',
    ]);
    expect(kept).toBe('kept');
  });

  test('of a lab whose owner gets SIGKILL half-way nothing is left running, and the next command clears its files', async () => {
    const environment = { ...process.env, ANTIPODE_LAB_DIR: scratch };
    const directory = join(scratch, 'doomed');
    const supervisor = fileURLToPath(new URL('../../hack/lab/supervisor.ts', import.meta.url));
    const owner = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), supervisor, 'doomed'], {
      env: environment,
      stdio: 'ignore',
    });
    await vi.waitFor(() => expect(commandsOf(directory)).toContain('kube-apiserver'), 180_000);

    owner.kill('SIGKILL');

    await vi.waitFor(() => expect(processesOf(directory)).toEqual([]), 60_000);
    expect(existsSync(directory)).toBe(true);
    await expect(attachLab(directory)).rejects.toThrow(/no running lab/);
    expect(await downLab({ environment, name: 'doomed' })).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });
});

const ADDRESS_WAIT = { timeout: 120_000, interval: 200 };
const DNS_WAIT = { timeout: 120_000, interval: 200 };
const ZONE_WAIT = { timeout: 120_000, interval: 500 };

interface Item {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

function items(json: string): readonly Item[] {
  return (JSON.parse(json) as { items: Item[] }).items;
}

function byText(a: string | undefined, b: string | undefined): number {
  return (a ?? '').localeCompare(b ?? '');
}

async function apply(cluster: LabCluster, object: object): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
}

/** kubectl with another kubeconfig: of two flags the later one counts. */
async function as(kubeconfig: string, args: readonly string[]): Promise<string> {
  const path = join(scratch, 'kubeconfig');
  writeFileSync(path, kubeconfig);
  return lab.source.kubectl([`--kubeconfig=${path}`, ...args]);
}

async function unreadyZones(cluster: LabCluster): Promise<string[]> {
  return items(await cluster.kubectl(['get', 'nodes', '-o', 'json']))
    .filter(
      (node) => !node.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    )
    .map((node) => node.metadata.labels['topology.kubernetes.io/zone'] ?? '');
}

async function resolve(host: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 4 });
  resolver.setServers([lab.dns.server]);
  return resolver.resolve4(`${host}.${lab.dns.zone}`);
}

async function httpStatus(url: string): Promise<number | 'refused'> {
  try {
    return (await fetch(url)).status;
  } catch {
    return 'refused';
  }
}

function tcp(port: number): Promise<'open' | 'refused'> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      settle('open');
    });
    socket.once('error', () => settle('refused'));
  });
}

/** What add-ons run beside a cluster may have its kubeconfig in their command line; its own servers work in its folder. */
function workingIn(directory: string): readonly string[] {
  return processesOf(directory)
    .filter(({ pid }) =>
      inside(
        directory,
        read(() => readlinkSync(`/proc/${pid}/cwd`)),
      ),
    )
    .map(({ command }) => command);
}

/** Processes that work in the folder or have it in their command line. */
function processesOf(directory: string): readonly { readonly pid: string; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => ({ pid, command: read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) }))
    .filter(
      ({ pid, command }) =>
        command.includes(`${directory}/`) ||
        inside(
          directory,
          read(() => readlinkSync(`/proc/${pid}/cwd`)),
        ),
    );
}

function inside(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Empty for a process that ended while it was looked at. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}

function commandsOf(directory: string): string {
  return processesOf(directory)
    .map(({ command }) => command)
    .join('\n');
}

function socketInodes(pid: string): string[] {
  const links = execFileSync('sh', ['-c', `ls -l /proc/${pid}/fd 2>/dev/null || true`], { encoding: 'utf8' });
  return [...links.matchAll(/socket:\[(\d+)\]/g)].map((match) => match[1] ?? '');
}

function claim(called: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: called, namespace: NAMESPACE },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

function deployment(called: string, claimName: string): object {
  const labels = { app: called };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: called, namespace: NAMESPACE },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'web', image: 'web', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
        },
      },
    },
  };
}

function loadBalancer(called: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: called, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  };
}

/** A global name as the objective cluster owns it. */
function name(host: string, target: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: host,
      namespace: 'default',
      annotations: {
        'external-dns.kubernetes.io/hostname': `${host}.${lab.dns.zone}`,
        'external-dns.kubernetes.io/target': target,
        'external-dns.kubernetes.io/ttl': '30',
      },
    },
    spec: { type: 'ExternalName', externalName: 'unused.invalid' },
  };
}
