/** What the recovery region does not have, or allows less of, is said beforehand: by real API servers, for real objects. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import { type Antipode, aNamespace, apply, installOn } from '../support/antipode.ts';
import { aDeployment, findingsOf, type Wishes, wishesOf } from './support.ts';

const NAMESPACE = 'lacking-dr';
const GROUP = 'lacking.example.com';
const CLASSES = ['priorityclass/lacking-high', 'ingressclass/lacking-edge'];
const DEFINITIONS = [`crd/widgets.${GROUP}`, `crd/gadgets.${GROUP}`];
let lab: Lab;
let antipode: Antipode;
let wishes: Wishes;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  wishes = wishesOf(lab, antipode, NAMESPACE);
  await apply(lab.objective, [aNamespace(NAMESPACE)]);
});

afterAll(async () => {
  await antipode?.remove();
  for (const cluster of [lab.source, lab.recovery])
    await cluster.kubectl(['delete', ...CLASSES, ...DEFINITIONS, '--ignore-not-found', '--wait=false']);
});

const definition = (plural: string, kind: string, versions: readonly string[]): Fields => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind },
    versions: versions.map((name) => ({
      name,
      served: true,
      storage: name === versions.at(-1),
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    })),
  },
});
const custom = (namespace: string, version: string, kind: string): Fields => ({
  apiVersion: `${GROUP}/${version}`,
  kind,
  metadata: { name: 'one', namespace },
  spec: { size: 1 },
});
const without = (kind: string, namespace: string): Fields => ({
  resources: { namespaces: [namespace], excludeKinds: [kind] },
});

interface Lack {
  readonly what: string;
  readonly name: string;
  readonly source: (namespace: string) => readonly Fields[];
  /** What the recovery region has instead. */
  readonly recovery?: (namespace: string) => readonly Fields[];
  /** A kind of `recovery` that is to be served before it is asked for. */
  readonly served?: string;
  /** Left out of the selection, or it would come with the point. */
  readonly leftOut?: string;
  readonly object: (namespace: string) => string;
  readonly message: RegExp;
  readonly remedy: RegExp;
}

const LACKS: readonly Lack[] = [
  {
    what: 'a kind whose definition the recovery region lacks',
    name: 'no-kind',
    source: (namespace) => [definition('widgets', 'Widget', ['v1']), custom(namespace, 'v1', 'Widget')],
    leftOut: 'CustomResourceDefinition',
    object: (namespace) => `Widget.${GROUP}/${namespace}/one`,
    message: /eu-north does not serve lacking\.example\.com\/v1 Widget/,
    remedy: /install what provides it/,
  },
  {
    what: 'a version of a kind that the recovery region does not serve',
    name: 'no-version',
    source: (namespace) => [definition('gadgets', 'Gadget', ['v1', 'v2']), custom(namespace, 'v2', 'Gadget')],
    recovery: () => [definition('gadgets', 'Gadget', ['v1'])],
    served: `gadgets.${GROUP}`,
    leftOut: 'CustomResourceDefinition',
    object: (namespace) => `Gadget.${GROUP}/${namespace}/one`,
    message: /serves Gadget as lacking\.example\.com\/v1 and not as lacking\.example\.com\/v2/,
    remedy: /serve lacking\.example\.com\/v2 there as well/,
  },
  {
    what: 'a PriorityClass',
    name: 'no-priority',
    source: (namespace) => [
      {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: 'lacking-high' },
        value: 1000,
      },
      aDeployment(namespace, 'web', '10m', { priorityClassName: 'lacking-high' }),
    ],
    leftOut: 'PriorityClass',
    object: (namespace) => `Deployment.apps/${namespace}/web`,
    message: /names PriorityClass lacking-high, which eu-north does not have/,
    remedy: /create the PriorityClass lacking-high there/,
  },
  {
    what: 'an IngressClass',
    name: 'no-ingress-class',
    source: (namespace) => [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'lacking-edge' },
        spec: { controller: 'example.com/edge' },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'web', namespace },
        spec: {
          ingressClassName: 'lacking-edge',
          defaultBackend: { service: { name: 'web', port: { number: 80 } } },
        },
      },
    ],
    leftOut: 'IngressClass',
    object: (namespace) => `Ingress.networking.k8s.io/${namespace}/web`,
    message: /spec\.ingressClassName names IngressClass lacking-edge, which eu-north does not have/,
    remedy: /create the IngressClass lacking-edge there/,
  },
  {
    what: 'room for its Pods below a LimitRange',
    name: 'limited',
    source: (namespace) => [
      aDeployment(namespace, 'web', '500m', {
        containers: [
          { name: 'main', image: 'registry.example/app:1', resources: { limits: { cpu: '500m' } } },
        ],
      }),
    ],
    recovery: (namespace) => [
      {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'small', namespace },
        spec: { limits: [{ type: 'Container', max: { cpu: '100m' } }] },
      },
    ],
    object: (namespace) => `Deployment.apps/${namespace}/web`,
    message: /maximum cpu usage per Container is 100m/,
    remedy: /adapt or remove it/,
  },
];

it.each(LACKS)('names what needs $what, and what to do', async (lack) => {
  const { name, source, recovery, served, leftOut, object, message, remedy } = lack;
  await apply(lab.recovery, [aNamespace(name), ...(recovery?.(name) ?? [])]);
  if (served !== undefined)
    await waitFor({ what: `${served} to be served`, seconds: 60 }, () =>
      lab.recovery.kubectl(['-n', name, 'get', served]),
    );
  await apply(lab.source, [aNamespace(name), ...source(name)]);
  await wishes.declare(name, leftOut === undefined ? {} : without(leftOut, name));

  const status = await wishes.untilReason(name, 'RecoveryRefuses');

  expect(findingsOf(status)).toContainEqual({
    object: object(name),
    reason: 'RecoveryRefuses',
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
  });
});
