import { describe, expect, it } from 'vitest';
import { readinessOf } from './readiness.ts';
import {
  all3,
  condition,
  context,
  inWords,
  live,
  plain,
  type ReadinessRow,
  UNSEEN,
} from './testing/readiness.ts';

const rows: readonly ReadinessRow[] = [
  ['Deployment, all there', live('Deployment', { replicas: 3 }, all3), 'ready'],
  [
    'Deployment, just created',
    live('Deployment', { replicas: 3 }, { observedGeneration: undefined }),
    UNSEEN,
  ],
  [
    'Deployment, status of an older spec',
    live('Deployment', { replicas: 3 }, { ...all3, observedGeneration: 1 }),
    UNSEEN,
  ],
  [
    'Deployment, some available',
    live('Deployment', { replicas: 3 }, { ...all3, availableReplicas: 2 }),
    'progressing: 2 of 3 replicas available',
  ],
  [
    'Deployment, one replica by default',
    live('Deployment', {}, {}),
    'progressing: 0 of 1 replicas available',
  ],
  [
    'Deployment, some outdated',
    live('Deployment', { replicas: 3 }, { ...all3, updatedReplicas: 1 }),
    'progressing: 1 of 3 replicas updated',
  ],
  [
    'Deployment, too many',
    live('Deployment', { replicas: 3 }, { ...all3, replicas: 4 }),
    'progressing: 1 superfluous replicas still to end',
  ],
  ['Deployment, none wanted', live('Deployment', { replicas: 0 }, {}), 'ready'],
  [
    'Deployment, none wanted but one left',
    live('Deployment', { replicas: 0 }, { replicas: 1 }),
    'progressing: 1 superfluous replicas still to end',
  ],
  [
    'Deployment, paused without pods',
    live('Deployment', { replicas: 3, paused: true }, {}),
    'failed: 0 of 3 replicas: it is paused, and starts none until it is resumed',
  ],
  [
    'Deployment, paused with pods of an older template',
    live('Deployment', { replicas: 3, paused: true }, { ...all3, updatedReplicas: 1 }),
    'ready',
  ],
  [
    'Deployment, paused with too few available',
    live('Deployment', { replicas: 3, paused: true }, { ...all3, availableReplicas: 1 }),
    'progressing: 1 of 3 replicas available',
  ],
  [
    'Deployment, deadline passed',
    live(
      'Deployment',
      { replicas: 3 },
      {
        conditions: [
          condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'too slow' }),
        ],
      },
    ),
    'progressing: 0 of 3 replicas available; too slow',
  ],
  [
    'Deployment, deadline passed before there was quota for it',
    live(
      'Deployment',
      { replicas: 3 },
      {
        conditions: [
          condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'too slow' }),
          condition('ReplicaFailure', 'True', { message: 'exceeded quota' }),
        ],
      },
    ),
    'progressing: 0 of 3 replicas available: exceeded quota; too slow',
  ],
  [
    'Deployment, all there though its deadline had passed',
    live(
      'Deployment',
      { replicas: 3 },
      { ...all3, conditions: [condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded' })] },
    ),
    'ready',
  ],
  [
    'Deployment, quota exceeded',
    live(
      'Deployment',
      { replicas: 3 },
      { conditions: [condition('ReplicaFailure', 'True', { message: 'exceeded quota' })] },
    ),
    'progressing: 0 of 3 replicas available: exceeded quota',
  ],
  ['StatefulSet, all there', live('StatefulSet', { replicas: 3 }, all3), 'ready'],
  [
    'StatefulSet, just created',
    live('StatefulSet', { replicas: 3 }, { observedGeneration: undefined }),
    UNSEEN,
  ],
  [
    'StatefulSet, second one starting',
    live('StatefulSet', { replicas: 3 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 1 }),
    'progressing: 1 of 3 replicas available',
  ],
  ['StatefulSet, none wanted', live('StatefulSet', { replicas: 0 }, {}), 'ready'],
  [
    'StatefulSet, rolling',
    live('StatefulSet', { replicas: 3 }, { ...all3, updatedReplicas: 2 }),
    'progressing: 2 of 3 replicas updated',
  ],
  [
    'StatefulSet, rolled down to its partition',
    live(
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      { ...all3, updatedReplicas: 1 },
    ),
    'ready',
  ],
  [
    'StatefulSet, not yet down to its partition',
    live(
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
      { ...all3, updatedReplicas: 1 },
    ),
    'progressing: 2 of 3 replicas updated',
  ],
  [
    'StatefulSet, updated on delete only',
    live(
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'OnDelete' } },
      { ...all3, updatedReplicas: 0 },
    ),
    'ready',
  ],
  [
    'StatefulSet, updated on delete, starting',
    live('StatefulSet', { replicas: 3, updateStrategy: { type: 'OnDelete' } }, {}),
    'progressing: 0 of 3 replicas available',
  ],
  [
    'DaemonSet, on all nodes',
    live('DaemonSet', {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }),
    'ready',
  ],
  [
    'DaemonSet, on one of two nodes',
    live('DaemonSet', {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    'progressing: 1 of 2 replicas available',
  ],
  ['DaemonSet, no node for it', live('DaemonSet', {}, { desiredNumberScheduled: 0 }), 'ready'],
  ['DaemonSet, just created', live('DaemonSet', {}, { observedGeneration: undefined }), UNSEEN],
  [
    'DaemonSet, updated on delete only',
    live(
      'DaemonSet',
      { updateStrategy: { type: 'OnDelete' } },
      { desiredNumberScheduled: 2, numberAvailable: 2 },
    ),
    'ready',
  ],
  [
    'ReplicaSet, all there',
    live('ReplicaSet', { replicas: 2 }, { replicas: 2, availableReplicas: 2 }),
    'ready',
  ],
  [
    'ReplicaSet, one available',
    live('ReplicaSet', { replicas: 2 }, { replicas: 2, availableReplicas: 1 }),
    'progressing: 1 of 2 replicas available',
  ],
  [
    'ReplicationController, all there',
    live('ReplicationController', {}, { replicas: 1, availableReplicas: 1 }),
    'ready',
  ],
  ['Job, complete', plain('Job', {}, { conditions: [condition('Complete', 'True')] }), 'ready'],
  [
    'Job, failed',
    plain('Job', {}, { conditions: [condition('Failed', 'True', { message: 'backoff limit' })] }),
    'failed: backoff limit',
  ],
  ['Job, running', plain('Job', { completions: 2 }, { succeeded: 1 }), 'progressing: 1 of 2 completions'],
  ['Job, suspended', plain('Job', { suspend: true }, {}), 'ready'],
  ['CronJob', plain('CronJob', {}, {}), 'ready'],
  ['Pod, ready', plain('Pod', {}, { phase: 'Running', conditions: [condition('Ready', 'True')] }), 'ready'],
  ['Pod, done', plain('Pod', {}, { phase: 'Succeeded', conditions: [condition('Ready', 'False')] }), 'ready'],
  ['Pod, failed', plain('Pod', {}, { phase: 'Failed', message: 'evicted' }), 'failed: evicted'],
  [
    'Pod, no node for it',
    plain(
      'Pod',
      {},
      { phase: 'Pending', conditions: [condition('PodScheduled', 'False', { message: '0/3 nodes' })] },
    ),
    'progressing: 0/3 nodes',
  ],
  [
    'Pod, image missing',
    plain(
      'Pod',
      {},
      { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] },
    ),
    'progressing: waiting: ImagePullBackOff',
  ],
  ['Pod, starting', plain('Pod', {}, { phase: 'Running' }), 'progressing: its containers are not ready yet'],
];

describe('readinessOf', () => {
  it.each(rows)('%s', (_, object, expected) => {
    expect(inWords(readinessOf(object, context))).toBe(expected);
  });
});
