/** Runs the reviews of feasibility beside the scenarios' own reconciles, a few seconds of each at a time. */
import { millis } from '../../../domain/time.ts';
import { after, done } from '../../../kube/reconciler.ts';
import type { WorkQueue } from '../../../kube/work-queue.ts';
import { type Beside, createBeside } from '../../beside.ts';
import { type FeasibilityMemory, type Question, type ReviewDeps, review } from './feasible.ts';

export type Reviews = Beside<Question, FeasibilityMemory>;

export interface ReviewsDeps extends ReviewDeps {
  readonly reviews: Pick<WorkQueue, 'add'>;
  readonly scenarios: Pick<WorkQueue, 'add'>;
}

/** Room for others between two passes over one large point. */
const GO_ON = millis(100);

export function createReviews(deps: ReviewsDeps): Reviews {
  return createBeside({
    queue: deps.reviews,
    askers: deps.scenarios,
    work: (question, memory, signal) => review(question, memory, deps, signal),
    next: (memory) => (memory?.underWay === undefined ? done : after(GO_ON)),
    merged: withFingerprint,
  });
}

/** The capture that made the point is not told of again in later runs, but the content is still known. */
function withFingerprint(question: Question, before: Question | undefined): Question {
  const known = before?.point === question.point ? before.fingerprint : undefined;
  return question.fingerprint === undefined ? { ...question, fingerprint: known } : question;
}
