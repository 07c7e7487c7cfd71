/**
 * What runs once, and by what of its status it says that it has come to its end,
 * as data. A copy has no status, so its operator would run it again: a migration,
 * a training, the restoration of a database from an old backup. Signs that an
 * operator takes back when it tries again are no end. Backups are records of what
 * was written elsewhere and are copied.
 */

/** Any one sign is enough. */
export type EndSign =
  | { readonly condition: string; readonly is: readonly ('True' | 'False')[] }
  /** Below `status`; any value where none is listed. */
  | { readonly path: readonly string[]; readonly is?: readonly string[] };

export interface RunOnce {
  /** As `PipelineRun.tekton.dev`. */
  readonly kinds: readonly string[];
  readonly ends: readonly EndSign[];
}

const holds = (...conditions: readonly string[]): readonly EndSign[] =>
  conditions.map((condition) => ({ condition, is: ['True'] }));

export const runOnceKinds: readonly RunOnce[] = [
  { kinds: ['Pod'], ends: [{ path: ['phase'], is: ['Succeeded', 'Failed'] }] },
  // A failed Job has run to its end too: its effects, as far as they went, are in the data.
  { kinds: ['Job.batch'], ends: holds('Complete', 'Failed') },
  {
    kinds: ['PipelineRun.tekton.dev', 'TaskRun.tekton.dev', 'CustomRun.tekton.dev', 'Run.tekton.dev'],
    ends: [{ condition: 'Succeeded', is: ['True', 'False'] }, { path: ['completionTime'] }],
  },
  {
    kinds: ['Workflow.argoproj.io'],
    ends: [{ path: ['phase'], is: ['Succeeded', 'Failed', 'Error'] }],
  },
  {
    kinds: ['AnalysisRun.argoproj.io', 'Experiment.argoproj.io'],
    ends: [{ path: ['phase'], is: ['Successful', 'Failed', 'Error', 'Inconclusive'] }],
  },
  {
    kinds: ['SparkApplication.sparkoperator.k8s.io'],
    ends: [{ path: ['applicationState', 'state'], is: ['COMPLETED', 'FAILED'] }],
  },
  {
    kinds: ['RayJob.ray.io'],
    // A jobStatus of FAILED may be followed by another attempt; that of the deployment says when none is left.
    ends: [
      { path: ['jobStatus'], is: ['SUCCEEDED'] },
      { path: ['jobDeploymentStatus'], is: ['Complete', 'Failed'] },
    ],
  },
  {
    kinds: ['TFJob', 'PyTorchJob', 'MPIJob', 'XGBoostJob', 'PaddleJob', 'JAXJob', 'MXJob'].map(
      (kind) => `${kind}.kubeflow.org`,
    ),
    ends: holds('Succeeded', 'Failed'),
  },
  { kinds: ['TrainJob.trainer.kubeflow.org'], ends: holds('Complete', 'Failed') },
  { kinds: ['JobSet.jobset.x-k8s.io'], ends: holds('Completed', 'Failed') },
  {
    kinds: ['Job.batch.volcano.sh'],
    // One that is aborted can be resumed.
    ends: [{ path: ['state', 'phase'], is: ['Completed', 'Failed', 'Terminated'] }],
  },
  {
    kinds: ['PerconaXtraDBClusterRestore.pxc.percona.com', 'PerconaPGRestore.pgv2.percona.com'],
    ends: [{ path: ['state'], is: ['Succeeded', 'Failed'] }],
  },
  {
    kinds: ['PerconaServerMySQLRestore.ps.percona.com'],
    ends: [{ path: ['state'], is: ['Succeeded', 'Failed', 'Error'] }],
  },
  {
    kinds: ['PerconaServerMongoDBRestore.psmdb.percona.com'],
    ends: [{ path: ['state'], is: ['ready', 'error', 'rejected'] }],
  },
  { kinds: ['Restore.k8s.mariadb.com'], ends: holds('Complete') },
  {
    kinds: ['Restore.velero.io'],
    ends: [{ path: ['phase'], is: ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation'] }],
  },
];
