import { expect, test } from 'vitest';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { inParallel } from '../parallel.ts';
import { obstacleOf } from './obstacles.ts';

const key = 'Deployment.apps/shop/web';
const error = (code: KubeErrorCode, denial?: 'rbac' | 'quota' | 'admission') =>
  new KubeError(code, 'eu-north: cannot create Deployment shop/web: because', {
    cluster: 'eu-north',
    ...(denial === undefined ? {} : { denial }),
  });

test.each([
  ['a full quota', error('Forbidden', 'quota'), 'blocked', 'raise or remove the ResourceQuota'],
  ['a webhook that denies', error('Forbidden', 'admission'), 'blocked', 'adapt or remove it'],
  ['a missing right', error('Forbidden', 'rbac'), 'refused', 'role'],
  ['a webhook that is down', error('Unavailable'), 'blocked', 'tried again'],
  ['too many requests', error('TooManyRequests'), 'blocked', 'tried again'],
  ['an unreachable server', error('Unreachable'), 'blocked', 'cannot be reached'],
  ['an invalid object', error('Invalid'), 'refused', 'exclude it'],
  ['a revoked kubeconfig', error('Unauthorized'), 'blocked', 'renew the kubeconfig'],
])('%s names the object, the reason and the remedy', (_, problem, kind, remedy) => {
  const obstacle = obstacleOf(key, problem);
  expect(obstacle.kind).toBe(kind);
  expect(obstacle.key).toBe(key);
  expect(obstacle.message).toContain(key);
  expect(obstacle.message).toContain('because');
  expect(obstacle.message).toContain(remedy);
});

test('calls run at once up to the limit, and results keep the order of the items', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test('after a failure no further call is started and the first error is thrown', async () => {
  const started: number[] = [];
  const run = inParallel([1, 2, 3, 4, 5, 6], 2, async (item) => {
    started.push(item);
    await Promise.resolve();
    if (item === 2) throw new Error('two');
    return item;
  });
  await expect(run).rejects.toThrow('two');
  expect(started).not.toContain(6);
});
