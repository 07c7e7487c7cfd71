/** Names that a failover has moved never go back by themselves, and nothing is captured of a source they have left. */
import { describe, expect, it } from 'vitest';
import type { StepStatus } from '../../../api/v1alpha1/dr-execution.ts';
import type { AnnouncedName } from '../../../dns/external-dns.ts';
import { findCondition } from '../../../domain/conditions.ts';
import { parseTarget } from '../../../domain/dns/address.ts';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, type Tick } from '../../../domain/time.ts';
import { type Decision, decide } from '../decide.ts';
import { statusFor } from '../status.ts';
import { anExecution, aWorld, shopSpec } from '../testing/world.ts';
import type { ExecutionView, ScenarioWorld } from '../world.ts';

const now = { tick: 0 as Tick, instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const hostname = 'shop.example.com';
const record = {
  hostname,
  ttl: 30,
  source: { addresses: ['192.0.2.1'] },
  recovery: { addresses: ['198.51.100.1'] },
};
const byService = { hostname, ttl: 30, ...both({ service: { namespace: 'shop', name: 'web' } }) };
const protectedThere = { acceptedSpec: shopSpec, activeRegion: 'eu-west' };

function both<Target>(target: Target) {
  return { source: target, recovery: target };
}

/** An execution that moved the name, or tried to, and then ended. */
function aFailover(
  phase: 'Succeeded' | 'Failed',
  dns: Partial<StepStatus> = { phase: 'Succeeded' },
  scenarioUid = 'uid-1',
): ExecutionView {
  return anExecution('fire', {
    phase,
    startedAt: '2026-03-01T11:00:00Z',
    finishedAt: '2026-03-01T11:10:00Z',
    plan: {
      scenarioUid,
      sourceRegion: 'eu-west',
      recoveryRegion: 'eu-north',
      recoveryPoint: 'p',
      pointDigest: 'd',
      pointCapturedAt: '2026-03-01T10:59:00Z',
      stepTimeout: '5m',
      dnsTimeout: '2m',
    },
    steps: [{ id: `dns/${hostname}`, kind: 'DNS', phase: 'Failed', ...dns }],
  });
}

/** The names of the world, each with a Service that says this. */
function announcing(region: string | undefined, ...targets: readonly string[]): ScenarioWorld['names'] {
  const name: AnnouncedName = {
    hostname,
    service: 'antipode-shop',
    region,
    targets: targets.flatMap((target) => parseTarget(target) ?? []),
  };
  return new Map([[hostname, name]]);
}

function look(changes: Parameters<typeof aWorld>[0]) {
  const world = aWorld({ spec: { dns: { records: [record] } }, ...changes });
  const decision: Decision = decide(world, nothingRemembered, now);
  const nothing = { capture: undefined, announcements: undefined, replication: { kind: 'idle' as const } };
  const { conditions = [], phase } = statusFor(world, decision, nothing, now.instant);
  return { decision, phase, dns: findCondition(conditions, 'DNSReady') };
}

describe('after a failover that moved names and ended Failed', () => {
  const executions = [aFailover('Failed')];
  const names = announcing('eu-north', '198.51.100.1');

  it('nothing is captured, so nothing announced, and DNSReady says how to go on and how to go back', () => {
    const { decision, dns } = look({ executions, names, status: protectedThere });

    expect(decision).toMatchObject({
      activeRegion: 'eu-west',
      capture: { kind: 'held', reason: 'NamesElsewhere' },
    });
    expect(dns).toMatchObject({ status: 'False', reason: 'NamesElsewhere' });
    expect(dns?.message).toContain('shop.example.com answers with eu-north since DRExecution fire');
    expect(dns?.message).toContain('create another DRExecution');
    expect(dns?.message).toContain(
      'kubectl -n dr annotate service -l antipode.dev/scenario=dr.shop --overwrite antipode.dev/region=eu-west',
    );
  });

  it('so it is when the record of the execution has been deleted', () => {
    expect(look({ names, status: protectedThere }).decision.capture).toMatchObject({
      reason: 'NamesElsewhere',
    });
  });

  it('so it is when the name was announced elsewhere and its step ran out of time', () => {
    const timedOut = aFailover('Failed', { phase: 'Failed', appliedAt: '2026-03-01T11:05:00Z' });

    const { decision } = look({ executions: [timedOut], status: protectedThere });

    expect(decision.away).toEqual([{ hostname, region: 'eu-north', service: undefined, execution: 'fire' }]);
  });

  it('the source is captured again once a person has set the names back', () => {
    const { decision, dns } = look({
      executions,
      names: announcing('eu-west', '198.51.100.1'),
      status: protectedThere,
    });

    expect(decision.capture.kind).toBe('now');
    expect(dns).toBeUndefined();
  });

  it('and the Service of the name is gone, it is the record of the execution that has to go', () => {
    const { decision, dns } = look({ executions, status: protectedThere });

    expect(decision.capture).toMatchObject({ kind: 'held', reason: 'NamesElsewhere' });
    expect(dns?.message).toContain('then delete DRExecution fire.');
    expect(look({ status: protectedThere }).decision.capture.kind).toBe('now');
  });

  it('the names are where they belong as soon as another one has succeeded', () => {
    const { decision, dns, phase } = look({
      executions: [...executions, { ...aFailover('Succeeded'), name: 'again' }],
      names,
      status: protectedThere,
    });

    expect(decision.capture).toMatchObject({ kind: 'held', reason: 'FailedOver' });
    expect(phase).toBe('FailedOver');
    expect(dns).toMatchObject({ status: 'True', reason: 'RecordsAnnounced', message: hostname });
  });

  it('nothing is said of names while another one is running', () => {
    const running = anExecution('again', { phase: 'Running' });

    const { decision, dns } = look({ executions: [...executions, running], names, status: protectedThere });

    expect(decision.capture).toMatchObject({ kind: 'held', reason: 'ExecutionRunning' });
    expect(dns).toBeUndefined();
  });
});

it('a failover that failed before it moved a name holds nothing', () => {
  const executions = [aFailover('Failed', { phase: 'Skipped' })];
  const names = announcing('eu-west', '192.0.2.1');

  expect(look({ executions, names, status: protectedThere }).decision.capture.kind).toBe('now');
});

it('one name of two that was moved holds the source as a whole', () => {
  const other = { ...record, hostname: 'api.example.com' };
  const names = announcing('eu-north', '198.51.100.1');

  const { decision, dns } = look({
    spec: { dns: { records: [other, record] } },
    names,
    status: protectedThere,
  });

  expect(decision.away.map((name) => name.hostname)).toEqual([hostname]);
  expect(decision.capture.kind).toBe('held');
  expect(dns?.message).not.toContain('api.example.com');
});

describe('a scenario that was created anew, or has lost its status', () => {
  const executions = [aFailover('Succeeded', { phase: 'Succeeded' }, 'uid-0')];
  const names = announcing('eu-north', '198.51.100.1');

  it('claims no active region and touches no name that answers with another region', () => {
    const { decision, dns, phase } = look({ executions, names });

    expect(decision).toMatchObject({
      activeRegion: undefined,
      capture: { kind: 'held', reason: 'NamesElsewhere' },
    });
    expect(phase).toBe('Protecting');
    expect(dns?.message).toContain('exchange source and recovery in its spec');
    expect(dns?.message).toContain('--overwrite antipode.dev/region=eu-west');
  });

  it('protects the region that names answer with once source and recovery are exchanged', () => {
    const { decision } = look({
      names,
      spec: {
        source: { region: 'eu-north' },
        recovery: { region: 'eu-west' },
        dns: { records: [{ ...record, source: record.recovery, recovery: record.source }] },
      },
    });

    expect(decision).toMatchObject({ activeRegion: 'eu-north', away: [], capture: { kind: 'now' } });
  });

  it('believes the journal of its predecessor where the Service of the name is gone', () => {
    expect(look({ executions }).decision.capture).toMatchObject({ reason: 'NamesElsewhere' });
  });

  it('starts as ever where no name was announced yet', () => {
    expect(look({}).decision).toMatchObject({ activeRegion: 'eu-west', capture: { kind: 'now' } });
  });
});

describe('where an earlier version announced a name, which did not say whose answer it is', () => {
  it('the addresses tell', () => {
    const captureOf = (...targets: readonly string[]) =>
      look({ names: announcing(undefined, ...targets) }).decision.capture;

    expect(captureOf('192.0.2.1').kind).toBe('now');
    expect(captureOf('198.51.100.1')).toMatchObject({ reason: 'NamesElsewhere' });
  });

  it('and they are those of a Service, the journal tells', () => {
    const spec = { dns: { records: [byService] } };
    const names = announcing(undefined, '198.51.100.1');
    const executions = [aFailover('Failed')];

    expect(look({ spec, names, executions, status: protectedThere }).decision.away).toHaveLength(1);
    expect(look({ spec, names, status: protectedThere }).decision.away).toEqual([]);
  });

  it('a source that was captured after the failover has its names', () => {
    const recoveryPoint = {
      name: 'p2',
      capturedAt: '2026-03-01T11:20:00Z',
      objects: 1,
      bytes: 1,
      digest: 'd',
    };
    const spec = { dns: { records: [byService] } };
    const names = announcing(undefined, '192.0.2.1');
    const executions = [aFailover('Failed')];

    const { decision } = look({ spec, names, executions, status: { ...protectedThere, recoveryPoint } });

    expect(decision.away).toEqual([]);
  });

  it('and nothing tells, a scenario that was created anew leaves the name alone', () => {
    const spec = { dns: { records: [byService] } };

    const { decision, dns } = look({ spec, names: announcing(undefined, '198.51.100.1') });

    expect(decision.away).toMatchObject([{ hostname, region: undefined }]);
    expect(dns?.message).toContain('shop.example.com answers with an unknown region');
  });
});
