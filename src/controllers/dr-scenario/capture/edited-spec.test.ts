/** An edit of what is protected, or in which order, from pass to pass: what is in force, and what is said of it. */
import { expect, it } from 'vitest';
import type { DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../../domain/conditions.ts';
import { afterAttempt, nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, seconds, tick } from '../../../domain/time.ts';
import { decide } from '../decide.ts';
import { statusFor } from '../status.ts';
import { aRegion, aWorld, shopSpec } from '../testing/world.ts';
import type { CaptureOutcome, Judged } from './outcome.ts';

const now = { tick: tick(5000), instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const edges = [{ before: 'Deployment/shop/typo', after: 'Deployment/shop/web' }];
/** Generation 2, of which generation 1 is in force. */
const edited = (status: DRScenarioStatus, changes: object = { dependencies: { edges } }) =>
  aWorld({ spec: changes, status });
const first: DRScenarioStatus = { acceptedSpec: shopSpec, acceptedGeneration: 1 };
const took = seconds(1);
const memory = afterAttempt(nothingRemembered, { kind: 'succeeded', startedAt: tick(0), took }, tick(took));

/** A capture that did not succeed for another reason, with what it has shown of the spec. */
const ended = (judged: Judged | undefined): CaptureOutcome => ({
  kind: 'failed',
  reason: 'CaptureFailed',
  message: 'the store is full',
  startedAt: tick(0),
  took,
  judged,
});

function pass(status: DRScenarioStatus, capture?: CaptureOutcome): DRScenarioStatus {
  const world = edited(status);
  const decision = decide(world, memory, now, capture?.judged);
  const outcome = { capture, announcements: undefined, replication: { kind: 'idle' as const } };
  return statusFor(world, decision, outcome, now.instant);
}

const accepted = ({ conditions = [] }: DRScenarioStatus) => findCondition(conditions, 'Accepted');
const refused = {
  generation: 2,
  refused: { reason: 'UnknownDependency' as const, message: 'there is no Deployment/shop/typo' },
};

it('is tried as soon as the last capture allows, while the earlier one stays in force', () => {
  const decision = decide(edited(first), memory, now);

  expect(decision).toMatchObject({ acceptedGeneration: 1, candidate: { dependencies: { edges } } });
  expect(decision.capture.kind).toBe('now');
  expect(decide(edited({ ...first, acceptedGeneration: 2 }), memory, now).capture.kind).toBe('wait');
});

it('stays refused from pass to pass, with the earlier one in force', () => {
  const told = pass(first, ended(refused));
  const later = pass(pass(told), ended(undefined));

  for (const status of [told, later]) {
    expect(accepted(status)).toMatchObject({
      status: 'False',
      reason: 'UnknownDependency',
      message: 'there is no Deployment/shop/typo; generation 1 stays in force',
      observedGeneration: 2,
    });
    expect(status).toMatchObject({ acceptedGeneration: 1, acceptedSpec: { dependencies: { edges: [] } } });
  }
});

it('comes into force when a later capture shows that it can, as when the missing object was made', () => {
  const status = pass(pass(first, ended(refused)), ended({ generation: 2 }));

  expect(accepted(status)).toMatchObject({ status: 'True', reason: 'SpecAccepted' });
  expect(status).toMatchObject({ acceptedGeneration: 2, acceptedSpec: { dependencies: { edges } } });
});

it('is judged by its own captures only', () => {
  const status = pass(first, ended({ ...refused, generation: 1 }));

  expect(accepted(status)).toBeUndefined();
  expect(status.acceptedGeneration).toBe(1);
});

it('is in force at once when it changes nothing of that', () => {
  const world = edited(first, { failover: { mode: 'Automatic' } });

  expect(decide(world, memory, now)).toMatchObject({ acceptedGeneration: 2, candidate: undefined });
});

it('is in force at once while nothing is captured that could show anything', () => {
  const regions = new Map(aWorld().regions).set('eu-west', aRegion('eu-west-1', { verdict: 'Failed' }));
  const world = { ...edited(first), regions };

  expect(decide(world, memory, now)).toMatchObject({ acceptedGeneration: 2, candidate: undefined });
});

it('gets its point as soon as the last capture allows when it names another recovery region and none has its data there', () => {
  const at = '2026-03-01T11:59:58Z';
  const point = { name: 'p', capturedAt: at, verifiedAt: at, objects: 1, bytes: 1, digest: 'd' };
  const status = { ...first, acceptedGeneration: 2 };
  const decideWith = (dataRegion: string | undefined) =>
    decide(edited({ ...status, recoveryPoints: [{ ...point, dataRegion }] }, {}), memory, now).capture;

  expect(decideWith('eu-south').kind).toBe('now');
  expect(decideWith('eu-north').kind).toBe('wait');
  expect(decideWith(undefined).kind).toBe('wait');
});
