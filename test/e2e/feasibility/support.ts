/** What the tests of feasibility share: applications that ask for something, and what is said of their scenarios. */
import type { Lab } from '../../../hack/lab/types.ts';
import { arrayAt, type Fields } from '../../../src/api/fields.ts';
import {
  type Antipode,
  apply,
  aScenario,
  conditionIn,
  type SeenCondition,
  untilScenario,
} from '../support/antipode.ts';

export const aConfigMap = (namespace: string, name: string): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { a: 'b' },
});

/** @param pod merged over the spec of its Pods */
export const aDeployment = (namespace: string, name: string, cpu: string, pod: Fields = {}): Fields => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu } } }],
        ...pod,
      },
    },
  },
});

export const findingsOf = (status: Fields): readonly unknown[] => arrayAt(status, 'feasibility', 'findings');

export interface Wishes {
  /** Protects the namespace of this name. @param spec merged over the scenario's */
  declare(name: string, spec?: Fields): Promise<unknown>;
  untilFeasible(name: string, what: string, accept: (condition: SeenCondition) => boolean): Promise<Fields>;
  untilReason(name: string, reason: string): Promise<Fields>;
  /** Judging and capturing take turns of their own: either may be told first. */
  untilCaptured(name: string, reason: string): Promise<Fields>;
}

/** @param namespace of the scenarios */
export function wishesOf(lab: Lab, antipode: Antipode, namespace: string): Wishes {
  const until = (name: string, what: string, accept: (status: Fields) => boolean) =>
    untilScenario(lab, antipode, { namespace, name }, what, accept);
  const untilFeasible: Wishes['untilFeasible'] = (name, what, accept) =>
    until(name, `Feasible ${what}`, (seen) => {
      const condition = conditionIn(seen, 'Feasible');
      return condition !== undefined && accept(condition);
    });
  return {
    untilFeasible,
    declare: (name, spec = {}) =>
      apply(lab.objective, [aScenario(lab, { namespace, name, namespaces: [name], spec })]),
    untilReason: (name, reason) => untilFeasible(name, reason, (condition) => condition.reason === reason),
    untilCaptured: (name, reason) =>
      until(
        name,
        `captured while ${reason}`,
        (seen) =>
          conditionIn(seen, 'Replicated')?.status === 'True' &&
          conditionIn(seen, 'Feasible')?.reason === reason,
      ),
  };
}
