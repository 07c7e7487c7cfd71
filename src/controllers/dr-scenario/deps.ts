/** What the parts of this controller are given. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Announcer } from '../../dns/external-dns.ts';
import type { Clock } from '../../domain/time.ts';
import type { Engine } from '../../engines/engine.ts';
import type { Cluster, Clusters } from '../../kube/cluster.ts';

export interface CaptureDeps {
  readonly objective: Cluster;
  readonly clusters: Clusters;
  readonly engine: (spec: DRScenarioSpec) => Engine;
}

export interface ActDeps extends CaptureDeps {
  readonly announcer: Announcer;
  readonly clock: Clock;
}
