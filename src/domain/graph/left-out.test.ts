import { describe, expect, it } from 'vitest';
import { objectKey } from '../../api/object.ts';
import { anObject, ownedBy } from '../../testing/objects.ts';
import { leavingOut } from './left-out.ts';

const condition = (type: string, status: string) => ({ conditions: [{ type, status }] });
const fateOf = (apiVersion: string, kind: string, status: object | undefined) => {
  const object = anObject(kind, 'shop/x', { apiVersion, ...(status === undefined ? {} : { status }) });
  return leavingOut({ get: () => undefined })(object) ?? 'copied';
};

describe('what runs once and is not copied, being at its end', () => {
  it.each<[string, string, object]>([
    ['v1', 'Pod', { phase: 'Succeeded' }],
    ['batch/v1', 'Job', condition('Failed', 'True')],
    ['tekton.dev/v1', 'PipelineRun', condition('Succeeded', 'True')],
    ['tekton.dev/v1', 'PipelineRun', condition('Succeeded', 'False')],
    ['tekton.dev/v1', 'TaskRun', { completionTime: '2026-01-01T00:00:00Z' }],
    ['tekton.dev/v1beta1', 'CustomRun', condition('Succeeded', 'True')],
    ['argoproj.io/v1alpha1', 'Workflow', { phase: 'Error' }],
    ['argoproj.io/v1alpha1', 'AnalysisRun', { phase: 'Successful' }],
    ['sparkoperator.k8s.io/v1beta2', 'SparkApplication', { applicationState: { state: 'COMPLETED' } }],
    ['ray.io/v1', 'RayJob', { jobStatus: 'SUCCEEDED', jobDeploymentStatus: 'Running' }],
    ['ray.io/v1', 'RayJob', { jobStatus: 'FAILED', jobDeploymentStatus: 'Failed' }],
    ['ray.io/v1', 'RayJob', { jobStatus: 'STOPPED', jobDeploymentStatus: 'Complete' }],
    ['kubeflow.org/v1', 'PyTorchJob', condition('Succeeded', 'True')],
    ['kubeflow.org/v2beta1', 'MPIJob', condition('Failed', 'True')],
    ['trainer.kubeflow.org/v1alpha1', 'TrainJob', condition('Complete', 'True')],
    ['jobset.x-k8s.io/v1alpha2', 'JobSet', condition('Completed', 'True')],
    ['batch.volcano.sh/v1alpha1', 'Job', { state: { phase: 'Terminated' } }],
    ['pxc.percona.com/v1', 'PerconaXtraDBClusterRestore', { state: 'Succeeded' }],
    ['psmdb.percona.com/v1', 'PerconaServerMongoDBRestore', { state: 'ready' }],
    ['velero.io/v1', 'Restore', { phase: 'PartiallyFailed' }],
  ])('%s %s with %j', (apiVersion, kind, status) => {
    expect(fateOf(apiVersion, kind, status)).toBe('Completed');
  });

  it.each<[string, string, object | undefined]>([
    ['v1', 'Pod', { phase: 'Running' }],
    ['batch/v1', 'Job', condition('Complete', 'False')],
    ['tekton.dev/v1', 'PipelineRun', undefined],
    ['tekton.dev/v1', 'PipelineRun', condition('Succeeded', 'Unknown')],
    ['argoproj.io/v1alpha1', 'Workflow', { phase: 'Running' }],
    ['argoproj.io/v1alpha1', 'CronWorkflow', { phase: 'Succeeded' }],
    ['sparkoperator.k8s.io/v1beta2', 'SparkApplication', { applicationState: { state: 'PENDING_RERUN' } }],
    ['ray.io/v1', 'RayJob', { jobStatus: 'FAILED', jobDeploymentStatus: 'Retrying' }],
    ['kubeflow.org/v1', 'PyTorchJob', condition('Failed', 'False')],
    ['batch.volcano.sh/v1alpha1', 'Job', { state: { phase: 'Aborted' } }],
    ['pxc.percona.com/v1', 'PerconaXtraDBClusterBackup', { state: 'Succeeded' }],
    ['db.example/v1', 'PipelineRun', condition('Succeeded', 'True')],
  ])('but %s %s with %j is copied', (apiVersion, kind, status) => {
    expect(fateOf(apiVersion, kind, status)).toBe('copied');
  });

  it('takes along what it alone owns', () => {
    const run = anObject('PipelineRun', 'shop/migrate-1', {
      apiVersion: 'tekton.dev/v1',
      status: condition('Succeeded', 'True'),
    });
    const claim = anObject('PersistentVolumeClaim', 'shop/workspace', {
      metadata: { ownerReferences: [ownedBy(run)] },
    });

    const reasonOf = leavingOut({ get: (key) => (key === objectKey(run) ? run : undefined) });

    expect(reasonOf(claim)).toBe('Completed');
  });
});
