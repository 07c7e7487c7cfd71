import { describe, expect, test } from 'vitest';
import { type Abilities, type ClaimFacts, chooseStrategy, type DriverFacts } from './strategy.ts';

const DRIVER = 'csi.example.com';
const CLAIM = 'PersistentVolumeClaim/shop/data';

const able: DriverFacts = {
  snapshotClass: { kind: 'found', name: 'fast' },
  inRecovery: true,
  handles: { kind: 'yes' },
};

function abilities(driver: Partial<DriverFacts> = {}, more: Partial<Abilities> = {}): Abilities {
  return {
    engine: 'native',
    source: 'eu-west',
    recovery: 'eu-north',
    snapshotProblem: undefined,
    volSyncProblem: 'eu-west and eu-north do not have it',
    driver: () => ({ ...able, ...driver }),
    ...more,
  };
}

const bound: ClaimFacts = {
  claim: CLAIM,
  volume: { kind: 'csi', driver: DRIVER },
  recoveryClass: { name: 'standard', driver: DRIVER },
  wasCopied: false,
};

describe('Auto', () => {
  test('takes snapshots where both regions have the driver and the recovery region reads them', () => {
    expect(chooseStrategy(bound, 'Auto', abilities())).toEqual({
      kind: 'snapshot',
      reason: 'eu-north reads snapshots of csi.example.com by their handle',
      driver: DRIVER,
      snapshotClass: 'fast',
    });
  });

  test('tries a driver of which nothing is known', () => {
    expect(chooseStrategy(bound, 'Auto', abilities({ handles: { kind: 'untried' } }))).toMatchObject({
      kind: 'snapshot',
      reason: 'whether eu-north reads snapshots of csi.example.com is tried with this one',
    });
  });

  test.each([
    [
      'the recovery region does not see the snapshot',
      bound,
      abilities({ handles: { kind: 'no', message: 'can not find snapshot' } }),
      'eu-north does not read snapshots of eu-west (can not find snapshot)',
    ],
    [
      'the recovery region lacks the driver',
      bound,
      abilities({ inRecovery: false }),
      'eu-north does not have the CSI driver csi.example.com',
    ],
    [
      'there is no snapshot class',
      bound,
      abilities({
        snapshotClass: { kind: 'missing', message: 'eu-west has no VolumeSnapshotClass: create one' },
      }),
      'eu-west has no VolumeSnapshotClass: create one',
    ],
    [
      'the class of the recovery region is of another driver',
      { ...bound, recoveryClass: { name: 'standard', driver: 'other.example.com' } },
      abilities(),
      'StorageClass standard in eu-north is of other.example.com',
    ],
    [
      'the volume is not a CSI one',
      { ...bound, volume: { kind: 'other', what: 'a hostPath volume' } },
      abilities(),
      'its volume is a hostPath volume',
    ],
    [
      'snapshots may not be created',
      bound,
      abilities({}, { snapshotProblem: "Antipode's user may not create VolumeSnapshots in eu-west" }),
      "Antipode's user may not create VolumeSnapshots in eu-west",
    ],
  ] satisfies readonly (readonly [string, ClaimFacts, Abilities, string])[])(
    'leaves the data out and says so with all that is missing when %s, but never data that the newest point has',
    (_, facts, world, why) => {
      const choice = chooseStrategy(facts, 'Auto', world);
      expect(choice).toMatchObject({ kind: 'exclude', hasData: true });
      const reason = choice.kind === 'exclude' ? choice.reason : '';
      expect(reason).toContain(`no snapshot: ${why}`);
      expect(reason).toContain('no VolSync: eu-west and eu-north do not have it');
      expect(reason).toContain('no data mover');

      const refused = chooseStrategy({ ...facts, wasCopied: true }, 'Auto', world);
      expect(refused.kind).toBe('impossible');
      const message = refused.kind === 'impossible' ? refused.message : '';
      expect(message).toContain(`${CLAIM}: the newest recovery point has its data`);
      expect(message).toContain(reason);
      expect(message).toContain('or exclude the claim in spec.replication.volumes.claims');
    },
  );

  test('takes VolSync when snapshots cannot be read, and says why not snapshots', () => {
    const world = abilities({ inRecovery: false }, { volSyncProblem: undefined });
    expect(chooseStrategy(bound, 'Auto', world)).toEqual({
      kind: 'volsync',
      reason:
        'VolSync copies it to eu-north; no snapshot: eu-north does not have the CSI driver csi.example.com',
    });
  });

  test('takes another way for data that was copied before, and has none to copy of a claim made anew', () => {
    const copied = { ...bound, wasCopied: true };
    const world = abilities({ inRecovery: false }, { volSyncProblem: undefined });
    expect(chooseStrategy(copied, 'Auto', world)).toMatchObject({ kind: 'volsync' });
    expect(chooseStrategy({ ...copied, volume: { kind: 'none' } }, 'Auto', world)).toMatchObject({
      kind: 'exclude',
      hasData: false,
    });
  });

  test("takes Velero's data mover with the engine velero", () => {
    const world = abilities({ inRecovery: false }, { engine: 'velero' });
    expect(chooseStrategy(bound, 'Auto', world)).toMatchObject({ kind: 'data-mover' });
  });

  test('a class that comes with the point is no obstacle', () => {
    expect(chooseStrategy({ ...bound, recoveryClass: undefined }, 'Auto', abilities())).toMatchObject({
      kind: 'snapshot',
    });
  });
});

describe('a wish', () => {
  test.each([
    ['SnapshotHandle', abilities({ inRecovery: false }), 'eu-north does not have the CSI driver'],
    ['VolSync', abilities(), 'eu-west and eu-north do not have it'],
    ['VeleroDataMover', abilities(), 'spec.replication.engine: velero'],
  ] as const)(
    'for %s that cannot be had is refused, with the claim and what is missing',
    (wish, world, why) => {
      const choice = chooseStrategy(bound, wish, world);
      expect(choice.kind).toBe('impossible');
      const message = choice.kind === 'impossible' ? choice.message : '';
      expect(message).toContain(CLAIM);
      expect(message).toContain(`asks for ${wish}`);
      expect(message).toContain(why);
    },
  );

  test('to exclude is followed whatever could be done, and the data counts as missing', () => {
    for (const wasCopied of [false, true])
      expect(chooseStrategy({ ...bound, wasCopied }, 'Exclude', abilities())).toEqual({
        kind: 'exclude',
        reason: 'spec.replication.volumes excludes it',
        hasData: true,
      });
  });

  test.each(['Auto', 'SnapshotHandle', 'VolSync', 'Exclude'] as const)(
    'of %s finds no data missing of a claim without a volume',
    (wish) => {
      const choice = chooseStrategy({ ...bound, volume: { kind: 'none' } }, wish, abilities());
      expect(choice).toMatchObject({ kind: 'exclude', hasData: false });
    },
  );
});
