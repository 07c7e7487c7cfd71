import { describe, expect, it } from 'vitest';
import { drExecutionSpec } from './dr-execution.ts';

describe('the recovery point that a DRExecution names', () => {
  it.each([['latest'], ['dr-shop-3fa85f64-20261123130559'], ['nightly.2026-11-23'], ['7']])(
    'may be %s',
    (recoveryPoint) => {
      expect(drExecutionSpec.parse({ scenario: 'shop', kind: 'Failover', recoveryPoint })).toMatchObject({
        recoveryPoint,
      });
    },
  );

  it('is the latest one by default', () => {
    expect(drExecutionSpec.parse({ scenario: 'shop', kind: 'Failover' }).recoveryPoint).toBe('latest');
  });

  it.each([['2026-11-23T13:05:59Z'], ['point-1 '], ['Point-1'], ['../point-1']])(
    'is not %j, which says what to write instead',
    (recoveryPoint) => {
      const result = drExecutionSpec.safeParse({ scenario: 'shop', kind: 'Failover', recoveryPoint });

      expect(result.error?.issues.map(({ message }) => message)).toEqual([
        expect.stringContaining('status.recoveryPoints'),
      ]);
    },
  );
});
