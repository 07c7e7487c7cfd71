/** The shape of a structural OpenAPI v3 schema, as far as Antipode's CRDs use it. */
import type { CelRule } from './v1alpha1/kind-definition.ts';

export interface StructuralSchema {
  /** Absent only with `x-kubernetes-int-or-string`. */
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: 'int32' | 'int64' | 'date-time';
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: StructuralSchema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, StructuralSchema>;
  required?: readonly string[];
  additionalProperties?: StructuralSchema;
  maxProperties?: number;
  nullable?: true;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-validations'?: readonly CelRule[];
}

/** Something in a schema that an API server would refuse, or that would cost it too much. */
export interface Finding {
  /** Where, e.g. `.source.region`; '' for the root. */
  readonly path: string;
  readonly problem: string;
}

export type StructuralResult =
  | { readonly kind: 'structural'; readonly schema: StructuralSchema }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };
