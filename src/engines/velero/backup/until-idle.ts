/**
 * Waits for Velero's turn before an application is frozen. Velero makes one
 * backup at a time, and what hooks have frozen would wait with ours for those
 * of others.
 */
import type { KubeObject } from '../../../api/object.ts';
import { SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import { between, type Clock, minutes, seconds } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { veleroType } from '../location.ts';
import { VeleroProblem } from '../problem.ts';
import { QUEUED, stageOf } from '../stage.ts';

const PAUSE = seconds(1);
/** For so long a frozen application waits when others were faster after all. */
export const FROZEN_IN_QUEUE = minutes(1);

/**
 * @param namespace of Velero
 * @param scenario whose own backups are not waited for: one that is pending is taken over, or made anew
 * @throws VeleroProblem 'Stalled' when it is busy for an hour, KubeError
 */
export async function untilIdle(
  cluster: Cluster,
  namespace: string,
  scenario: ScenarioIdentity,
  clock: Pick<Clock, 'tick' | 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  const type = await veleroType(cluster, 'Backup', signal);
  const since = clock.tick();
  for (;;) {
    const { items } = await cluster.list(type, { namespace }, signal);
    const [first] = items.filter((backup) => isAhead(backup) && !isOf(scenario, backup));
    if (first === undefined) return;
    if (between(since, clock.tick()) >= QUEUED)
      throw new VeleroProblem(
        'Stalled',
        `Velero in ${cluster.name} has been busy with other backups for ${QUEUED / 60_000} minutes, now with ${namespace}/${first.metadata.name}: nothing is frozen for a backup that would have to wait`,
      );
    await clock.sleep(PAUSE, signal);
  }
}

const isOf = (scenario: ScenarioIdentity, { metadata }: KubeObject): boolean =>
  metadata.labels?.[SCENARIO_LABEL] === scenarioLabel(scenario);

/** Volumes that are on their way are nothing that the next backup waits for. */
function isAhead(backup: KubeObject): boolean {
  const stage = stageOf(backup);
  if (stage.kind === 'running') return stage.part === 'objects';
  return stage.kind === 'untaken' || stage.kind === 'queued';
}
