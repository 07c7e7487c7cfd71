/**
 * The part of a DRScenario's spec that says how objects differ in the recovery
 * region. Applied in the order given, but namespaces, which are renamed last:
 * `match` and `patch` name them as the source does.
 */
import { z } from 'zod';
import { dnsLabel, labelValue, objectName } from './common.ts';
import { textMatching } from './text.ts';

/** Old and new names, keyed by the old. */
const mapping = <From extends z.ZodType, To extends z.ZodType>(from: From, to: To, most = 64) =>
  z
    .array(
      z.object({ from: from.describe('As in the source.'), to: to.describe('As in the recovery region.') }),
    )
    .min(1)
    .max(most)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['from'] });

const registry = textMatching(
  /^[A-Za-z0-9][-A-Za-z0-9.:_]*(\/[A-Za-z0-9][-A-Za-z0-9._]*)*$/,
  'must be the beginning of image names, e.g. registry.eu-west.example.com or registry.example.com/shop',
  { max: 253 },
);
const labelText = z.string().min(1).max(317);
const expression = z.string().min(1).max(1024);
const pointer = textMatching(
  /^(\/[^/]*)+$/,
  "must be a JSON pointer such as /spec/template/metadata/labels/tier ('/' inside a name is written ~1)",
  { max: 512 },
);

const patchOperation = z
  .object({
    op: z.enum(['add', 'remove', 'replace', 'test']).describe('As in RFC 6902.'),
    path: pointer.describe('JSON pointer to the field.'),
    value: z
      .string()
      .max(16384)
      .optional()
      .describe(
        'The value, as JSON: `"text"` with its quotes, `3`, `{"a": 1}`. Needed for all but `remove`.',
      ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "has(self.value) == (self.op != 'remove')",
        message: 'value is needed for add, replace and test, and has no place in remove',
      },
    ],
  });

const transformFields = z.object({
  name: dnsLabel.describe('Shown where it takes effect, and in messages.'),
  match: expression
    .optional()
    .describe(
      "Only objects for which this CEL over `object`, as it is in the source, is true, e.g. `object.kind == 'Ingress'`.",
    ),
  storageClasses: mapping(objectName, objectName)
    .optional()
    .describe(
      'StorageClasses of claims and claim templates. A class that is replaced is not restored: the recovery region has the other one.',
    ),
  ingressClasses: mapping(objectName, objectName)
    .optional()
    .describe(
      'Classes of Ingresses and Gateways. A class that is replaced is not restored: the recovery region has the other one.',
    ),
  images: mapping(registry, registry)
    .optional()
    .describe('Beginnings of image names in Pod templates: the longest that fits wins.'),
  nodeLabels: z
    .array(
      z.object({
        key: labelText.describe('Label of nodes, e.g. `topology.kubernetes.io/zone`.'),
        from: labelValue.describe('Value in the source.'),
        to: labelValue.describe('Value in the recovery region.'),
      }),
    )
    .min(1)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key', 'from'] })
    .describe('Values in node selectors, node affinity, and the zones and regions of volumes.'),
  namespaces: mapping(dnsLabel, dnsLabel)
    .optional()
    .describe(
      'Namespaces, wherever objects name them in a field; after all other transforms. Names inside texts are not changed, but reported by `antipode plan`.',
    ),
  patch: z
    .array(patchOperation)
    .min(1)
    .max(32)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe(
      'JSON patch, for objects that `match`. An object that it does not fit is not restored, nor is what needs it; `Feasible` and `antipode plan` say so in advance.',
    ),
});

const transform = transformFields.meta({
  'x-kubernetes-validations': [
    {
      rule: 'has(self.storageClasses) || has(self.ingressClasses) || has(self.images) || has(self.nodeLabels) || has(self.namespaces) || has(self.patch)',
      message:
        'a transform must change something: set storageClasses, ingressClasses, images, nodeLabels, namespaces or patch',
    },
    {
      rule: '!has(self.patch) || has(self.match)',
      message: 'patch needs match: it would change every object',
    },
    {
      rule: '!has(self.namespaces) || !has(self.match)',
      message: 'namespaces cannot have a match: a namespace moves with everything in it',
    },
  ],
});
export type TransformSpec = z.infer<typeof transform>;

const listed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

export const transforms = z.array(transform).max(32).default([]).meta(listed);

/** As an execution keeps them: they were judged with the spec. */
export const frozenTransforms = z.array(transformFields).max(32).meta(listed);
