/** What a spec with `engine: velero` asks for that Velero cannot do: told, and never quietly done otherwise. Pure. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';

/** Each names the field and what to write instead. */
export function veleroProblems({ replication }: DRScenarioSpec): readonly string[] {
  const { engine, volumes, velero, schedule } = replication;
  if (engine !== 'velero') return [];
  const problems = [strategyProblem(volumes.strategy, velero.snapshotMoveData)];
  const others = volumes.claims.filter(({ strategy }) => strategy !== volumes.strategy);
  const [other] = others;
  if (other !== undefined)
    problems.push(
      `spec.replication.volumes.claims has ${other.claim} with strategy ${other.strategy}, and Velero copies the data of all claims in one way: remove it, leave the claim itself out with spec.resources.exclude, or set engine to native`,
    );
  if (schedule.maxBandwidth !== undefined)
    problems.push(
      `spec.replication.schedule.maxBandwidth is ${schedule.maxBandwidth}, and with engine: velero it is Velero that writes to the bucket, which knows no such limit: remove it, or set engine to native`,
    );
  return problems.filter((problem) => problem !== undefined);
}

function strategyProblem(
  strategy: DRScenarioSpec['replication']['volumes']['strategy'],
  movesData: boolean,
): string | undefined {
  const field = `spec.replication.volumes.strategy is ${strategy}`;
  const moving = 'spec.replication.velero.snapshotMoveData';
  if (strategy === 'VolSync')
    return `${field}, which is the native engine's: set engine to native, or the strategy to SnapshotHandle or VeleroDataMover`;
  if (strategy === 'VeleroDataMover' && !movesData)
    return `${field}, and Velero moves no data unless it is told to: set ${moving} to true`;
  if (strategy === 'SnapshotHandle' && movesData)
    return `${field}, and ${moving} has Velero move the data instead: remove one of them`;
  return undefined;
}
