/**
 * One run of replication: capture and proof of a point, and beside it the DNS
 * records announced. Whatever goes wrong is an outcome, so that the schedule
 * counts it as an attempt and waits before the next.
 */
import type { DnsRecordSpec, DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { moveProblem } from '../../../domain/dns/desired.ts';
import { between } from '../../../domain/time.ts';
import { KubeError } from '../../../kube/errors.ts';
import { describeError, type Log } from '../../../kube/log.ts';
import type { Announcement } from '../conditions.ts';
import type { ActDeps } from '../deps.ts';
import { identityOf, type ScenarioWorld } from '../world.ts';
import { capture, type Subject } from './capture.ts';
import type { CaptureOutcome } from './outcome.ts';

export interface CaptureEnd {
  readonly capture: CaptureOutcome;
  readonly announcements: readonly Announcement[];
}

export interface RunCaptureDeps extends ActDeps {
  readonly log: Log;
  /** Throws when this replica no longer leads. */
  readonly assertLeading: () => void;
}

/** Rejects only when it is aborted, or this replica no longer leads. */
export async function runCapture(
  subject: Subject,
  deps: RunCaptureDeps,
  signal: AbortSignal,
): Promise<CaptureEnd> {
  deps.assertLeading();
  const { world, spec } = subject;
  const startedAt = deps.clock.tick();
  const captured = capture(subject, deps, signal).catch((error: unknown): CaptureOutcome => {
    signal.throwIfAborted();
    const message = describeError(error);
    deps.log.error(
      { scenario: world.object.metadata.name, error: message },
      'a capture failed in a way that is not foreseen',
    );
    return {
      kind: 'failed',
      reason: 'CaptureFailed',
      message: `internal error, see the operator's log: ${message}`,
      startedAt,
      took: between(startedAt, deps.clock.tick()),
    };
  });
  const [outcome, announcements] = await Promise.all([captured, announce(world, spec, deps, signal)]);
  return { capture: outcome, announcements };
}

/** Tells external-dns the source's addresses of every record; repeating it mends what somebody changed. */
function announce(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: ActDeps,
  signal: AbortSignal,
): Promise<readonly Announcement[]> {
  const { region: regionName } = spec.source;
  const region = deps.clusters.region(regionName);
  const scenario = identityOf(world);
  const announceOne = async (record: DnsRecordSpec): Promise<Announcement> => {
    const { hostname } = record;
    try {
      const request = { scenario, record, side: 'source', regionName, region } as const;
      const result = await deps.announcer.announce(request, signal);
      return result.kind === 'announced'
        ? { hostname, stuck: moveProblem(record, result.desired.targets) }
        : { hostname, problem: result.message };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return { hostname, problem: error.message };
    }
  };
  return Promise.all(spec.dns.records.map(announceOne));
}
