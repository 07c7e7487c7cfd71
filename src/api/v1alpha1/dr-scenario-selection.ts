/** The parts of a DRScenario's spec that say what is protected and what must be ready before what. */
import { z } from 'zod';
import { dnsLabel } from './common.ts';
import { textMatching } from './text.ts';

const kindName = textMatching(
  /^[A-Za-z0-9]+(\.[a-z0-9.-]+)?$/,
  'must be a kind such as Deployment, with its group when it is not unique: Certificate.cert-manager.io',
  { max: 253 },
).describe(
  'A kind, with its group when it is not core or is ambiguous: `Deployment`, `Certificate.cert-manager.io`.',
);

const objectKey = textMatching(
  /^[A-Za-z0-9]+(\.[a-z0-9.-]+)?(\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)?\/[^/\s]+$/,
  'must name an object as Kind/namespace/name, e.g. StatefulSet/shop/db, or as Kind/name when it has no namespace',
  { min: 3, max: 512 },
).describe(
  '`Kind/namespace/name` (or `Kind.group/namespace/name`), without the namespace for cluster-scoped objects.',
);

const labelSelector = z.object({
  matchLabels: z
    .record(z.string(), z.string().max(63))
    .optional()
    .meta({ maxProperties: 32 })
    .describe('Labels an object must have, with these values.'),
  matchExpressions: z
    .array(
      z
        .object({
          key: z.string().min(1).max(317).describe('The label.'),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How it is compared.'),
          values: z
            .array(z.string().max(63))
            .max(64)
            .optional()
            .meta({ 'x-kubernetes-list-type': 'atomic' })
            .describe('For In and NotIn: at least one. For Exists and DoesNotExist: none.'),
        })
        .meta({
          'x-kubernetes-validations': [
            {
              rule: "self.operator in ['In', 'NotIn'] == (has(self.values) && size(self.values) > 0)",
              message: 'In and NotIn need at least one of values; Exists and DoesNotExist take none',
            },
          ],
        }),
    )
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Further conditions on labels; all must hold.'),
});

export const resources = z
  .object({
    namespaces: z
      .array(dnsLabel)
      .min(1)
      .max(64)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('Namespaces whose objects are protected.'),
    labelSelector: labelSelector
      .optional()
      .describe('Only objects with these labels, what they refer to, and what serves them.'),
    includeKinds: z
      .array(kindName)
      .max(128)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe(
        'Only these kinds, what they refer to, and what serves them. Default: every kind the cluster serves.',
      ),
    excludeKinds: z
      .array(kindName)
      .max(128)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('Kinds to leave out.'),
    exclude: z
      .array(objectKey)
      .max(256)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('Single objects to leave out, also when something refers to them.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!has(self.includeKinds) || !has(self.excludeKinds) || !self.includeKinds.exists(k, k in self.excludeKinds)',
        message: 'a kind is in both includeKinds and excludeKinds: remove it from one of them',
      },
    ],
  });

const edge = z
  .object({
    before: objectKey.describe('Must be ready first: `Kind/namespace/name`.'),
    after: objectKey.describe('Is started only then: `Kind/namespace/name`.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self.before != self.after',
        message: 'before and after name the same object: nothing can wait for itself',
      },
    ],
  });

/** CEL; read and type-checked by domain/graph/user-rules, whose limits these are. */
const expression = z.string().min(1).max(1024);

const rule = z.object({
  name: dnsLabel.describe('Shown as evidence of the dependencies it makes: `user:<name>`.'),
  match: expression.describe(
    "Which objects need something: CEL over `object` that gives true or false, e.g. `object.kind == 'Deployment'`.",
  ),
  needs: z
    .object({
      object: expression
        .optional()
        .describe(
          "By name: CEL over `object` that gives `Kind/namespace/name`, or a list of them, e.g. `'StatefulSet/' + object.metadata.namespace + '/queue'`. Objects outside the selection are found and copied too.",
        ),
      match: expression
        .optional()
        .describe(
          "By what they are: CEL over `object` and `other`, true when `object` needs `other`, e.g. `other.kind == 'StatefulSet' && other.metadata.namespace == object.metadata.namespace`.",
        ),
    })
    .meta({
      'x-kubernetes-validations': [
        {
          rule: 'has(self.object) != has(self.match)',
          message: 'needs must have exactly one of object and match',
        },
      ],
    })
    .describe('What they need: it is ready first. Exactly one of `object` and `match`.'),
  optional: z
    .boolean()
    .default(false)
    .describe('Whether they work without: nothing is said when what they need is not there.'),
});

export const readinessRule = z.object({
  name: dnsLabel.describe('Shown wherever something is not ready by this rule.'),
  match: expression.describe(
    "Which objects it is about: CEL over `object` that gives true or false, e.g. `object.kind == 'Cluster'`.",
  ),
  ready: expression.describe(
    "When such an object is ready: CEL over the live `object`, status included, e.g. `object.status.phase == 'Running'`. As long as a field it names is not there, the object is not ready.",
  ),
  failed: expression
    .optional()
    .describe(
      "When waiting is in vain: CEL over the live `object`, e.g. `object.status.phase == 'Broken'`. The restore of what needs it is then given up at once, not after `failover.stepTimeout`.",
    ),
});

// 128 edges are what the API server's budget for comparing each with each allows. Longer cycles
// need a search, which CEL cannot do: they become Accepted=False with their path.
export const dependencies = z
  .object({
    infer: z.boolean().default(true).describe('Find references between objects and order by them.'),
    edges: z
      .array(edge)
      .max(128)
      .default([])
      .meta({
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['before', 'after'],
        'x-kubernetes-validations': [
          {
            rule: '!self.exists(a, a.before != a.after && self.exists(b, a.before == b.after && a.after == b.before))',
            message: 'two edges contradict each other: A before B and B before A; remove one of them',
          },
        ],
      })
      .describe('Order that no reference between the objects tells.'),
    rules: z
      .array(rule)
      .max(64)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .describe(
        'Order by rules of your own, for every object they match. They win over what is found between objects; one that contradicts `edges` or another rule is refused.',
      ),
    readiness: z
      .array(readinessRule)
      .max(64)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .describe(
        'When objects are ready, where Antipode cannot know it. Used instead of its own judgement for every object they match; an object that several of them match is ready when all of them say so.',
      ),
  })
  .default({ infer: true, edges: [], rules: [], readiness: [] });
