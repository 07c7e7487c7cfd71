/** What a CRD needs besides its schema. */
import type { z } from 'zod';

/** A CEL rule put beside a schema node as `x-kubernetes-validations`. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Columns of priority 1 show only with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** Everything about a kind that is not its schema; the generator turns this into a CustomResourceDefinition. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** CEL rules on the whole object, e.g. limits on metadata.name. */
  readonly rules: readonly CelRule[];
  readonly columns: readonly PrinterColumn[];
}
