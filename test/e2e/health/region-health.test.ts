/** Regions of the lab are lost in different ways, and what is said of them is right. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabZone } from '../../../hack/lab/types.ts';
import type { Condition } from '../../../src/api/v1alpha1/common.ts';
import type { RegionHealthStatus, Verdict } from '../../../src/api/v1alpha1/region-health.ts';
import { findCondition } from '../../../src/domain/conditions.ts';
import { getLab } from '../lab.ts';
import { type Observer, specFor, startObserver } from './observer.ts';

const WEST = 'health-west';
const NORTH = 'health-north';
const FOR_SECONDS = 5;
const RECOVER_SECONDS = 8;

let lab: Lab;
let observer: Observer;

beforeAll(async () => {
  lab = await getLab();
  observer = await startObserver(lab);
  await observer.secret(WEST, await lab.source.linkedKubeconfig());
  await observer.secret(NORTH, await lab.recovery.linkedKubeconfig());
});
afterAll(() => observer.stop());

beforeEach(async () => {
  lab = await getLab();
  await observer.put(WEST, specFor(lab.source, WEST));
  await observer.put(NORTH, specFor(lab.recovery, NORTH));
  await Promise.all([verdict('Healthy', WEST), verdict('Healthy', NORTH)]);
});

/** Waits for a verdict. @returns the seconds it took, and the status */
async function verdict(
  wanted: Verdict,
  name = WEST,
  limit = 180,
): Promise<{ took: number; status: RegionHealthStatus }> {
  const begin = performance.now();
  const status = await waitFor({ what: `${name} ${wanted}`, seconds: limit }, async () => {
    const now = await observer.status(name);
    if (now.verdict !== wanted) throw new Error(`${now.verdict}: ${now.message}`);
    // The answer to who published it may come later than the one to who reads it.
    if (observer.verdicts(name).at(-1) !== wanted) throw new Error(`${wanted} is not told yet`);
    return now;
  });
  return { took: secondsSince(begin), status };
}

const secondsSince = (moment: number): number => (performance.now() - moment) / 1000;

/** Waits until the region was looked at so many times more. */
async function rounds(count: number, name = WEST): Promise<void> {
  const target = observer.rounds(name) + count;
  await waitFor({ what: `${count} rounds of ${name}`, seconds: 180 }, async () => {
    if (observer.rounds(name) < target) throw new Error(`${observer.rounds(name)} of ${target}`);
    return true;
  });
}

function zoneOf(status: RegionHealthStatus, zone: LabZone | undefined) {
  return status.zones?.find((one) => one.name === zone?.name);
}

async function condition(name: string, type: string, reason: string): Promise<Condition> {
  return waitFor({ what: `${name} ${type} ${reason}`, seconds: 120 }, async () => {
    const found = findCondition((await observer.status(name)).conditions ?? [], type);
    if (found?.reason !== reason) throw new Error(`${found?.reason}: ${found?.message}`);
    return found;
  });
}

describe('a region of three zones of which two must fail', () => {
  test('is Degraded with one zone failed, Failed with two, and recovers after the quiet time', async () => {
    const [a, b] = lab.source.zones;
    const well = await waitFor({ what: 'both nodes of a zone to be ready', seconds: 120 }, async () => {
      const now = await observer.status(WEST);
      return zoneOf(now, a)?.nodesReady === 2 ? now : undefined;
    });
    expect(zoneOf(well, a)).toMatchObject({ state: 'Healthy', nodesTotal: 2, probesPassed: 1 });
    expect(well.zonesHealthy).toBe('3/3');

    await a?.fail();
    const degraded = await verdict('Degraded');
    expect(degraded.status.zonesFailed).toBe(1);
    expect(zoneOf(degraded.status, a)?.state).toBe('Failed');
    await rounds(FOR_SECONDS + 3);
    expect((await observer.status(WEST)).verdict).toBe('Degraded');

    await b?.fail();
    const failed = await verdict('Failed');
    expect(failed.took).toBeLessThan(FOR_SECONDS + 10);
    expect(failed.status.message).toMatch(/^2 of 3 zones failed \(2 needed\)/);
    expect((await observer.status(NORTH)).verdict).toBe('Healthy');

    // From before: it looks well enough as soon as one of them is back.
    const back = performance.now();
    await Promise.all([a?.heal(), b?.heal()]);
    await verdict('Healthy');
    expect(secondsSince(back)).toBeGreaterThanOrEqual(RECOVER_SECONDS);
    expect(observer.events(WEST).some((event) => event.startsWith('RegionRecovered'))).toBe(true);
  });
});

describe('a region of which only the nodes are reported lost', () => {
  test('is Degraded and never Failed while probes of their zones pass: what users see decides', async () => {
    const alive = lab.recovery.zones[0]?.probeUrl;
    const probes = lab.source.zones.map(({ name }) => ({ name, zone: name, http: { url: alive } }));
    await observer.put(WEST, { ...specFor(lab.source, WEST), probes });
    await rounds(2);
    const before = observer.verdicts(WEST).length;

    const failing = lab.source.zones.slice(0, 2);
    await Promise.all(failing.map((zone) => zone.fail()));
    await waitFor({ what: 'no node of two zones to be ready', seconds: 120 }, async () => {
      const now = await observer.status(WEST);
      const lost = failing.every((zone) => zoneOf(now, zone)?.nodesReady === 0);
      return lost ? now : undefined;
    });
    const { status } = await verdict('Degraded');
    expect(zoneOf(status, failing[0])).toMatchObject({ state: 'Degraded', probesPassed: 1 });
    await rounds(FOR_SECONDS + 3);
    expect(observer.verdicts(WEST).slice(before)).not.toContain('Failed');
    expect(observer.verdicts(WEST).at(-1)).toBe('Degraded');
  });
});

describe('a region whose control plane alone is lost', () => {
  test('is Unreachable and never Failed while its zones serve', async () => {
    const before = observer.verdicts(WEST).length;
    await lab.source.stopControlPlane();
    const { status } = await verdict('Unreachable');
    expect(findCondition(status.conditions ?? [], 'Reachable')).toMatchObject({
      status: 'False',
      reason: 'NoAnswer',
    });
    expect(status).toMatchObject({ zonesTotal: 3, zonesFailed: 0, zonesHealthy: '3/3' });
    await rounds(2 * FOR_SECONDS + 5);
    expect(observer.verdicts(WEST).slice(before)).not.toContain('Failed');
    expect(observer.verdicts(WEST).at(-1)).toBe('Unreachable');
    await lab.source.start();
    await verdict('Healthy');
    expect(observer.verdicts(WEST).slice(before)).not.toContain('Failed');
  });

  test('behind a black hole is Unreachable too, and does not slow the watch on the other region', async () => {
    const before = observer.rounds(NORTH);
    const begin = performance.now();
    await lab.source.link.cut();
    await verdict('Unreachable');
    await rounds(FOR_SECONDS);
    const perRound = (performance.now() - begin) / 1000 / (observer.rounds(NORTH) - before);
    expect(perRound).toBeLessThan(2);
    expect((await observer.status(NORTH)).verdict).toBe('Healthy');
    await lab.source.link.heal();
    await verdict('Healthy');
  });
});

describe('a region that is lost as a whole', () => {
  test('is Failed within the configured time and ten seconds, and recovers only after it is back and quiet', async () => {
    const begin = performance.now();
    await lab.source.kill();
    const { took, status } = await verdict('Failed');
    // The look that is under way may have begun up to a second before.
    expect(secondsSince(begin)).toBeGreaterThanOrEqual(FOR_SECONDS - 1);
    expect(took).toBeLessThan(FOR_SECONDS + 10);
    expect(status).toMatchObject({ zonesTotal: 3, zonesFailed: 3 });
    expect(observer.events(WEST).filter((event) => event.startsWith('RegionFailed')).length).toBeGreaterThan(
      0,
    );

    const back = performance.now();
    await lab.source.start();
    await verdict('Healthy');
    expect(secondsSince(back)).toBeGreaterThanOrEqual(RECOVER_SECONDS);
  });

  test('together with every other one is not concluded: the observer may be the one that is lost', async () => {
    const failures = () => observer.events(NORTH).filter((event) => event.startsWith('RegionFailed')).length;
    const before = failures();
    await Promise.all([lab.source.kill(), lab.recovery.kill()]);
    const isolated = await condition(NORTH, 'Healthy', 'ObserverIsolated');
    expect(isolated.message).toContain(`(${NORTH}, ${WEST})`);
    await rounds(2 * FOR_SECONDS, NORTH);
    expect((await observer.status(NORTH)).verdict).toBe('Unknown');
    expect(failures()).toBe(before);
  });
});

const put = (name: string): Promise<void> => observer.put(name, { ...specFor(lab.source, name), probes: [] });

describe('a kubeconfig that cannot be used', () => {
  test('is missing, and taken up as soon as the Secret is there', async () => {
    const name = 'health-missing';
    await put(name);
    const missing = await condition(name, 'Accepted', 'KubeconfigSecretNotFound');
    expect(missing).toMatchObject({ status: 'False' });
    expect(missing.message).toContain(`Secret antipode-health/${name}`);

    await observer.secret(name, await lab.source.linkedKubeconfig());
    await verdict('Healthy', name);
    await condition(name, 'Accepted', 'SpecAccepted');
  });

  test('is malformed', async () => {
    const name = 'health-malformed';
    await observer.secret(name, 'clusters: [');
    await put(name);
    const { message } = await condition(name, 'Accepted', 'KubeconfigInvalid');
    expect(message).toContain('not valid YAML');
    await condition(name, 'Reachable', 'NotAsked');
    await verdict('Unreachable', name);
  });

  test('has an expired certificate', async () => {
    const name = 'health-expired';
    const { certificate, key } = await lab.source.clientCertificate('late', ['system:masters'], -60);
    const credentials = { clientCertificate: certificate, clientKey: key };
    await observer.secret(name, await lab.source.linkedKubeconfig(credentials));
    await put(name);
    expect((await condition(name, 'Accepted', 'KubeconfigInvalid')).message).toContain('expired');
  });

  test('trusts another authority', async () => {
    const name = 'health-authority';
    const [right, other] = [await lab.source.linkedKubeconfig(), await lab.recovery.linkedKubeconfig()];
    const authority = /certificate-authority-data: *"?([^\s"]+)/;
    const foreign = authority.exec(other)?.[1] ?? '';
    const own = authority.exec(right)?.[1] ?? '';
    expect(foreign).not.toBe('');
    expect(foreign).not.toBe(own);

    await observer.secret(name, right.replace(own, foreign));
    await put(name);
    const reachable = await condition(name, 'Reachable', 'UntrustedCertificate');
    expect(reachable.status).toBe('False');
    await verdict('Unreachable', name);
  });

  test('leads to the cluster of another region, which says nothing of this one: Unknown, never Failed', async () => {
    const name = 'health-swapped';
    await observer.secret(name, await lab.source.linkedKubeconfig());
    await observer.put(name, specFor(lab.source, name));
    await verdict('Healthy', name);

    await observer.secret(name, await lab.recovery.linkedKubeconfig());
    const discovered = await condition(name, 'Discovered', 'AnotherCluster');
    expect(discovered.message).toContain('kubeconfig');
    await rounds(FOR_SECONDS + 3, name);
    expect((await observer.status(name)).verdict).toBe('Unknown');

    await observer.secret(name, await lab.source.linkedKubeconfig());
    await verdict('Healthy', name);
    expect(observer.verdicts(name)).not.toContain('Failed');
  });

  test('has credentials that the API server refuses', async () => {
    const name = 'health-refused';
    await observer.secret(name, await lab.source.linkedKubeconfig({ token: 'not-a-token' }));
    await put(name);
    expect((await condition(name, 'Reachable', 'Unauthorized')).status).toBe('False');
  });

  test('has credentials that may not list nodes', async () => {
    const name = 'health-forbidden';
    const { certificate, key } = await lab.source.clientCertificate('nobody', [], 3600);
    const credentials = { clientCertificate: certificate, clientKey: key };
    await observer.secret(name, await lab.source.linkedKubeconfig(credentials));
    await put(name);
    expect((await condition(name, 'Reachable', 'Forbidden')).message).toContain('does not allow its nodes');
  });
});
