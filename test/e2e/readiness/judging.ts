/** Judges live objects of a cluster as a restore does, and waits for what they are judged to be. */
import { expect } from 'vitest';
import { DeadlineError, waitFor } from '../../../hack/harness/wait.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { readinessContext } from '../../../src/controllers/dr-execution/readiness-context.ts';
import { readinessOf } from '../../../src/domain/graph/readiness.ts';
import type { Readiness } from '../../../src/domain/graph/types.ts';
import type { UserReadiness } from '../../../src/domain/graph/user-rules/compile.ts';
import { compiledReadiness } from '../../../src/domain/graph/user-rules/compiled.ts';
import { connect } from '../connect.ts';

export interface Judging {
  judge(kind: string, name: string): Promise<Readiness>;
  /** Waits until the live object is judged `expected`; every earlier judgement must have been progressing. */
  expectBecomes(kind: string, name: string, expected: Readiness['kind']): Promise<Readiness>;
  /**
   * It stays `progressing` for as long as such an object takes to become ready here, several times over.
   * @param why waited for in its message, when that may come later. Default: any will do
   */
  expectStaysProgressing(kind: string, name: string, why?: RegExp): Promise<Readiness>;
  close(): Promise<void>;
}

export async function judging(
  cluster: LabCluster,
  namespace: string,
  rules: readonly UserReadiness[] = [],
): Promise<Judging> {
  const target = await connect(cluster);
  const compiled = compiledReadiness(rules);
  const judge = async (kind: string, name: string): Promise<Readiness> => {
    const text = await cluster.kubectl(['-n', namespace, 'get', kind, name, '-o', 'json']);
    const live: KubeObject = JSON.parse(text);
    const signal = AbortSignal.timeout(30_000);
    const source = { target, rules: compiled, manifest: { objects: [] } };
    return readinessOf(live, await readinessContext([live], source, signal));
  };
  return {
    judge,
    async expectBecomes(kind, name, expected) {
      const before: Readiness['kind'][] = [];
      const end = await waitFor({ what: `${kind} ${name} to be ${expected}`, seconds: 180 }, async () => {
        const readiness = await judge(kind, name);
        if (readiness.kind === expected) return readiness;
        before.push(readiness.kind);
        return undefined;
      });
      expect(before.filter((state) => state !== 'progressing')).toEqual([]);
      return end;
    },
    async expectStaysProgressing(kind, name, why = /(?:)/) {
      const changed = waitFor({ what: 'any other state', seconds: 8, every: 500 }, async () => {
        const readiness = await judge(kind, name);
        return readiness.kind === 'progressing' ? undefined : readiness;
      });
      await expect(changed).rejects.toThrow(DeadlineError);
      return waitFor({ what: `${kind} ${name} to say ${why.source}`, seconds: 120 }, async () => {
        const readiness = await judge(kind, name);
        const isOther = readiness.kind !== 'progressing';
        return isOther || why.test(readiness.message) ? readiness : undefined;
      });
    },
    close: () => target.close(),
  };
}
