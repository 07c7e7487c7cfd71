/**
 * Looks at a region's control plane once, within a short deadline: does it
 * answer that it is ready, and what are its nodes. Whatever goes wrong is a
 * sight and not an exception, for a dead region is what this is about.
 */
import type { KubeObject } from '../../api/object.ts';
import type { RegionHealthReason } from '../../api/v1alpha1/reasons/region-health.ts';
import type { Clock, Millis } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { DeadlineExceededError, withDeadline } from '../../kube/deadline.ts';
import { KubeError, type KubeErrorCode } from '../../kube/errors.ts';
import type { NodeWatch } from './node-watch.ts';

/** What tells whether two sights are of the same cluster. */
export interface SeenCluster {
  /** Undefined when an earlier process saw it. */
  readonly client: Cluster | undefined;
  /** Undefined when it could not be read. */
  readonly uid: string | undefined;
}

export type ControlPlaneSight =
  | { readonly kind: 'answers'; readonly nodes: readonly KubeObject[]; readonly cluster: SeenCluster }
  | {
      readonly kind: 'silent';
      readonly reason: RegionHealthReason;
      /** Completes "the control plane …". */
      readonly why: string;
      /** What exactly went wrong, for the condition. */
      readonly detail: string;
      /** Something answered, if not usefully: then we are not cut off from there. */
      readonly contact: boolean;
      /**
       * How the control plane of a lost region looks too: nobody answers, or a gateway or what is left of it says
       * that there is nobody. False when it is only us who are not let in, or had no way to ask.
       */
      readonly asIfLost: boolean;
    };

/**
 * A second one, for a connection that was closed while nobody used it. More would hold up what the probes of
 * the same look have to say, and a failure would be dated later than it was seen.
 */
const ATTEMPTS = 2;

/** @throws the reason of `signal` when that aborted; defects */
export async function lookAtControlPlane(
  watch: NodeWatch,
  clock: Clock,
  patience: Millis,
  signal: AbortSignal,
): Promise<ControlPlaneSight> {
  try {
    return await withDeadline(clock, patience, signal, async (bounded) => {
      await watch.cluster.raw('/readyz', bounded, { attempts: ATTEMPTS });
      const [nodes, uid] = await Promise.all([watch.nodes(bounded), watch.uid(bounded)]);
      return { kind: 'answers', nodes, cluster: { client: watch.cluster, uid } };
    });
  } catch (error) {
    signal.throwIfAborted();
    return explain(error);
  }
}

function explain(error: unknown): ControlPlaneSight {
  if (error instanceof DeadlineExceededError)
    return { ...SILENT.Unreachable, kind: 'silent', detail: error.message };
  if (error instanceof KubeError) return { ...explanationOf(error), kind: 'silent', detail: error.message };
  throw error;
}

/** A refusal has the status of the answer. One without is ours: no credentials could be had, and nothing was sent. */
function explanationOf({ code, status }: KubeError): Explanation {
  return code === 'Unauthorized' && status === undefined ? UNASKED : SILENT[code];
}

type Explanation = Omit<Extract<ControlPlaneSight, { kind: 'silent' }>, 'kind' | 'detail'>;

const NOT_READY: Explanation = {
  reason: 'NotReady',
  why: 'answers that it is not ready',
  contact: true,
  asIfLost: true,
};
const STRANGE: Explanation = {
  reason: 'UnexpectedAnswer',
  why: 'does not answer like an API server',
  contact: true,
  asIfLost: false,
};

export const UNASKED: Explanation = {
  reason: 'NotAsked',
  why: 'cannot be asked',
  contact: false,
  asIfLost: false,
};

const SILENT: Readonly<Record<KubeErrorCode, Explanation>> = {
  Unreachable: { reason: 'NoAnswer', why: 'does not answer', contact: false, asIfLost: true },
  UntrustedCertificate: {
    reason: 'UntrustedCertificate',
    why: 'shows a certificate that the kubeconfig does not trust',
    contact: true,
    asIfLost: false,
  },
  Unauthorized: {
    reason: 'Unauthorized',
    why: 'refuses the credentials of the kubeconfig',
    contact: true,
    asIfLost: false,
  },
  Forbidden: {
    reason: 'Forbidden',
    why: 'does not allow its nodes to be listed',
    contact: true,
    asIfLost: false,
  },
  Unavailable: NOT_READY,
  TooManyRequests: { ...NOT_READY, asIfLost: false },
  Malformed: STRANGE,
  NotFound: STRANGE,
  AlreadyExists: STRANGE,
  Conflict: STRANGE,
  Invalid: STRANGE,
  Gone: STRANGE,
};
