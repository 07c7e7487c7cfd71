/** Parsing custom resources at the edge: a strange object is a finding, never a crash further in. */
import type { z } from 'zod';
import type { KubeObject } from '../object.ts';

export type Parsed<Spec, Status> =
  | {
      readonly kind: 'valid';
      readonly object: KubeObject;
      readonly generation: number;
      readonly spec: Spec;
      /** Empty when absent, or when it was written by something that is not Antipode. */
      readonly status: Status;
    }
  | {
      readonly kind: 'invalid';
      readonly object: KubeObject;
      readonly generation: number;
      readonly status: Status;
      readonly message: string;
    };

/** Reads spec and status of a custom resource through their schemas; defaults are filled in. */
export function parseResource<Spec, Status>(
  object: KubeObject,
  schemas: { readonly spec: z.ZodType<Spec>; readonly status: z.ZodType<Status> },
): Parsed<Spec, Status> {
  const generation = object.metadata.generation ?? 0;
  const written = schemas.status.safeParse(object['status'] ?? {});
  const status = written.success ? written.data : schemas.status.parse({});
  const spec = schemas.spec.safeParse(object['spec']);
  if (!spec.success) {
    const message = spec.error.issues
      .map((issue) => `spec.${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    return { kind: 'invalid', object, generation, status, message };
  }
  return { kind: 'valid', object, generation, spec: spec.data, status };
}
