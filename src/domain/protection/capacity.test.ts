import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { capacityFindings } from './capacity.ts';
import { demandsOf } from './capacity-demand.ts';
import { roomOf } from './capacity-nodes.ts';
import { amount, formatAmounts, parseQuantity } from './capacity-quantity.ts';

const requests = (cpu: string, memory = '1Mi') => ({
  containers: [{ name: 'main', resources: { requests: { cpu, memory } } }],
});

const aNode = (
  name: string,
  cpu: string,
  { labels = {}, spec = {}, memory = '16Gi', pods = '110', ready = 'True' } = {},
): KubeObject =>
  anObject('Node', name, {
    metadata: { labels },
    spec,
    status: {
      allocatable: { cpu, memory, pods },
      conditions: [{ type: 'Ready', status: ready }],
    },
  });

function findings(
  workloads: readonly KubeObject[],
  nodes: readonly KubeObject[],
  pods: readonly KubeObject[] = [],
) {
  const demands = demandsOf(workloads);
  return capacityFindings(demands, roomOf(nodes, pods, demands));
}

const web = (replicas: number, pod: Readonly<Record<string, unknown>> = requests('1')) =>
  aWorkload('Deployment', 'shop/web', pod, { replicas });
const running = (name: string, node: string, spec: object, labels: Readonly<Record<string, string>> = {}) =>
  anObject('Pod', `shop/${name}`, {
    metadata: { labels },
    spec: { nodeName: node, ...spec },
    status: { phase: 'Running' },
  });

describe('capacity', () => {
  it('is enough when all pods find a node', () => {
    expect(findings([web(4)], [aNode('a', '2'), aNode('b', '2')])).toEqual([]);
  });

  it('names the workload, how many of its pods are left over, and what is free', () => {
    const found = findings([web(5)], [aNode('a', '2'), aNode('b', '2')]);

    expect(found).toEqual([
      {
        object: 'Deployment.apps/shop/web',
        reason: 'RecoveryTooSmall',
        message: expect.stringMatching(
          /^1 of 5 pods \(each 1 cpu, 1Mi memory, 1 pods\) find no room on the 2 nodes/,
        ),
        remedy: expect.stringContaining('add nodes'),
      },
    ]);
  });

  it('counts what is requested on the nodes already, but for the same workload and what has ended', () => {
    const others = running('other', 'a', requests('1'), { app: 'other' });
    const own = running('web-1', 'a', requests('1'), { app: 'web' });
    const ended = { ...others, status: { phase: 'Succeeded' } };

    expect(findings([web(2)], [aNode('a', '2')], [others])).toHaveLength(1);
    expect(findings([web(2)], [aNode('a', '2')], [own, ended])).toEqual([]);
  });

  it('says when a pod fits on no node however empty, though all nodes together have enough', () => {
    const [found] = findings([web(1, requests('3'))], [aNode('a', '2'), aNode('b', '2')]);

    expect(found?.message).toContain('fit on no node, however empty: the largest has 2 cpu');
    expect(found?.remedy).toContain('larger nodes');
  });

  it('says which rule keeps pods from the nodes', () => {
    const taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
    const nodes = [
      aNode('a', '2', { spec: { taints: [taint] } }),
      aNode('b', '2', { labels: { zone: 'z' } }),
    ];
    const picky = web(1, { ...requests('1'), nodeSelector: { disk: 'ssd' } });
    const other = web(1, { ...requests('1'), nodeSelector: { zone: 'y' } });

    expect(findings([picky], nodes)[0]?.message).toContain('may run on none of the 2 nodes');
    expect(findings([other], nodes)[0]?.message).toContain('its nodeSelector excludes 2');
    expect(findings([web(3)], [aNode('a', '2', { spec: { taints: [taint] } })])[0]?.message).toContain(
      'the taint gpu:NoSchedule excludes 1',
    );
  });

  it.each([
    [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }, true],
    [{ key: 'gpu', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'gpu', value: 'no' }, false],
    [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
  ])('a toleration of %j lets a pod on a tainted node: %s', (toleration, fits) => {
    const node = aNode('a', '2', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } });

    expect(findings([web(1, { ...requests('1'), tolerations: [toleration] })], [node])).toHaveLength(
      fits ? 0 : 1,
    );
  });

  it.each([
    [[{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }], true],
    [[{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }], false],
    [[{ matchExpressions: [{ key: 'size', operator: 'Gt', values: ['3'] }] }], true],
    [[{ matchExpressions: [{ key: 'size', operator: 'Lt', values: ['3'] }] }], false],
    [[{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }], true],
    [[{}], false],
    [
      [
        { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] },
        { matchExpressions: [{ key: 'zone', operator: 'Exists' }] },
      ],
      true,
    ],
  ])('a required node affinity of %j is met: %s', (nodeSelectorTerms, fits) => {
    const node = aNode('n', '2', { labels: { zone: 'a', size: '4' } });
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };

    const found = findings([web(1, { ...requests('1'), affinity: { nodeAffinity } })], [node]);
    expect(found).toHaveLength(fits ? 0 : 1);
  });

  it('does not count cordoned nodes, nor those that are not ready', () => {
    const nodes = [aNode('a', '9', { spec: { unschedulable: true } }), aNode('b', '9', { ready: 'Unknown' })];

    expect(findings([web(1)], nodes)[0]?.message).toContain('find no node: none is ready');
  });

  it('places the largest first, so that small pods do not take their place', () => {
    const small = aWorkload('Deployment', 'shop/small', requests('500m'), { replicas: 4 });
    const large = aWorkload('StatefulSet', 'shop/large', requests('2'), { replicas: 1 });

    expect(findings([small, large], [aNode('a', '2'), aNode('b', '2')])).toEqual([]);
  });

  const zones = ['a', 'b', 'c'].map((zone) => aNode(zone, '16', { labels: { zone } }));
  const inZones = (name: string, cpu: string, replicas: number, ...values: readonly string[]) => {
    const terms = [{ matchExpressions: [{ key: 'zone', operator: 'In', values }] }];
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
    const affinity = values.length === 0 ? {} : { affinity: { nodeAffinity: required } };
    return aWorkload('Deployment', `shop/${name}`, { ...requests(cpu), ...affinity }, { replicas });
  };

  it.each([
    [
      'a larger pod that may run anywhere leaves the only node of a smaller one',
      2,
      [inZones('any', '10', 1), inZones('pinned', '8', 1, 'a')],
    ],
    [
      'pods with one node are placed before a larger one that has a choice of theirs',
      2,
      [inZones('choice', '10', 1, 'a', 'b'), inZones('a', '8', 1, 'a'), inZones('b', '4', 1, 'b')],
    ],
    [
      'small pods with a choice do not crowd one node where large ones need their share of each',
      3,
      [inZones('large', '9', 3), inZones('small', '7', 2, 'a', 'b')],
    ],
  ])('finds the place there is: %s', (_, count, workloads) => {
    expect(findings(workloads, zones.slice(0, count))).toEqual([]);
    expect(findings(workloads.toReversed(), zones.slice(0, count))).toEqual([]);
  });

  it('says which pinned workload finds no room, though others have room elsewhere', () => {
    const found = findings([inZones('any', '10', 1), inZones('pinned', '9', 2, 'a')], zones.slice(0, 2));

    expect(found.map(({ object }) => object)).toEqual(['Deployment.apps/shop/pinned']);
  });

  it('counts pods as a resource of the node', () => {
    expect(findings([web(3, requests('1m'))], [aNode('a', '2', { pods: '2' })])[0]?.message).toContain(
      '1 of 3',
    );
  });

  it('puts one pod of a DaemonSet on each node it may run on, and asks for none where it may run on none', () => {
    const agent = aWorkload('DaemonSet', 'shop/agent', requests('1'));
    const special = aWorkload('DaemonSet', 'shop/gpu', { ...requests('1'), nodeSelector: { gpu: 'yes' } });

    expect(findings([agent, special, web(2)], [aNode('a', '2'), aNode('b', '2')])).toEqual([]);
    expect(findings([agent, web(3)], [aNode('a', '2'), aNode('b', '2')])).toHaveLength(1);
  });

  it('lets no two pods that repel each other share a node', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };

    const found = findings([web(3, { ...requests('1m'), affinity })], [aNode('a', '2'), aNode('b', '2')]);
    expect(found[0]?.message).toMatch(/1 of 3 pods.*no two of them may share a node/);
  });
});

describe('the demand of a workload', () => {
  it('is what its autoscaler will not go below, unless it is scaled to zero', () => {
    const scaler = anObject('HorizontalPodAutoscaler', 'shop/web', {
      spec: { minReplicas: 4, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    });

    expect(demandsOf([web(2), scaler])[0]?.pods).toBe(4);
    expect(demandsOf([web(0), scaler])[0]?.pods).toBe(0);
  });

  it('takes the greediest init container, sidecars, overhead and limits in place of requests into account', () => {
    const pod = {
      initContainers: [
        { restartPolicy: 'Always', resources: { requests: { cpu: '100m' } } },
        { resources: { requests: { cpu: '2' } } },
      ],
      containers: [
        { resources: { limits: { cpu: '500m' } } },
        { resources: { requests: { memory: '1Gi' } } },
      ],
      overhead: { cpu: '10m' },
    };

    const [demand] = demandsOf([web(1, pod)]);
    expect(demand?.requests.get('cpu')).toBe(2110);
    expect(demand?.requests.get('memory')).toBe(2 ** 30);
  });

  it('of a Job is its parallelism, and no more than it has to complete', () => {
    const job = aWorkload('Job', 'shop/import', requests('1'), { parallelism: 5, completions: 2 });

    expect(demandsOf([job])[0]?.pods).toBe(2);
  });

  it('of a Job that is suspended is nothing, however many it would run', () => {
    const job = (suspend: boolean) =>
      aWorkload('Job', 'shop/train', requests('1'), { parallelism: 8, suspend });

    expect([true, false].map((suspend) => demandsOf([job(suspend)])[0]?.pods)).toEqual([0, 8]);
    expect(findings([job(true)], [aNode('a', '1')])).toEqual([]);
  });

  it('of a CronJob that is suspended, or whose Jobs are, is nothing', () => {
    const template = { spec: requests('2') };
    const paused = anObject('CronJob', 'shop/a', {
      spec: { suspend: true, jobTemplate: { spec: { template } } },
    });
    const queued = anObject('CronJob', 'shop/b', {
      spec: { jobTemplate: { spec: { suspend: true, template } } },
    });

    expect(findings([paused, queued], [aNode('a', '1')])).toEqual([]);
  });

  it('of a CronJob must fit, but keeps no room from what runs always', () => {
    const jobTemplate = { spec: { template: { spec: requests('2') } } };
    const nightly = anObject('CronJob', 'shop/nightly', { spec: { jobTemplate } });

    expect(findings([nightly, web(2)], [aNode('a', '2'), aNode('b', '2')])).toEqual([]);
    expect(findings([nightly], [aNode('a', '1')])).toHaveLength(1);
  });
});

describe('laws of capacity', () => {
  const cpus = fc.integer({ min: 1, max: 8 });
  const workloads = fc.array(fc.tuple(cpus, fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 8 });
  const build = (list: readonly (readonly [number, number])[]): readonly KubeObject[] =>
    list.map(([cpu, replicas], index) =>
      aWorkload('Deployment', `shop/w${index}`, requests(`${cpu}`), { replicas }),
    );
  const nodesOf = (list: readonly number[]): readonly KubeObject[] =>
    list.map((cpu, index) => aNode(`n${index}`, `${cpu}`));

  it('no finding means that everything together is not more than there is', () => {
    fc.assert(
      fc.property(workloads, fc.array(cpus, { minLength: 1, maxLength: 12 }), (wanted, nodes) => {
        const asked = wanted.reduce((sum, [cpu, replicas]) => sum + cpu * replicas, 0);
        const there = nodes.reduce((sum, cpu) => sum + cpu, 0);
        const found = findings(build(wanted), nodesOf(nodes));
        expect(found.length === 0 && asked > there).toBe(false);
      }),
    );
  });

  it('with a node to itself for each pod there is never a finding', () => {
    fc.assert(
      fc.property(workloads, (wanted) => {
        const nodes = wanted.flatMap(([, replicas]) => Array.from({ length: replicas }, () => 8));
        expect(findings(build(wanted), nodesOf(nodes))).toEqual([]);
      }),
    );
  });

  it('with a node to itself for each pod there is never a finding, whichever of them are pinned to theirs', () => {
    const pinned = fc.array(fc.tuple(cpus, fc.boolean()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pinned, fc.boolean(), (wanted, isReversed) => {
        const pods = wanted.map(([cpu, isPinned], index) => {
          const nodeSelector = isPinned ? { nodeSelector: { own: `${index}` } } : {};
          return aWorkload('Deployment', `shop/w${index}`, { ...requests(`${cpu}`), ...nodeSelector });
        });
        const nodes = wanted.map((_, index) => aNode(`n${index}`, '8', { labels: { own: `${index}` } }));
        expect(findings(pods, isReversed ? nodes.toReversed() : nodes)).toEqual([]);
      }),
    );
  });
});

describe('a quantity', () => {
  it.each([
    ['100m', 0.1],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['2Gi', 2 ** 31],
    ['1k', 1000],
    ['1e3', 1000],
    ['12E', 12e18],
    [3, 3],
    ['-1', -1],
  ])('%s is %d', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(['', 'much', '1 Gi', '1gi', '1.2.3', undefined, Number.NaN])('%s is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it('of cpu is counted in thousandths, rounded up', () => {
    expect(amount('cpu', '1')).toBe(1000);
    expect(amount('requests.cpu', '0.3')).toBe(300);
    expect(amount('cpu', '1u')).toBe(1);
    expect(amount('memory', '1.5')).toBe(2);
  });

  it('is written for people', () => {
    const amounts = new Map([
      ['cpu', 1500],
      ['memory', 1.5 * 2 ** 30],
      ['nvidia.com/gpu', 2],
      ['pods', 0],
    ]);

    expect(formatAmounts(amounts)).toBe('1500m cpu, 1.5Gi memory, 2 nvidia.com/gpu');
    expect(formatAmounts(new Map())).toBe('nothing');
  });
});
