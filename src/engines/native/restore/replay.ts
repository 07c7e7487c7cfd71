/** What is replayed, where and how: what all who write objects into a target are given. */
import type { KubeObject } from '../../../api/object.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import type { OpenPoint, RestoreOptions, ScenarioIdentity } from '../../engine.ts';
import type { ClaimData } from '../../volumes/fill/claim-data.ts';
import type { Session } from './sessions.ts';

/** One restore of one point. */
export interface Replay extends Pick<Session, 'target' | 'recreating'> {
  readonly point: OpenPoint;
  readonly scenario: ScenarioIdentity;
  readonly options: RestoreOptions;
  readonly log: Log;
  /** What claims are filled from. Default: nothing, they are made empty. */
  readonly data?: ClaimData;
}

/** An object that is to be in the target. */
export interface Wish {
  readonly key: string;
  /** In the version that the target takes. */
  readonly captured: KubeObject;
  readonly type: ResourceType;
  /** The apiVersion in which the point has it. */
  readonly capturedAs: string;
}
