/** Builders of scenario worlds for tests: a protected shop, changed by what a test is about. */
import { type DRScenarioStatus, drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { ExecutionView, RegionView, ScenarioWorld } from '../world.ts';

export const shopSpec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '1m', rto: '10m' },
  resources: { namespaces: ['shop'] },
});

export const aRegion = (providerRegion: string, changes: Partial<RegionView> = {}): RegionView => ({
  providerRegion,
  verdict: 'Healthy',
  since: undefined,
  failingSince: undefined,
  message: 'all zones healthy',
  ...changes,
});

export const anExecution = (name: string, status: ExecutionView['status']): ExecutionView => ({
  name,
  spec: { scenario: 'shop', kind: 'Failover', recoveryPoint: 'latest', reason: 'test' },
  status,
});

export function aWorld(
  changes: Partial<Omit<ScenarioWorld, 'parsed'>> & {
    readonly spec?: object;
    readonly status?: DRScenarioStatus;
  } = {},
): ScenarioWorld {
  const { spec, status = {}, ...rest } = changes;
  const object = {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRScenario',
    metadata: { name: 'shop', namespace: 'dr', uid: 'uid-1', generation: 2 },
  };
  return {
    kind: 'present',
    object,
    parsed: {
      kind: 'valid',
      object,
      generation: 2,
      spec: drScenarioSpec.parse({ ...shopSpec, ...spec }),
      status,
    },
    regions: new Map([
      ['eu-west', aRegion('eu-west-1')],
      ['eu-north', aRegion('eu-north-1')],
    ]),
    objectiveRegion: 'us-east-1',
    executions: [],
    names: new Map(),
    ...rest,
  };
}
